// A training's state in one safetensors file: "student.*", the other parts' tensors under their own names, and as
// metadata the step, the best validation figure and the digest of the plan.
#pragma once

#include <filesystem>
#include <limits>

#include "core/base/Error.h"
#include "core/nn/Network.h"
#include "core/nn/TensorFile.h"
#include "core/train/Origin.h"

namespace lorkd::train {

struct CheckpointInfo {
  std::int64_t step = 0;                                   ///< optimiser steps done
  double best = -std::numeric_limits<double>::infinity();  ///< best validation mean so far
  std::int64_t stale = 0;                                  ///< validations since one was better than all before
  Origin origin;
  bool validationDue = false;  ///< stopped in the middle of a validation, which is to be done again
  /// Which score `best` is, "dice" or "auc" for example; empty where there is none yet, and in files of versions that
  /// knew one score alone.
  std::string by{};
};

/// Writes atomically. Errors: Io.
Result<void> saveCheckpoint(const std::filesystem::path& path, const CheckpointInfo& info,
                            const nn::NamedTensors& tensors);

/// The file, mapped, with its metadata read. Errors: NotFound, Format, Mismatch (another plan, or other cases).
Result<std::pair<safetensors::File, CheckpointInfo>> openCheckpoint(const std::filesystem::path& path,
                                                                    const Origin& origin);

/// Copies each tensor's values from the file's tensor of that name. Errors: NotFound, Mismatch (shape or type).
Result<void> readInto(nn::NamedTensors& tensors, const safetensors::File& file);

/// The same with a prefix in front of every name.
void append(nn::NamedTensors& to, const std::string& prefix, const nn::NamedTensors& from);

}  // namespace lorkd::train
