#include "core/expert/StagedFolder.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/File.h"

namespace lorkd::expert {
namespace fs = std::filesystem;
namespace {

Result<void> flush(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ioError("cannot open what was just written", path);
  const int rc = ::fsync(fd);
  const int code = errno;
  ::close(fd);
  errno = code;
  if (rc != 0) return ioError("cannot flush to disk", path);
  return {};
}

/// Old and new change places in one step where the file system can, else by way of a third name.
Result<void> exchange(const fs::path& staged, const fs::path& target) {
  if (::renameat2(AT_FDCWD, staged.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return ioError("cannot replace the folder", target);
  const auto aside = temporaryBeside(target);
  if (::rename(target.c_str(), aside.c_str()) != 0) return ioError("cannot move the old folder aside", target);
  if (::rename(staged.c_str(), target.c_str()) != 0) {
    auto error = ioError("cannot rename into place", target);
    ::rename(aside.c_str(), target.c_str());
    return error;
  }
  ::rename(aside.c_str(), staged.c_str());
  return {};
}

}  // namespace

Result<StagedFolder> StagedFolder::create(const fs::path& given, const std::string& proof) {
  std::error_code ec;
  // "experts/liver/" names the same folder as "experts/liver".
  const auto target = given.has_filename() ? given : given.parent_path();
  if (fs::exists(target, ec) && !fs::exists(target / proof, ec) &&
      !(fs::is_directory(target, ec) && fs::is_empty(target, ec)))
    return fail(ErrorCode::InvalidArgument, "something else stands where the expert is to go",
                "choose another folder; only an expert is replaced", target.string());
  StagedFolder folder;
  folder.m_target = target;
  folder.m_path = temporaryBeside(target);
  fs::remove_all(folder.m_path, ec);
  LORKD_CHECK(makeWritableFolder(folder.m_path));
  return folder;
}

StagedFolder::StagedFolder(StagedFolder&& other) noexcept
    : m_target(std::move(other.m_target)), m_path(std::move(other.m_path)) {
  other.m_path.clear();
}

StagedFolder::~StagedFolder() {
  std::error_code ec;
  if (!m_path.empty()) fs::remove_all(m_path, ec);
}

Result<void> StagedFolder::commit() {
  for (const auto& entry : fs::recursive_directory_iterator(m_path)) LORKD_CHECK(flush(entry.path()));
  LORKD_CHECK(flush(m_path));
  if (fs::exists(m_target)) {
    // What was replaced now lies under the temporary name and goes with this object.
    LORKD_CHECK(exchange(m_path, m_target));
  } else {
    if (::rename(m_path.c_str(), m_target.c_str()) != 0) return ioError("cannot rename into place", m_target);
    m_path.clear();
  }
  const auto parent = m_target.parent_path();
  return flush(parent.empty() ? fs::path(".") : parent);
}

}  // namespace lorkd::expert
