#include "widgets/run/RunWatcher.h"

#include <QTimer>
#include <algorithm>
#include <array>

#include "core/run/EventLog.h"
#include "widgets/run/LogCheck.h"

namespace lorkd::watch {
namespace {

constexpr int statusEvery = 8;         // polls after which an unchanged status is read again: the trainer may be gone
constexpr std::size_t portion = 4000;  // events taken at once, so that a long log does not hold up the window

}  // namespace

bool same(const run::Status& a, const run::Status& b) {
  return a.state == b.state && a.phase == b.phase && a.step == b.step && a.steps == b.steps &&
         a.secondsLeft == b.secondsLeft && a.pid == b.pid && a.host == b.host && a.heartbeat == b.heartbeat &&
         a.message == b.message;
}

struct RunWatcher::News {
  std::optional<run::RunDirectory> directory;
  std::optional<run::Status> status;
  std::vector<Json> events;
  bool restarted = false;
  Sight sight = Sight::Waiting;
  int exported = 0;
  bool checkpoint = false;
  QString trouble, logTrouble;
};

/// Lives on the watcher's thread.
class RunWatcher::Poller {
 public:
  explicit Poller(const std::filesystem::path& path)
      : m_path(path), m_events(path / "events.jsonl"), m_log(path / "events.jsonl") {}

  std::shared_ptr<News> poll() {
    auto news = std::make_shared<News>();
    std::error_code ec;
    const auto planTime = std::filesystem::last_write_time(m_path / "plan.json", ec);
    const bool planGone = static_cast<bool>(ec);
    if (planGone) {
      readLog(*news);
      m_directory.reset();
      m_status.reset();
      if (m_seen) tellGone(*news);
      return news;
    }
    if (!m_directory || planTime != m_planTime) {
      // A plan that could not be read is tried again when it changes, or while the folder is still being made.
      auto opened = run::RunDirectory::open(m_path);
      m_directory = opened ? std::optional(*opened) : std::nullopt;
      news->directory = m_directory;
      m_seen = m_seen || opened.has_value();
      m_trouble.clear();
      if (!opened && opened.error().code != ErrorCode::NotFound)
        m_trouble = QString::fromStdString(opened.error().text());
      m_planTime = planTime;
      if (opened) m_events.expect(opened->planDigest());
    }
    readLog(*news);
    if (m_directory) readStatus();
    news->sight = !m_trouble.isEmpty() ? Sight::Unreadable : m_directory ? Sight::Live : Sight::Waiting;
    if (m_directory) news->status = m_status;
    news->trouble = m_trouble;
    news->exported = m_exported;
    news->checkpoint = m_checkpoint;
    return news;
  }

 private:
  void readLog(News& news) {
    news.events = m_events.poll(&news.restarted);
    news.logTrouble = m_log.words(m_events);
  }

  void tellGone(News& news) const {
    std::error_code ec;
    const QString path = QString::fromStdString(m_path.string());
    news.sight = Sight::Gone;
    news.logTrouble.clear();  // gone with the rest
    news.trouble = std::filesystem::is_directory(m_path, ec)
                       ? RunWatcher::tr(
                             "The plan of this run is gone: %1 is there, but plan.json in it is not. What is shown was "
                             "read before and is not live. Put the file back, or choose another run.")
                             .arg(path)
                       : RunWatcher::tr(
                             "The folder of this run is gone: %1. It was moved, renamed or deleted, or its disk is not "
                             "there. What is shown was read before and is not live. If the folder comes back, it is "
                             "taken up again by itself; if it was moved, choose it where it is now.")
                             .arg(path);
  }

