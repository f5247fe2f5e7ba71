// What the index remembers of each file of a source: its size and time, and what its header said. A rescan reads only
// files that are new or have changed. Inside this room only.
#pragma once

#include <vector>

#include "core/base/Progress.h"
#include "core/data/Sqlite.h"
#include "core/io/Series.h"

namespace lorkd::data {

/// What a rescan of a folder came to.
struct Rescan {
  bool current = false;  ///< no file is new, gone or not as it was, and what was made of them holds
  std::vector<io::FileContent> contents;
  std::vector<std::pair<std::filesystem::path, io::Finding>> passedOver;  ///< see io::Listed
  std::int64_t generation = 0;  ///< of the file table as `contents` has it, see replaceSource()
};

/// Lists `folder`, reads the headers of the files that `source` (its row) does not know as they are now, and forgets
/// those that are gone. What was read is kept at once, in transactions of some thousand files: a scan that is cancelled
/// or killed goes on where it was. A file whose size and time are as before is taken to be the same; where the folder
/// has `moved`, some of them are read to see whether they are. Files that could not be opened are tried again the next
/// time. Contents come back unless the source is current. Errors: those of io::listFolder and io::examineAll, and of
/// the database.
Result<Rescan> rescan(Database& database, std::int64_t source, const std::filesystem::path& folder, bool moved,
                      Progress& progress, const CancelToken& cancel);

}  // namespace lorkd::data
