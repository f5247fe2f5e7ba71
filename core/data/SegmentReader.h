// A case's structures, a few at a time.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Progress.h"
#include "core/data/Catalogue.h"
#include "core/run/Plan.h"

namespace lorkd::data {

/// Reads the structures of one case on the image's grid, those that are asked for: a mask takes a byte a voxel, so that
/// those of a hundred structures would not fit into memory. Label maps are read once and kept as they are; a file that
/// is the mask of one structure is read when it is asked for.
class SegmentReader {
 public:
  explicit SegmentReader(Case item) : m_case(std::move(item)) {}
  /// Those of the names `wanted`, all of them if it is empty; one that is known to be absent has a mask without a
  /// voxel. Errors: as readSegments().
  Result<image::SegmentSet> read(const std::vector<std::string>& wanted);
  /// The voxels of which nothing is known, if there are any. Errors: as readSegments().
  Result<std::optional<image::Mask>> ignored();
  const Case& item() const { return m_case; }

 private:
  using Layers = std::vector<image::LabelMap>;
  /// The layers of a volume file on the image's grid; valid until the next call. Null for a file of another kind.
  Result<const Layers*> layersOf(std::size_t file);
  Result<void> mark(const LabelPlace& place, image::Grid<std::uint8_t>& mask);
  /// A segment an answer where there are several of a structure.
  Result<void> readPlaces(const std::vector<std::string>& wanted, image::SegmentSet& out);
  /// Makes one segment of those of each contested structure, or none where nobody has said how.
  Result<void> join(image::SegmentSet& set) const;

  Case m_case;
  std::map<std::size_t, Layers> m_kept;  ///< of files with several structures, by position
  std::optional<std::pair<std::size_t, Layers>> m_last;
};

/// Whether the case's labels speak of class `cls` of the task: of one of the labels that it is made of, and of every
/// other one of which the source speaks in any case; where they give several answers, the plan must say which counts.
/// If not, nothing is known of the class in this case.
bool annotates(const Case& item, const plan::Task& task, std::size_t cls);

/// Calls `use(class, mask)` for each class of the task, in order; nothing for one that is not annotated (see above).
/// As many structures are read at a time as a quarter of a gibibyte holds. Errors: those of reading and of `use`,
/// Cancelled.
Result<void> eachClassMask(SegmentReader& reader, const plan::Task& task, const CancelToken& cancel,
                           const std::function<Result<void>(std::size_t, std::optional<image::Mask>)>& use);

}  // namespace lorkd::data
