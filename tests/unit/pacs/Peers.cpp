#include "tests/unit/pacs/Peers.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace lorkd::pacs::test {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

}  // namespace

Proxy::Proxy(int target, Then then, std::int64_t after) : m_target(target), m_then(then), m_after(after) {
  m_listener = ::socket(AF_INET, SOCK_STREAM, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  ::bind(m_listener, reinterpret_cast<sockaddr*>(&address), size);
  ::listen(m_listener, 16);
  ::getsockname(m_listener, reinterpret_cast<sockaddr*>(&address), &size);
  m_port = ntohs(address.sin_port);
  m_thread = std::thread([this] { accept(); });
}

Proxy::~Proxy() {
  m_stop = true;
  m_thread.join();
  for (auto& thread : m_passing) thread.join();
  ::close(m_listener);
}

void Proxy::accept() {
  while (!m_stop) {
    pollfd waiting{m_listener, POLLIN, 0};
    if (::poll(&waiting, 1, 20) <= 0) continue;
    const int client = ::accept(m_listener, nullptr, nullptr);
    m_passing.emplace_back([this, client] { pass(client); });
  }
}

bool Proxy::enough(std::int64_t more) {
  if (m_then == Then::PassOn || m_bytes + more <= m_after) return false;
  return m_then != Then::CutOnce || !m_cut.exchange(true);
}

void Proxy::pass(int client) {
  const int server = ::socket(AF_INET, SOCK_STREAM, 0);
  const auto address = loopback(m_target);
  bool open = m_target == 0 || ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  bool stalled = m_target == 0;
  char buffer[1024];
  while (open && !m_stop) {
    pollfd waiting[2] = {{client, static_cast<short>(stalled ? 0 : POLLIN), 0}, {stalled ? -1 : server, POLLIN, 0}};
    if (::poll(waiting, 2, 20) <= 0) continue;
    if (stalled) {
      open = (waiting[0].revents & (POLLHUP | POLLERR)) == 0;
      continue;
    }
    if (waiting[0].revents != 0) {
      const auto n = ::recv(client, buffer, sizeof buffer, 0);
      open = n > 0 && ::send(server, buffer, static_cast<std::size_t>(n), MSG_NOSIGNAL) == n;
    }
    if (open && waiting[1].revents != 0) {
      const auto n = ::recv(server, buffer, sizeof buffer, 0);
      if (n > 0 && enough(n)) {
        if (m_then == Then::Stall)
          stalled = true;
        else
          open = false;
        continue;
      }
      open = n > 0 && ::send(client, buffer, static_cast<std::size_t>(n), MSG_NOSIGNAL) == n;
      if (open) m_bytes += n;
    }
  }
  ::close(server);
  ::close(client);
}

}  // namespace lorkd::pacs::test
