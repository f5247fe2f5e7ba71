#include "core/pacs/Watch.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace lorkd::pacs {

Watch::Watch(int timeout, const CancelToken& cancel)
    : m_timeout(timeout),
      m_cancel(cancel),
      m_last(now()),
      m_thread([this](const std::stop_token& stop) { run(stop); }) {}

Watch::~Watch() {
  m_thread.request_stop();
  m_thread.join();
  if (m_socket >= 0) ::close(m_socket);
}

void Watch::take(int socket) {
  std::scoped_lock lock(m_mutex);
  if (m_socket >= 0) ::close(m_socket);
  m_socket = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (m_over) ::shutdown(m_socket, SHUT_RDWR);
}

void Watch::end() {
  std::scoped_lock lock(m_mutex);
  m_over = true;
  if (m_socket >= 0) ::shutdown(m_socket, SHUT_RDWR);
}

void Watch::run(const std::stop_token& stop) {
  std::mutex waiting;
  std::unique_lock lock(waiting);
  while (!m_woken.wait_for(lock, stop, std::chrono::milliseconds(20), [&] { return stop.stop_requested(); })) {
    const bool cancelled = m_cancel.cancelled();
    if (!cancelled && now() - m_last < m_timeout) continue;
    m_cause = cancelled ? Cause::Cancelled : Cause::Silent;
    end();
    return;
  }
}

}  // namespace lorkd::pacs
