// What a plan says of the names in a data set: data.sources.NAME.layout.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/PathPattern.h"
#include "core/data/layout/Assignment.h"

namespace lorkd::data::layout {

/// Patterns of images, those that end in '/' of folders that hold a DICOM series, and of labels. Of their parts,
/// `channel`, `label` (the structure that a mask marks), `reader` and `split` mean that; `patient` and all others,
/// `case` for example, are what images and labels have in common. A pattern without one of the endings of volume files
/// fits files of any of them.
class Rule {
 public:
  /// What a pattern of images says that a part may be holds in those of labels, too. Errors: InvalidArgument naming the
  /// pattern.
  static Result<Rule> compile(const std::vector<std::string>& images, const std::vector<std::string>& labels);

  /// What each file is by the pattern that fits it closest (of the same kind, by the first); files that fit images and
  /// labels alike are told in `left`, and those that fit none are not in the answer.
  Assignment assign(const std::vector<std::string>& paths, std::vector<LeftOut>* left = nullptr) const;

  /// False only if no image, or no labels, can be among the paths: a quick look.
  bool mayFit(const std::vector<std::string>& paths) const;

  bool hasImages() const { return !m_images.empty(); }

 private:
  struct One {
    PathPattern pattern;
    bool anyEnding = false;
  };
  static Result<std::vector<One>> compiled(const std::vector<std::string>& patterns,
                                           const PathPattern::Restrictions& known);

  std::vector<One> m_images, m_labels;
};

/// What a table says: a row for each image and each of its labels. Columns by name, in any letter case: image, label
/// (files, below the table's folder), channel, structure, patient, split, reader, case. Rows of one image, of one case,
/// or, where channels are named, of one label file or else of one patient, are one image. `folder` is the source's.
/// Errors: NotFound, Format and InvalidArgument, naming the table and its line: a path that leads out of the source, an
/// image of two patients, splits, channels or cases, a label file of two images or structures, a channel that an image
/// has twice. Rows of files that are not among `files` are told in `left`.
Result<Assignment> assignTable(const std::filesystem::path& table, const Files& files, std::vector<LeftOut>& left);

}  // namespace lorkd::data::layout
