#include "core/data/FileTable.h"

#include <chrono>
#include <optional>
#include <unordered_map>

namespace lorkd::data {
namespace {

namespace fs = std::filesystem;
using io::FileContent, io::FileStamp;

using Stamps = std::unordered_map<std::string, std::pair<std::int64_t, std::int64_t>>;  // path -> size, time

/// The files that are known, the generation they are of, and whether what was made of them holds: read at once, since
/// another program may be at it.
struct Known {
  Stamps files;
  std::int64_t generation = 0;
  bool current = false;
};
Result<Known> knownFiles(Database& db, std::int64_t source) {
  Known known;
  const auto read = transaction(db, [&]() -> Result<void> {
    LORKD_TRY(state, db.prepare("SELECT generation, state FROM source WHERE id = ?"));
    state.bind(source);
    LORKD_TRY(there, state.step());
    if (there) known.generation = state.integer(0);
    known.current = there && state.integer(1) == 2;
    LORKD_TRY(rows, db.prepare("SELECT path, size, time FROM file WHERE source = ?"));
    rows.bind(source);
    while (true) {
      LORKD_TRY(more, rows.step());
      if (!more) return {};
      known.files[rows.text(0)] = {rows.integer(1), rows.integer(2)};
    }
  });
  if (!read) return std::unexpected(read.error());
  return known;
}

/// Whether some of the files say what is kept of them: another data set may have the same names, sizes and times.
Result<bool> stillThose(Database& db, std::int64_t source, const fs::path& folder,
                        const std::vector<FileStamp>& stamps) {
  constexpr std::size_t kSamples = 16;
  LORKD_TRY(row, db.prepare("SELECT file.content, header.content FROM file LEFT JOIN header ON header.id = file.header "
                            "WHERE file.source = ? AND path = ?"));
  for (std::size_t n = 0; n < stamps.size(); n += std::max<std::size_t>(1, stamps.size() / kSamples)) {
    row.bind(source, stamps[n].path);
    LORKD_TRY(there, row.step());
    if (!there) continue;
    const auto now = io::examine(folder / stamps[n].path).stored();
    if (!now || now->own != row.text(0) || (now->shared ? *now->shared : "") != row.text(1)) return false;
  }
  return true;
}

/// To stand in the transaction that changes files: what was made of them before is out of date.
Result<void> outdate(Database& db, std::int64_t source) {
  LORKD_TRY(row, db.prepare("UPDATE source SET state = min(state, 1), generation = generation + 1 WHERE id = ?"));
  return row.run(source);
}

/// What files have in common, by its number in the index.
Result<std::unordered_map<std::int64_t, std::string>> headersOf(Database& db, std::int64_t source) {
  std::unordered_map<std::int64_t, std::string> headers;
  LORKD_TRY(rows, db.prepare("SELECT id, content FROM header WHERE source = ?"));
  rows.bind(source);
  while (true) {
    LORKD_TRY(more, rows.step());
    if (!more) return headers;
    headers[rows.integer(0)] = rows.text(1);
  }
}

/// Rows that wait to be written together.
class Writer {
 public:
  /// `headers` are those that the index has.
  Writer(Database& db, std::int64_t source, const std::unordered_map<std::int64_t, std::string>& headers)
      : m_db(db), m_source(source) {
    for (const auto& [id, content] : headers) m_headers.emplace(content, id);
  }

  /// `stamp` lives until it is written.
  Result<void> add(const FileStamp& stamp, io::StoredContent content) {
    m_rows.emplace_back(&stamp, std::move(content));
    const auto waited = std::chrono::steady_clock::now() - m_last;
    return m_rows.size() < 4096 && waited < std::chrono::seconds(2) ? Result<void>() : flush();
  }
  /// How often the file table was changed.
  std::int64_t changes() const { return m_changes; }
  Result<void> flush() {
    if (m_rows.empty()) return {};
    const auto written = transaction(m_db, [&]() -> Result<void> {
      LORKD_CHECK(outdate(m_db, m_source));
      LORKD_TRY(row, m_db.prepare("INSERT OR REPLACE INTO file VALUES(?,?,?,?,?,?)"));
      LORKD_TRY(header, m_db.prepare("INSERT INTO header VALUES(NULL,?,?)"));
      for (const auto& [stamp, content] : m_rows) {
        std::optional<std::int64_t> id;
        if (content.shared) {
          const auto [known, isNew] = m_headers.try_emplace(*content.shared, 0);
          if (isNew) {
            LORKD_CHECK(header.run(m_source, Blob{*content.shared}));
            known->second = m_db.lastRow();
          }
          id = known->second;
        }
        LORKD_CHECK(row.run(m_source, stamp->path, stamp->size, stamp->time, Blob{content.own}, id));
      }
      return {};
    });
    ++m_changes;
    m_rows.clear();
    m_last = std::chrono::steady_clock::now();
    return written;
  }

