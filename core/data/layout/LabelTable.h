// What the values of a label file mean, by what lies beside it. Inside this room only.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/data/Catalogue.h"
#include "core/data/LabelGrid.h"

namespace lorkd::data::layout {

/// Names for values of label maps.
struct LabelTable {
  std::filesystem::path file;  ///< that says so, or empty
  bool general = false;  ///< it names the values of all maps around it, and says nothing of the masks of one structure
  /// Of a data set's description (dataset.json): every structure that its labels speak of, with its values; one that
  /// does not occur in a case is absent there. Nothing from other files, which only name values.
  std::vector<std::pair<std::string, std::vector<int>>> declared;
  /// Names of an image's channels, by their number.
  std::vector<std::string> channels{};
  /// Files beside `file` that say the same, or name other values.
  std::vector<std::filesystem::path> besides{};
  /// With such files, what all of them name together.
  std::map<int, image::Label> names{};
};

/// Finds tables, each read once. Looked for: a CSV called like the label file, labels.csv beside it, the file itself
/// where it names its segments (.seg.nrrd), dseg.tsv as BIDS has it, and, in the nearest folder above that has one,
/// dataset.json (nnU-Net 1 and 2, Medical Segmentation Decathlon; a list of names counts from the background on) or a
/// list of names (io/NamedValues.h).
class LabelTables {
 public:
  explicit LabelTables(std::filesystem::path source) : m_source(std::move(source)) {}
  /// `relative` is the label file's path below the source. Errors: Format (naming file and field), Io.
  Result<LabelTable> of(const std::filesystem::path& labels, const std::filesystem::path& relative);
  /// What dataset.json calls the channels of an image, by their number; empty where none says so, or it is no good.
  std::vector<std::string> channelsOf(const std::filesystem::path& relative);

 private:
  /// dataset.json of a folder below the source, or its list of names.
  const Result<LabelTable>& inFolder(const std::filesystem::path& folder);

  std::filesystem::path m_source;
  std::map<std::filesystem::path, Result<LabelTable>> m_described;  ///< by folder
};

/// The structures of a label file.
struct Structures {
  struct One {
    image::Label label;
    std::vector<LabelPlace> places;  ///< `file` is to be filled in
    bool twice = false;              ///< several segments of the file bear the name: each is an answer
  };
  std::vector<One> structures;
  std::vector<LabelPlace> ignored;
};

/// From the values that occur in each layer. With `structure`, the file is the mask of that one, if it is no map of
/// several values and names no segments of its own. What is called "ignore" is ignored, and so is an unnamed 255 beside
/// other values. Errors: those of io::labelsOf.
Result<Structures> structuresOf(const LayerValues& values, const LabelTable& table, const std::string& structure);

}  // namespace lorkd::data::layout
