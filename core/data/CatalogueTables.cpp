#include "core/data/CatalogueTables.h"

#include "core/base/Json.h"
#include "core/io/SeriesJson.h"

namespace lorkd::data {

namespace fs = std::filesystem;
using io::Finding;

namespace {

constexpr const char* tables = R"(
CREATE TABLE source(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, folder TEXT NOT NULL, files INTEGER NOT NULL,
  state INTEGER NOT NULL, generation INTEGER NOT NULL, layout TEXT NOT NULL, reader TEXT NOT NULL,
  nifti_place TEXT NOT NULL DEFAULT 'ask');
CREATE TABLE file(source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE, path TEXT NOT NULL,
  size INTEGER NOT NULL, time INTEGER NOT NULL, content BLOB NOT NULL, header INTEGER,
  PRIMARY KEY(source, path)) WITHOUT ROWID;
CREATE TABLE header(id INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
  content BLOB NOT NULL);
CREATE TABLE series(id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
  data BLOB NOT NULL);
CREATE TABLE item(id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
  data TEXT NOT NULL);
CREATE TABLE rejected(source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE, file TEXT NOT NULL,
  severity INTEGER NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL);
CREATE TABLE memo(key TEXT PRIMARY KEY, stamp TEXT NOT NULL, data BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX header_source ON header(source);
CREATE INDEX series_source ON series(source);
CREATE INDEX item_source ON item(source);
CREATE INDEX rejected_source ON rejected(source);
)";

/// A path as it is kept: below `folder` where it lies there, "." for the folder itself.
std::string_view below(const fs::path& folder, const fs::path& path) {
  const std::string_view whole = path.native();
  const auto& above = folder.native();
  if (whole == above) return ".";
  if (above.empty() || !whole.starts_with(above)) return whole;
  if (above.ends_with('/')) return whole.substr(above.size());
  return whole[above.size()] == '/' ? whole.substr(above.size() + 1) : whole;
}
fs::path placed(const fs::path& folder, const fs::path& kept) {
  return kept.empty() || kept.is_absolute() ? kept : kept == "." ? folder : folder / kept;
}

template <class Change>
void eachPath(Case& c, Change change) {
  for (auto& file : c.imageFiles) file = change(file);
  for (auto& file : c.labelFiles) file = change(file);
  c.labelNames = change(c.labelNames);
  c.people.table = change(c.people.table);
}

/// Text from a DICOM header may be no UTF-8; it must not stop the index.
std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Result<void> writeSeries(Database& db, std::int64_t source, const fs::path& folder, const io::Scan& scan) {
  LORKD_TRY(row, db.prepare("INSERT INTO series VALUES(NULL,?,?)"));
  std::string bytes;
  for (const auto& s : scan.series) {
    Json j(s);
    std::string files;
    for (const auto& instance : s.instances) io::append(files, below(folder, instance.file));
    j["files"] = std::move(files);
    bytes.clear();
    Json::to_cbor(j, bytes);
    LORKD_CHECK(row.run(source, Blob{bytes}));
  }
  return {};
}

Result<void> writeCases(Database& db, std::int64_t source, const fs::path& folder, std::vector<Case> cases) {
  LORKD_TRY(row, db.prepare("INSERT INTO item VALUES(NULL,?,?)"));
  for (auto& c : cases) {
    // Without making paths of what is written as text: there are as many as slices.
    Json files = Json::array();
    for (const auto& file : std::exchange(c.imageFiles, {})) files.push_back(pathText(below(folder, file)));
    eachPath(c, [&](const fs::path& path) { return fs::path(below(folder, path)); });
    Json j(c);
    j["image_files"] = std::move(files);
    LORKD_CHECK(row.run(source, dumped(j)));
  }
  return {};
}

Result<void> writeRejected(Database& db, std::int64_t source, const fs::path& folder, const io::Scan& scan,
                           const Pairing& pairing) {
  LORKD_TRY(row, db.prepare("INSERT INTO rejected VALUES(?,?,?,?,?)"));
  const auto write = [&](const fs::path& file, const Finding& f) {
    return row.run(source, below(folder, file), static_cast<int>(f.severity), f.code, f.message);
  };
  for (const auto& [file, finding] : scan.rejected) LORKD_CHECK(write(file, finding));
  for (const auto& s : scan.series)
    for (const auto& f : s.findings)
      if (f.severity == Finding::Severity::Unusable)
        LORKD_CHECK(write(s.instances.empty() ? fs::path() : s.instances.front().file.parent_path(), f));
  for (const auto& loose : scan.loose)
    for (const auto& f : loose.findings)
      if (f.severity == Finding::Severity::Unusable && !pairing.understood.contains(loose.file))
        LORKD_CHECK(write(loose.file, f));
  for (const auto& [file, finding] : pairing.findings) LORKD_CHECK(write(file, finding));
  return {};
}

/// The end of a query over one source, or over all.
std::string ofSource(const std::string& table) {
  return " FROM " + table + " JOIN source ON source.id = " + table +
         ".source WHERE source.state > 0 AND (?1 = '' OR source.name = ?1) ORDER BY " + table + ".rowid";
}

/// Turns what JSON throws at damaged rows into an error.
template <class Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const Json::exception& e) {
    return fail(ErrorCode::Format, std::string("the index is damaged: ") + e.what(), "delete it and scan again");
  }
}

}  // namespace

