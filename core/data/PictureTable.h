// Tables that name pictures and their labels. Inside this room only.
#pragma once

#include <filesystem>
#include <utility>
#include <vector>

#include "core/data/layout/PicturePlaces.h"
#include "core/io/Images2D.h"

namespace lorkd::data {

/// What the tables of a source say of its pictures.
struct TableSets {
  std::vector<std::vector<std::filesystem::path>> sets;  ///< tables of one set each
  /// Tables that speak of pictures and cannot be used: nothing else may be guessed of those pictures.
  std::vector<std::pair<std::filesystem::path, Error>> faults;
  std::vector<std::pair<std::filesystem::path, io::Finding>> told;  ///< tables that name pictures and no labels
  std::vector<std::filesystem::path> strangers;                     ///< that do not speak of pictures
};

/// Tables that name the same pictures make one set; so do those called after splits in one folder, or with the same
/// columns, and one that names no pictures but ids of people or studies that others of the set have, too.
/// Without `byContent`, where there are slices of volumes alone, a column must be called as those of files are: numbers
/// may well be called like slices.
TableSets setsOfTables(const std::vector<std::filesystem::path>& tables, const layout::PicturePlaces& places,
                       bool byContent = true);

/// One set out of tables, pictures unread. Columns (see layout/PictureColumns.h):
///   file     called filename, file, image, path ..., else the one most of whose cells are pictures that lie there
///   split    split, set, fold ...: train, val or test; is_test, is_train ...: yes or no; without them the CSV's own
///   name
///            may say so ("train.csv")
///   patient  patient, patient_id, subject, lesion_id, study_id ...
///   labels   label, class, target ..., and every other column that repeats its values, neither id, path, time nor
///            measure, nor what says where a picture was made, in which fold it is or what a person is like. Values
///            that differ in letter case alone are one.
/// The only column that is called a label, or the only one if it holds words, gives its values as classes; others give
/// "column=value". A cell may hold several findings, "effusion|mass": each is a column of its own then, with the values
/// 0 and 1. Blank, "nan" and "n/a" are no class: what the picture is stays unknown in that column. "1.0" is "1".
///
/// Findings: picture-missing, picture-kind, picture-outside (none of these is used), duplicate-picture, label-conflict
/// (rows that contradict each other: unknown), unlabelled-picture, unknown-split, label-columns, class-names-alike.
/// Errors: NotFound, Io, Format (no column of files, or two), InvalidArgument (no picture of a table is there with a
/// label, or a column has too many different ones).
Result<io::PictureSet> readPictureTables(const std::vector<std::filesystem::path>& files,
                                         const layout::PicturePlaces& places);

struct OpenTable;
/// The same of tables that are open, in which a column names the pictures.
Result<io::PictureSet> readOpenTables(const std::vector<OpenTable>& tables, const layout::PicturePlaces& places);

}  // namespace lorkd::data
