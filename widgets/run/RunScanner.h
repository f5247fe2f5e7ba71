// Looks for runs under project folders (PROJECT/runs/*). Used on a thread of its own.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/run/EventLog.h"
#include "core/run/RunDirectory.h"

namespace lorkd::watch {

/// What a list shows of a run.
struct RunInfo {
  std::filesystem::path project, path;
  std::string name;    ///< the folder's name
  std::string plan;    ///< the plan's name
  std::string method;  ///< "lorkd", "mtl", "teacher"
  run::Status status;
  double share = 0;  ///< of its trainings that is done, see shareOf()
  std::size_t tasks = 0;
  double best = 0;      ///< best mean validation metric; not-a-number if there is none
  std::string trouble;  ///< why it cannot be read; empty if it can
};

/// Keeps what it has read, so that the next look only reads what is new.
class RunScanner {
 public:
  /// Every run of the projects, by project in the given order, then by name. Folders that are no runs are passed over.
  std::vector<RunInfo> scan(const std::vector<std::filesystem::path>& projects);

 private:
  struct Known {
    explicit Known(const std::filesystem::path& path) : events(path / "events.jsonl") {}
    std::optional<run::RunDirectory> directory;
    std::filesystem::file_time_type planTime{};
    run::EventReader events;
    double best = 0;
    std::string method;
    std::string trouble;
  };
  RunInfo look(const std::filesystem::path& path);
  std::map<std::filesystem::path, Known> m_known;
};

}  // namespace lorkd::watch
