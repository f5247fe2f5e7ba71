// One C-GET or C-MOVE (PS3.4 section C.4.2 and C.4.3). Inside this room only.
#pragma once

#include <string>
#include <vector>

#include "core/pacs/Receiver.h"

namespace lorkd::pacs {

/// What is asked for: a series, or some objects of it.
struct Wanted {
  std::string study, series;
  std::vector<std::string> instances;  ///< empty: the whole series
};

/// How the PACS ended a transfer.
struct Ending {
  bool refused = false;  ///< it did not even begin: the request was not understood or not allowed
  std::string problem;   ///< what it said, if anything went wrong
};

/// The objects come into `receiver` over the node's way (Node::retrieve); `sopClasses` are what they may be of (for
/// C-GET; empty: the usual ones). Errors: those of a connection; Io when a file cannot be written, or the receiving
/// port not be opened.
Result<Ending> transfer(const Node& node, const Wanted& wanted, const std::vector<std::string>& sopClasses,
                        Receiver& receiver, const CancelToken& cancel);

/// Contexts to receive objects of these classes in: uncompressed in one, each compression in one of its own as far as
/// the 128 contexts of an association reach, since the PACS picks one encoding of each context for all objects.
std::vector<Context> receivingContexts(std::vector<std::string> sopClasses);

}  // namespace lorkd::pacs
