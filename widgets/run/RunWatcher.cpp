#include "widgets/run/RunWatcher.h"

#include <QTimer>
#include <algorithm>

#include "core/run/EventLog.h"

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
  QString trouble;
};

/// Lives on the watcher's thread.
class RunWatcher::Poller {
 public:
  explicit Poller(const std::filesystem::path& path) : m_path(path), m_events(path / "events.jsonl") {}

  std::shared_ptr<News> poll() {
    auto news = std::make_shared<News>();
    news->events = m_events.poll(&news->restarted);
    std::error_code ec;
    const auto planTime = std::filesystem::last_write_time(m_path / "plan.json", ec);
    if (ec) m_directory.reset();
    if (!ec && (!m_directory || planTime != m_planTime)) {
      // A plan that could not be read is tried again when it changes, or while the folder is still being made.
      auto opened = run::RunDirectory::open(m_path);
      m_directory = opened ? std::optional(*opened) : std::nullopt;
      news->directory = m_directory;
      if (!opened && opened.error().code != ErrorCode::NotFound)
        m_trouble = QString::fromStdString(opened.error().text());
      if (opened) m_trouble.clear();
      m_planTime = planTime;
    }
    if (m_directory) readStatus(*news);
    news->trouble = m_trouble;
    return news;
  }

 private:
  void readStatus(News& news) {
    std::error_code ec;
    const auto time = std::filesystem::last_write_time(m_path / "status.json", ec);
    if (!ec && time == m_statusTime && ++m_quiet < statusEvery) return;
    m_quiet = 0;
    m_statusTime = time;
    if (auto status = m_directory->status()) {
      news.status = *status;
      m_trouble.clear();
    } else {
      m_trouble = QString::fromStdString(status.error().text());
    }
  }

  std::filesystem::path m_path;
  run::EventReader m_events;
  std::optional<run::RunDirectory> m_directory;
  std::filesystem::file_time_type m_planTime{}, m_statusTime{};
  int m_quiet = 0;
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
  if (news->trouble != m_trouble) {
    m_trouble = news->trouble;
    Q_EMIT troubleChanged();
  }
  if (news->restarted) {
    m_series->clear();
    Q_EMIT restarted();
  }
  if (news->directory) {
    m_directory = std::move(news->directory);
    Q_EMIT opened();
  }
  if (news->status && (!m_status || !same(*m_status, *news->status))) {
    m_status = news->status;
    Q_EMIT statusChanged();
  }
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
