// Ends a conversation that is cancelled or silent, whatever DCMTK waits for. Inside this room only.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/base/Progress.h"

namespace lorkd::pacs {

/// DCMTK blocks while it connects, shakes hands, reads and writes, each with rules of its own for timeouts and none for
/// cancelling. A thread beside it shuts the socket down, and every one of these calls comes back at once.
class Watch {
 public:
  enum class Cause { None, Cancelled, Silent };

  /// `timeout` in seconds without touch().
  Watch(int timeout, const CancelToken& cancel);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// The socket to watch from now on; kept as a copy, so that its number cannot come to mean another.
  void take(int socket);
  /// The peer gave a sign of life. From any thread.
  void touch() { m_last = now(); }
  /// Ends the conversation now.
  void end();
  Cause cause() const { return m_cause; }
  const CancelToken& token() const { return m_cancel; }

 private:
  static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
  void run(const std::stop_token& stop);

  const double m_timeout;
  CancelToken m_cancel;
  std::atomic<double> m_last;
  std::atomic<Cause> m_cause = Cause::None;
  std::mutex m_mutex;
  std::condition_variable_any m_woken;
  int m_socket = -1;
  bool m_over = false;
  std::jthread m_thread;
};

}  // namespace lorkd::pacs
