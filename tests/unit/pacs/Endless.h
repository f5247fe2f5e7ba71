// A PACS that never comes to an end.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace lorkd::pacs::test {

/// Listens on a free port of 127.0.0.1 and speaks DICOM. It knows of no object and answers queries with nothing, but
/// for one thing that it does without end.
class Endless {
 public:
  enum class Kind {
    Answers,   ///< to a C-FIND, one study after the other, whatever is cancelled
    Pendings,  ///< to a C-GET: it goes on, it goes on
    Dribble,   ///< an object of which a few bytes come at a time
    Flood      ///< an object of which bytes come as fast as they are taken
  };
  explicit Endless(Kind kind);
  ~Endless();
  Endless(const Endless&) = delete;
  Endless& operator=(const Endless&) = delete;
  int port() const { return m_port; }

 private:
  void run();
  const Kind m_kind;
  int m_port;
  std::atomic<bool> m_stop = false;
  std::thread m_thread;
};

}  // namespace lorkd::pacs::test
