// A training's state in one safetensors file: "student.*", "projector.*", the optimiser's tensors, and as metadata the
// step, the best validation figure and the digest of the plan.
#pragma once

#include <filesystem>
#include <limits>

#include "core/base/Error.h"
#include "core/nn/Network.h"
#include "core/nn/TensorFile.h"
#include "core/train/Objective.h"
#include "core/train/Optimiser.h"

namespace lorkd::train {

struct CheckpointInfo {
  std::int64_t step = 0;                                   ///< optimiser steps done
  double best = -std::numeric_limits<double>::infinity();  ///< best validation mean so far
  std::string planDigest;
  bool validationDue = false;  ///< stopped in the middle of a validation, which is to be done again
};

/// Writes atomically. `optimiser` null: weights of the student alone. Errors: Io.
Result<void> saveCheckpoint(const std::filesystem::path& path, const CheckpointInfo& info, const nn::Network& student,
                            const Projector& projector, const Optimiser* optimiser);

/// The file, mapped, with its metadata read. An empty digest skips its check.
/// Errors: NotFound, Format, Mismatch (another plan).
Result<std::pair<safetensors::File, CheckpointInfo>> openCheckpoint(const std::filesystem::path& path,
                                                                    const std::string& planDigest);

/// Puts everything of a checkpoint back. Errors: those of openCheckpoint; Mismatch (another network).
Result<CheckpointInfo> loadCheckpoint(const std::filesystem::path& path, const std::string& planDigest,
                                      nn::Network& student, Projector& projector, Optimiser& optimiser);

}  // namespace lorkd::train
