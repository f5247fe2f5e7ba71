// Plots: series from events, curves, clicks, exports, light and dark.
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QImage>
#include <QSignalSpy>
#include <QSlider>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>

#include "widgets/plot/ConflictPanel.h"
#include "widgets/plot/EnergyChart.h"
#include "widgets/plot/LossPlot.h"
#include "widgets/plot/RankChart.h"

using namespace lorkd;
using namespace lorkd::plot;
using namespace lorkd::run;

namespace {

const std::vector<TaskLook> tasks{{"liver, left", QColor(0xe6, 0x9f, 0x00)}, {"spine", QColor(0x56, 0xb4, 0xe9)}};

/// Two tasks, two layers: the first layer agrees (cosine 0.5), the second conflicts (cosine -0.5).
std::shared_ptr<RunSeries> sampleRun(int steps = 40, double offset = 0) {
  auto series = std::make_shared<RunSeries>();
  for (int s = 1; s <= steps; ++s) {
    const double liver = 1.0 / s + offset, spine = 2.0 / s + offset + (s % 2 ? 0.1 : -0.1);
    series->add({{"t", 1000.0 + s},
                 {"kind", "step"},
                 {"step", s},
                 {"lr", 0.001},
                 {"seconds", 0.5},
                 {"wait", 0.02},
                 {"total", liver + spine},
                 {"losses",
                  {{"liver, left", {{"dice", liver / 2}, {"total", liver}}},
                   {"spine", {{"dice", spine / 2}, {"total", spine}}}}}});
    if (s % 10 == 0) {
      series->add({{"t", 1000.5 + s},
                   {"kind", "validation"},
                   {"step", s},
                   {"best", s == 30},
                   {"mean", 0.5 + s / 100.0},
                   {"metrics", {{"liver, left", {{"dice", 0.4 + s / 100.0}}}, {"spine", {{"dice", 0.6}}}}}});
      series->add({{"t", 1000.6 + s},
                   {"kind", "conflict"},
                   {"step", s},
                   {"tasks", {"liver, left", "spine"}},
                   {"layers", {{"stem", {{4, 1}, {1, 1}}}, {"deep", {{1, -2}, {-2, 16}}}}}});
    }
  }
  return series;
}

QStringList cells(const QString& line) {
  QStringList fields;
  QString field;
  bool quoted = false;
  for (int i = 0; i < line.size(); ++i) {
    if (line[i] == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"')
      field += line[i++];
    else if (line[i] == '"')
      quoted = !quoted;
    else if (line[i] == ',' && !quoted)
      fields << std::exchange(field, {});
    else
      field += line[i];
  }
  return fields << field;
}

QList<QStringList> table(const QString& path) {
  QFile file(path);
  QList<QStringList> rows;
  if (file.open(QIODevice::ReadOnly))
    for (const auto& line : QString::fromUtf8(file.readAll()).split('\n', Qt::SkipEmptyParts)) rows << cells(line);
  return rows;
}

}  // namespace

class PlotTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void averageIsDebiased() {
    CurveData data;
    data.append(1, 0, 10);
    data.append(2, 0, 20);
    data.append(3, 0, NAN);
    data.setSmoothing(0.5);
    QCOMPARE(data.smooth[0], 10.0);
    QCOMPARE(data.smooth[1], (0.5 * 5 + 10) / 0.75);  // s = 5, then 12.5; bias 1 - 1/4
    QCOMPARE(data.smooth[2], data.smooth[1]);
    data.setSmoothing(0);
    QCOMPARE(data.smooth[1], 20.0);
  }

  void seriesFromEvents() {
    auto run = sampleRun();
    QCOMPARE(run->losses().size(), 2u);
    QCOMPARE(run->losses().find("spine")->find("dice")->size(), 40u);
    QCOMPARE(run->bestStep(), 30);
    QCOMPARE(run->bestMean(), 0.8);
    QCOMPARE(run->conflicts().size(), 4u);
    QCOMPARE(run->conflicts()[0].total(0, 1), -1.0);
    QCOMPARE(layerConflictScore(run->conflicts(), 0, 10), 0.0);
    QCOMPARE(layerConflictScore(run->conflicts(), 1, 10), 1.0);
    // Rubbish and a third task that comes later leave what is there in place.
    for (const char* odd :
         {"[]", "{\"kind\":7}", "{\"kind\":\"step\",\"step\":\"x\"}", "{\"kind\":\"step\",\"step\":41,\"losses\":[1]}",
          "{\"kind\":\"conflict\",\"step\":41,\"tasks\":[1],\"layers\":{}}"})
      run->add(Json::parse(odd));
    run->add(
        {{"kind", "conflict"}, {"step", 50}, {"tasks", {"spine", "brain"}}, {"layers", {{"stem", {{1, 1}, {1, 4}}}}}});
    QCOMPARE(run->conflictTasks().size(), 3u);
    QCOMPARE(cosine(run->conflicts().back().of(0), 1, 2), 0.5);
    QCOMPARE(cosine(run->conflicts().front().of(0), 0, 1), 0.5);
    QVERIFY(std::isnan(cosine(run->conflicts().front().of(0), 0, 2)));
    QVERIFY(std::isnan(cosine(run->conflicts().back().of(1), 1, 2)));
  }

