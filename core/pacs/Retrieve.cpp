#include "core/pacs/Retrieve.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "core/base/File.h"
#include "core/pacs/Query.h"
#include "core/pacs/Transfer.h"
#include "core/pacs/Uid.h"

namespace lorkd::pacs {
namespace fs = std::filesystem;
namespace {

// SOP instance UIDs of one request: 64 characters each, and the value may have 65534 bytes.
constexpr std::size_t kMostAtOnce = 500;

// A folder that this process alone works in.
class Lock {
 public:
  explicit Lock(const fs::path& folder) : m_fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    m_held = m_fd >= 0 && ::flock(m_fd, LOCK_EX | LOCK_NB) == 0;
  }
  ~Lock() {
    if (m_fd >= 0) ::close(m_fd);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  bool held() const { return m_held; }

 private:
  int m_fd;
  bool m_held;
};

std::string few(std::int64_t n, std::int64_t of) { return std::to_string(n) + " of " + std::to_string(of) + " images"; }

// Whether trying again may help: the line may be better then, a wrong title stays wrong.
bool passes(const Error& error) { return error.code == ErrorCode::Io || error.code == ErrorCode::NotFound; }

std::int64_t filesIn(const fs::path& folder) {
  std::error_code ec;
  return std::count_if(fs::directory_iterator(folder, ec), {},
                       [](const auto& entry) { return entry.path().extension() == ".dcm"; });
}

class SeriesRetrieval {
 public:
  SeriesRetrieval(const Node& node, const SeriesRequest& request, const fs::path& folder, std::string title,
                  Progress& progress, const CancelToken& cancel)
      : m_node(node),
        m_request(request),
        m_final(folder / request.series),
        m_partial(partialFolder(folder, request.series)),
        m_title(std::move(title)),
        m_progress(progress),
        m_cancel(cancel) {}

  std::int64_t held() const { return m_held; }

  /// One attempt. After it the series is in its place, or there is an error.
  Result<void> attempt() {
    LORKD_CHECK(makeWritableFolder(m_partial));
    const Lock lock(m_partial);
    if (!lock.held())
      return fail(ErrorCode::Unsupported, "another process is retrieving this series into the same folder",
                  "wait until it has finished", m_partial.string());
    LORKD_TRY(listed, findListed());
    Receiver receiver(m_partial, m_request.series, listed);
    const auto stated = listed.empty() ? m_request.instances : static_cast<std::int64_t>(listed.size());
    const auto report = [&](std::size_t held) {
      m_held = static_cast<std::int64_t>(held);
      m_progress.report(m_title, m_held, std::max(stated, std::int64_t(0)));
    };
    report(receiver.held().size());
    receiver.onArrival(report);
    std::string problem;
    const auto outcome = bring(listed, receiver, problem);
    m_held = static_cast<std::int64_t>(receiver.held().size());
    if (!outcome) return outcome;
    if (!receiver.refusal().empty()) problem = "an object was refused: " + receiver.refusal();
    // Without a list or a number, the PACS's word that it sent everything is all there is.
    const bool whole = stated > 0 ? m_held >= stated : m_held > 0 && problem.empty();
    if (!whole)
      return fail(ErrorCode::Io,
                  (stated > 0 ? few(m_held, stated) + " arrived" : std::to_string(m_held) + " images arrived") +
                      (problem.empty() ? "" : "; " + problem),
                  "what is here is kept: retrieve the series again to have the rest", m_node.place());
    if (!receiver.refusal().empty()) m_progress.note(m_title + ": an object was left out: " + receiver.refusal());
    std::error_code ec;
    fs::rename(m_partial, m_final, ec);
    if (ec) return fail(ErrorCode::Io, "cannot rename into place: " + ec.message(), "", m_final.string());
    return {};
  }

 private:
  /// The objects of the series; none when the PACS does not answer at this level.
  Result<std::vector<Instance>> findListed() {
    auto listed = findInstances(m_node, m_request.study, m_request.series, m_cancel);
    if (!listed && listed.error().code == ErrorCode::Unsupported) return std::vector<Instance>{};
    return listed;
  }

