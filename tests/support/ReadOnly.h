// A folder that can be read and not written, for root too.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace lorkd::test {

/// While it lives, this thread's process may read everything below the folder and change nothing there: permissions are
/// taken away and, since they do not bind root, root gives itself up for nobody. Programs that are started meanwhile
/// are nobody's as well. Everything above the folder must be open to others.
class ReadOnly {
 public:
  explicit ReadOnly(const std::filesystem::path& folder) : m_folder(folder) {
    allow(false);
    if (::geteuid() == 0) m_wasRoot = ::setegid(kNobody) == 0 && ::seteuid(kNobody) == 0;
  }
  ~ReadOnly() {
    if (m_wasRoot) m_wasRoot = ::seteuid(0) == 0 && ::setegid(0) == 0;
    allow(true);
  }
  ReadOnly(const ReadOnly&) = delete;
  ReadOnly& operator=(const ReadOnly&) = delete;

 private:
  static constexpr unsigned kNobody = 65534;
  void allow(bool writing) const {
    namespace fs = std::filesystem;
    const auto set = [&](const fs::path& path) {
      const bool folder = fs::is_directory(path);
      ::chmod(path.c_str(), folder ? (writing ? 0755 : 0555) : (writing ? 0644 : 0444));
    };
    set(m_folder);
    for (const auto& entry : fs::recursive_directory_iterator(m_folder)) set(entry.path());
  }
  std::filesystem::path m_folder;
  bool m_wasRoot = false;
};

}  // namespace lorkd::test