  void waitingIsWeighedByTime() {
    RunSeries run;
    QVERIFY(std::isnan(run.recentWait(10)));
    const auto step = [&](int s, Json seconds, Json wait) {
      run.add({{"kind", "step"}, {"step", s}, {"seconds", seconds}, {"wait", wait}});
    };
    step(1, 9.0, 1.0);
    step(2, 1.0, 0.5);
    step(3, 3.0, 0.1);
    step(4, 1.0, nullptr);
    QCOMPARE(run.recentWait(3), (0.5 + 0.3) / 4);
    QCOMPARE(run.recentWait(100), (9 + 0.5 + 0.3) / 13);
  }

  void sliderSmooths() {
    LossPlot losses(Subject::Losses);
    losses.addRun("a", tasks, sampleRun());
    auto* plot = losses.plot();
    QCOMPARE(plot->panelCount(), 2);
    QCOMPARE(plot->smoothing(), 0.6);
    const auto roughness = [&] {
      double sum = 0;
      for (std::size_t i = 1; i < plot->data(1).size(); ++i)
        sum += std::abs(plot->data(1).smooth[i] - plot->data(1).smooth[i - 1]);
      return sum;
    };
    const double before = roughness();
    losses.findChild<QSlider*>("smoothing")->setValue(95);
    QCOMPARE(plot->smoothing(), 0.95);
    QVERIFY(roughness() < 0.8 * before);
    // The graph holds what the data say.
    QCOMPARE(plot->smoothGraph(1)->data()->at(20)->value, plot->data(1).smooth[20]);
    losses.findChild<QSlider*>("smoothing")->setValue(0);
    QCOMPARE(plot->smoothGraph(1)->data()->at(20)->value, plot->data(1).value[20]);
  }

  void growsAndRestarts() {
    LossPlot losses(Subject::Losses);
    auto run = sampleRun(10);
    losses.addRun("a", tasks, run);
    QCOMPARE(losses.plot()->data(0).size(), 10u);
    run->add({{"t", 1011.0}, {"kind", "step"}, {"step", 11}, {"losses", {{"liver, left", {{"total", 0.1}}}}}});
    losses.refresh();
    QCOMPARE(losses.plot()->data(0).size(), 11u);
    QCOMPARE(losses.plot()->data(1).size(), 10u);
    run->clear();
    losses.refresh();
    QCOMPARE(losses.plot()->data(0).size(), 0u);
  }

  void axesZoomLegendHover() {
    LossPlot losses(Subject::Losses);
    losses.resize(900, 600);
    losses.addRun("a", tasks, sampleRun());
    losses.addRun("b", tasks, sampleRun(30, 0.5));
    losses.controls()->setTogether(true);
    auto* plot = losses.plot();
    QCOMPARE(plot->curveCount(), 6);  // two tasks and their sum, two runs
    losses.show();
    QVERIFY(QTest::qWaitForWindowExposed(&losses));
    plot->refreshNow();
    plot->replot();
    // Hover over a point.
    auto* graph = plot->smoothGraph(0);
    const QPointF at(graph->keyAxis()->coordToPixel(20), graph->valueAxis()->coordToPixel(plot->data(0).smooth[19]));
    QTest::mouseMove(plot, at.toPoint());
    QTRY_VERIFY(plot->hoverText().contains("step 20"));
    QVERIFY(plot->hoverText().contains(QString::number(plot->data(0).value[19], 'g', 5)));
    QVERIFY(plot->hoverText().contains(QString::number(plot->data(0).smooth[19], 'g', 5)));
    // Drag zooms, double click shows everything again.
    const QRect area = plot->panelRect(0)->rect();
    QTest::mousePress(plot, Qt::LeftButton, {}, area.center());
    QTest::mouseMove(plot, area.center() + QPoint(60, 40));
    QTest::mouseMove(plot, area.center() + QPoint(120, 80));
    QTest::mouseRelease(plot, Qt::LeftButton, {}, area.center() + QPoint(120, 80));
    QVERIFY(plot->zoomed());
    QVERIFY(graph->keyAxis()->range().size() < 20);
    QTest::mouseDClick(plot, Qt::LeftButton, {}, area.center());
    QTRY_VERIFY(!plot->zoomed() && graph->keyAxis()->range().size() > 38);
    // Log axis: positive range, drawn without the values that have no logarithm.
    losses.findChild<QCheckBox*>("logY")->setChecked(true);
    plot->refreshNow();
    QCOMPARE(graph->valueAxis()->scaleType(), QCPAxis::stLogarithmic);
    QVERIFY(graph->valueAxis()->range().lower > 0 && graph->valueAxis()->range().lower < 0.1);
    // Time axes.
    losses.findChild<QComboBox*>("xAxis")->setCurrentIndex(1);
    QCOMPARE(graph->data()->at(0)->key, 0.0);
    losses.findChild<QComboBox*>("xAxis")->setCurrentIndex(2);
    QCOMPARE(graph->data()->at(0)->key, 1001.0);
    // A click in the key hides that curve, a second one brings it back.
    plot->replot();
    const QPoint entry = plot->key()->entryRect(0).center();
    QTest::mouseClick(plot, Qt::LeftButton, {}, entry);
    QVERIFY(!plot->curveVisible(0));
    QVERIFY(!plot->smoothGraph(0)->visible());
    QTest::mouseClick(plot, Qt::LeftButton, {}, entry);
    QVERIFY(plot->curveVisible(0));
  }

