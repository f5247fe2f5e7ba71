// A reader of pickles that cannot execute anything: a machine of a stack and a memo that makes values (Tree.h) and
// calls nothing. Protocols 2 to 5, as PyTorch and Python 3 write them.
#pragma once

#include <string_view>

#include "core/models/Tree.h"

namespace lorkd::models {

/// Bytes of a pickle, its values and what they hold of one another, each with the limit that real checkpoints stay far
/// below (their numbers lie in storages, outside of the pickle).
inline constexpr std::size_t mostPickleBytes = std::size_t(256) << 20;
inline constexpr std::size_t mostValues = std::size_t(1) << 21;
inline constexpr std::size_t mostReferences = std::size_t(1) << 24;
/// Levels of values in one another.
inline constexpr std::size_t deepestPickle = 200;

/// What was read, and how many bytes of `bytes` it took: more may follow.
struct Unpickled {
  Tree tree;
  std::size_t length = 0;
};

/// Reads one pickle from the beginning of `bytes`, which its texts look into. Tensors lie inside the storages that the
/// pickle claims; whether those are there is the caller's to check. Errors: Format: cut short, or what no pickle says;
/// Unsupported: names that are refused (Globals.h), opcodes of protocols 0 and 1, a limit above.
Result<Unpickled> unpickle(std::string_view bytes);

}  // namespace lorkd::models