 private:
  Database& m_db;
  std::int64_t m_source;
  std::int64_t m_changes = 0;
  std::unordered_map<std::string, std::int64_t> m_headers;
  std::vector<std::pair<const FileStamp*, io::StoredContent>> m_rows;
  std::chrono::steady_clock::time_point m_last = std::chrono::steady_clock::now();
};

Result<void> forget(Database& db, std::int64_t source, const std::vector<std::string>& paths) {
  if (paths.empty()) return {};
  return transaction(db, [&]() -> Result<void> {
    LORKD_CHECK(outdate(db, source));
    LORKD_TRY(row, db.prepare("DELETE FROM file WHERE source = ? AND path = ?"));
    for (const auto& path : paths) LORKD_CHECK(row.run(source, path));
    LORKD_TRY(headers, db.prepare("DELETE FROM header WHERE source = ?1 AND id NOT IN "
                                  "(SELECT header FROM file WHERE source = ?1 AND header IS NOT NULL)"));
    return headers.run(source);
  });
}

}  // namespace

Result<Rescan> rescan(Database& db, std::int64_t source, const fs::path& folder, bool moved, Progress& progress,
                      const CancelToken& cancel) {
  progress.report("listing files", 0, 0);
  LORKD_TRY(listed, io::listFolder(folder, cancel));
  const auto& stamps = listed.files;
  LORKD_TRY(known, knownFiles(db, source));
  std::vector<std::size_t> fresh;
  if (moved) {
    LORKD_TRY(same, stillThose(db, source, folder, stamps));
    for (auto& [path, stamp] : known.files)
      if (!same) stamp = {-1, -1};
  }
  for (std::size_t n = 0; n < stamps.size(); ++n) {
    const auto found = known.files.find(stamps[n].path);
    if (found == known.files.end() || found->second != std::pair(stamps[n].size, stamps[n].time)) fresh.push_back(n);
    if (found != known.files.end()) known.files.erase(found);
  }
  std::vector<std::string> gone;
  for (const auto& [path, stamp] : known.files) gone.push_back(path);
  LORKD_CHECK(forget(db, source, gone));
  Rescan out;
  out.generation = known.generation + (gone.empty() ? 0 : 1);
  out.passedOver = std::move(listed.passedOver);
  out.current = fresh.empty() && gone.empty() && known.current && out.passedOver.empty();
  if (out.current) return out;

  std::vector<std::optional<FileContent>> contents(stamps.size());
  const auto examineFresh = [&]() -> Result<void> {
    std::vector<std::string_view> files;
    for (const auto n : fresh) files.push_back(stamps[n].path);
    LORKD_TRY(headers, headersOf(db, source));
    Writer writer(db, source, headers);
    const auto total = static_cast<std::int64_t>(fresh.size());
    std::int64_t done = 0;
    const auto take = [&](io::Examined one) -> Result<void> {
      if (++done % 64 == 0 || done == total) progress.report("reading headers", done, total);
      const auto at = fresh[one.at];
      contents[at] = std::move(one.content);
      return one.stored ? writer.add(stamps[at], std::move(*one.stored)) : Result<void>();
    };
    const auto examined = io::examineAll(folder, files, take, cancel);
    LORKD_CHECK(writer.flush());
    out.generation += writer.changes();
    return examined;
  };
  LORKD_CHECK(examineFresh());
  if (fresh.size() < stamps.size()) {
    // Rows that cannot be read, of a build that stores otherwise, are examined like new ones.
    fresh.clear();
    LORKD_TRY(headers, headersOf(db, source));
    LORKD_TRY(row, db.prepare("SELECT content, header FROM file WHERE source = ? AND path = ?"));
    for (std::size_t n = 0; n < stamps.size(); ++n) {
      if (contents[n]) continue;
      if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was cancelled");
      row.bind(source, stamps[n].path);
      LORKD_TRY(there, row.step());
      const auto own = there ? row.text(0) : "", shared = there ? headers[row.integer(1)] : "";
      if (auto content = FileContent::restored(own, shared, folder / stamps[n].path))
        contents[n] = std::move(*content);
      else
        fresh.push_back(n);
    }
    row.bind(source, "");
    LORKD_CHECK(examineFresh());
  }
  for (auto& content : contents) out.contents.push_back(std::move(*content));
  return out;
}

}  // namespace lorkd::data
