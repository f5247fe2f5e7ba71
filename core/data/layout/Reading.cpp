#include "core/data/layout/Reading.h"

#include <algorithm>
#include <set>

#include "core/data/layout/Readers.h"

namespace lorkd::data::layout {
namespace {

namespace fs = std::filesystem;

/// Below the source's folder, or absolute.
fs::path placed(const Files& files, const std::string& table) {
  return table.empty() ? fs::path() : files.folder / table;
}

Result<void> byRules(const plan::Layout& layout, const Files& files, Reading& out) {
  LORKD_TRY(rule, Rule::compile(layout.images, layout.labels));
  if (!rule.hasImages()) {
    out.labels = rule.assign(files.volumes);
    return {};
  }
  out.reader = "rules";
  auto paths = files.volumes;
  paths.insert(paths.end(), files.folders.begin(), files.folders.end());
  out.assignment = rule.assign(paths, &out.left);
  return {};
}

Result<void> byReader(const Chosen& chosen, const Files& files, Reading& out) {
  auto readers = builtInReaders();
  for (const auto& more : chosen.readers) {
    // As with the other kinds of plugin: the last of a name wins.
    std::erase_if(readers, [&](const auto& one) { return one.name == more.name; });
    readers.push_back(more);
  }
  const LayoutReader* reader = nullptr;
  if (chosen.layout.reader == "auto") {
    const auto found = fitting(files, readers);
    if (found.empty()) return {};
    reader = found.front().second;
    for (std::size_t n = 1; n < found.size() && found[n].first == found.front().first; ++n)
      out.alsoFitting.push_back(found[n].second->title);
  } else {
    std::string known = "auto, names";
    for (const auto& one : readers) {
      if (one.name == chosen.layout.reader) reader = &one;
      known += ", " + one.name;
    }
    if (!reader)
      return fail(ErrorCode::InvalidArgument, "no reader of layouts is called \"" + chosen.layout.reader + "\"",
                  "choose one of: " + known, "layout.reader");
  }
  LORKD_TRY(assignment, reader->assign(files));
  out.reader = reader->name;
  out.title = reader->title;
  out.assignment = std::move(assignment);
  return {};
}

}  // namespace

Result<Reading> readingOf(const Chosen& chosen, const Files& files) {
  const auto& layout = chosen.layout;
  Reading out;
  LORKD_TRY(patients, Patients::make(layout.patients.pattern, placed(files, layout.patients.table)));
  out.patients = std::move(patients);
  if (!layout.table.empty()) {
    LORKD_TRY(assignment, assignTable(placed(files, layout.table), files, out.left));
    out.reader = "table";
    out.assignment = std::move(assignment);
  } else if (!layout.images.empty() || !layout.labels.empty()) {
    LORKD_CHECK(byRules(layout, files, out));
  } else if (layout.reader != "names") {
    LORKD_CHECK(byReader(chosen, files, out));
  }
  if (!out.assignment) return out;
  std::set<std::string> told;
  for (const auto& one : out.left) told.insert(one.path);
  const char* what = out.reader == "table"   ? "the table does not name it"
                     : out.reader == "rules" ? "no pattern names it"
                                             : "the data set has no such file";
  auto paths = files.volumes;
  if (out.reader == "rules" || out.reader == "table")
    paths.insert(paths.end(), files.folders.begin(), files.folders.end());
  for (const auto& path : paths)
    if (!out.assignment->contains(path) && !told.contains(path)) out.left.push_back({path, "no-rule", what});
  return out;
}

}  // namespace lorkd::data::layout
