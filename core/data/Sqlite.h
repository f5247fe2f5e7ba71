// SQLite with Result errors. Inside this room only.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/Error.h"

namespace lorkd::data {

/// Bytes that are no text.
struct Blob {
  const std::string& bytes;
};

/// A prepared statement; bind every parameter in order with run() or first(), then step through rows.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* raw) : m_raw(raw, &sqlite3_finalize) {}

  template <class... T>
  Result<void> run(const T&... values) {
    bind(values...);
    while (true) {
      LORKD_TRY(more, step());
      if (!more) return {};
    }
  }
  template <class... T>
  void bind(const T&... values) {
    sqlite3_reset(m_raw.get());
    int position = 0;
    (bindOne(++position, values), ...);
  }
  /// True while there is a row.
  Result<bool> step();
  /// Of a text or blob.
  std::string text(int column) const;
  std::int64_t integer(int column) const { return sqlite3_column_int64(m_raw.get(), column); }
  double number(int column) const { return sqlite3_column_double(m_raw.get(), column); }

 private:
  void bindOne(int position, std::string_view value) {
    sqlite3_bind_text(m_raw.get(), position, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
  }
  void bindOne(int position, Blob value) {
    sqlite3_bind_blob64(m_raw.get(), position, value.bytes.data(), value.bytes.size(), SQLITE_TRANSIENT);
  }
  void bindOne(int position, std::int64_t value) { sqlite3_bind_int64(m_raw.get(), position, value); }
  void bindOne(int position, int value) { sqlite3_bind_int64(m_raw.get(), position, value); }
  void bindOne(int position, std::optional<std::int64_t> value) {
    if (value)
      bindOne(position, *value);
    else
      sqlite3_bind_null(m_raw.get(), position);
  }
  void bindOne(int position, double value) { sqlite3_bind_double(m_raw.get(), position, value); }
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> m_raw;
};

/// An open database file.
class Database {
 public:
  /// Opens or makes the file, waits up to five seconds for other users of it, writes ahead (WAL).
  static Result<Database> open(const std::filesystem::path& file);
  /// Opens a file that is there, never writes and never waits for who does, even where nothing can be written. Errors:
  /// NotFound; Io, also where changes stand beside the file that it cannot take in without writing.
  static Result<Database> openToRead(const std::filesystem::path& file);
  /// Runs one or several statements without parameters.
  Result<void> execute(const std::string& sql);
  Result<Statement> prepare(const std::string& sql);
  std::int64_t lastRow() const { return sqlite3_last_insert_rowid(m_raw.get()); }

 private:
  explicit Database(sqlite3* raw) : m_raw(raw, &sqlite3_close_v2) {}
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> m_raw;
};

/// Runs `work` in a write transaction: all of it or nothing.
template <class Work>
Result<void> transaction(Database& database, Work work) {
  LORKD_CHECK(database.execute("BEGIN IMMEDIATE"));
  Result<void> done = work();
  if (done) done = database.execute("COMMIT");
  if (!done) (void)database.execute("ROLLBACK");
  return done;
}

}  // namespace lorkd::data
