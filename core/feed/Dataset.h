// Prepared cases (see data/Prepare.h) as tensors, memory-mapped. LibTorch only: a prepared folder can travel to a
// machine without ITK and DCMTK.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/feed/Labels.h"
#include "core/run/Plan.h"

namespace lorkd::feed {

/// One example of one task. Volumes that are marked: image (channels, D, H, W), and labels on its grid. Pictures and
/// volumes that are classified: image (C, H, W) or (C, D, H, W) of the plan's patch, target scalar int64 (the class
/// number) or, of overlapping classes, (classes) uint8: 1 there, 0 not there, or not known (base/Truth.h).
/// Tensors view mapped files; do not write to them.
struct Example {
  std::string id;       ///< case pseudonym; of a picture also its number in the set
  std::string patient;  ///< whose it is, by pseudonym; its own id where nobody says, and of volumes that are marked
  torch::Tensor image;
  torch::Tensor target;                          ///< of what is classified
  Labels labels;                                 ///< of volumes that are marked
  std::pair<std::int64_t, std::int64_t> scored;  ///< [first, end) of the slices that count; the others are surroundings
};

/// Everything prepared for a plan, by split and task. With training.memory, the mapped files give their pages back each
/// time that examples of half of it have been asked for.
class Dataset {
 public:
  /// `index` as data::prepare() returns it; the files that it names lie beside it. Every file is read once, to compare
  /// its digest. Errors: NotFound, Format (a damaged file, too); Mismatch when it was prepared for other tasks.
  static Result<Dataset> open(const std::filesystem::path& index, const plan::Plan& plan);
  /// `split` as written by data::prepare: "train", "validation", "test".
  std::size_t size(const std::string& split, int task) const;
  Result<Example> example(const std::string& split, int task, std::size_t index) const;
  int tasks() const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> m_impl;
};

}  // namespace lorkd::feed
