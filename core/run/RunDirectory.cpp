#include "core/run/RunDirectory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "core/base/Process.h"
#include "core/run/EventLog.h"

namespace lorkd::run {
namespace fs = std::filesystem;
namespace {

constexpr double silentFor = 60;  // seconds without a heartbeat after which a trainer elsewhere counts as gone

const std::pair<State, const char*> states[] = {{State::Queued, "queued"}, {State::Running, "running"},
                                                {State::Paused, "paused"}, {State::Finished, "finished"},
                                                {State::Failed, "failed"}, {State::Interrupted, "interrupted"}};
const std::pair<Command, const char*> commandNames[] = {{Command::Pause, "pause"},
                                                        {Command::Resume, "resume"},
                                                        {Command::Checkpoint, "checkpoint"},
                                                        {Command::Stop, "stop"}};

template <class T, std::size_t n>
std::string nameOf(T value, const std::pair<T, const char*> (&table)[n]) {
  return std::ranges::find(table, value, &std::pair<T, const char*>::first)->second;
}

template <class T, std::size_t n>
Result<T> valueOf(const std::string& name, const std::pair<T, const char*> (&table)[n], const fs::path& file) {
  for (const auto& [value, text] : table)
    if (name == text) return value;
  return fail(ErrorCode::Format, "unknown word '" + name + "'", "written by another version?", file.string());
}

bool processIsGone(const Status& status, std::int64_t started) {
  // A heartbeat that is still to come is no sign of life.
  if (status.host != hostName()) return std::abs(now() - status.heartbeat) > silentFor;
  return !processRuns(status.pid, started);
}

/// An advisory lock on a file, held as long as the handle lives. `wait`: until it is free, else an empty handle if
/// taken.
Result<std::shared_ptr<int>> holdLock(const fs::path& file, bool wait) {
  // A link in a run that came from elsewhere may lead to any file, which must not be written to.
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
  struct stat about {};
  if (fd >= 0 && (::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_nlink > 1)) {
    ::close(fd);
    return fail(ErrorCode::Io, "the lock file is no file of its own", "remove it", file.string());
  }
  if (fd < 0)
    return fail(ErrorCode::Io, std::string("cannot open the lock file: ") + std::strerror(errno),
                "check the permissions of the run directory", file.string());
  std::shared_ptr<int> handle(new int(fd), [](int* p) { ::close(*p), delete p; });
  int rc = 0;
  do rc = ::flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
  while (rc != 0 && errno == EINTR);
  if (rc == 0) return handle;
  if (errno == EWOULDBLOCK) return std::shared_ptr<int>();
  return fail(ErrorCode::Io, std::string("cannot lock: ") + std::strerror(errno),
              "the file system may not support locks", file.string());
}

/// Reads fields out of JSON written by someone else.
template <class Read>
auto checked(const fs::path& file, Read read) -> decltype(read()) {
  try {
    return read();
  } catch (const Json::exception& e) {
    return fail(ErrorCode::Format, std::string("not as expected: ") + e.what(), "the file is damaged", file.string());
  }
}

Result<std::vector<NumberedCommand>> readCommands(const fs::path& file) {
  if (!fs::exists(file)) return {};
  LORKD_TRY(json, readJson(file));
  return checked(file, [&]() -> Result<std::vector<NumberedCommand>> {
    std::vector<NumberedCommand> out;
    for (const auto& entry : json.at("commands")) {
      LORKD_TRY(command, valueOf(entry.at("command").get<std::string>(), commandNames, file));
      out.push_back({entry.at("number").get<std::int64_t>(), command});
    }
    return out;
  });
}

}  // namespace

std::string toString(State state) { return nameOf(state, states); }
std::string toString(Command command) { return nameOf(command, commandNames); }

std::filesystem::path RunDirectory::project() const { return projectOf(m_path); }

std::filesystem::path projectOf(const std::filesystem::path& run) {
  auto parent = std::filesystem::absolute(run).lexically_normal().parent_path();
  if (RunDirectory::isRun(parent)) parent = parent.parent_path();
  return parent.filename() == "runs" ? parent.parent_path() : parent;
}

bool RunDirectory::isRun(const fs::path& path) {
  std::error_code ec;
  return fs::is_regular_file(path / "plan.json", ec) && fs::is_regular_file(path / "status.json", ec);
}

Result<RunDirectory> RunDirectory::create(const fs::path& path, const plan::Plan& plan) {
  const auto complete = plan::toJson(plan);
  LORKD_CHECK(plan::fromJson(complete));
  LORKD_CHECK(makeWritableFolder(path));
  if (fs::exists(path / "plan.json")) {
    LORKD_TRY(old, readJson(path / "plan.json"));
    const auto oldPlan = plan::fromJson(old);
    if (!oldPlan || plan::digest(*oldPlan) != plan::digest(plan))
      return fail(ErrorCode::Mismatch, "this folder already holds a run of another plan",
                  "choose another folder, or continue that run with its own plan", path.string());
  } else {
    LORKD_CHECK(writeJson(path / "plan.json", complete));
  }
  LORKD_CHECK(makeWritableFolder(path / "checkpoints"));
  RunDirectory run;
  run.m_path = path;
  if (!isRun(path)) LORKD_CHECK(run.writeStatus({}));
  return open(path);
}

Result<RunDirectory> RunDirectory::open(const fs::path& path) {
  if (!isRun(path))
    return fail(ErrorCode::NotFound, "is not a run directory", "a run directory holds plan.json and status.json",
                path.string());
  LORKD_TRY(json, readJson(path / "plan.json"));
  auto plan = plan::fromJson(json, (path / "plan.json").string());
  if (!plan) {
    plan.error().code = ErrorCode::Format;
    plan.error().hint = "the run's plan is damaged or was written by another version";
    return std::unexpected(plan.error());
  }
  RunDirectory run;
  run.m_path = path;
  run.m_digest = plan::digest(json);
  run.m_plan = std::move(*plan);
  return run;
}

std::string RunDirectory::statusText(const Status& given) const {
  Status status = given;
  const bool alive = status.state == State::Running || status.state == State::Paused;
  if (alive && status.pid == 0) status.pid = ::getpid();
  if (alive && status.host.empty()) status.host = hostName();
  if (status.heartbeat == 0) status.heartbeat = now();
  Json json{{"state", toString(status.state)},
            {"phase", status.phase},
            {"step", status.step},
            {"steps", status.steps},
            {"seconds_left", status.secondsLeft},
            {"pid", status.pid},
            {"host", status.host},
            {"heartbeat", status.heartbeat},
            {"message", status.message}};
  if (status.bestStep >= 0) json["best"] = {{"step", status.bestStep}, {"value", status.best}, {"by", status.bestBy}};
  if (status.pid > 0 && status.host == hostName()) json["started"] = startOf(status.pid);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<void> RunDirectory::writeStatus(const Status& status) const {
  return writeFileAtomically(statusFile(), statusText(status));
}

Result<Status> RunDirectory::status() const {
  const auto file = statusFile();
  LORKD_TRY(json, readJson(file, 1 << 20));
  return checked(file, [&]() -> Result<Status> {
    Status status;
    LORKD_TRY(state, valueOf(json.at("state").get<std::string>(), states, file));
    status.state = state;
    status.phase = json.value("phase", "");
    status.step = json.value("step", std::int64_t(0));
    status.steps = json.value("steps", std::int64_t(0));
    status.secondsLeft = json.value("seconds_left", Json(-1)).is_number() ? json.value("seconds_left", -1.0) : -1.0;
    status.pid = json.value("pid", std::int64_t(0));
    status.host = json.value("host", "");
    status.heartbeat = json.value("heartbeat", 0.0);
    status.message = json.value("message", "");
    if (const auto best = json.find("best"); best != json.end() && best->at("value").is_number()) {
      status.bestStep = best->at("step").get<std::int64_t>();
      status.best = best->at("value").get<double>();
      status.bestBy = best->at("by").get<std::string>();
    }
    if ((state == State::Running || state == State::Paused) &&
        processIsGone(status, json.value("started", std::int64_t(0))))
      status.state = State::Interrupted;
    return status;
  });
}

namespace {

/// Gives each event to `use`.
Result<void> ownEvents(const RunDirectory& run, const std::function<void(Json&&)>& use) {
  std::error_code ec;
  if (!std::filesystem::exists(run.events(), ec)) return {};
  LORKD_CHECK(openToRead(run.events()));
  EventReader reader(run.events(), run.planDigest());
  reader.follow(use);
  if (!reader.foreign()) return {};
  return fail(ErrorCode::Mismatch, "is the log of another run",
              "put this run's own log back, or move this one elsewhere: training does without", run.events().string());
}

}  // namespace

Result<std::vector<Json>> RunDirectory::readEvents() const {
  std::vector<Json> events;
  LORKD_CHECK(ownEvents(*this, [&](Json&& event) { events.push_back(std::move(event)); }));
  return events;
}

Result<void> RunDirectory::checkEvents() const {
  return ownEvents(*this, [](Json&&) {});
}

Result<std::string> RunDirectory::casesDigest() const { return sha256File(cases()); }

Result<void> RunDirectory::send(Command command) const {
  const auto held = holdLock(m_path / ".control.lock", true);
  if (!held) return std::unexpected(held.error());
  LORKD_TRY(known, readCommands(m_path / "control.json"));
  known.push_back({known.empty() ? 1 : known.back().number + 1, command});
  Json list = Json::array();
  for (const auto& entry : known) list.push_back({{"number", entry.number}, {"command", toString(entry.command)}});
  return writeJson(m_path / "control.json", {{"commands", list}});
}

Result<std::vector<NumberedCommand>> RunDirectory::commands(std::int64_t after) const {
  LORKD_TRY(all, readCommands(m_path / "control.json"));
  std::erase_if(all, [&](const auto& entry) { return entry.number <= after; });
  return all;
}

Result<std::shared_ptr<void>> RunDirectory::lock() const {
  const auto file = m_path / ".lock";
  LORKD_TRY(held, holdLock(file, false));
  if (!held) {
    const auto owner = readFile(file, 1000).value_or("another process");
    return fail(ErrorCode::Mismatch, "this run is being trained already by " + owner, "wait for it, or stop it first",
                m_path.string());
  }
  const auto owner = "process " + std::to_string(::getpid()) + " on " + hostName();
  if (::ftruncate(*held, 0) != 0 || ::pwrite(*held, owner.data(), owner.size(), 0) < 0)
    return fail(ErrorCode::Io, std::string("cannot write the lock file: ") + std::strerror(errno), "", file.string());
  return std::shared_ptr<void>(held);
}

}  // namespace lorkd::run