Result<void> createTables(Database& database) {
  return database.execute(std::string("CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL);") + tables);
}

Result<void> renewTables(Database& database) {
  std::string drop;
  for (const char* table : {"rejected", "label", "item_file", "item", "loose", "instance", "series", "file", "header",
                            "memo", "source"})  // of every version
    drop += std::string("DROP TABLE IF EXISTS ") + table + ";";
  return database.execute(drop + tables);
}

Result<Source> openSource(Database& db, const std::string& source, const fs::path& home) {
  Source found;
  const auto made = transaction(db, [&]() -> Result<void> {
    LORKD_TRY(insert, db.prepare("INSERT OR IGNORE INTO source(name, folder, files, state, generation, layout, reader) "
                                 "VALUES(?,'',0,0,0,'','')"));
    LORKD_CHECK(insert.run(source));
    LORKD_TRY(row, db.prepare("SELECT id, folder FROM source WHERE name = ?"));
    row.bind(source);
    LORKD_TRY(there, row.step());
    if (there) found = {row.integer(0), placed(home, row.text(1))};
    return {};
  });
  if (!made) return std::unexpected(made.error());
  return found;
}

Result<void> assembleAnew(Database& db, std::int64_t source) {
  LORKD_TRY(update, db.prepare("UPDATE source SET state = min(state, 1) WHERE id = ?"));
  return update.run(source);
}

Result<void> replaceSource(Database& db, const std::string& source, const Places& places, const io::Scan& scan,
                           Pairing pairing, std::optional<std::int64_t> generation) {
  LORKD_TRY(row, db.prepare("SELECT id FROM source WHERE name = ?"));
  row.bind(source);
  LORKD_TRY(there, row.step());
  if (!there) return fail(ErrorCode::Io, "the source was removed while it was scanned", "scan it again", source);
  const auto id = row.integer(0);
  for (const char* table : {"series", "item", "rejected"}) {
    LORKD_TRY(forget, db.prepare(std::string("DELETE FROM ") + table + " WHERE source = ?"));
    LORKD_CHECK(forget.run(id));
  }
  if (!generation) {
    LORKD_TRY(files, db.prepare("DELETE FROM file WHERE source = ?"));
    LORKD_CHECK(files.run(id));
  }
  // Another program may have seen other files in the meantime: then the next scan assembles them anew.
  LORKD_TRY(update, db.prepare("UPDATE source SET files = ?, state = iif(generation = ?, 2, 1) WHERE id = ?"));
  LORKD_CHECK(update.run(scan.filesSeen, generation.value_or(-1), id));
  LORKD_CHECK(moveSource(db, id, places));
  LORKD_CHECK(writeSeries(db, id, places.folder, scan));
  LORKD_CHECK(writeCases(db, id, places.folder, std::move(pairing.cases)));
  return writeRejected(db, id, places.folder, scan, pairing);
}

Result<void> tellLayout(Database& db, std::int64_t id, const std::string& layout) {
  LORKD_TRY(update, db.prepare("UPDATE source SET state = min(state, 1) WHERE id = ? AND layout <> ?"));
  return update.run(id, layout);
}

Result<void> keepLayout(Database& db, const std::string& source, const std::string& layout, const std::string& reader) {
  LORKD_TRY(update, db.prepare("UPDATE source SET layout = ?, reader = ? WHERE name = ?"));
  return update.run(layout, reader, source);
}