  void validationLooksDifferent() {
    LossPlot losses(Subject::Losses), metrics(Subject::Metrics);
    losses.addRun("a", tasks, sampleRun());
    metrics.addRun("a", tasks, sampleRun());
    // Dashes tell runs apart; validations are circles on their line, and training has its raw values behind it.
    QVERIFY(losses.plot()->smoothGraph(0)->scatterStyle().isNone() && losses.plot()->rawGraph(0));
    QVERIFY(!metrics.plot()->rawGraph(0));
    QVERIFY(metrics.plot()->smoothGraph(0)->scatterStyle().shape() != QCPScatterStyle::ssNone);
    // The best validation is marked at step 30.
    QCPItemTracer* mark = nullptr;
    for (int i = 0; i < metrics.plot()->itemCount() && !mark; ++i)
      mark = qobject_cast<QCPItemTracer*>(metrics.plot()->item(i));
    QVERIFY(mark);
    QCOMPARE(mark->graphKey(), 30.0);
  }

  void exportsAreReadBack() {
    QTemporaryDir folder;
    LossPlot losses(Subject::Losses);
    losses.resize(800, 500);
    losses.addRun("run \"a\"", tasks, sampleRun());
    losses.show();
    losses.plot()->refreshNow();
    for (const char* suffix : {"png", "svg", "pdf", "csv"}) {
      const QString path = folder.filePath(QStringLiteral("curves.") + suffix);
      const auto done = losses.controls()->exportTo(path);
      QVERIFY2(done, done ? "" : done.error().text().c_str());
      QVERIFY(QFileInfo(path).size() > 1000);
    }
    const QImage image(folder.filePath("curves.png"));
    QCOMPARE(image.width(), 2 * losses.plot()->width());
    QFile svg(folder.filePath("curves.svg")), pdf(folder.filePath("curves.pdf"));
    QVERIFY(svg.open(QIODevice::ReadOnly) && svg.readAll().contains("<svg"));
    QVERIFY(pdf.open(QIODevice::ReadOnly) && pdf.read(5) == "%PDF-");
    const auto rows = table(folder.filePath("curves.csv"));
    QCOMPARE(rows.size(), 1 + 80);
    QCOMPARE(rows[0].join(','), "run,panel,curve,quantity,kind,step,time,value,smoothed");
    for (int i = 0; i < 40; ++i) {
      const auto& row = rows[1 + i];
      QCOMPARE(row[0], "run \"a\"");
      QCOMPARE(row[1], "liver, left");
      QCOMPARE(row[4], "train");
      QCOMPARE(row[5].toDouble(), losses.plot()->data(0).step[static_cast<std::size_t>(i)]);
      QVERIFY(row[7].toDouble() == losses.plot()->data(0).value[static_cast<std::size_t>(i)]);
      QVERIFY(row[8].toDouble() == losses.plot()->data(0).smooth[static_cast<std::size_t>(i)]);
    }
    const auto refused = losses.controls()->exportTo(folder.filePath("curves.bmp"));
    QVERIFY(!refused && refused.error().code == ErrorCode::Unsupported);
    QVERIFY(!losses.controls()->exportTo("/proc/nowhere/curves.png"));
    // Through the menu, with the dialog replaced.
    losses.controls()->setAskFile(
        [&](QWidget*, const QString&, const QString&, const QString&) { return folder.filePath("chosen"); });
    losses.findChild<QAction*>("export.csv")->trigger();
    QVERIFY(QFile::exists(folder.filePath("chosen.csv")));
  }

