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
  bool changed = false;  ///< files are new, gone or not as they were
  std::vector<io::FileContent> contents;
};

/// Lists `folder`, reads the headers of the files that `source` (its row) does not know as they are now, and forgets
/// those that are gone. What was read is kept at once, in transactions of some thousand files: a scan that is cancelled
/// or killed goes on where it was. A file whose size and time are as before is taken to be the same. With `all`, the
/// contents of every file come back, else only when any has changed. Errors: those of io::listFolder and
/// io::examineAll, and of the database.
Result<Rescan> rescan(Database& database, std::int64_t source, const std::filesystem::path& folder, bool all,
                      Progress& progress, const CancelToken& cancel);

}  // namespace lorkd::data
