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

Result<Database> Database::openToRead(const std::filesystem::path& file) {
  std::error_code ec;
  if (!std::filesystem::exists(file, ec)) return fail(ErrorCode::NotFound, "there is no index", "", file.string());
  const auto opened = [&](const std::string& name) -> Result<Database> {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(name.c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
    Database database(raw);
    if (code != SQLITE_OK) return sqliteError(raw);
    sqlite3_busy_timeout(raw, 5000);
    // The file itself is opened by the first question only.
    LORKD_CHECK(database.execute("PRAGMA schema_version"));
    return database;
  };
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(file, ec).string()) {
    constexpr const char* digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '%' || c == '?' || c == '#')
      uri += {'%', digits[byte >> 4], digits[byte & 15]};
    else
      uri += c;
  }
  auto database = opened(uri);
  // SQLite makes files beside one that is written ahead, even to read it. Where it cannot, nobody else here can write
  // either, so that the file may be read as it stands, unless it is not whole without what lies beside it.
  auto ahead = file;
  ahead += "-wal";
  const auto size = std::filesystem::file_size(ahead, ec);
  if (!database && database.error().code == ErrorCode::Io) {
    if (ec || size == 0)
      database = opened(uri + "?immutable=1");
    else
      database = fail(ErrorCode::Io,
                      "the last changes of the index stand in a file beside it, and the folder cannot be written",
                      "open the project once where it can be written, or copy it there", file.string());
  }
  if (!database && database.error().context.empty()) database.error().context = file.string();
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
