// Gradient conflict: its figures against hand values, and what is shown of tasks that were never in one batch.
#include <QImage>
#include <QLabel>
#include <QSet>
#include <QTest>
#include <cmath>

#include "widgets/field/NumberField.h"
#include "widgets/plot/ConflictPanel.h"
#include "widgets/plot/Rolling.h"

using namespace lorkd;
using namespace lorkd::plot;
using namespace lorkd::run;

namespace {

Gram gram(std::initializer_list<double> rows) {
  const auto n = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(rows.size()))));
  Gram made(n);
  for (std::size_t k = 0; k < rows.size(); ++k) made(k / n, k % n) = *(rows.begin() + static_cast<std::ptrdiff_t>(k));
  return made;
}

}  // namespace

class ConflictTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void conflictFiguresByHand() {
    const Gram g = gram({4, 1, -3, 1, 1, 0, -3, 0, 9});
    QCOMPARE(cosine(g, 0, 1), 0.5);
    QCOMPARE(cosine(g, 0, 2), -0.5);
    QCOMPARE(magnitudeSimilarity(g, 0, 1), 0.8);  // 2·2·1/(4+1)
    QCOMPARE(conflictFraction(g), 1.0 / 3);
    QCOMPARE(conditionNumber(gram({2, 1, 1, 2})), std::sqrt(3.0));  // eigenvalues 3 and 1
    QCOMPARE(conditionNumber(gram({9, 0, 0, 0, 4, 0, 0, 0, 1})), 3.0);
    const double root = std::sqrt(conditionNumber(gram({1, 1, 1, 1})));  // singular: clamped to 1e-12
    QVERIFY(std::abs(root - 1e3) < 1e-3);
    QVERIFY(std::isnan(cosine(gram({0, 0, 0, 1}), 0, 1)));
    QVERIFY(std::isnan(conflictFraction(gram({0, 0, 0, 1}))));
    const auto running = runningCosine({1, NAN, 0, -1});
    QCOMPARE(running[0], 1.0);
    QCOMPARE(running[1], 1.0);
    QCOMPARE(running[2], 0.5);
    QCOMPARE(running[3], -0.25);
    const Band band = rollingBand({1, 3, NAN, 5}, 2);
    QCOMPARE(band.mean, (std::vector<double>{1, 2, 3, 5}));
    QCOMPARE(band.high[1], 3.0);
    QCOMPARE(band.low[1], 1.0);
    QVERIFY(!Gram::fromJson(Json::parse("[[1,2],[3]]"), 2));
    QVERIFY(!Gram::fromJson(Json::parse("[[1,\"x\"],[3,4]]"), 2));
    // A pair that was never in one batch: no cosine, no part in the other figures; lengths are known all the same.
    const auto apart = *Gram::fromJson(Json::parse("[[4,-2,null],[-2,1,null],[null,null,9]]"), 3);
    QVERIFY(std::isnan(apart(0, 2)) && std::isnan(cosine(apart, 0, 2)));
    QCOMPARE(magnitudeSimilarity(apart, 0, 2), 12.0 / 13);  // 2·2·3/(4+9)
    QCOMPARE(conflictFraction(apart), 1.0);
    QVERIFY(std::isnan(conditionNumber(apart)));
  }

  void tasksThatNeverMetAreNoAgreement() {
    auto run = std::make_shared<RunSeries>();
    for (int s : {10, 20})
      run->add({{"kind", "conflict"},
                {"step", s},
                {"tasks", {"a", "b", "c"}},
                {"layers", {{"stem", {{4, -1, nullptr}, {-1, 1, 1}, {nullptr, 1, 9}}}}}});
    ConflictPanel panel;
    panel.resize(1000, 700);
    panel.setSeries(run);
    panel.show();
    QVERIFY(QTest::qWaitForWindowExposed(&panel));
    auto* map = panel.heatmap();
    QVERIFY(std::isnan(map->cosineAt(0, 2)));
    QCOMPARE(map->cosineAt(0, 1), -0.5);
    QVERIFY(map->cellText(0, 2).contains("never in one batch"));
    QVERIFY(map->cellText(0, 1).contains("0.80"));  // 2·2·1/(4+1)
    // Half of the two pairs that met are in conflict; the third pair is not counted.
    QCOMPARE(panel.history()->fraction()->data()->at(1)->value, 0.5);
    // Hatched: more than one colour beside the text; a cell with a cosine is even.
    const auto colours = [picture = map->grab().toImage()](const QRectF& cell) {
      QSet<QRgb> seen;
      const int y = static_cast<int>(cell.top()) + 8;
      for (int x = static_cast<int>(cell.left()) + 6; x < static_cast<int>(cell.right()) - 6; ++x)
        seen << picture.pixel(x, y);
      return seen.size();
    };
    QVERIFY(colours(map->cellRect(0, 2)) > 1);
    QCOMPARE(colours(map->cellRect(0, 1)), 1);
    // Two are all there are, whatever is asked for; and a long fault widens nothing.
    map->select(0, 1);
    QVERIFY2(panel.history()->caption().contains("mean of 2 "), qPrintable(panel.history()->caption()));
    const int width = panel.minimumSizeHint().width();
    panel.findChild<field::NumberField*>("conflictWindow")->setTyped("0,002");
    QVERIFY(panel.findChild<QLabel*>("conflictWindowFault")->isVisible());
    QCOMPARE(panel.minimumSizeHint().width(), width);
    map->select(0, 2);
    QVERIFY(panel.history()->caption().contains("never"));
  }
};

QTEST_MAIN(ConflictTest)
#include "conflict.moc"
