#include "core/workflow/ControlDesk.h"

#include <thread>

namespace lorkd::workflow {

ControlDesk::ControlDesk(const run::RunDirectory& run, StatusKeeper& status, const CancelToken& cancel)
    : m_run(run), m_status(status), m_cancel(cancel) {
  if (const auto old = run.commands(-1); old && !old->empty()) m_last = old->back().number;
}

void ControlDesk::obey() {
  bool paused = false;
  do {
    if (m_cancel.cancelled()) return;
    if (const auto fresh = m_run.commands(m_last)) {
      for (const auto& [number, command] : *fresh) {
        m_last = number;
        if (command == run::Command::Stop) m_cancel.cancel();
        if (command == run::Command::Checkpoint) m_checkpoint = true;
        if (command == run::Command::Pause) paused = true;
        if (command == run::Command::Resume) paused = false;
      }
    }
    if (m_cancel.cancelled()) return;
    m_status.update([&](run::Status& s) { s.state = paused ? run::State::Paused : run::State::Running; });
    if (paused) {
      const auto from = std::chrono::steady_clock::now();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      m_paused += std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
    }
  } while (paused);
}

train::Control ControlDesk::poll() {
  obey();
  if (m_cancel.cancelled()) return train::Control::Stop;
  return takeCheckpoint() ? train::Control::Checkpoint : train::Control::Continue;
}

void ObeyingProgress::report(const std::string& what, std::int64_t done, std::int64_t total) {
  m_progress.report(what, done, total);
  const auto now = std::chrono::steady_clock::now();
  if (now - m_looked < std::chrono::milliseconds(200)) return;
  m_looked = now;
  m_desk.obey();
}

}  // namespace lorkd::workflow
