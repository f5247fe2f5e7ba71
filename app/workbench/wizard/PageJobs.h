// The jobs that one page of the wizard asked for.
#pragma once

#include <QPointer>
#include <algorithm>
#include <vector>

#include "widgets/run/Job.h"

namespace lorkd::workbench {

/// Cancels its jobs when it goes, and keeps their last word from the page that goes with it.
class PageJobs {
 public:
  explicit PageJobs(QObject* page) : m_page(page) {}
  ~PageJobs() {
    for (auto& job : m_jobs)
      if (job) job->disconnect(m_page);
    cancel();
  }
  PageJobs(const PageJobs&) = delete;
  PageJobs& operator=(const PageJobs&) = delete;

  void add(watch::Job* job) {
    std::erase_if(m_jobs, [](const auto& known) { return !known || known->over(); });
    m_jobs.emplace_back(job);
  }
  void cancel() {
    const auto jobs = m_jobs;  // waiting ones end at once and may bring new ones
    for (const auto& job : jobs)
      if (job) job->cancel();
  }
  bool busy() const {
    return std::any_of(m_jobs.begin(), m_jobs.end(), [](const auto& job) { return job && !job->over(); });
  }

 private:
  QObject* m_page;
  std::vector<QPointer<watch::Job>> m_jobs;
};

}  // namespace lorkd::workbench
