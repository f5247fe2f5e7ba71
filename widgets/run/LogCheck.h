// Whether an event log is whole, in words.
#pragma once

#include <QString>
#include <filesystem>

#include "core/run/EventLog.h"

namespace lorkd::watch {

/// Lives beside one EventReader on the watcher's thread.
class LogCheck {
 public:
  explicit LogCheck(std::filesystem::path file) : m_file(std::move(file)) {}
  /// What is wrong with the log and what that means; empty if nothing is. To be called after each poll.
  QString words(const run::EventReader& reader);

 private:
  std::filesystem::path m_file;
  std::uintmax_t m_read = 0;
  int m_quiet = 0;  ///< polls since the log grew
};

}  // namespace lorkd::watch
