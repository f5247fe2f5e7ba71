#include "core/base/Process.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>

namespace lorkd {

std::string hostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::int64_t startOf(std::int64_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto afterName = text.rfind(')');  // the name may hold spaces and brackets
  if (afterName == text.npos) return 0;
  std::istringstream rest(text.substr(afterName + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) rest >> field;
  return std::atoll(field.c_str());
}

bool processRuns(std::int64_t pid, std::int64_t started) {
  if (pid <= 0 || (::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH)) return false;
  const auto now = startOf(pid);
  return started <= 0 || now <= 0 || started == now;
}

}  // namespace lorkd