  Result<void> bring(const std::vector<Instance>& listed, Receiver& receiver, std::string& problem) {
    std::set<std::string> classes;
    std::vector<std::string> missing;
    for (const auto& instance : listed) {
      if (!receiver.held().contains(instance.uid)) missing.push_back(instance.uid);
      classes.insert(instance.sopClass);
    }
    if (!listed.empty() && missing.empty()) return {};
    // One class that is not told, and all usual ones have to be proposed.
    const std::vector<std::string> known =
        classes.contains("") ? std::vector<std::string>() : std::vector<std::string>(classes.begin(), classes.end());
    const bool rest = !missing.empty() && missing.size() < listed.size();
    for (std::size_t n = 0; rest && n < missing.size(); n += kMostAtOnce) {
      const auto end = std::min(n + kMostAtOnce, missing.size());
      LORKD_TRY(ending, transfer(m_node,
                                 {m_request.study,
                                  m_request.series,
                                  {missing.begin() + static_cast<std::ptrdiff_t>(n),
                                   missing.begin() + static_cast<std::ptrdiff_t>(end)}},
                                 known, receiver, m_cancel));
      problem = ending.problem;
      if (ending.refused) return whole(known, receiver, problem);
    }
    return rest ? Result<void>() : whole(known, receiver, problem);
  }

  Result<void> whole(const std::vector<std::string>& classes, Receiver& receiver, std::string& problem) {
    LORKD_TRY(ending, transfer(m_node, {m_request.study, m_request.series, {}}, classes, receiver, m_cancel));
    problem = ending.problem;
    return {};
  }

  const Node& m_node;
  const SeriesRequest& m_request;
  const fs::path m_final, m_partial;
  const std::string m_title;
  Progress& m_progress;
  const CancelToken& m_cancel;
  std::int64_t m_held = 0;
};

// False when cancelled meanwhile.
bool wait(double seconds, const CancelToken& cancel) {
  for (int n = 0; n < static_cast<int>(seconds * 50) && !cancel.cancelled(); ++n)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return !cancel.cancelled();
}

SeriesOutcome retrieveOne(const Node& node, const SeriesRequest& request, const fs::path& folder,
                          const std::string& title, const RetrieveOptions& options, Progress& progress,
                          const CancelToken& cancel) {
  SeriesOutcome outcome{request, SeriesState::Failed, 0, {}};
  const auto place = folder / request.series;
  if (std::error_code ec; fs::exists(place, ec)) {
    outcome.held = filesIn(place);
    outcome.state = SeriesState::Present;
    if (outcome.held < request.instances) {
      outcome.state = SeriesState::Failed;
      outcome.error = Error{ErrorCode::Mismatch,
                            "the folder holds an older copy of this series: " + few(outcome.held, request.instances),
                            "move it away, or retrieve into another folder", place.string()};
    }
    return outcome;
  }
  SeriesRetrieval retrieval(node, request, folder, title, progress, cancel);
  for (int attempt = 0;; ++attempt) {
    const auto done = retrieval.attempt();
    outcome.held = retrieval.held();
    if (done) {
      outcome.state = SeriesState::Complete;
      outcome.error.reset();
      return outcome;
    }
    outcome.error = done.error();
    if (cancel.cancelled()) outcome.state = SeriesState::Cancelled;
    if (attempt >= options.retries || !passes(done.error()) || cancel.cancelled()) return outcome;
    progress.note(title + ": " + done.error().text() + "; next attempt in " +
                  std::to_string(static_cast<int>(options.pause)) + " s");
    if (!wait(options.pause, cancel)) {
      outcome.state = SeriesState::Cancelled;
      return outcome;
    }
  }
}

}  // namespace

const char* toString(SeriesState state) {
  switch (state) {
    case SeriesState::Complete:
      return "complete";
    case SeriesState::Present:
      return "present";
    case SeriesState::Failed:
      return "failed";
    case SeriesState::Cancelled:
      return "cancelled";
  }
  return "failed";
}

fs::path partialFolder(const fs::path& folder, const std::string& series) { return folder / ("." + series + ".part"); }

Result<std::vector<SeriesOutcome>> retrieve(const Node& node, const std::vector<SeriesRequest>& series,
                                            const fs::path& folder, const RetrieveOptions& options, Progress& progress,
                                            const CancelToken& cancel) {
  for (const auto& request : series)
    if (!isUid(request.study) || !isUid(request.series))
      return fail(ErrorCode::InvalidArgument, "a study or series has no valid UID", "a UID has digits and dots",
                  request.label);
  LORKD_CHECK(makeWritableFolder(folder));
  std::vector<SeriesOutcome> outcomes;
  std::optional<Error> unreachable;
  for (const auto& request : series) {
    if (cancel.cancelled() || unreachable) {
      outcomes.push_back({request, cancel.cancelled() ? SeriesState::Cancelled : SeriesState::Failed, 0, unreachable});
      continue;
    }
    const auto title = std::to_string(outcomes.size() + 1) + "/" + std::to_string(series.size()) + " " +
                       (request.label.empty() ? "series" : request.label);
    outcomes.push_back(retrieveOne(node, request, folder, title, options, progress, cancel));
    if (const auto& error = outcomes.back().error; error && error->code == ErrorCode::NotFound) unreachable = error;
  }
  return outcomes;
}

}  // namespace lorkd::pacs
