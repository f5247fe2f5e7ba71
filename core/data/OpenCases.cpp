#include "core/data/OpenCases.h"

#include <map>

namespace lorkd::data {

namespace {

using KnownCases = std::map<std::pair<std::string, std::string>, const Case*>;  // by source and id

/// Gives a frozen case the files that the index knows, and the series that are joined to it theirs.
Result<void> takeFiles(Case& c, const KnownCases& known, const std::filesystem::path& list) {
  const auto it = known.find({c.source, c.id});
  if (it == known.end())
    return fail(ErrorCode::Mismatch, "the index no longer knows " + c.id + " of the source '" + c.source + "'",
                "scan that folder again into the project's index, as after each update of the program that reads more "
                "of the data than before: lorkd scan FOLDER --index index.sqlite --source " +
                    c.source,
                list.string());
  c.imageFiles = it->second->imageFiles;
  c.slices = it->second->slices;
  c.origins = it->second->origins;
  c.resampled = it->second->resampled;
  c.misplaced = it->second->misplaced;
  c.labelFiles = it->second->labelFiles;
  c.labelNames = it->second->labelNames;
  c.people = it->second->people;
  for (auto& other : c.others) LORKD_CHECK(takeFiles(other, known, list));
  return {};
}

}  // namespace

Result<CaseList> openCases(const run::RunDirectory& run) {
  LORKD_TRY(list, loadCaseList(run.cases()));
  for (const auto& entry : list.cases)
    for (const int task : entry.tasks)
      if (static_cast<std::size_t>(task) >= run.plan().tasks.size())
        return fail(ErrorCode::Format,
                    "a case is listed for task number " + std::to_string(task) + ", but the plan has " +
                        std::to_string(run.plan().tasks.size()),
                    "the file is damaged, or of another run", run.cases().string());
  LORKD_TRY(index, Catalogue::openToRead(run.project() / "index.sqlite"));
  LORKD_TRY(known, index.cases());
  KnownCases byId;  // the same image may be in two sources
  for (const auto& item : known) byId[{item.source, item.id}] = &item;
  for (auto& entry : list.cases) {
    if (entry.digest.empty())
      return fail(ErrorCode::Mismatch, "the list does not say what the files of " + entry.item.id + " were",
                  "restore the run's cases.json, or start a new run", run.cases().string());
    LORKD_CHECK(takeFiles(entry.item, byId, run.cases()));
  }
  return list;
}

}  // namespace lorkd::data
