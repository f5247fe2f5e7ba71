// The page of ranks with an answer of the engine's form: how table and chart share the width.
#include <QApplication>
#include <QCheckBox>
#include <QHeaderView>
#include <QLabel>
#include <QMouseEvent>
#include <QPushButton>
#include <QSplitter>
#include <QStyleFactory>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeWidget>
#include <fstream>

#include "app/workbench/RankAdvicePage.h"
#include "tests/gui/FakeProgram.h"
#include "tests/gui/FakeRun.h"
#include "widgets/field/NumberField.h"
#include "widgets/run/Program.h"

using namespace lorkd;

namespace {

Json answer() {
  Json tasks = Json::array();
  const std::vector<std::pair<const char*, const char*>> looks{
      {"abdomen", "#E69F00"}, {"spine", "#56B4E9"}, {"pelvis", "#009E73"}, {"muscles", "#F0E442"}};
  for (const auto& [name, color] : looks) {
    Json layers = Json::array();
    for (const char* layer : {"backbone.encoder.0.conv0", "backbone.encoder.4.conv1", "backbone.decoder.3.conv1"})
      layers.push_back(
          {{"name", layer}, {"rank", 8}, {"advised", 3}, {"energy_kept", 0.931}, {"share", 0.117}, {"conflict", 0.25}});
    tasks.push_back({{"name", name},
                     {"color", color},
                     {"rank", 8},
                     {"advised", 4},
                     {"basis", true},
                     {"energy_kept", 0.944},
                     {"parameters_now", 12345678},
                     {"parameters", 6172839},
                     {"kept_by_rank", {0.5, 0.7, 0.83, 0.944, 0.97, 0.99, 0.997, 1.0}},
                     {"layers", layers}});
  }
  return {{"kind", "result"},           {"tasks", tasks},       {"parameters", 24691356},
          {"parameters_now", 49382712}, {"energy_kept", 0.944}, {"conflict_measurements", 40},
          {"plan", {{"name", "x"}}}};
}

}  // namespace

class RanksTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void tableAndChartShareTheWidth() {
    QTemporaryDir folder;
    test::FakeRun run(folder.filePath("run").toStdString());
    QVERIFY(std::ofstream(run.directory.checkpoint("best")).put('x'));
    watch::setLorkdProgram(
        test::script(folder, "lorkd", "cat <<'end'\n" + QByteArray::fromStdString(answer().dump()) + "\nend\n"));
    watch::JobQueue jobs;
    workbench::RankAdvicePage page(&jobs);
    page.setRun(folder.filePath("run"));
    page.resize(1010, 660);
    page.show();
    QVERIFY(QTest::qWaitForWindowExposed(&page));
    page.advise();
    QTRY_VERIFY(page.job() && page.job()->over());
    QCOMPARE(page.table()->topLevelItemCount(), 4);
    page.table()->expandAll();
    for (const bool dark : {false, true})
      for (const QSize size : {QSize(1010, 660), QSize(2290, 1300)}) {
        page.setPalette(dark ? test::darkPalette() : QPalette());
        page.resize(size);
        QTRY_COMPARE(page.size(), size);
        QTest::qWait(200);
        // Every column is seen, and the chart has two fifths of what the two share, but for the handle between them.
        QVERIFY(page.table()->header()->length() <= page.table()->viewport()->width());
        const auto* shared = page.findChild<QSplitter*>("rankAdviceParts");
        QVERIFY2(page.chart()->width() + shared->handleWidth() >= 2 * shared->width() / 5,
                 qPrintable(QString::number(page.chart()->width())));
        if (const QString keep = qEnvironmentVariable("LORKD_PICTURES"); !keep.isEmpty())
          page.grab().save(QStringLiteral("%1/ranks-%2%3.png").arg(keep).arg(size.width()).arg(dark ? "-dark" : ""));
      }
    // Who moves the handle has the last word.
    auto* parts = page.findChild<QSplitter*>("rankAdviceParts");
    auto* handle = parts->handle(1);
    const QPointF from = handle->rect().center(), to = from - QPointF(150, 0);
    const auto mouse = [&](QEvent::Type type, const QPointF& at, Qt::MouseButton button, Qt::MouseButtons held) {
      QMouseEvent event(type, at, handle->mapToGlobal(at), button, held, Qt::NoModifier);
      QApplication::sendEvent(handle, &event);
    };
    const int before = page.table()->width();
    mouse(QEvent::MouseButtonPress, from, Qt::LeftButton, Qt::LeftButton);
    mouse(QEvent::MouseMove, to, Qt::NoButton, Qt::LeftButton);
    mouse(QEvent::MouseButtonRelease, to, Qt::LeftButton, Qt::NoButton);
    QVERIFY(page.table()->width() < before);
    const int width = page.table()->width();
    page.table()->collapseAll();
    QTest::qWait(100);
    QCOMPARE(page.table()->width(), width);
  }

  void anotherBudgetMakesTheAdviceOld() {
    QTemporaryDir folder;
    test::FakeRun run(folder.filePath("run").toStdString());
    QVERIFY(std::ofstream(run.directory.checkpoint("best")).put('x'));
    watch::setLorkdProgram(
        test::script(folder, "lorkd", "cat <<'end'\n" + QByteArray::fromStdString(answer().dump()) + "\nend\n"));
    watch::JobQueue jobs;
    workbench::RankAdvicePage page(&jobs);
    page.setRun(folder.filePath("run"));
    page.show();
    auto* use = page.findChild<QPushButton*>("useRanks");
    auto* budget = page.findChild<field::NumberField*>("rankBudget");
    const auto* words = page.findChild<QLabel*>("rankAdviceText");
    page.advise();
    QTRY_VERIFY(page.job() && page.job()->over());
    QVERIFY(use->isEnabled() && page.chart()->xAxis->label().contains("large dot"));
    const auto said = words->text();
    for (const char* typed : {"40", "0,5"}) {
      budget->setTyped(typed);
      QVERIFY2(!use->isEnabled() && words->text().contains("out of date"), typed);
      QVERIFY2(!page.table()->isEnabled(), typed);
      budget->setTyped("50");
      QVERIFY2(use->isEnabled() && page.table()->isEnabled() && words->text() == said, typed);
    }
    page.findChild<QCheckBox*>("rankPerLayer")->setChecked(true);
    QVERIFY(!use->isEnabled());
    page.advise();
    QTRY_VERIFY(page.job() && page.job()->over());
    // A rank for every layer leaves none of the task to mark.
    QVERIFY(use->isEnabled() && !page.chart()->xAxis->label().contains("large dot"));
  }
};

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  QApplication::setStyle(QStyleFactory::create("Fusion"));
  RanksTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "ranks.moc"
