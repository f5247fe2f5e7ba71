// What labels of whole images, pictures or volumes, say of the classes of a task.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/data/Case.h"
#include "core/run/Plan.h"

namespace lorkd::data {

/// Reads labels such as "AD", "diagnosis=AD" or "Edema=1": what stands before the first '=' is the column that they
/// are from, and a set with one column has no such part. A class that is called as a column of 0 and 1 (or of true and
/// false, yes and no, ...), "Edema", is meant by its 1.
class ClassLabels {
 public:
  /// `known`: every label that the source has; a label without a column says nothing of another source's classes.
  ClassLabels(const plan::Task& task, const std::vector<std::string>& known);

  /// Whether some label is of the class.
  bool speaks(std::size_t cls) const { return !m_classes[cls].columns.empty(); }
  /// Whether the label is of the class.
  bool means(std::size_t cls, const std::string& label) const;
  /// The class of an image with these labels where classes exclude each other: -1 where they are of none of them, -2
  /// where they are of several.
  int exclusive(const std::vector<std::string>& labels) const;
  /// For each class 1 where the image has one of its labels; 0 where every column that the class has labels in says
  /// something else of it; what the plan says where one is uncertain (tasks.NAME.uncertain); else not known
  /// (base/Truth.h).
  std::vector<std::uint8_t> overlapping(const std::vector<std::string>& labels) const;

 private:
  enum class Says { There, Absent, Uncertain };
  struct OfClass {
    std::map<std::string, std::pair<Says, std::string>> labels;  ///< what a label says of it, and its column
    std::set<std::string> columns;                               ///< in which it has labels
  };
  std::vector<OfClass> m_classes;
  plan::TaskUncertain m_uncertain;
};

/// The labels by which a case of the task's kind is classified: those of the pictures of a set, or of the volume.
const std::vector<std::string>& labelsOfImages(const plan::Task& task, const Case& c);

/// Whether the case has labels of the kind that the plan's tasks learn from.
bool isLabelled(const plan::Plan& plan, const Case& c);

/// Every label of whole volumes in each source.
std::map<std::string, std::vector<std::string>> imageLabelsOf(const std::vector<const Case*>& cases);

/// Pairs of labels, by their positions, that one picture has: `labels` are those of each picture. Those that say that
/// something is absent ("Edema=0") are left out, and all where there are more than 256 others: too many to keep.
std::set<std::pair<int, int>> labelsTogether(const std::vector<std::string>& names,
                                             const std::vector<std::vector<int>>& labels);

/// Whether the data have images with labels of several classes of a task that classifies. `served`: the cases that
/// serve it.
bool overlapsByData(const plan::Task& task, const std::vector<const Case*>& served);

}  // namespace lorkd::data