Result<std::optional<std::pair<std::string, std::string>>> readLayout(Database& db, const std::string& source) {
  LORKD_TRY(row, db.prepare("SELECT layout, reader FROM source WHERE state > 0 AND name = ?"));
  row.bind(source);
  LORKD_TRY(there, row.step());
  return there ? std::optional(std::pair(row.text(0), row.text(1))) : std::nullopt;
}

Result<std::string> takeNiftiPlace(Database& db, std::int64_t id, const std::optional<std::string>& chosen) {
  std::string place = "ask";
  const auto done = transaction(db, [&]() -> Result<void> {
    LORKD_TRY(row, db.prepare("SELECT nifti_place FROM source WHERE id = ?"));
    row.bind(id);
    LORKD_TRY(there, row.step());
    if (there) place = row.text(0);
    if (!chosen || *chosen == place) return {};
    place = *chosen;
    LORKD_TRY(update, db.prepare("UPDATE source SET nifti_place = ?, state = min(state, 1) WHERE id = ?"));
    return update.run(place, id);
  });
  if (!done) return std::unexpected(done.error());
  return place;
}

Result<void> moveSource(Database& db, std::int64_t id, const Places& places) {
  LORKD_TRY(update, db.prepare("UPDATE source SET folder = ? WHERE id = ?"));
  return update.run(below(places.home, places.folder), id);
}

Result<std::optional<std::string>> recall(Database& db, const std::string& key, const std::string& stamp) {
  LORKD_TRY(row, db.prepare("SELECT data FROM memo WHERE key = ? AND stamp = ?"));
  row.bind(key, stamp);
  LORKD_TRY(there, row.step());
  return there ? std::optional(row.text(0)) : std::nullopt;
}

Result<void> memorise(Database& db, const std::string& key, const std::string& stamp, const std::string& data) {
  LORKD_TRY(row, db.prepare("INSERT OR REPLACE INTO memo VALUES(?,?,?)"));
  return row.run(key, stamp, Blob{data});
}

Result<std::vector<Case>> readCases(Database& db, const std::string& source, const fs::path& home) {
  return guarded([&]() -> Result<std::vector<Case>> {
    LORKD_TRY(rows, db.prepare("SELECT folder, data" + ofSource("item")));
    std::vector<Case> out;
    rows.bind(source);
    while (true) {
      LORKD_TRY(more, rows.step());
      if (!more) return out;
      const auto folder = placed(home, rows.text(0));
      auto& c = out.emplace_back(Json::parse(rows.text(1)).get<Case>());
      eachPath(c, [&](const fs::path& path) { return placed(folder, path); });
    }
  });
}

Result<std::vector<io::Series>> readSeriesRows(Database& db, const std::string& source, const fs::path& home) {
  return guarded([&]() -> Result<std::vector<io::Series>> {
    LORKD_TRY(rows, db.prepare("SELECT folder, data" + ofSource("series")));
    std::vector<io::Series> out;
    rows.bind(source);
    while (true) {
      LORKD_TRY(more, rows.step());
      if (!more) return out;
      const auto folder = placed(home, rows.text(0));
      auto& s = out.emplace_back(Json::from_cbor(rows.text(1)).get<io::Series>());
      for (auto& instance : s.instances) instance.file = placed(folder, instance.file);
    }
  });
}

Result<std::vector<std::pair<fs::path, Finding>>> readRejected(Database& db, const std::string& source,
                                                               const fs::path& home) {
  LORKD_TRY(rows, db.prepare("SELECT folder, file, severity, code, message" + ofSource("rejected")));
  std::vector<std::pair<fs::path, Finding>> out;
  rows.bind(source);
  while (true) {
    LORKD_TRY(more, rows.step());
    if (!more) return out;
    out.emplace_back(placed(placed(home, rows.text(0)), rows.text(1)),
                     Finding{static_cast<Finding::Severity>(rows.integer(2)), rows.text(3), rows.text(4)});
  }
}

Result<std::vector<std::pair<std::string, fs::path>>> readSources(Database& db, const fs::path& home) {
  LORKD_TRY(rows, db.prepare("SELECT name, folder FROM source WHERE state > 0 ORDER BY id"));
  std::vector<std::pair<std::string, fs::path>> out;
  while (true) {
    LORKD_TRY(more, rows.step());
    if (!more) return out;
    out.emplace_back(rows.text(0), placed(home, rows.text(1)));
  }
}

}  // namespace lorkd::data
