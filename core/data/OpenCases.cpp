#include "core/data/OpenCases.h"

#include <map>

namespace lorkd::data {

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
  std::map<std::pair<std::string, std::string>, const Case*> byId;  // the same image may be in two sources
  for (const auto& item : known) byId[{item.source, item.id}] = &item;
  for (auto& entry : list.cases) {
    const auto it = byId.find({entry.item.source, entry.item.id});
    if (it == byId.end())
      return fail(
          ErrorCode::Mismatch,
          "the index no longer knows " + entry.item.id + " of the source '" + entry.item.source + "'",
          "scan that folder again into the project's index, as after each update of the program that reads more "
          "of the data than before: lorkd scan FOLDER --index index.sqlite --source " +
              entry.item.source,
          run.cases().string());
    if (entry.digest.empty())
      return fail(ErrorCode::Mismatch, "the list does not say what the files of " + entry.item.id + " were",
                  "restore the run's cases.json, or start a new run", run.cases().string());
    entry.item.imageFiles = it->second->imageFiles;
    entry.item.slices = it->second->slices;
    entry.item.origins = it->second->origins;
    entry.item.resampled = it->second->resampled;
    entry.item.misplaced = it->second->misplaced;
    entry.item.labelFiles = it->second->labelFiles;
    entry.item.labelNames = it->second->labelNames;
  }
  return list;
}

}  // namespace lorkd::data
