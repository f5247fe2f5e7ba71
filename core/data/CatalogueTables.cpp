#include "core/data/CatalogueTables.h"

#include "core/base/Json.h"
#include "core/data/GeometryJson.h"

namespace lorkd::data {

namespace fs = std::filesystem;
using io::Finding;

namespace {

constexpr const char* tables = R"(
CREATE TABLE source(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, folder TEXT NOT NULL, files INTEGER NOT NULL);
CREATE TABLE series(id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
  series_uid TEXT, patient_id TEXT, patient_name TEXT, study_uid TEXT, frame_of_reference TEXT, sop_class TEXT,
  modality TEXT, body_part TEXT, description TEXT, study_date TEXT, transfer_syntax TEXT,
  geometry TEXT, referenced_series TEXT, referenced_instances TEXT, segments TEXT, findings TEXT, part TEXT,
  origins TEXT);
CREATE TABLE instance(series INTEGER NOT NULL REFERENCES series ON DELETE CASCADE, position INTEGER NOT NULL,
  file TEXT NOT NULL, sop_uid TEXT, mm REAL, frame INTEGER);
CREATE TABLE loose(source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE, file TEXT NOT NULL, kind TEXT,
  geometry TEXT, findings TEXT);
CREATE TABLE item(id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
  data TEXT NOT NULL);
CREATE TABLE rejected(source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE, file TEXT NOT NULL,
  severity INTEGER NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL);
CREATE INDEX series_source ON series(source);
CREATE INDEX instance_series ON instance(series);
CREATE INDEX loose_source ON loose(source);
CREATE INDEX item_source ON item(source);
CREATE INDEX rejected_source ON rejected(source);
)";

Json findingsToJson(const std::vector<Finding>& findings) {
  Json out = Json::array();
  for (const auto& f : findings) out.push_back({static_cast<int>(f.severity), f.code, f.message});
  return out;
}

std::vector<Finding> findingsFromJson(const Json& json) {
  std::vector<Finding> out;
  for (const auto& f : json)
    out.push_back(
        {static_cast<Finding::Severity>(f.at(0).get<int>()), f.at(1).get<std::string>(), f.at(2).get<std::string>()});
  return out;
}

/// Text from a DICOM header may be no UTF-8; it must not stop the index.
std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Result<void> writeSeries(Database& db, std::int64_t source, const io::Scan& scan) {
  LORKD_TRY(row, db.prepare("INSERT INTO series VALUES(NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
  LORKD_TRY(file, db.prepare("INSERT INTO instance VALUES(?,?,?,?,?,?)"));
  for (const auto& s : scan.series) {
    LORKD_CHECK(row.run(source, s.seriesUid, s.patientId, s.patientName, s.studyUid, s.frameOfReferenceUid,
                        s.sopClassUid, s.modality, s.bodyPart, s.description, s.studyDate, s.transferSyntax,
                        dumped(geometryToJson(s.geometry)), dumped(s.referencedSeriesUids),
                        dumped(s.referencedInstanceUids), dumped(s.labels), dumped(findingsToJson(s.findings)), s.part,
                        dumped(s.origins)));
    const auto id = db.lastRow();
    int position = 0;
    for (const auto& i : s.instances)
      LORKD_CHECK(file.run(id, position++, i.file.string(), i.sopInstanceUid, i.position, i.frame));
  }
  return {};
}

Result<void> writeCases(Database& db, std::int64_t source, const std::vector<Case>& cases) {
  LORKD_TRY(row, db.prepare("INSERT INTO item VALUES(NULL,?,?)"));
  for (const auto& c : cases) LORKD_CHECK(row.run(source, dumped(c)));
  return {};
}

Result<void> writeRejected(Database& db, std::int64_t source, const io::Scan& scan, const Pairing& pairing) {
  LORKD_TRY(row, db.prepare("INSERT INTO rejected VALUES(?,?,?,?,?)"));
  const auto write = [&](const fs::path& file, const Finding& f) {
    return row.run(source, file.string(), static_cast<int>(f.severity), f.code, f.message);
  };
  for (const auto& [file, finding] : scan.rejected) LORKD_CHECK(write(file, finding));
  for (const auto& s : scan.series)
    for (const auto& f : s.findings)
      if (f.severity == Finding::Severity::Unusable)
        LORKD_CHECK(write(s.instances.empty() ? fs::path() : s.instances.front().file.parent_path(), f));
  for (const auto& loose : scan.loose)
    for (const auto& f : loose.findings)
      if (f.severity == Finding::Severity::Unusable) LORKD_CHECK(write(loose.file, f));
  for (const auto& [file, finding] : pairing.findings) LORKD_CHECK(write(file, finding));
  return {};
}

/// The end of a query over one source, or over all.
std::string ofSource(const std::string& table) {
  return " FROM " + table + " JOIN source ON source.id = " + table +
         ".source WHERE ?1 = '' OR source.name = ?1 ORDER BY " + table + ".rowid";
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
  for (const char* table :
       {"rejected", "label", "item_file", "item", "loose", "instance", "series", "source"})  // of every version
    drop += std::string("DROP TABLE IF EXISTS ") + table + ";";
  return database.execute(drop + tables);
}

Result<void> replaceSource(Database& db, const std::string& source, const fs::path& folder, const io::Scan& scan,
                           const Pairing& pairing) {
  LORKD_TRY(forget, db.prepare("DELETE FROM source WHERE name = ?"));
  LORKD_CHECK(forget.run(source));
  LORKD_TRY(insert, db.prepare("INSERT INTO source(name, folder, files) VALUES(?,?,?)"));
  LORKD_CHECK(insert.run(source, folder.string(), scan.filesSeen));
  const auto id = db.lastRow();
  LORKD_CHECK(writeSeries(db, id, scan));
  LORKD_TRY(loose, db.prepare("INSERT INTO loose VALUES(?,?,?,?,?)"));
  for (const auto& l : scan.loose)
    LORKD_CHECK(
        loose.run(id, l.file.string(), l.kind, dumped(geometryToJson(l.geometry)), dumped(findingsToJson(l.findings))));
  LORKD_CHECK(writeCases(db, id, pairing.cases));
  return writeRejected(db, id, scan, pairing);
}

Result<std::vector<Case>> readCases(Database& db, const std::string& source) {
  return guarded([&]() -> Result<std::vector<Case>> {
    LORKD_TRY(rows, db.prepare("SELECT data" + ofSource("item")));
    std::vector<Case> out;
    rows.bind(source);
    while (true) {
      LORKD_TRY(more, rows.step());
      if (!more) return out;
      out.push_back(Json::parse(rows.text(0)).get<Case>());
    }
  });
}

Result<std::vector<io::Series>> readSeriesRows(Database& db, const std::string& source) {
  return guarded([&]() -> Result<std::vector<io::Series>> {
    LORKD_TRY(rows, db.prepare("SELECT series.id, series_uid, patient_id, patient_name, study_uid, frame_of_reference, "
                               "sop_class, modality, body_part, description, study_date, transfer_syntax, geometry, "
                               "referenced_series, referenced_instances, segments, findings, part, origins" +
                               ofSource("series")));
    LORKD_TRY(files, db.prepare("SELECT file, sop_uid, mm, frame FROM instance WHERE series = ? ORDER BY position"));
    std::vector<io::Series> out;
    rows.bind(source);
    while (true) {
      LORKD_TRY(more, rows.step());
      if (!more) return out;
      io::Series s;
      int column = 0;
      for (auto* field : {&s.seriesUid, &s.patientId, &s.patientName, &s.studyUid, &s.frameOfReferenceUid,
                          &s.sopClassUid, &s.modality, &s.bodyPart, &s.description, &s.studyDate, &s.transferSyntax})
        *field = rows.text(++column);
      LORKD_TRY(geometry, geometryFromJson(Json::parse(rows.text(12))));
      s.geometry = geometry;
      s.referencedSeriesUids = Json::parse(rows.text(13)).get<std::vector<std::string>>();
      s.referencedInstanceUids = Json::parse(rows.text(14)).get<std::vector<std::string>>();
      s.labels = Json::parse(rows.text(15)).get<std::vector<image::Label>>();
      s.findings = findingsFromJson(Json::parse(rows.text(16)));
      s.part = rows.text(17);
      s.origins = Json::parse(rows.text(18)).get<std::vector<image::Vec3>>();
      files.bind(rows.integer(0));
      while (true) {
        LORKD_TRY(file, files.step());
        if (!file) break;
        s.instances.push_back({files.text(0), files.text(1), files.number(2), static_cast<int>(files.integer(3))});
      }
      out.push_back(std::move(s));
    }
  });
}

Result<std::vector<std::pair<fs::path, Finding>>> readRejected(Database& db, const std::string& source) {
  LORKD_TRY(rows, db.prepare("SELECT file, severity, code, message" + ofSource("rejected")));
  std::vector<std::pair<fs::path, Finding>> out;
  rows.bind(source);
  while (true) {
    LORKD_TRY(more, rows.step());
    if (!more) return out;
    out.emplace_back(rows.text(0),
                     Finding{static_cast<Finding::Severity>(rows.integer(1)), rows.text(2), rows.text(3)});
  }
}

Result<std::vector<std::pair<std::string, fs::path>>> readSources(Database& db) {
  LORKD_TRY(rows, db.prepare("SELECT name, folder FROM source ORDER BY id"));
  std::vector<std::pair<std::string, fs::path>> out;
  while (true) {
    LORKD_TRY(more, rows.step());
    if (!more) return out;
    out.emplace_back(rows.text(0), rows.text(1));
  }
}

}  // namespace lorkd::data
