#include "core/data/Catalogue.h"

#include <algorithm>
#include <iterator>
#include <random>

#include "core/base/Digest.h"
#include "core/data/CatalogueTables.h"
#include "core/data/Digests.h"
#include "core/data/FileTable.h"
#include "core/data/GivenFolds.h"
#include "core/data/LabelGrid.h"
#include "core/data/LikeAnswers.h"
#include "core/data/Pairing.h"
#include "core/data/PeopleFindings.h"
#include "core/data/SourceLayout.h"
#include "core/data/layout/AssignedImages.h"
#include "core/data/layout/Words.h"
#include "core/io/Csv.h"
#include "core/io/VolumeFile.h"
#include "core/io/dicom/MediaDirectory.h"

namespace lorkd::data {

namespace fs = std::filesystem;

namespace {

constexpr int applicationId = 0x4c6f4b44;  // "LoKD": tells an index from any other SQLite file
constexpr int version = 9;
constexpr std::int64_t kLookAgain = -1;  // no generation of a file table

/// The one number that a query gives. The query is over afterwards: tables cannot be dropped under one.
Result<std::int64_t> number(Database& database, const std::string& query) {
  LORKD_TRY(statement, database.prepare(query));
  LORKD_TRY(row, statement.step());
  return row ? statement.integer(0) : 0;
}

/// 256 random bits in hex: whoever has them can tell whether a pseudonym belongs to a given patient id.
std::string newSecret() {
  std::random_device device;
  std::string bytes;
  for (int n = 0; n < 8; ++n) bytes += std::to_string(device()) + " ";
  return sha256(bytes);
}

/// Absolute and without detours, nor a slash at the end.
fs::path lexical(const fs::path& path) {
  std::error_code ignored;
  const auto whole = fs::absolute(path, ignored).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

/// A source that is one file: an .npz archive, a table of pictures, or a volume, whose labels may lie beside it.
Result<io::Scan> scanFile(const fs::path& file) {
  io::Scan scan;
  const bool table = io::isTable(file);
  if (file.extension() == ".npz" || table) {
    scan.loose.push_back({file, table ? "table" : "npz", {}, {}});
    scan.filesSeen = 1;
    return scan;
  }
  if (!io::isVolumeFile(file))
    return fail(
        ErrorCode::InvalidArgument,
        "neither a folder nor a NIfTI, Analyze, MGH, NRRD, MetaImage or .npz file, nor a table of pictures",
        "name the folder that holds the data, or its DICOMDIR; a table begins with a line such as filename,label",
        file.string());
  LORKD_CHECK(io::readVolumeGeometry(file));
  std::vector<io::FileContent> contents;
  contents.push_back(io::examine(file));
  std::error_code ec;
  for (fs::directory_iterator entry(file.parent_path(), ec), end; !ec && entry != end; entry.increment(ec)) {
    ++scan.filesSeen;
    const auto& path = entry->path();
    if (!io::isVolumeFile(path) || path == file) continue;
    if (io::readVolumeGeometry(path)) contents.push_back(io::examine(path));
  }
  if (ec)
    return fail(ErrorCode::Io, "the folder cannot be listed for the labels beside the file: " + ec.message(),
                "check its permissions", file.parent_path().string());
  scan.loose = io::assemble(std::move(contents)).loose;
  return scan;
}

/// Errors: Format, for a file that is no index, or of a program to come.
Result<void> checkKind(std::int64_t application, std::int64_t found, const fs::path& file) {
  if (application != applicationId)
    return fail(ErrorCode::Format, "a SQLite file, but not an index of this program", "choose another file",
                file.string());
  if (found > version)
    return fail(ErrorCode::Format, "the index was written by a newer program (version " + std::to_string(found) + ")",
                "update the program, or choose another file", file.string());
  return {};
}

Result<std::string> readSecret(Database& db, const fs::path& file) {
  LORKD_TRY(secret, db.prepare("SELECT value FROM meta WHERE key = 'secret'"));
  LORKD_TRY(row, secret.step());
  if (!row) return fail(ErrorCode::Format, "the index has lost its secret", "delete it and scan again", file.string());
  return secret.text(0);
}

/// Folds may lie outside the source's folder, where its own files do not tell whether they are as they were.
std::string foldsKey(const std::string& source) { return "places of folds " + source; }

Json seenFolds(const std::vector<fs::path>& places) {
  Json list = Json::array();
  std::vector<fs::path> there;
  std::error_code ignored;
  for (const auto& place : places) {
    list.push_back(pathText(place.native()));
    if (fs::is_regular_file(place, ignored)) there.push_back(place);
  }
  return {{"places", list}, {"stamp", stampOf(there)}};
}

/// Has the source assembled anew where its folds are not as they were.
Result<void> lookForFolds(Database& db, const std::string& source, std::int64_t id) {
  LORKD_TRY(known, recall(db, foldsKey(source), ""));
  const auto before = known ? Json::parse(*known, nullptr, false) : Json();
  if (!before.is_object() || !before.contains("places")) return {};
  std::vector<fs::path> places;
  for (const auto& place : before["places"])
    if (place.is_string()) places.emplace_back(place.get<std::string>());
  return seenFolds(places) == before ? Result<void>() : assembleAnew(db, id);
}

/// A source that is being scanned.
struct Scanned {
  std::string name;
  fs::path place, folder;  ///< what was named, and the folder that it is or lies in
  bool single = false;     ///< one file
};

/// Puts together what a scan found, and says whose and what it is. `niftiPlace` is the plan's word. Errors: those of
/// the steps.
Result<Pairing> pairAll(io::Scan& scan, const Scanned& source, const layout::Reading& reading,
                        const plan::Layout& layout, const std::string& niftiPlace, const Pseudonym& pseudonym,
                        const Remembered& remembered, Progress& progress, const CancelToken& cancel) {
  Pairing pairing;
  if (!isRuled(reading)) {
    // Pictures come first: they keep their DICOM files from being taken for volumes.
    if (!source.single)
      LORKD_CHECK(pairMasks(scan, source.name, source.place, !reading.patients.empty(), pseudonym, remembered, pairing,
                            progress, cancel));
    LORKD_CHECK(pairPictures(scan, source.name, source.place, patientRule(layout, source.folder), pseudonym, pairing));
  }
  pairDicom(scan, source.folder, pseudonym, remembered, pairing);
  checkPatients(scan, pairing);
  offerChannels(pairing);
  LORKD_CHECK(pairVolumes(scan, source.name, source.folder, reading, pseudonym, remembered, pairing, progress, cancel));
  if (source.single) std::erase_if(pairing.cases, [&](const Case& c) { return c.imageFiles.front() != source.place; });
  for (auto& c : pairing.cases) {
    c.source = source.name;
    c.byRotation = niftiPlace == "qform";
    if (c.kind != "picture" && !c.imageFiles.empty() && c.split.empty())
      c.split = layout::splitOf(c.imageFiles.front().lexically_relative(source.folder));
  }
  if (!reading.assignment) LORKD_CHECK(askLikeAnswers(pairing, cancel));  // else each has been named
  joinSpellings(source.folder, pairing);
  std::set<fs::path> tables;  // that the plan or sets of pictures use
  for (const auto& table : {layout.table, layout.patients.table})
    if (!table.empty()) tables.insert((source.folder / table).lexically_normal());
  for (const auto& c : pairing.cases)
    if (c.kind == "picture") tables.insert(c.imageFiles.begin(), c.imageFiles.end());
  LORKD_CHECK(takeImageLabels(scan, source.folder, tables, pseudonym, pairing));
  takePatients(reading, source.folder, pseudonym, pairing);
  for (auto& told : {tornPeople(pairing.cases, source.folder), alikeInSplits(pairing.cases, source.folder)})
    if (told) pairing.findings.emplace_back(source.folder, *told);
  layout::tellReading(reading, source.folder, pairing);
  for (const auto& table : {layout.table, layout.patients.table})
    if (!table.empty()) pairing.understood.insert((source.folder / table).lexically_normal());
  return pairing;
}

}  // namespace

struct Catalogue::Impl {
  Database database;
  fs::path file;
  fs::path home;  // the folder it lies in; empty in memory
  std::string secret;

