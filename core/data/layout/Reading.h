// How the volumes of a source are read: by rules, a table, a reader or the words in their names; and what that makes of
// a list of files before any of them is opened.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/Progress.h"
#include "core/data/layout/Patients.h"
#include "core/data/layout/Reader.h"
#include "core/data/layout/Rule.h"
#include "core/run/Plan.h"

namespace lorkd::data::layout {

/// What a scan is told: the plan's word (data.sources.NAME.layout) and the readers of plugins, beside the built-in
/// ones.
struct Chosen {
  plan::Layout layout;
  std::vector<LayoutReader> readers{};
};

/// What a source's volumes are.
struct Reading {
  /// The reader's name; "rules", "table" or "names".
  std::string reader = "names";
  std::string title;                     ///< of the reader, for people
  std::vector<std::string> alsoFitting;  ///< titles of readers that explain as much
  /// Nothing where names say: then `labels` are those that the plan calls so.
  std::optional<Assignment> assignment;
  Assignment labels;
  std::vector<LeftOut> left;
  Patients patients;
};

/// Decides how. Errors: InvalidArgument (a pattern, or no reader of that name: the known ones are listed), NotFound and
/// Format (a table), those of the reader.
Result<Reading> readingOf(const Chosen& chosen, const Files& files);

/// What a rule makes of a list of files.
struct Preview {
  std::string reader;       ///< as Reading says
  std::string title;        ///< for people
  bool paired = true;       ///< false where names say: which labels belong to which image shows only in a scan
  std::size_t volumes = 0;  ///< of which all are counted below
  std::size_t images = 0, labels = 0, patients = 0;
  std::size_t imagesWithoutLabels = 0, labelsWithoutImages = 0;
  std::size_t left = 0;            ///< files that are not used, with the last
  std::vector<LeftOut> firstLeft;  ///< the first 20
  std::vector<std::pair<std::string, std::size_t>> channels, structures, splits;  ///< and how many images have each
  /// The first images with all that belongs to them.
  struct Example {
    std::string patient, split;
    std::vector<std::string> images, labels;
    std::vector<std::string> groups;  ///< what the groups of the patients' pattern hold in the first image's path
  };
  std::vector<Example> examples;  ///< at most 10
};

/// Opens no file but tables that the rule names. Errors: those of readingOf().
Result<Preview> preview(const Chosen& chosen, const Files& files);

/// Lists a folder for preview(), without opening a file. Errors: those of io::listFolder.
Result<Files> listFiles(const std::filesystem::path& folder, const CancelToken& cancel);

}  // namespace lorkd::data::layout