  void conflictClicks() {
    ConflictPanel panel;
    panel.resize(1000, 700);
    panel.setSeries(sampleRun());
    panel.show();
    QVERIFY(QTest::qWaitForWindowExposed(&panel));
    // Sum over layers: K = ((5, -1), (-1, 17)).
    QCOMPARE(panel.heatmap()->cosineAt(0, 1), -1 / std::sqrt(85.0));
    QSignalSpy chosen(panel.heatmap(), &ConflictHeatmap::pairSelected);
    QTest::mouseClick(panel.heatmap(), Qt::LeftButton, {}, panel.heatmap()->cellRect(1, 0).center().toPoint());
    QCOMPARE(chosen.count(), 1);
    QVERIFY(panel.history()->caption().contains("spine and liver, left"));
    QCOMPARE(panel.history()->pairMean()->dataCount(), 4);
    QCOMPARE(panel.history()->pairMean()->data()->at(3)->value, -1 / std::sqrt(85.0));
    QCOMPARE(panel.history()->fraction()->data()->at(3)->value, 1.0);
    // A layer's matrix.
    panel.layers()->replot();
    QTest::mouseClick(panel.layers(), Qt::LeftButton, {}, panel.layers()->barPosition(0));
    QCOMPARE(panel.layers()->selected(), 0);
    QCOMPARE(panel.heatmap()->cosineAt(0, 1), 0.5);
    QVERIFY(panel.heatmap()->title().contains("stem"));
    QCOMPARE(panel.history()->fraction()->data()->at(3)->value, 0.0);
    QTest::keyClick(panel.layers(), Qt::Key_Down);
    QCOMPARE(panel.heatmap()->cosineAt(0, 1), -0.5);
    QTest::keyClick(panel.layers(), Qt::Key_Escape);
    QCOMPARE(panel.layers()->selected(), -1);
    // The colours are fixed to [-1, 1]: the same value, the same colour, whatever else is there.
    const QColor red = panel.heatmap()->colorOf(-1), blue = panel.heatmap()->colorOf(1);
    QVERIFY(red.red() > red.blue() && blue.blue() > blue.red());
    QVERIFY(panel.heatmap()->colorOf(-0.2) != panel.heatmap()->colorOf(-1));
    QTemporaryDir folder;
    for (const char* suffix : {"png", "svg", "pdf", "csv"})
      QVERIFY(panel.exportTo(folder.filePath(QStringLiteral("c.") + suffix)));
    const auto rows = table(folder.filePath("c.csv"));
    QCOMPARE(rows.size(), 1 + 4 * 3);  // four measurements; both layers and their sum
    QCOMPARE(rows[2][5].toDouble(), 0.5);
    QVERIFY(QImage(folder.filePath("c.png")).width() > 1000);
  }

  void rankBars() {
    RankChart chart;
    chart.setBars({{"liver", Qt::red, 4, 43308}, {"spine", Qt::blue, 8, 86616}}, 1253604);
    QCOMPARE(chart.barLength(1), 86616.0);
    QVERIFY(chart.label(0).contains(QLocale().toString(43308)) && chart.label(0).contains("r = 4") &&
            chart.label(0).contains("3.5"));
    chart.setBars({});
  }

  void energyByRank() {
    EnergyChart chart;
    chart.setCurves({{"liver", Qt::red, {0.5, 0.9, 1}, 2}, {"untrained", Qt::blue, {}, 0}});
    QCOMPARE(chart.curves(), 2);
    QCOMPARE(chart.drawn(0, 2), 90.0);
    QCOMPARE(chart.marked(0), 2);
    QCOMPARE(chart.marked(1), 0);
    QVERIFY(chart.accessibleDescription().contains("90.0 %"));
    chart.setCurves({});
    QCOMPARE(chart.curves(), 0);
  }

  void followsThePalette() {
    LossPlot losses(Subject::Losses);
    losses.addRun("a", tasks, sampleRun());
    losses.resize(600, 400);
    losses.show();
    QVERIFY(QTest::qWaitForWindowExposed(&losses));
    const QColor light = losses.plot()->grab().toImage().pixelColor(3, 3);
    QPalette dark;
    dark.setColor(QPalette::Base, QColor(30, 30, 30));
    dark.setColor(QPalette::Text, QColor(230, 230, 230));
    losses.setPalette(dark);
    QTRY_VERIFY(losses.plot()->grab().toImage().pixelColor(3, 3).lightness() < 60);
    QVERIFY(light.lightness() > 200);
    QVERIFY(losses.plot()->panelRect(0)->axis(QCPAxis::atLeft)->tickLabelColor().lightness() > 120);
  }
};

QTEST_MAIN(PlotTest)
#include "plot.moc"
