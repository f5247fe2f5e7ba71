// Peers that misbehave.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace lorkd::pacs::test {

/// Listens on a free port of 127.0.0.1 and passes everything on to another, until enough bytes have come back.
class Proxy {
 public:
  enum class Then {
    PassOn,   ///< only counts
    CutOnce,  ///< the connection breaks; later ones are passed on
    Die,      ///< the connection breaks, and so does every later one
    Stall     ///< nothing moves any more
  };
  /// `target` 0: accepts connections and never says a word.
  explicit Proxy(int target, Then then = Then::PassOn, std::int64_t after = 0);
  ~Proxy();
  int port() const { return m_port; }
  /// Bytes that came back from the target.
  std::int64_t bytes() const { return m_bytes; }

 private:
  void accept();
  void pass(int client);
  bool enough(std::int64_t more);
  const int m_target;
  const Then m_then;
  const std::int64_t m_after;
  int m_listener = -1, m_port = 0;
  std::atomic<std::int64_t> m_bytes = 0;
  std::atomic<bool> m_stop = false, m_cut = false;
  std::thread m_thread;
  std::vector<std::thread> m_passing;
};

}  // namespace lorkd::pacs::test
