// The index's tables, written and read. Inside this room only.
//
//   source    a data source, its folder, how its names are read (SourceLayout.h), and its state: 0 not yet scanned to
//             the end, 1 files have changed since what the other tables say of it, 2 those hold; the generation counts
//             changes of its files
//   file      its files, see FileTable.h
//   header    what many files have in common, above all the slices of a series; no number is ever given again, so
//             that a file whose header another program has removed finds none, not the wrong one
//   series    DICOM series as scanned (io/SeriesJson.h, as CBOR)
//   item      cases: an image and what lies on it, as JSON
//   rejected  what cannot be used, and why
//   memo      what took long to find out about files that have not changed since
//
// Paths of files are kept below their source's folder, and a folder below the index's own: both may be moved.
#pragma once

#include <optional>

#include "core/data/Pairing.h"
#include "core/data/Sqlite.h"

namespace lorkd::data {

Result<void> createTables(Database& database);
/// Drops all but `meta` and makes the tables anew, for an index of an older version.
Result<void> renewTables(Database& database);

/// A source's row.
struct Source {
  std::int64_t id = 0;
  std::filesystem::path folder;  ///< empty if it was never scanned to the end
};
/// Finds the row, or makes one of state 0.
Result<Source> openSource(Database& database, const std::string& source, const std::filesystem::path& home);

/// What a source's files are kept below, and what the index lies in (empty for an index in memory).
struct Places {
  std::filesystem::path folder, home;
};

/// Writes what was found in place of what was known of the source; it holds if the file table is still of the
/// `generation` it was made of. Without one, for a source that is one file, the table is emptied. To be run in a
/// transaction.
Result<void> replaceSource(Database& database, const std::string& source, const Places& places, const io::Scan& scan,
                           Pairing pairing, std::optional<std::int64_t> generation);
/// Notes that the source, unchanged, lies in `places.folder`.
Result<void> moveSource(Database& database, std::int64_t id, const Places& places);

/// What the source is to be read by: where that is not what it was read by, its files are put together anew.
Result<void> tellLayout(Database& database, std::int64_t id, const std::string& layout);
/// What a source was read by, and the reader that it was.
Result<void> keepLayout(Database& database, const std::string& source, const std::string& layout,
                        const std::string& reader);
/// Nothing for a source that was never scanned to the end.
Result<std::optional<std::pair<std::string, std::string>>> readLayout(Database& database, const std::string& source);

/// What was found about `key`, if it was under the same `stamp`.
Result<std::optional<std::string>> recall(Database& database, const std::string& key, const std::string& stamp);
Result<void> memorise(Database& database, const std::string& key, const std::string& stamp, const std::string& data);

/// Of one source, or of all where `source` is empty.
Result<std::vector<Case>> readCases(Database& database, const std::string& source, const std::filesystem::path& home);
Result<std::vector<io::Series>> readSeriesRows(Database& database, const std::string& source,
                                               const std::filesystem::path& home);
Result<std::vector<std::pair<std::filesystem::path, io::Finding>>> readRejected(Database& database,
                                                                                const std::string& source,
                                                                                const std::filesystem::path& home);
/// Sources that were scanned to the end once, and their folders.
Result<std::vector<std::pair<std::string, std::filesystem::path>>> readSources(Database& database,
                                                                               const std::filesystem::path& home);

}  // namespace lorkd::data
