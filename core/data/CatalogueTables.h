// The index's tables, written and read. Inside this room only.
//
//   source    a data source and its folder
//   series    DICOM series as scanned; lists without a use in queries are JSON
//   instance  their files in order
//   loose     files that are not DICOM
//   item      cases: an image and what lies on it, as JSON
//   rejected  what cannot be used, and why
#pragma once

#include "core/data/Pairing.h"
#include "core/data/Sqlite.h"

namespace lorkd::data {

Result<void> createTables(Database& database);
/// Drops all but `meta` and makes the tables anew, for an index of an older version.
Result<void> renewTables(Database& database);

/// Forgets what was known of the source and writes what was found. To be run in a transaction.
Result<void> replaceSource(Database& database, const std::string& source, const std::filesystem::path& folder,
                           const io::Scan& scan, const Pairing& pairing);

/// Of one source, or of all where `source` is empty.
Result<std::vector<Case>> readCases(Database& database, const std::string& source);
Result<std::vector<io::Series>> readSeriesRows(Database& database, const std::string& source);
Result<std::vector<std::pair<std::filesystem::path, io::Finding>>> readRejected(Database& database,
                                                                                const std::string& source);
Result<std::vector<std::pair<std::string, std::filesystem::path>>> readSources(Database& database);

}  // namespace lorkd::data
