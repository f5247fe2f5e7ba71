// Ends a conversation that is cancelled, silent or without end, whatever DCMTK waits for. Inside this room only.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/base/Progress.h"
#include "core/pacs/Node.h"

namespace lorkd::pacs {

/// DCMTK blocks while it connects, shakes hands, reads and writes, each with rules of its own for timeouts and none for
/// cancelling. A thread beside it shuts the socket down, and every one of these calls comes back at once.
class Watch {
 public:
  enum class Cause { None, Cancelled, Silent, TooLong, TooMuch, TooMany };

  /// `timeout` in seconds without touch(). Time and bytes are counted here, against the limits; answers by count().
  Watch(int timeout, const Limits& limits, const CancelToken& cancel);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// The socket to watch from now on; kept as a copy, so that its number cannot come to mean another.
  void take(int socket);
  /// The peer gave a sign of life. From any thread.
  void touch() { m_last = now(); }
  /// One more answer came; beyond the limit the conversation ends.
  void count();
  /// Ends the conversation now, for `cause` where it has none yet.
  void end(Cause cause = Cause::None);
  Cause cause() const { return m_cause; }
  const CancelToken& token() const { return m_cancel; }

 private:
  static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }
  void run(const std::stop_token& stop);

  double received() const;  // bytes, of the socket at hand
  const double m_timeout, m_end;
  const Limits m_limits;
  CancelToken m_cancel;
  std::atomic<double> m_last;
  std::atomic<Cause> m_cause = Cause::None;
  std::atomic<int> m_answers = 0;
  std::mutex m_mutex;
  std::condition_variable_any m_woken;
  int m_socket = -1;
  double m_before = 0;  // bytes received over earlier sockets
  bool m_over = false;
  std::jthread m_thread;
};

}  // namespace lorkd::pacs
