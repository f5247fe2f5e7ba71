#include "core/train/Memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <regex>

#include "core/base/File.h"

namespace lorkd::train {
namespace {

/// Bytes of "2.00 GiB" after or before the words that `pattern` gives; 0 if it does not match.
double bytes(const std::string& what, const std::string& pattern) {
  std::smatch match;
  if (!std::regex_search(what, match, std::regex(pattern, std::regex::icase))) return 0;
  const auto unit = match[2].str().substr(0, 1);
  const double scale = unit == "G" ? 0x1p30 : unit == "M" ? 0x1p20 : unit == "K" ? 0x1p10 : 1;
  return std::stod(match[1]) * scale;
}

std::string size(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, bytes < 0x1p30 ? "%.0f MiB" : "%.1f GiB",
                bytes / (bytes < 0x1p30 ? 0x1p20 : 0x1p30));
  return text;
}

std::string shape(const std::vector<std::int64_t>& sides) {
  std::string out;
  for (const auto side : sides) out.append(out.empty() ? "" : "x").append(std::to_string(side));
  return out;
}

}  // namespace

double memoryLimit() {
  double limit = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  rlimit space{};
  if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY)
    limit = std::min(limit, static_cast<double>(space.rlim_cur));
  if (const auto group = readFile("/sys/fs/cgroup/memory.max"); group && std::isdigit((*group)[0]))
    limit = std::min(limit, std::stod(*group));
  return limit;
}

Memory memoryOf(const std::string& what, double fixed) {
  const std::string number = "([0-9.]+) ?(bytes|KiB|MiB|GiB)";
  Memory out{bytes(what, "tried to allocate " + number), bytes(what, number + " total capacity"), fixed};
  if (out.limit == 0) out.limit = bytes(what, "total capacity of " + number);
  if (out.limit == 0) out.limit = memoryLimit();
  return out;
}

Error memoryError(const plan::Plan& plan, const Memory& memory, std::int64_t multiple, const std::string& where) {
  const bool volumes = !plan::ofPictures(plan);
  const std::vector<std::int64_t> patch(plan.data.patch.begin(), plan.data.patch.begin() + (volumes ? 3 : 2));
  const auto batch = plan.training.batch;
  // When the allocation failed, everything up to the limit may have been in use: the step wanted limit + wanted.
  const double step = memory.limit + memory.wanted - memory.fixed, room = memory.limit - memory.fixed;
  const bool known = memory.wanted > 0 && memory.limit > 0 && room > 0;
  const double share = known ? room / step : 0.5;
  const auto fewer = static_cast<std::int64_t>(static_cast<double>(batch) * share);
  auto smaller = patch;
  for (auto& side : smaller) {
    const double wanted = static_cast<double>(side) * std::pow(share, 1.0 / static_cast<double>(patch.size()));
    side = std::max(static_cast<std::int64_t>(wanted) / multiple, std::int64_t{1}) * multiple;
  }
  Error error;
  error.code = ErrorCode::Unsupported;
  error.message = "not enough memory for training.batch " + std::to_string(batch) + " with data.patch " + shape(patch);
  if (memory.wanted > 0) error.message += ": " + size(memory.wanted) + " more could not be had";
  if (memory.limit > 0) error.message += memory.wanted > 0 ? " of " + size(memory.limit) : "";
  error.hint = known ? "by an estimate linear in batch and patch, from where it failed, "
                     : "how much is missing is not known; try ";
  if (fewer >= 1)
    error.hint += "a batch of at most " + std::to_string(fewer) + " (with training.accumulate " +
                  std::to_string((batch + fewer - 1) / fewer) + " for as many samples a step) or ";
  error.hint +=
      "a patch of at most " + shape(smaller) + (known ? " would fit, if the rest of the step needs no more" : "");
  error.context = where;
  return error;
}

}  // namespace lorkd::train
