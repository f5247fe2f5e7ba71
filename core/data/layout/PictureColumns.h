// What the columns of a table of pictures are: files, labels, patients. Inside this room only.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/data/layout/ColumnNames.h"
#include "core/data/layout/PicturePlaces.h"
#include "core/io/Csv.h"

namespace lorkd::data::layout {

/// A cell as the set's other writers would have written it, "1.0" as "1"; empty where nothing is known ("nan", "n/a").
std::string normalised(const std::string& cell);
/// "train", "val", "test", or empty, for a word of a table or its file's name ("RadImageNet_train").
std::string splitOfCell(const std::string& word);
std::string splitOfTable(const std::filesystem::path& file);

/// Columns by their numbers; a number that is the header's size stands for none.
struct PictureColumns {
  std::size_t file = 0;  ///< that names pictures: called so, or most of whose cells are pictures that lie there
  bool called = false;   ///< a column is called as those of files are, whether or not they lie there
  std::string others;    ///< why it is not clear which column names the pictures; empty where it is
  std::size_t split = 0;
  std::vector<std::pair<std::size_t, std::string>> flags;  ///< columns of yes and no, each with the part it marks
  std::size_t patient = 0;                 ///< the coarsest that says who it is: patient, subject, lesion, study
  std::vector<std::size_t> keys;           ///< of ids of people, studies, ...: other tables may have them, too
  std::vector<std::size_t> named, labels;  ///< that are called labels; that may well be some
  std::vector<std::pair<std::size_t, std::string>> left;  ///< that are taken for no labels, with the reason
  /// "train", "val" or "test" of a row; empty where nothing is known.
  std::string partOf(const io::Csv::Row& row) const;
  bool headless = false;  ///< the first line is no line of names, but names a picture already
};

PictureColumns pictureColumns(const io::Csv& csv, const PicturePlaces& places, const PictureHints& hints);

}  // namespace lorkd::data::layout
