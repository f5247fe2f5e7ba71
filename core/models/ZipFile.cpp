#include "core/models/ZipFile.h"

#include <sys/stat.h>
#include <zip.h>

#include <algorithm>
#include <unordered_set>

#include "core/base/File.h"
#include "core/base/Printable.h"

namespace lorkd::models {

struct ZipFile::Handle {
  zip_t* zip = nullptr;
  ~Handle() { zip_discard(zip); }
};

namespace {

std::unexpected<Error> badArchive(const std::filesystem::path& path, const std::string& what,
                                  ErrorCode code = ErrorCode::Format) {
  return fail(code, "the archive cannot be used: " + what, "get the file again", path.string());
}

std::string quoted(const std::string& name) { return "'" + printable(name, false) + "'"; }

/// Whether an entry is neither a file nor a folder, by what Unix keeps of it.
bool isSpecial(zip_t* zip, zip_uint64_t index) {
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  if (zip_file_get_external_attributes(zip, index, 0, &system, &attributes) != 0 || system != ZIP_OPSYS_UNIX)
    return false;
  const auto kind = attributes >> 16 & S_IFMT;
  return kind != 0 && kind != S_IFREG && kind != S_IFDIR;
}

}  // namespace

Result<ZipFile> ZipFile::open(const std::filesystem::path& path) {
  LORKD_TRY(file, openToRead(path));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return ioError("cannot open", path);
  const auto whole = static_cast<std::uint64_t>(info.st_size);
  ZipFile out;
  out.m_path = path;
  out.m_zip = std::make_shared<Handle>();
  int code = 0;
  auto* zip = out.m_zip->zip = zip_fdopen(file.get(), 0, &code);
  if (!zip) return badArchive(path, "it is damaged or cut short");
  (void)file.release();  // libzip closes it
  const auto count = static_cast<std::uint64_t>(std::max<zip_int64_t>(0, zip_get_num_entries(zip, 0)));
  if (count > mostEntries)
    return badArchive(path, "it has " + std::to_string(count) + " entries, more than " + std::to_string(mostEntries),
                      ErrorCode::Unsupported);
  std::unordered_set<std::string> names;
  std::uint64_t packed = 0;
  for (zip_uint64_t n = 0; n < count; ++n) {
    zip_stat_t stat;
    constexpr zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if (zip_stat_index(zip, n, ZIP_FL_ENC_RAW, &stat) != 0 || (stat.valid & needed) != needed)
      return badArchive(path, "entry " + std::to_string(n) + " is not described");
    const std::string name = stat.name;
    if (!names.insert(name).second) return badArchive(path, "two of its entries have the name " + quoted(name));
    if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE)
      return badArchive(path, "entry " + quoted(name) + " is encrypted", ErrorCode::Unsupported);
    const bool stored = stat.comp_method == ZIP_CM_STORE;
    if (!stored && stat.comp_method != ZIP_CM_DEFLATE)
      return badArchive(path, "entry " + quoted(name) + " is packed in an unusual way", ErrorCode::Unsupported);
    // Deflate cannot shrink data more than 1032 times, and entries that share their bytes are made to do harm.
    if (stat.comp_size > whole - packed || (stored && stat.size != stat.comp_size) ||
        stat.size / 1032 > stat.comp_size + 1)
      return badArchive(path, "the claimed size of entry " + quoted(name) + " is not believable");
    packed += stat.comp_size;
    out.m_entries.push_back({name, n, stat.size, stat.comp_size, stored, name.ends_with('/'), isSpecial(zip, n)});
  }
  return out;
}

const ZipFile::Entry* ZipFile::find(const std::string& name) const {
  const auto found = std::ranges::find(m_entries, name, &Entry::name);
  return found == m_entries.end() ? nullptr : &*found;
}

Result<void> ZipFile::stream(const Entry& entry, const std::function<Result<void>(std::string_view)>& take) const {
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen_index(m_zip->zip, entry.index, 0),
                                                                &zip_fclose);
  if (!file) return badArchive(m_path, "entry " + quoted(entry.name) + ": " + zip_strerror(m_zip->zip));
  std::vector<char> block(std::min<std::uint64_t>(entry.size + 1, std::uint64_t(1) << 20));
  for (std::uint64_t taken = 0;;) {
    // Once more at the end: it is there that libzip compares the checksum.
    const auto got = zip_fread(file.get(), block.data(), block.size());
    if (got < 0)
      return badArchive(
          m_path, "entry " + quoted(entry.name) + " is damaged: " + zip_error_strerror(zip_file_get_error(file.get())));
    if (got == 0 && taken == entry.size) return {};
    const auto size = static_cast<std::uint64_t>(got);
    if (got == 0 || size > entry.size - taken)
      return badArchive(m_path, "entry " + quoted(entry.name) + " is not as long as it claims");
    LORKD_CHECK(take({block.data(), size}));
    taken += size;
  }
}

Result<std::string> ZipFile::read(const Entry& entry, std::uint64_t limit) const {
  if (entry.size > limit)
    return badArchive(m_path,
                      "entry " + quoted(entry.name) + " has " + std::to_string(entry.size) + " bytes, more than " +
                          std::to_string(limit),
                      ErrorCode::Unsupported);
  std::string out;
  LORKD_CHECK(stream(entry, [&](std::string_view bytes) -> Result<void> {
    out += bytes;
    return {};
  }));
  return out;
}

}  // namespace lorkd::models
