// Whether an event log is whole. Its reader passes over what is no event, so lines are counted beside it.
#pragma once

#include <QString>
#include <cstdint>
#include <filesystem>

namespace lorkd::watch {

/// Lives beside one EventReader on the watcher's thread and is told what each of its polls gave.
class LogCheck {
 public:
  explicit LogCheck(std::filesystem::path file) : m_file(std::move(file)) {}
  /// To be called right before a poll, and with what it gave right after it.
  void before();
  void after(std::size_t events, bool restarted);
  /// What is wrong with the log and what that means; empty if nothing is.
  QString words() const;

 private:
  void count(std::uintmax_t size);

  std::filesystem::path m_file;
  std::uintmax_t m_sizeBefore = 0, m_counted = 0, m_tail = 0, m_tailBefore = 0;
  std::size_t m_events = 0, m_lines = 0, m_strange = 0;
  int m_quiet = 0;  ///< polls since the log grew
  bool m_missing = false;
};

}  // namespace lorkd::watch
