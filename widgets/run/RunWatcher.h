// Follows a run directory: its plan, status and event log, read on a thread of its own so that a slow share or a long
// log never holds up the window.
#pragma once

#include <QObject>
#include <QString>
#include <QThread>
#include <memory>
#include <optional>
#include <vector>

#include "core/run/RunDirectory.h"
#include "core/run/RunSeries.h"
#include "widgets/run/Sight.h"

class QTimer;

namespace lorkd::watch {

/// True if every field is the same.
bool same(const run::Status& a, const run::Status& b);

class RunWatcher : public QObject {
  Q_OBJECT
 public:
  /// Watches `path`, which need not exist yet.
  explicit RunWatcher(const QString& path, QObject* parent = nullptr, int interval = 250);
  ~RunWatcher() override;

  const QString& path() const { return m_path; }
  /// The run, once its plan could be read.
  const std::optional<run::RunDirectory>& directory() const { return m_directory; }
  /// The status as it is now; nothing while it cannot be read, or when the run is gone.
  const std::optional<run::Status>& status() const { return m_status; }
  /// How far the status can be believed.
  Sight sight() const { return m_sight; }
  /// Tasks whose expert has been exported into the run.
  int exported() const { return m_exported; }
  /// Whether the run, or the teacher that it trains, has a checkpoint to go on from.
  bool checkpoint() const { return m_checkpoint; }
  /// Everything the log said so far; the same object for the watcher's whole life.
  std::shared_ptr<const run::RunSeries> series() const { return m_series; }
  /// Why the run cannot be seen as it is now, and what can be done; empty if it can.
  const QString& trouble() const { return m_trouble; }
  /// What is wrong with its log; empty if nothing is.
  const QString& logTrouble() const { return m_logTrouble; }

 Q_SIGNALS:
  /// The plan was read, for the first time or because the folder now holds another run.
  void opened();
  /// status(), exported() or checkpoint() changed.
  void statusChanged();
  /// The log grew; series() holds it already.
  void eventsArrived();
  /// The log was replaced or cut; series() has been emptied.
  void restarted();
  /// sight(), trouble() or logTrouble() changed.
  void troubleChanged();

 private:
  class Poller;
  struct News;
  void tick();
  void deliver(std::shared_ptr<News> news);
  void addSome(std::shared_ptr<News> news, std::size_t from);

  QString m_path;
  QThread m_thread;
  QObject* m_there;  ///< lives on the thread; calls are posted to it
  std::shared_ptr<Poller> m_poller;
  QTimer* m_timer;
  bool m_busy = false;
  std::optional<run::RunDirectory> m_directory;
  std::optional<run::Status> m_status;
  std::shared_ptr<run::RunSeries> m_series = std::make_shared<run::RunSeries>();
  Sight m_sight = Sight::Waiting;
  int m_exported = 0;
  bool m_checkpoint = false;
  QString m_trouble, m_logTrouble;
};

}  // namespace lorkd::watch