  /// Asks a file once, and keeps its answer until it changes.
  Remembered remembering() {
    return [this](const std::string& question, const fs::path& file,
                  const std::function<Result<Json>()>& read) -> Result<Json> {
      // To be raised when the same question would be answered otherwise.
      constexpr const char* version = "1 ";
      const auto key = version + question + " " + file.native(), stamp = stampOf({file});
      if (const auto known = recall(database, key, stamp); known && *known)
        if (auto told = Json::from_cbor(**known, true, false); !told.is_discarded()) return told;
      LORKD_TRY(told, read());
      std::string bytes;
      Json::to_cbor(told, bytes);
      // Of a file that changed meanwhile nothing is remembered; where the index cannot be written, it asks again.
      if (stampOf({file}) == stamp) (void)memorise(database, key, stamp, bytes);
      return told;
    };
  }

  template <class T>
  Result<T> named(Result<T> result) const {
    if (!result && result.error().context.empty()) result.error().context = file.string();
    return result;
  }
};

Catalogue::Catalogue(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
Catalogue::Catalogue(Catalogue&&) noexcept = default;
Catalogue& Catalogue::operator=(Catalogue&&) noexcept = default;
Catalogue::~Catalogue() = default;

Result<Catalogue> Catalogue::open(const fs::path& file) {
  std::error_code error;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  LORKD_TRY(database, Database::open(file));
  auto impl = std::make_unique<Impl>(
      Impl{std::move(database), file, file == ":memory:" ? fs::path() : lexical(file).parent_path(), {}});
  Database& db = impl->database;

  // Two programs may make the same index at once: looking and making are one transaction.
  const auto made = transaction(db, [&]() -> Result<void> {
    LORKD_TRY(found, number(db, "PRAGMA user_version"));
    LORKD_TRY(application, number(db, "PRAGMA application_id"));
    LORKD_TRY(tables, number(db, "SELECT count(*) FROM sqlite_master"));
    if (found == 0 && application == 0 && tables == 0) {
      LORKD_CHECK(createTables(db));
      LORKD_TRY(insert, db.prepare("INSERT INTO meta(key, value) VALUES('secret', ?)"));
      LORKD_CHECK(insert.run(newSecret()));
      return db.execute("PRAGMA application_id = " + std::to_string(applicationId) +
                        "; PRAGMA user_version = " + std::to_string(version));
    }
    LORKD_CHECK(checkKind(application, found, file));
    if (found == version) return {};
    LORKD_CHECK(renewTables(db));
    return db.execute("PRAGMA user_version = " + std::to_string(version));
  });
  if (!made) return std::unexpected(impl->named(made).error());
  LORKD_TRY(secret, readSecret(db, file));
  impl->secret = secret;
  return Catalogue(std::move(impl));
}

Result<Catalogue> Catalogue::openToRead(const fs::path& file) {
  LORKD_TRY(db, Database::openToRead(file));
  LORKD_TRY(found, number(db, "PRAGMA user_version"));
  LORKD_TRY(application, number(db, "PRAGMA application_id"));
  if (application != 0 || found != 0) LORKD_CHECK(checkKind(application, found, file));
  if (found < version) return open(file);
  LORKD_TRY(secret, readSecret(db, file));
  return Catalogue(std::make_unique<Impl>(Impl{std::move(db), file, lexical(file).parent_path(), secret}));
}

Result<void> Catalogue::scan(const std::string& source, const fs::path& folder, Progress& progress,
                             const CancelToken& cancel, const layout::Chosen& chosen) {
  Database& db = m_impl->database;
  std::error_code ignored;
  fs::path place = lexical(folder);
  if (const auto root = io::mediumRoot(place); !root.empty()) place = root;
  const bool single = fs::is_regular_file(place, ignored);
  const Places places{single ? place.parent_path() : place, m_impl->home};
  io::Scan scan;
  std::optional<std::int64_t> generation;
  LORKD_TRY(row, m_impl->named(openSource(db, source, places.home)));
  const auto key = layoutKey(chosen, places.folder);
  LORKD_CHECK(m_impl->named(tellLayout(db, row.id, key)));
  LORKD_TRY(whichPlace, m_impl->named(takeNiftiPlace(db, row.id, chosen.niftiPlace)));
  if (single) {
    LORKD_TRY(found, scanFile(place));
    scan = std::move(found);
  } else {
    const bool moved = !row.folder.empty() && row.folder != place;
    LORKD_CHECK(m_impl->named(lookForFolds(db, source, row.id)));
    LORKD_TRY(found, m_impl->named(rescan(db, row.id, place, moved, progress, cancel)));
    if (found.current) return m_impl->named(moveSource(db, row.id, places));
    // What was passed over has no size and time to be known by: the next scan looks again.
    generation = found.passedOver.empty() ? found.generation : kLookAgain;
    scan = io::assemble(std::move(found.contents));
    std::ranges::move(found.passedOver, std::back_inserter(scan.rejected));
    LORKD_CHECK(io::checkUsable(scan, place));
  }

  chooseNiftiPlace(scan.loose, whichPlace);
  const Pseudonym shortened = [this](const std::string& text) { return pseudonym(text).substr(0, 10); };
  LORKD_TRY(reading, data::readingOf(chosen, scan, source, places.folder, single));
  LORKD_TRY(pairing, pairAll(scan, {source, place, places.folder, single}, reading, chosen.layout, whichPlace,
                             shortened, m_impl->remembering(), progress, cancel));
  const auto foldsSeen = seenFolds(placesOfFolds(pairing.cases, places.folder));
  takeGivenFolds(places.folder, pairing);
  findUnannotated(pairing.cases);
  std::erase_if(scan.rejected, [&](const auto& found) { return pairing.understood.contains(found.first); });
  if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was stopped", "", place.string());
  return m_impl->named(transaction(db, [&]() -> Result<void> {
    LORKD_CHECK(memorise(db, foldsKey(source), "", foldsSeen.dump()));
    LORKD_CHECK(replaceSource(db, source, places, scan, std::move(pairing), generation));
    return keepLayout(db, source, key, reading.reader);
  }));
}

Result<Catalogue::ReadAs> Catalogue::readAs(const std::string& source) const {
  LORKD_TRY(found, m_impl->named(readLayout(m_impl->database, source)));
  if (!found)
    return fail(ErrorCode::NotFound, "the index knows no source called '" + source + "'", "scan it first",
                m_impl->file.string());
  return ReadAs{layoutOf(found->first), found->second};
}

std::string Catalogue::pseudonym(const std::string& identifier) const { return hmacSha256(m_impl->secret, identifier); }

Result<std::optional<std::string>> Catalogue::kept(const std::string& key, const std::vector<fs::path>& files) const {
  return m_impl->named(recall(m_impl->database, key, stampOf(files)));
}

Result<void> Catalogue::keep(const std::string& key, const std::vector<fs::path>& files, const std::string& bytes) {
  return m_impl->named(memorise(m_impl->database, key, stampOf(files), bytes));
}

Result<std::vector<Case>> Catalogue::cases(const std::string& source) const {
  return m_impl->named(readCases(m_impl->database, source, m_impl->home));
}

Result<std::vector<io::Series>> Catalogue::series(const std::string& source) const {
  return m_impl->named(readSeriesRows(m_impl->database, source, m_impl->home));
}

Result<std::vector<std::pair<fs::path, io::Finding>>> Catalogue::rejected(const std::string& source) const {
  return m_impl->named(readRejected(m_impl->database, source, m_impl->home));
}

Result<std::vector<std::pair<std::string, fs::path>>> Catalogue::sources() const {
  return m_impl->named(readSources(m_impl->database, m_impl->home));
}

}  // namespace lorkd::data
