// A case's structures, a few at a time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Progress.h"
#include "core/data/Catalogue.h"
#include "core/run/Plan.h"

namespace lorkd::data {

/// Reads the structures of one case on the image's grid, those that are asked for: a mask takes a byte a voxel, so that
/// those of a hundred structures would not fit into memory. Label maps are read once and kept as they are.
class SegmentReader {
 public:
  explicit SegmentReader(Case item) : m_case(std::move(item)) {}
  /// Those of the names `wanted`, all of them if it is empty. Errors: as readSegments().
  Result<image::SegmentSet> read(const std::vector<std::string>& wanted);
  const Case& item() const { return m_case; }

 private:
  /// One layer of a label file.
  struct Layer {
    int number = 0;
    image::LabelMap labels;
  };
  Result<void> readLayers();

  Case m_case;
  std::optional<std::vector<Layer>> m_layers;  ///< of cases of kind "volume", once they were asked for
};

/// Calls `use(class, mask)` for each class of the task, in order; nothing for one of which the case has no structure.
/// As many structures are read at a time as a quarter of a gibibyte holds. Errors: those of reading and of `use`, Cancelled.
Result<void> eachClassMask(SegmentReader& reader, const plan::Task& task, const CancelToken& cancel,
                           const std::function<Result<void>(std::size_t, std::optional<image::Mask>)>& use);

}  // namespace lorkd::data
