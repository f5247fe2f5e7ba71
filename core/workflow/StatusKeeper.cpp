#include "core/workflow/StatusKeeper.h"

#include <unistd.h>

#include <chrono>

#include "core/base/Log.h"
#include "core/base/Process.h"
#include "core/run/EventLog.h"

namespace lorkd::workflow {

StatusKeeper::StatusKeeper(const run::RunDirectory& run) : m_run(run), m_lastWord(run.statusFile()) {
  m_status.state = run::State::Running;
  m_status.pid = ::getpid();
  m_status.host = hostName();
  if (const auto before = run.status())  // a resumed training still has its best checkpoint
    m_status.bestStep = before->bestStep, m_status.best = before->best, m_status.bestBy = before->bestBy;
  (void)write();
  m_thread = std::jthread([this](std::stop_token stop) {
    std::unique_lock lock(m_mutex);
    while (!stop.stop_requested()) {
      m_wake.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
      (void)write();
    }
  });
}

StatusKeeper::~StatusKeeper() {
  m_thread.request_stop();
  m_thread.join();
  if (m_status.state == run::State::Running || m_status.state == run::State::Paused) {
    m_status.state = run::State::Failed;
    if (m_status.message.empty()) m_status.message = "the trainer ended without a word";
  }
  (void)write();
}

void StatusKeeper::update(const std::function<void(run::Status&)>& change) {
  std::scoped_lock lock(m_mutex);
  const auto before = m_status;
  change(m_status);
  if (before.state != m_status.state || before.phase != m_status.phase) (void)write();
}

Result<void> StatusKeeper::tell(const std::function<void(run::Status&)>& change) {
  std::scoped_lock lock(m_mutex);
  change(m_status);
  auto written = write();
  for (int n = 0; n < 3 && !written; ++n) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    written = write();
  }
  return written;
}

run::Status StatusKeeper::status() const {
  std::scoped_lock lock(m_mutex);
  return m_status;
}

Result<void> StatusKeeper::write() {
  if (endingAtOnce()) return {};
  m_status.heartbeat = run::now();
  const auto written = m_run.writeStatus(m_status);
  if (!written && !m_told) log::warn("{}", written.error().text());  // not every second anew
  m_told = !written;

  auto lost = m_status;
  lost.state = run::State::Failed;
  lost.secondsLeft = 0;
  const std::string mark = "FILE";
  lost.message =
      mark +
      " became shorter while it was read, or its disk is gone (go on with: lorkd resume; what was prepared and "
      "is damaged is prepared again)";
  const auto text = m_run.statusText(lost);
  const auto at = text.rfind(mark + " became");
  m_lastWord.set(text.substr(0, at), text.substr(at + mark.size()));
  return written;
}

}  // namespace lorkd::workflow
