#include "core/workflow/StatusKeeper.h"

#include <unistd.h>

#include <chrono>

#include "core/base/Log.h"
#include "core/run/EventLog.h"

namespace lorkd::workflow {

StatusKeeper::StatusKeeper(const run::RunDirectory& run) : m_run(run) {
  char host[256] = {};
  ::gethostname(host, sizeof(host) - 1);
  m_status.state = run::State::Running;
  m_status.pid = ::getpid();
  m_status.host = host;
  write();
  m_thread = std::jthread([this](std::stop_token stop) {
    std::unique_lock lock(m_mutex);
    while (!stop.stop_requested()) {
      m_wake.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
      write();
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
  write();
}

void StatusKeeper::update(const std::function<void(run::Status&)>& change) {
  std::scoped_lock lock(m_mutex);
  const auto before = m_status;
  change(m_status);
  if (before.state != m_status.state || before.phase != m_status.phase) write();
}

run::Status StatusKeeper::status() const {
  std::scoped_lock lock(m_mutex);
  return m_status;
}

void StatusKeeper::write() {
  m_status.heartbeat = run::now();
  if (auto written = m_run.writeStatus(m_status); !written) log::warn("{}", written.error().text());
}

}  // namespace lorkd::workflow
