// Jobs in the order in which they were asked for, a few at a time; light ones do not wait for heavy ones.
#pragma once

#include <QObject>
#include <vector>

#include "widgets/run/Job.h"

namespace lorkd::watch {

/// Owns its jobs. On destruction every running one is ended.
class JobQueue : public QObject {
  Q_OBJECT
 public:
  /// `atOnce` jobs run at a time, and as many light ones beside them.
  explicit JobQueue(QObject* parent = nullptr, int atOnce = 1) : QObject(parent), m_atOnce(atOnce) {}
  /// Adds a job, which starts as soon as there is room; see Job for the arguments.
  Job* add(const QString& title, const QStringList& arguments);
  const std::vector<Job*>& jobs() const { return m_jobs; }
  /// Jobs that wait or run.
  int active() const;
  void cancelAll();
  /// Forgets the jobs that are over.
  void clearFinished();

 Q_SIGNALS:
  void added(lorkd::watch::Job* job);
  /// The pointer is a name only; the job goes away once control returns to the event loop.
  void removed(lorkd::watch::Job* job);
  void finished(lorkd::watch::Job* job);
  /// active() changed.
  void activeChanged(int active);

 private:
  void startNext();
  int m_atOnce;
  std::vector<Job*> m_jobs;
};

}  // namespace lorkd::watch
