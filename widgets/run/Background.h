// Work that would keep the window from answering, done on a thread of the program's pool.
#pragma once

#include <QObject>
#include <QPointer>
#include <QThreadPool>
#include <memory>
#include <optional>
#include <utility>

namespace lorkd::watch {

/// Runs `work` on a worker and then `done` with what it returned, on the caller's thread and only if `context` is still
/// there. The program ends no sooner than its workers. `work` must not throw.
template <class Work, class Done>
void inBackground(QObject* context, Work work, Done done) {
  // Whoever asks may be gone when the answer comes; the messenger belongs to nobody and stays on this thread.
  auto* messenger = new QObject;
  const QPointer<QObject> asker(context);
  auto both = std::make_shared<std::pair<Work, Done>>(std::move(work), std::move(done));
  QThreadPool::globalInstance()->start([=] {
    auto answer = std::make_shared<decltype(both->first())>(both->first());
    QMetaObject::invokeMethod(
        messenger,
        [=] {
          messenger->deleteLater();
          if (asker) both->second(std::move(*answer));
        },
        Qt::QueuedConnection);
  });
}

}  // namespace lorkd::watch
