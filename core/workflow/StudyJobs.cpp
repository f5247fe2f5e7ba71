#include "core/workflow/StudyJobs.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <set>
#include <thread>

#include "core/run/RunDirectory.h"

namespace lorkd::workflow {

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& command, const std::filesystem::path& log) {
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (out < 0)
    return fail(ErrorCode::Io, std::string("cannot write the log of a training: ") + std::strerror(errno), "",
                log.string());
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const auto parent = ::getpid();
  const auto pid = ::fork();
  if (pid == 0) {
    // Other threads of the parent may have held any lock: only system calls from here.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(127);
    const int none = ::open("/dev/null", O_RDONLY);
    ::dup2(none, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  const int why = errno;
  ::close(out);
  if (pid < 0)
    return fail(ErrorCode::Io, std::string("cannot start a training: ") + std::strerror(why), "", command.front());
  ChildProcess child;
  child.m_pid = pid;
  return child;
}

std::optional<int> ChildProcess::ended() {
  int status = 0;
  const auto pid = ::waitpid(m_pid, &status, WNOHANG);
  if (pid == 0 || (pid < 0 && errno == EINTR)) return {};
  if (pid < 0) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void ChildProcess::stop() const { ::kill(m_pid, SIGTERM); }

namespace {

using State = StudyJob::State;

class Queue {
 public:
  Queue(std::vector<StudyJob>& jobs, const std::vector<std::string>& command, int atOnce, Progress& progress,
        const CancelToken& cancel)
      : m_jobs(jobs), m_command(command), m_atOnce(std::max(1, atOnce)), m_progress(progress), m_cancel(cancel) {
    for (const auto& job : jobs) m_directories.push_back(run::RunDirectory::open(job.run));
  }

  void run() {
    while (true) {
      collect();
      if (m_cancel.cancelled()) {
        if (m_children.empty()) break;
        for (const auto& [i, child] : m_children)
          if (m_told.insert(i).second) child.stop();
      } else {
        startWhatCan();
        if (std::ranges::none_of(m_jobs, [](const auto& j) { return j.state == State::Waiting; }) && m_children.empty())
          break;
      }
      report();
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    for (auto& job : m_jobs)
      if (job.state == State::Waiting) job.state = State::Stopped;
    report();
  }

 private:
  std::string place(std::size_t i) const {
    return "[" + std::to_string(i + 1) + "/" + std::to_string(m_jobs.size()) + "] " + m_jobs[i].run.filename().string();
  }

  void failed(std::size_t i, std::string why) {
    m_jobs[i].state = State::Failed;
    m_jobs[i].message = std::move(why);
    m_progress.note(place(i) + " failed: " + m_jobs[i].message);
  }

  void startWhatCan() {
    for (std::size_t i = 0; i < m_jobs.size(); ++i) {
      auto& job = m_jobs[i];
      if (job.state != State::Waiting) continue;
      const auto before = job.after < 0 ? State::Done : m_jobs[static_cast<std::size_t>(job.after)].state;
      if (before == State::Failed || before == State::Stopped) {
        failed(i, "its teacher is not trained");
        continue;
      }
      if (before != State::Done || m_children.size() >= static_cast<std::size_t>(m_atOnce)) continue;
      const auto& directory = m_directories[i];
      if (!directory) {
        failed(i, directory.error().text());
        continue;
      }
      if (const auto free = directory->lock(); !free) {
        if (free.error().code != ErrorCode::Mismatch) {
          failed(i, free.error().text());
          continue;
        }
        // Trained by someone else, or by a study that was just killed and whose training writes its checkpoint.
        if (m_noted.insert(i).second) m_progress.note(place(i) + ": another process trains it; waiting for that");
        continue;
      }
      if (finished(*directory)) {
        job.state = State::Done;
        m_progress.note(place(i) + " is finished already");
        continue;
      }
      auto command = m_command;
      command.push_back(job.run.string());
      auto child = ChildProcess::start(command, job.run / "trainer.log");
      if (!child) {
        failed(i, child.error().text());
        continue;
      }
      job.state = State::Running;
      m_progress.note(place(i) + ": training");
      m_children.emplace(i, *child);
    }
  }

  static bool finished(const run::RunDirectory& directory) {
    const auto status = directory.status();
    return status && status->state == run::State::Finished;
  }

  void collect() {
    for (auto it = m_children.begin(); it != m_children.end();) {
      const auto code = it->second.ended();
      if (!code) {
        ++it;
        continue;
      }
      const auto i = it->first;
      it = m_children.erase(it);
      const auto status = m_directories[i]->status();
      if (*code == 0 && status && status->state == run::State::Finished) {
        m_jobs[i].state = State::Done;
        m_progress.note(place(i) + " is finished");
      } else if (*code == 3 && m_cancel.cancelled()) {
        m_jobs[i].state = State::Stopped;
        m_progress.note(place(i) + " is stopped; a checkpoint is kept");
      } else if (!m_directories[i]->lock()) {
        m_jobs[i].state = State::Waiting;  // another process was faster to take it
      } else {
        failed(i, status && !status->message.empty() ? status->message
                                                     : "the training ended with code " + std::to_string(*code) +
                                                           "; trainer.log in its folder says more");
      }
    }
  }

  /// Optimiser steps of all runs together.
  void report() {
    std::int64_t done = 0, total = 0;
    for (std::size_t i = 0; i < m_jobs.size(); ++i) {
      const auto state = m_jobs[i].state;
      if (!m_directories[i] || state == State::Failed) continue;
      const auto steps = m_directories[i]->plan().training.steps;
      total += steps;
      if (state == State::Done) done += steps;
      if (state != State::Running) continue;
      if (const auto status = m_directories[i]->status()) done += std::min(steps, status->step);
    }
    m_progress.report("study, steps of all runs", done, total);
  }

  std::vector<StudyJob>& m_jobs;
  const std::vector<std::string>& m_command;
  const int m_atOnce;
  Progress& m_progress;
  const CancelToken& m_cancel;
  std::vector<Result<run::RunDirectory>> m_directories;
  std::map<std::size_t, ChildProcess> m_children;
  std::set<std::size_t> m_told, m_noted;
};

}  // namespace

void work(std::vector<StudyJob>& jobs, const std::vector<std::string>& command, int atOnce, Progress& progress,
          const CancelToken& cancel) {
  Queue(jobs, command, atOnce, progress, cancel).run();
}

}  // namespace lorkd::workflow
