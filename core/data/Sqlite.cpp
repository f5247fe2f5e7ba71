#include "core/data/Sqlite.h"

namespace lorkd::data {

namespace {

std::unexpected<Error> sqliteError(sqlite3* raw) {
  const char* file = raw ? sqlite3_db_filename(raw, "main") : nullptr;
  const int code = raw ? sqlite3_errcode(raw) & 0xff : SQLITE_NOMEM;
  const std::string where = file ? file : "";
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
    return fail(ErrorCode::Format, std::string("not a usable index: ") + sqlite3_errmsg(raw),
                "choose another file, or delete this one and scan again", where);
  const char* hint = code == SQLITE_BUSY                                  ? "another program holds it; try again"
                     : code == SQLITE_FULL                                ? "the disk is full"
                     : code == SQLITE_READONLY || code == SQLITE_CANTOPEN ? "check the folder and its permissions"
                                                                          : "";
  return fail(ErrorCode::Io, std::string("index: ") + (raw ? sqlite3_errmsg(raw) : "out of memory"), hint, where);
}

}  // namespace

Result<bool> Statement::step() {
  const int code = sqlite3_step(m_raw.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return sqliteError(sqlite3_db_handle(m_raw.get()));
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(m_raw.get(), column));
  return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(m_raw.get(), column)))
               : std::string();
}

Result<Database> Database::open(const std::filesystem::path& file) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) {
    auto error = sqliteError(raw);
    error.error().context = file.string();
    return error;
  }
  sqlite3_busy_timeout(raw, 5000);
  LORKD_CHECK(database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"));
  return database;
}

Result<void> Database::execute(const std::string& sql) {
  if (sqlite3_exec(m_raw.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return sqliteError(m_raw.get());
  return {};
}

Result<Statement> Database::prepare(const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(m_raw.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr) != SQLITE_OK)
    return sqliteError(m_raw.get());
  return Statement(raw);
}

}  // namespace lorkd::data
