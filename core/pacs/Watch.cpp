#include "core/pacs/Watch.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace lorkd::pacs {

Watch::Watch(int timeout, const Limits& limits, const CancelToken& cancel)
    : m_timeout(timeout),
      m_end(now() + limits.seconds),
      m_limits(limits),
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
  m_before += received();
  if (m_socket >= 0) ::close(m_socket);
  m_socket = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (m_over) ::shutdown(m_socket, SHUT_RDWR);
}

double Watch::received() const {
  // tcpi_bytes_received of linux/tcp.h, which the C library's tcp_info does not reach and which cannot stand beside it.
  constexpr std::size_t kAt = 128;
  std::uint64_t bytes = 0;
  std::array<char, kAt + sizeof bytes> info{};
  socklen_t size = info.size();
  if (m_socket < 0 || ::getsockopt(m_socket, IPPROTO_TCP, TCP_INFO, info.data(), &size) != 0 || size < info.size())
    return 0;
  std::memcpy(&bytes, info.data() + kAt, sizeof bytes);
  return static_cast<double>(bytes);
}

void Watch::count() {
  touch();
  if (++m_answers > m_limits.answers) end(Cause::TooMany);
}

void Watch::end(Cause cause) {
  auto none = Cause::None;
  m_cause.compare_exchange_strong(none, cause);
  std::scoped_lock lock(m_mutex);
  m_over = true;
  if (m_socket >= 0) ::shutdown(m_socket, SHUT_RDWR);
}

void Watch::run(const std::stop_token& stop) {
  std::mutex waiting;
  std::unique_lock lock(waiting);
  while (!m_woken.wait_for(lock, stop, std::chrono::milliseconds(20), [&] { return stop.stop_requested(); })) {
    double bytes = 0;
    {
      std::scoped_lock own(m_mutex);
      bytes = m_before + received();
    }
    const auto cause = m_cancel.cancelled()               ? Cause::Cancelled
                       : now() > m_end                    ? Cause::TooLong
                       : bytes > m_limits.megabytes * 1e6 ? Cause::TooMuch
                       : now() - m_last >= m_timeout      ? Cause::Silent
                                                          : Cause::None;
    if (cause == Cause::None) continue;
    end(cause);
    return;
  }
}

}  // namespace lorkd::pacs
