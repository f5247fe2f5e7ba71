#include "widgets/run/JobQueue.h"

#include <algorithm>

namespace lorkd::watch {

Job* JobQueue::add(const QString& title, const QStringList& arguments) {
  auto* job = new Job(title, arguments, this);
  m_jobs.push_back(job);
  connect(job, &Job::finished, this, [this, job] {
    Q_EMIT finished(job);
    Q_EMIT activeChanged(active());
    startNext();
  });
  Q_EMIT added(job);
  Q_EMIT activeChanged(active());
  // Started from the event loop, so that the caller can connect first.
  QMetaObject::invokeMethod(this, &JobQueue::startNext, Qt::QueuedConnection);
  return job;
}

int JobQueue::active() const {
  return static_cast<int>(std::ranges::count_if(m_jobs, [](const Job* job) { return !job->over(); }));
}

void JobQueue::cancelAll() {
  const auto jobs = m_jobs;  // waiting ones end at once and come back here
  for (auto at = jobs.rbegin(); at != jobs.rend(); ++at) (*at)->cancel();
}

void JobQueue::clearFinished() {
  for (auto* job : std::vector<Job*>(m_jobs)) {
    if (!job->over()) continue;
    std::erase(m_jobs, job);
    Q_EMIT removed(job);
    job->deleteLater();
  }
}

void JobQueue::startNext() {
  for (auto* job : std::vector<Job*>(m_jobs)) {
    if (job->state() != Job::State::Waiting) continue;
    const auto running = std::ranges::count_if(m_jobs, [job](const Job* other) {
      return other->state() == Job::State::Running && other->light() == job->light();
    });
    if (running < m_atOnce) job->start();
  }
}

}  // namespace lorkd::watch
