#include "widgets/run/RunScanner.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/run/RunCourse.h"

namespace lorkd::watch {
namespace fs = std::filesystem;

std::vector<RunInfo> RunScanner::scan(const std::vector<fs::path>& projects) {
  std::vector<RunInfo> found;
  std::map<fs::path, Known> still;
  for (const auto& project : projects) {
    std::vector<fs::path> folders;
    std::error_code ec;
    for (fs::directory_iterator it(project / "runs", ec), end; !ec && it != end; it.increment(ec))
      if (run::RunDirectory::isRun(it->path())) folders.push_back(it->path());
    std::ranges::sort(folders);
    for (const auto& folder : folders) {
      found.push_back(look(folder));
      found.back().project = project;
      if (auto node = m_known.extract(folder)) still.insert(std::move(node));
    }
  }
  m_known = std::move(still);  // forgets runs that are gone
  return found;
}

RunInfo RunScanner::look(const fs::path& path) {
  auto& known = m_known.try_emplace(path, path).first->second;
  std::error_code ec;
  const auto planTime = fs::last_write_time(path / "plan.json", ec);
  if (known.planTime != planTime) {
    known.planTime = planTime;
    known.best = std::numeric_limits<double>::quiet_NaN();
    auto opened = run::RunDirectory::open(path);
    known.directory = opened ? std::optional(*opened) : std::nullopt;
    known.method = opened ? plan::toJson(opened->plan()).value("method", "") : std::string();
    if (opened) known.events.expect(opened->planDigest());
    known.trouble = opened ? std::string() : opened.error().text();
  }
  RunInfo info;
  info.path = path;
  info.name = path.filename().string();
  info.best = known.best;
  info.trouble = known.trouble;
  if (!known.directory) return info;
  info.plan = known.directory->plan().name;
  info.method = known.method;
  info.tasks = known.directory->plan().tasks.size();
  if (auto status = known.directory->status())
    info.status = *status;
  else
    info.trouble = status.error().text();
  info.share = shareOf(known.directory->plan(), info.status);
  bool restarted = false;
  const auto events = known.events.poll(&restarted);
  if (restarted) known.best = std::numeric_limits<double>::quiet_NaN();
  for (const auto& event : events) {
    const auto best = event.find("best"), mean = event.find("mean");
    if (best != event.end() && best->is_boolean() && best->get<bool>() && mean != event.end() && mean->is_number())
      known.best = mean->get<double>();
  }
  info.best = known.best;
  return info;
}

}  // namespace lorkd::watch