  void readStatus() {
    std::error_code ec;
    const auto time = std::filesystem::last_write_time(m_path / "status.json", ec);
    if (!ec && m_status && time == m_statusTime && ++m_quiet < statusEvery) return;
    m_quiet = 0;
    m_statusTime = time;
    m_trouble.clear();
    m_status.reset();
    m_checkpoint = std::ranges::any_of(std::array{m_path, m_path / "teacher"}, [&](const auto& run) {
      return std::filesystem::exists(run / "checkpoints" / "last.safetensors", ec);
    });
    if (auto status = m_directory->status())
      m_status = *status;
    else
      m_trouble = RunWatcher::tr(
                      "The status of this run cannot be read: %1\nWhether it is being trained is not known, "
                      "and nothing shown is live. A trainer at work writes the file anew within a second. If "
                      "it stays so, none is: %2")
                      .arg(QString::fromStdString(status.error().text()),
                           m_checkpoint ? RunWatcher::tr("Continue then takes up the last checkpoint.")
                                        : RunWatcher::tr("Continue then begins anew, for it has left no checkpoint."));
    m_exported = static_cast<int>(std::ranges::count_if(m_directory->plan().tasks, [&](const auto& task) {
      return std::filesystem::is_regular_file(m_directory->expert(task.first) / "manifest.json", ec);
    }));
  }

  std::filesystem::path m_path;
  run::EventReader m_events;
  LogCheck m_log;
  std::optional<run::RunDirectory> m_directory;
  std::optional<run::Status> m_status;
  std::filesystem::file_time_type m_planTime{}, m_statusTime{};
  bool m_seen = false;
  int m_quiet = 0, m_exported = 0;
  bool m_checkpoint = false;
  QString m_trouble;
};

RunWatcher::RunWatcher(const QString& path, QObject* parent, int interval)
    : QObject(parent),
      m_path(path),
      m_there(new QObject),
      m_poller(std::make_shared<Poller>(path.toStdString())),
      m_timer(new QTimer(this)) {
  m_there->moveToThread(&m_thread);
  connect(&m_thread, &QThread::finished, m_there, &QObject::deleteLater);
  m_thread.setObjectName(QStringLiteral("run-watcher"));
  m_thread.start(QThread::LowPriority);
  connect(m_timer, &QTimer::timeout, this, &RunWatcher::tick);
  m_timer->start(interval);
  tick();
}

RunWatcher::~RunWatcher() {
  m_thread.quit();
  m_thread.wait();
}

void RunWatcher::tick() {
  if (m_busy) return;
  m_busy = true;
  QMetaObject::invokeMethod(m_there, [this, poller = m_poller] {
    auto news = poller->poll();
    QMetaObject::invokeMethod(
        this, [this, news] { deliver(news); }, Qt::QueuedConnection);
  });
}

void RunWatcher::deliver(std::shared_ptr<News> news) {
  if (news->sight == Sight::Live && news->status) {
    const double now = run::now();
    news->sight = sightOf(*news->status, now);
    news->trouble = sightText(news->sight, *news->status, now, news->checkpoint);
  }
  const bool troubled = news->sight != m_sight || news->trouble != m_trouble || news->logTrouble != m_logTrouble;
  m_sight = news->sight;
  m_trouble = news->trouble;
  m_logTrouble = news->logTrouble;
  if (news->restarted) {
    m_series->clear();
    Q_EMIT restarted();
  }
  if (news->directory) {
    m_directory = std::move(news->directory);
    Q_EMIT opened();
  }
  const bool same = news->status.has_value() == m_status.has_value() && news->exported == m_exported &&
                    news->checkpoint == m_checkpoint && (!m_status || watch::same(*m_status, *news->status));
  m_status = news->status;
  m_exported = news->exported;
  m_checkpoint = news->checkpoint;
  if (!same) Q_EMIT statusChanged();
  if (troubled) Q_EMIT troubleChanged();
  addSome(std::move(news), 0);
}

void RunWatcher::addSome(std::shared_ptr<News> news, std::size_t from) {
  const std::size_t to = std::min(news->events.size(), from + portion);
  for (std::size_t i = from; i < to; ++i) m_series->add(news->events[i]);
  if (to > from) Q_EMIT eventsArrived();
  m_busy = to < news->events.size();
  if (m_busy) QTimer::singleShot(0, this, [this, news, to] { addSome(news, to); });
}

}  // namespace lorkd::watch
