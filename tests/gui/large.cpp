// The wizard where there is much to show: the window answers meanwhile.
#include <QElapsedTimer>
#include <QPushButton>
#include <QTreeView>
#include <cstring>
#include <ctime>

#include "tests/gui/WizardWindow.h"

using namespace lorkd;
using namespace lorkd::workbench;

namespace {

/// How long the window did not answer: the longest time, and processor time of its thread, between two turns of a timer
/// that is always due. The first also holds what other programs take of a busy machine, the second what it did itself.
class Pulse : public QObject {
 public:
  Pulse() {
    connect(&m_timer, &QTimer::timeout, this, [this] { beat(); });
    m_wall.start();
    m_before = cpu();
    m_timer.start(1);
  }
  double longestWall = 0, longestCpu = 0;  ///< ms

 private:
  static double cpu() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
  }
  void beat() {
    const double now = cpu();
    longestWall = std::max(longestWall, 1e-6 * static_cast<double>(m_wall.nsecsElapsed()));
    longestCpu = std::max(longestCpu, now - m_before);
    m_wall.restart();
    m_before = now;
  }
  QTimer m_timer;
  QElapsedTimer m_wall;
  double m_before = 0;
};

/// A NIfTI volume of 8×8×8 voxels that no other has.
QByteArray volume(int number) {
  QByteArray bytes(352 + 2 * 512, '\0');
  const auto put = [&](int at, auto value) { std::memcpy(bytes.data() + at, &value, sizeof value); };
  put(0, std::int32_t(348));
  const std::int16_t dims[] = {3, 8, 8, 8, 1, 1, 1, 1};
  for (int i = 0; i < 8; ++i) put(40 + 2 * i, dims[i]);
  put(70, std::int16_t(4));
  put(72, std::int16_t(16));
  for (int i = 0; i < 8; ++i) put(76 + 4 * i, 1.0f);
  put(108, 352.0f);
  put(112, 1.0f);
  put(252, std::int16_t(1));
  std::memcpy(bytes.data() + 344, "n+1", 4);
  // Of many values, so that none may be another's labels.
  for (int i = 0; i < 512; ++i) put(352 + 2 * i, std::int16_t((i * 37 + number) % 3000));
  return bytes;
}

}  // namespace

class LargeTest : public WizardWindow {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { begin(); }
  void cleanup() { end(); }
  void thousandsOfFindingsDoNotHoldTheWindow();
  void thousandsOfAuditedImagesDoNotHoldTheWindow();
};

void LargeTest::thousandsOfFindingsDoNotHoldTheWindow() {
  constexpr int images = 2000, others = 20000;
  const QDir data(m_dir.filePath("many"));
  QVERIFY(QDir().mkpath(data.path()));
  for (int n = 0; n < images; ++n)
    std::ofstream(data.filePath(QString("image%1.nii").arg(n)).toStdString(), std::ios::binary)
        << volume(n).toStdString();
  for (int n = 0; n < others; ++n)
    std::ofstream(data.filePath(QString("other%1.dcm").arg(n)).toStdString()) << "no image, " << n;
  m_window->openProject(m_dir.filePath("large"));
  auto* wizard = m_window->newRun();
  auto* page = qobject_cast<DataPage*>(wizard->currentPage());
  auto* list = wizard->findChild<QTreeView*>("foundImages");
  QTRY_VERIFY(why(wizard).contains("Add a folder"));
  QTest::qWait(300);
  Pulse pulse;
  page->addFolder(data.path());
  QTRY_COMPARE_WITH_TIMEOUT(page->cases().size(), std::size_t(images), 120000);
  QTest::qWait(300);
  // Each volume is a patient of its own, and each other file a finding.
  QCOMPARE(list->model()->rowCount(), images + others);
  QVERIFY(list->isExpanded(list->model()->index(0, 0)));
  keep(wizard, "data");
  list->scrollToBottom();
  QTest::qWait(300);
  qInfo("data page: the window did not answer for %.0f ms at most, %.0f ms of its own", pulse.longestWall,
        pulse.longestCpu);
  QVERIFY2(pulse.longestCpu <= 100, qPrintable(QString::number(pulse.longestCpu)));
  QVERIFY2(pulse.longestWall <= 3000, qPrintable(QString::number(pulse.longestWall)));
  m_window->openProject(m_dir.filePath("project"));
}

void LargeTest::thousandsOfAuditedImagesDoNotHoldTheWindow() {
  constexpr int images = 2000;
  answer(Json::object(), data::auditToJson(largeAudit(images)));
  auto* wizard = open(Look);
  auto* list = wizard->findChild<QTreeView*>("auditImages");
  auto* use = wizard->findChild<QPushButton*>("auditUse");
  Pulse pulse;
  QTRY_COMPARE_WITH_TIMEOUT(list->model()->rowCount(), images, 60000);
  QTRY_VERIFY(use->isEnabled());
  const auto first = list->model()->index(0, 0);
  QCOMPARE(list->model()->rowCount(first), 10);
  QVERIFY(list->isExpanded(first) && list->isFirstColumnSpanned(0, first));
  QVERIFY(!first.data(Qt::DecorationRole).value<QImage>().isNull());
  keep(wizard, "audit");
  list->scrollToBottom();
  QTest::qWait(500);
  qInfo("audit page: the window did not answer for %.0f ms at most, %.0f ms of its own", pulse.longestWall,
        pulse.longestCpu);
  QVERIFY2(pulse.longestCpu <= 100, qPrintable(QString::number(pulse.longestCpu)));
  QVERIFY2(pulse.longestWall <= 3000, qPrintable(QString::number(pulse.longestWall)));
}

int main(int argc, char** argv) { return runWizardTest<LargeTest>(argc, argv, "large-test"); }

#include "large.moc"
