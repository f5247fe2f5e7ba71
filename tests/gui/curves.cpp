// What a curve plot promises its reader: one scale for one quantity, titled axes, a key beside the data and not over
// it, runs told apart by dashes, classes on request, and no scale where there is nothing to measure.
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QImage>
#include <QTemporaryDir>
#include <QTest>
#include <set>

#include "core/base/File.h"
#include "widgets/plot/ConflictPanel.h"
#include "widgets/plot/EnergyChart.h"
#include "widgets/plot/LossPlot.h"
#include "widgets/plot/RankChart.h"

using namespace lorkd;
using namespace lorkd::plot;
using namespace lorkd::run;

namespace {

const std::vector<TaskLook> tasks{
    {"abdomen", QColor(0xe6, 0x9f, 0x00), {{"liver", QColor(0xd5, 0x5e, 0x00)}, {"spleen", QColor(0x00, 0x72, 0xb2)}}},
    {"spine", QColor(0x56, 0xb4, 0xe9), {{"vertebrae", QColor(0x00, 0x9e, 0x73)}}}};

/// Losses around 4 and 0.5, validations of 0.9 and 0.2; the spleen, where classes are told, is in no case.
std::shared_ptr<RunSeries> logged(bool classes, int steps = 40, double spike = 0) {
  auto series = std::make_shared<RunSeries>();
  for (int s = 1; s <= steps; ++s) {
    const double abdomen = 4 + 0.1 * (s % 3) + (s == 7 ? spike : 0), spine = 0.5 + 0.01 * (s % 2);
    series->add({{"t", 1000.0 + s},
                 {"kind", "step"},
                 {"step", s},
                 {"total", abdomen + spine},
                 {"losses", {{"abdomen", {{"bce", abdomen / 2}, {"total", abdomen}}}, {"spine", {{"total", spine}}}}}});
    if (s % 10 != 0) continue;
    Json abdomenMetrics{{"dice", 0.9}}, spineMetrics{{"dice", 0.2 + s / 1000.0}};
    if (classes) abdomenMetrics.update({{"dice/liver", 0.9}, {"dice/spleen", nullptr}});
    if (classes) spineMetrics["dice/vertebrae"] = spineMetrics["dice"];
    series->add({{"t", 1000.5 + s},
                 {"kind", "validation"},
                 {"step", s},
                 {"best", s == 30},
                 {"mean", 0.55},
                 {"metrics", {{"abdomen", abdomenMetrics}, {"spine", spineMetrics}}}});
  }
  return series;
}

QCPRange yRange(const LossPlot& plot, int panel) {
  plot.plot()->refreshNow();
  return plot.plot()->panelRect(panel)->axis(QCPAxis::atLeft)->range();
}

QString yTitle(const LossPlot& plot, int panel) {
  return plot.plot()->panelRect(panel)->axis(QCPAxis::atLeft)->label();
}

bool axesVisible(const LossPlot& plot, int panel) {
  const auto* rect = plot.plot()->panelRect(panel);
  return rect->axis(QCPAxis::atLeft)->visible() || rect->axis(QCPAxis::atBottom)->visible();
}

/// Pixels that are not background in the lower and the upper fifth, where axes would be and a sentence is not.
int drawnAtTheEdges(QWidget& widget) {
  const QImage picture = widget.grab().toImage();
  const QRgb background = picture.pixel(picture.width() / 2, 2);
  int drawn = 0;
  for (int y = 0; y < picture.height(); ++y)
    for (int x = 0; x < picture.width(); ++x)
      if ((5 * y < picture.height() || 5 * y > 4 * picture.height()) && picture.pixel(x, y) != background) ++drawn;
  return drawn;
}

void keep(QWidget& widget, const QString& name) {
  const QString folder = qEnvironmentVariable("LORKD_PICTURES");
  if (folder.isEmpty()) return;
  QTest::qWait(100);
  widget.grab().save(folder + "/" + name + ".png");
}

}  // namespace

class CurvesTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void oneScaleForOneQuantity() {
    LossPlot metrics(Subject::Metrics), losses(Subject::Losses);
    metrics.addRun("a", tasks, logged(false));
    losses.addRun("a", tasks, logged(false));
    QCOMPARE(metrics.plot()->panelCount(), 2);
    // Dice: the whole of [0, 1] with hardly more, in every panel.
    for (int panel : {0, 1}) {
      const auto range = yRange(metrics, panel);
      QVERIFY2(range.lower <= 0 && range.lower > -0.05 && range.upper >= 1 && range.upper < 1.05,
               qPrintable(QString("%1 to %2").arg(range.lower).arg(range.upper)));
    }
    // Losses: both tasks fit into the one range.
    QCOMPARE(yRange(losses, 0), yRange(losses, 1));
    QVERIFY(yRange(losses, 1).lower < 0.5 && yRange(losses, 1).upper > 4.2);
    // The switch frees them: each panel closely around its own values.
    for (auto* plot : {&metrics, &losses}) plot->findChild<QCheckBox*>("sharedY")->click();
    QVERIFY(yRange(metrics, 0).lower > 0.7 && yRange(metrics, 1).upper < 0.3);
    QVERIFY(yRange(losses, 0).lower > 3.5 && yRange(losses, 1).upper < 0.6);
    for (auto* plot : {&metrics, &losses}) plot->findChild<QCheckBox*>("sharedY")->click();
    QCOMPARE(yRange(metrics, 0), yRange(metrics, 1));
    // A logarithm has no zero to begin at.
    metrics.findChild<QCheckBox*>("logY")->click();
    QCOMPARE(yRange(metrics, 0), yRange(metrics, 1));
    QVERIFY(yRange(metrics, 0).lower > 0.05 && yRange(metrics, 0).upper >= 1);
  }

  void zoomKeepsTheScaleCommon() {
    LossPlot losses(Subject::Losses);
    losses.resize(900, 500);
    losses.addRun("a", tasks, logged(false));
    losses.show();
    QVERIFY(QTest::qWaitForWindowExposed(&losses));
    auto* plot = losses.plot();
    plot->refreshNow();
    plot->replot();
    const QPoint from = plot->panelRect(0)->rect().center();
    QTest::mousePress(plot, Qt::LeftButton, {}, from);
    QTest::mouseMove(plot, from + QPoint(40, 30));
    QTest::mouseMove(plot, from + QPoint(80, 60));
    QTest::mouseRelease(plot, Qt::LeftButton, {}, from + QPoint(80, 60));
    QVERIFY(plot->zoomed());
    QCOMPARE(yRange(losses, 0), yRange(losses, 1));
    QVERIFY(yRange(losses, 0).size() < 2);
  }

  void axesSayWhatTheyMeasure() {
    LossPlot metrics(Subject::Metrics), losses(Subject::Losses);
    metrics.addRun("a", tasks, logged(false));
    losses.addRun("a", tasks, logged(false));
    QCOMPARE(yTitle(metrics, 0), "Dice (0 to 1)");
    const auto* x = metrics.plot()->panelRect(1)->axis(QCPAxis::atBottom);
    QCOMPARE(x->label(), "optimiser step");
    metrics.findChild<QComboBox*>("xAxis")->setCurrentIndex(1);
    QVERIFY(x->label().contains("h:min:s"));
    metrics.findChild<QComboBox*>("xAxis")->setCurrentIndex(2);
    QVERIFY(x->label().contains("local time"));
    QVERIFY(yTitle(losses, 0).contains("weighted"));
    auto* quantity = losses.findChild<QComboBox*>("quantity");
    quantity->setCurrentIndex(quantity->findData("bce"));
    QVERIFY(yTitle(losses, 0).contains("nats"));
  }

  void severalRunsAreSmoothLinesOfOneColour() {
    LossPlot losses(Subject::Losses);
    losses.resize(900, 600);
    losses.addRun("first", tasks, logged(false));
    auto* plot = losses.plot();
    // Alone: the smoothed line over its raw one.
    QVERIFY(plot->rawGraph(0));
    QCOMPARE(plot->smoothGraph(0)->pen().style(), Qt::SolidLine);
    QVERIFY(!plot->key());
    losses.addRun("second", tasks, logged(false, 30, 100));
    losses.addRun("third", tasks, logged(false, 20));
    losses.controls()->setTogether(true);
    losses.show();
    QVERIFY(QTest::qWaitForWindowExposed(&losses));
    plot->refreshNow();
    plot->replot();
    std::set<std::vector<double>> dashes;
    for (int i = 0; i < plot->curveCount(); ++i) {
      QVERIFY2(!plot->rawGraph(i), "a raw line among compared runs");
      if (plot->look(i).name != "abdomen") continue;
      const auto pen = plot->smoothGraph(i)->pen();
      const auto pattern = pen.style() == Qt::SolidLine ? QList<qreal>() : pen.dashPattern();
      dashes.insert(std::vector<double>(pattern.begin(), pattern.end()));
      QCOMPARE(pen.color(), plot->theme().readable(tasks[0].color));
    }
    QCOMPARE(dashes.size(), 3u);
    // One outlier, smoothed away, does not squash the rest.
    QVERIFY(yRange(losses, 0).upper < 60);
    // The key explains both, and lies over no panel.
    QVERIFY(plot->key());
    QStringList names;
    for (const auto& entry : plot->key()->entries()) names << entry.name;
    QCOMPARE(names.join(','), "abdomen,spine,All tasks,first,second,third");
    for (int p = 0; p < plot->panelCount(); ++p)
      for (int e = 0; e < names.size(); ++e) {
        QVERIFY(plot->key()->entryRect(e).width() > 30);
        QVERIFY(!plot->panelRect(p)->outerRect().intersects(plot->key()->entryRect(e)));
        QVERIFY(plot->rect().contains(plot->key()->entryRect(e)));
      }
    keep(losses, "compared-together");
    // A task or a run can be hidden by its name; a curve comes back when neither is.
    const auto press = [&](int entry) {
      QTest::mouseClick(plot, Qt::LeftButton, {}, plot->key()->entryRect(entry).center());
    };
    const auto visible = [&] {
      QString shown;
      for (int i = 0; i < plot->curveCount(); ++i)
        if (plot->curveVisible(i)) shown += plot->look(i).name.left(1) + plot->look(i).run.left(1) + ' ';
      return shown.trimmed();
    };
    QCOMPARE(visible(), "af as at sf ss st Af As At");
    press(0);
    QCOMPARE(visible(), "sf ss st Af As At");
    press(4);
    QCOMPARE(visible(), "sf st Af At");
    press(0);
    QCOMPARE(visible(), "af at sf st Af At");
    press(4);
    QCOMPARE(visible(), "af as at sf ss st Af As At");
    losses.controls()->setTogether(false);
    plot->refreshNow();
    plot->replot();
    QCOMPARE(plot->key()->entries().size(), 3u);
    keep(losses, "compared-side-by-side");
  }

  void aLongKeyFlows() {
    LossPlot losses(Subject::Losses);
    std::vector<TaskLook> many;
    for (int t = 0; t < 24; ++t)
      many.push_back({QString("a task with a name %1").arg(t), QColor::fromHsv(15 * t, 200, 200)});
    auto series = logged(false);
    series->add({{"t", 1}, {"kind", "step"}, {"step", 41}, {"losses", {{"a task with a name 3", {{"total", 1.0}}}}}});
    losses.addRun("a", many, series);
    losses.controls()->setTogether(true);
    losses.resize(700, 500);
    losses.show();
    QVERIFY(QTest::qWaitForWindowExposed(&losses));
    losses.plot()->refreshNow();
    losses.plot()->replot();
    const auto* key = losses.plot()->key();
    for (int e = 0; e < 24; ++e) {
      QVERIFY(losses.plot()->rect().contains(key->entryRect(e)));
      for (int other = 0; other < e; ++other) QVERIFY(!key->entryRect(e).intersects(key->entryRect(other)));
    }
    keep(losses, "long-key");
  }

  void nothingToShowIsSaidInWords() {
    LossPlot metrics(Subject::Metrics);
    metrics.resize(700, 400);
    metrics.show();
    QVERIFY(QTest::qWaitForWindowExposed(&metrics));
    QVERIFY(!metrics.plot()->sentence().isEmpty());
    QCOMPARE(drawnAtTheEdges(*metrics.plot()), 0);
    auto series = std::make_shared<RunSeries>();
    metrics.addRun("a", tasks, series);
    metrics.plot()->setEmptyWords("The first validation comes after step 100.");
    metrics.plot()->refreshNow();
    QCOMPARE(drawnAtTheEdges(*metrics.plot()), 0);
    QCOMPARE(metrics.plot()->sentence(), "The first validation comes after step 100.");
    keep(metrics, "empty");
    QTemporaryDir folder;
    QVERIFY(metrics.controls()->exportTo(folder.filePath("empty.svg")));
    QVERIFY(readFile(folder.filePath("empty.svg").toStdString())->find("first validation") != std::string::npos);
    // One task validated, the other without a value: the second has words, and no scale.
    series->add({{"t", 1.0},
                 {"kind", "validation"},
                 {"step", 10},
                 {"metrics", {{"abdomen", {{"dice", 0.5}}}, {"spine", {{"dice", nullptr}}}}}});
    metrics.refresh();
    metrics.plot()->refreshNow();
    QVERIFY(metrics.plot()->sentence().isEmpty());
    QVERIFY(axesVisible(metrics, 0) && metrics.plot()->panelWords(0).isEmpty());
    QVERIFY(!axesVisible(metrics, 1) && metrics.plot()->panelWords(1).contains("no values"));
    QTRY_VERIFY(drawnAtTheEdges(*metrics.plot()) > 0);
    // A single validation: its step is named once, and no fraction of a step stands beside it.
    metrics.plot()->replot();
    const auto labels = metrics.plot()->panelRect(0)->axis(QCPAxis::atBottom)->tickVectorLabels();
    QCOMPARE(labels.count("10"), 1);
    QCOMPARE(std::set<QString>(labels.begin(), labels.end()).size(), static_cast<std::size_t>(labels.size()));
    keep(metrics, "half-empty");
    metrics.clear();
    QVERIFY(!metrics.plot()->sentence().isEmpty());
  }

  void stepsAreWholeNumbers() {
    for (const int last : {2, 3, 6, 9, 11, 12, 14, 17, 26, 110}) {
      LossPlot losses(Subject::Losses);
      losses.resize(900, 500);
      auto series = std::make_shared<RunSeries>();
      for (int step = 1; step <= last; ++step)
        series->add({{"t", 1.0 * step},
                     {"kind", "step"},
                     {"step", step},
                     {"total", 1.0},
                     {"losses", {{"abdomen", {{"total", 1.0 / step}}}, {"spine", {{"total", 1.0}}}}}});
      losses.addRun("a", tasks, series);
      losses.plot()->refreshNow();
      losses.plot()->replot();
      const auto* axis = losses.plot()->panelRect(0)->axis(QCPAxis::atBottom);
      QVERIFY(!axis->tickVector().isEmpty());
      for (qsizetype n = 0; n < axis->tickVector().size(); ++n)
        QCOMPARE(axis->tickVectorLabels().at(n), QString::number(axis->tickVector().at(n)));
    }
  }

  void theOtherPlotsInventNothingEither() {
    ConflictPanel panel;
    EnergyChart energy;
    RankChart ranks;
    energy.setCurves({});
    ranks.setBars({});
    for (ThemedPlot* plot : std::initializer_list<ThemedPlot*>{panel.history(), panel.layers(), &energy,
                                                               static_cast<ThemedPlot*>(&ranks)}) {
      if (!plot->parentWidget()) plot->resize(400, 300);
      QVERIFY2(!plot->sentence().isEmpty(), qPrintable(plot->objectName()));
      QCOMPARE(drawnAtTheEdges(*plot), 0);
    }
    // With values: titled axes, and a key outside.
    energy.setCurves({{"liver", Qt::red, {0.5, 0.9, 1}, 2}, {"spine", Qt::blue, {0.7, 1}, 1}});
    energy.show();
    QVERIFY(QTest::qWaitForWindowExposed(&energy));
    energy.replot();
    QVERIFY(energy.sentence().isEmpty());
    QVERIFY(energy.xAxis->label().contains("rank") && energy.yAxis->label().contains("%"));
    QCOMPARE(energy.key()->entries().size(), 2u);
    for (int e : {0, 1}) QVERIFY(!energy.axisRect()->outerRect().intersects(energy.key()->entryRect(e)));
    keep(energy, "energy");
    ranks.setBars({{"liver", Qt::red, 4, 0}});  // not counted yet
    QVERIFY(!ranks.sentence().isEmpty());
    ranks.setBars({{"liver", Qt::red, 4, 1000}});
    QVERIFY(ranks.sentence().isEmpty());
    auto series = std::make_shared<RunSeries>();
    series->add({{"kind", "conflict"}, {"step", 1}, {"tasks", {"a", "b"}}, {"layers", {{"stem", {{1, -1}, {-1, 4}}}}}});
    panel.setSeries(series);
    QVERIFY(panel.history()->sentence().isEmpty() && panel.layers()->sentence().isEmpty());
    QVERIFY(panel.layers()->xAxis->label().contains("share"));
    QStringList titles;
    for (auto* rect : panel.history()->axisRects())
      for (auto* axis : rect->axes()) titles << axis->label();
    for (const char* title : {"cosine", "share", "optimiser step"}) QVERIFY2(titles.contains(title), title);
  }

  void classesOfATask() {
    LossPlot metrics(Subject::Metrics);
    metrics.resize(900, 600);
    metrics.addRun("a", tasks, logged(true));
    metrics.show();
    QVERIFY(QTest::qWaitForWindowExposed(&metrics));
    auto* scope = metrics.findChild<QComboBox*>("scope");
    QVERIFY(scope->isVisible());
    QCOMPARE(scope->count(), 2);  // all tasks, and the one task that has several classes
    QVERIFY(scope->itemText(1).contains("abdomen"));
    QVERIFY(!metrics.findChild<QComboBox*>("quantity")->isVisible());  // classes are no quantities
    QCOMPARE(metrics.plot()->panelCount(), 2);
    scope->setCurrentIndex(1);
    auto* plot = metrics.plot();
    QCOMPARE(plot->panelCount(), 3);
    QCOMPARE(plot->data(0).value[3], 0.9);  // the task itself before its classes
    QCOMPARE(plot->look(1).name, "liver");
    QCOMPARE(plot->look(1).color, tasks[0].classes[0].color);
    QCOMPARE(plot->data(1).value, (std::vector<double>{0.9, 0.9, 0.9, 0.9}));
    QCOMPARE(plot->data(1).step, (std::vector<double>{10, 20, 30, 40}));
    plot->refreshNow();
    QVERIFY(plot->panelWords(2).contains("no values"));  // the spleen is in no validation case
    QCOMPARE(yTitle(metrics, 0), "Dice (0 to 1)");
    keep(metrics, "classes");
    metrics.controls()->setTogether(true);
    QCOMPARE(plot->panelCount(), 1);
    QCOMPARE(plot->key()->entries().size(), 3u);
    keep(metrics, "classes-together");
    // A log of a version that knew no classes offers none.
    LossPlot old(Subject::Metrics);
    old.addRun("old", tasks, logged(false));
    old.show();
    QVERIFY(!old.findChild<QComboBox*>("scope")->isVisible());
    // Both beside each other: the old run lacks the class's curve and nothing else.
    metrics.addRun("old", tasks, logged(false));
    QCOMPARE(plot->look(3).name + plot->look(3).run, "liverold");
    QCOMPARE(plot->data(3).size(), 0u);
    QCOMPARE(plot->data(2).size(), 4u);
  }
};

QTEST_MAIN(CurvesTest)
#include "curves.moc"
