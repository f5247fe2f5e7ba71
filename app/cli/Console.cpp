#include "app/cli/Console.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <mutex>

#include "core/base/Printable.h"

namespace lorkd::cli {
namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration d) { return std::chrono::duration<double>(d).count(); }

std::string clockText(double s) {
  char text[32];
  const int whole = static_cast<int>(s + 0.5);
  std::snprintf(text, sizeof text, "%d:%02d", whole / 60, whole % 60);
  return text;
}

class ConsoleProgress final : public Progress {
 public:
  ~ConsoleProgress() override { endLine(); }

  void report(const std::string& what, std::int64_t done, std::int64_t total) override {
    std::scoped_lock lock(m_mutex);
    const auto now = Clock::now();
    if (what != m_what) {
      endLine();
      m_what = what;
      m_shown = printable(what, false);
      m_start = now;
      m_first = done;
      m_lastShare = -1;
    }
    const double share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 0;
    const bool finished = total > 0 && done >= total;
    if (m_terminal) {
      if (!finished && seconds(now - m_drawn) < 0.1) return;
      m_drawn = now;
      draw(share, done, total, now);
    } else if (share - m_lastShare >= 0.25 || (finished && m_lastShare < 1)) {
      std::fprintf(stderr, "%s  %3.0f %%\n", m_shown.c_str(), 100 * share);
      m_lastShare = finished ? 1 : share;
    }
  }

  void note(const std::string& line) override {
    std::scoped_lock lock(m_mutex);
    endLine();
    m_what.clear();
    complain(line + "\n");
  }

 private:
  void draw(double share, std::int64_t done, std::int64_t total, Clock::time_point now) {
    constexpr int width = 28;
    std::string bar(static_cast<std::size_t>(share * width), '#');
    bar.resize(width, '.');
    std::string left;
    if (done > m_first && done < total)
      left =
          clockText(seconds(now - m_start) / static_cast<double>(done - m_first) * static_cast<double>(total - done)) +
          " left";
    std::fprintf(stderr, "\r\033[K%-36.36s [%s] %lld/%lld  %s", m_shown.c_str(), bar.c_str(),
                 static_cast<long long>(done), static_cast<long long>(total), left.c_str());
    std::fflush(stderr);
    m_open = true;
  }
  void endLine() {
    if (m_open) std::fprintf(stderr, "\n");
    m_open = false;
  }

  std::mutex m_mutex;
  const bool m_terminal = ::isatty(STDERR_FILENO) != 0;
  bool m_open = false;
  std::string m_what, m_shown;
  Clock::time_point m_start, m_drawn;
  std::int64_t m_first = 0;
  double m_lastShare = -1;
};

class JsonProgress final : public Progress {
 public:
  void report(const std::string& what, std::int64_t done, std::int64_t total) override {
    std::scoped_lock lock(m_mutex);
    const auto now = Clock::now();
    if (what == m_what && done < total && seconds(now - m_written) < 0.1) return;
    m_what = what;
    m_written = now;
    jsonLine({{"kind", "progress"}, {"what", what}, {"done", done}, {"total", total}});
  }
  void note(const std::string& line) override {
    std::scoped_lock lock(m_mutex);
    jsonLine({{"kind", "note"}, {"line", line}});
  }

 private:
  std::mutex m_mutex;
  std::string m_what;
  Clock::time_point m_written;
};

}  // namespace

std::unique_ptr<Progress> consoleProgress() { return std::make_unique<ConsoleProgress>(); }
std::unique_ptr<Progress> jsonProgress() { return std::make_unique<JsonProgress>(); }

void say(const std::string& text) { std::cout << printable(text) << std::flush; }
bool allSaid() { return std::cout.flush().good(); }
void complain(const std::string& text) { std::cerr << printable(text) << std::flush; }

void jsonLine(const Json& json) { std::cout << json.dump(-1, ' ', true, Json::error_handler_t::replace) << std::endl; }

}  // namespace lorkd::cli
