#include "core/io/Limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

#include "core/base/Guard.h"

namespace lorkd::io {
namespace {

// Bytes that the system could give without taking them from another program; nothing where it does not tell.
std::optional<double> availableOfSystem() {
  std::ifstream in("/proc/meminfo");
  for (std::string line; std::getline(in, line);)
    if (double kilobytes = 0; std::sscanf(line.c_str(), "MemAvailable: %lf kB", &kilobytes) == 1)
      return 1024 * kilobytes;
  return std::nullopt;
}

// Bytes that the process may still take for itself.
double leftToProcess() {
  rlimit limit{};
  double pages = 0;
  if (::getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
      !(std::ifstream("/proc/self/statm") >> pages))
    return std::numeric_limits<double>::infinity();
  return static_cast<double>(limit.rlim_cur) - pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::string gibibytes(double bytes) {
  char text[40];
  std::snprintf(text, sizeof text, "%.1f GiB", std::max(0.0, bytes) / (1 << 30));
  return text;
}

}  // namespace

std::string grouped(std::int64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

Result<void> roomFor(double bytes, const std::filesystem::path& file) {
  constexpr double kSmall = 1 << 26;  // not worth a look
  if (bytes < kSmall) return {};
  const double there = std::min(availableOfSystem().value_or(std::numeric_limits<double>::infinity()), leftToProcess());
  if (bytes <= there) return {};
  return fail(ErrorCode::Unsupported,
              std::string(notEnoughMemory) + ": reading the file takes " + gibibytes(bytes) + ", and " +
                  gibibytes(there) + " are free",
              "close other programs, or use a machine with more memory", file.string());
}

}  // namespace lorkd::io
