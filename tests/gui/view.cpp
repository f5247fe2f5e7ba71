// The inspector in a real window: what is drawn where, and what hands and keys do.
#include <QApplication>
#include <QLabel>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeWidget>
#include <QWheelEvent>

#include "tests/gui/viewPhantom.h"
#include "widgets/view/Inspector.h"
#include "widgets/view/Readout.h"
#include "widgets/view/SliceView.h"
#include "widgets/view/TileView.h"
#include "widgets/view/VolumeView3D.h"

using namespace lorkd;
using namespace lorkd::view;
using namespace lorkd::viewtest;
using scene::Plane;

// Machines under load take their time to answer; what must not happen is told at once.
#define EVENTUALLY(condition) QTRY_VERIFY_WITH_TIMEOUT(condition, 60000)

namespace {

const QColor orange(0xE6, 0x9F, 0x00), blue(0x00, 0x72, 0xB2);

Overlay overlayOf(const QString& id, std::shared_ptr<const image::LabelMap> labels, const QColor& color,
                  OverlayRole role = OverlayRole::Expert) {
  return {id, id, role, std::move(labels), nullptr, {{1, "ball", color, true}}, true, 1.0};
}

}  // namespace

class ViewTest : public QObject {
  Q_OBJECT

  std::unique_ptr<Inspector> inspector;

  SliceView* slice(Plane plane) const { return inspector->sliceView(plane); }
  InspectorModel* model() const { return inspector->model(); }
  QImage picture(VtkWidget* view) const {
    QTest::qWait(30);
    return view->grabFramebuffer();
  }
  void openBall(const image::Geometry& g = grid()) {
    inspector->setVolume(ballVolume(g));
    model()->setCrosshairVisible(false);
    inspector->setCursor(ball);
    QTest::qWait(60);
  }
  bool has(VtkWidget* view, const QColor& color, int tolerance = 6) const {
    return centroid(picture(view), [&](const QColor& c) { return isColor(c, color, tolerance); }).x() >= 0;
  }

 private Q_SLOTS:
  void init() {
    inspector = std::make_unique<Inspector>();
    inspector->resize(1000, 760);
    inspector->show();
    QVERIFY(QTest::qWaitForWindowExposed(inspector.get()));
  }
  void cleanup() { inspector.reset(); }

  void emptyShowsAHintAndTakesKeys() {
    auto* hint = inspector->findChild<QLabel*>("emptyHint");
    QVERIFY(hint->isVisible());
    for (const auto key : {Qt::Key_1, Qt::Key_I, Qt::Key_G, Qt::Key_A, Qt::Key_Comma, Qt::Key_X})
      QTest::keyClick(inspector.get(), key);
    openBall();
    QVERIFY(!hint->isVisible());
    inspector->setVolume(nullptr);
    QVERIFY(hint->isVisible());
  }

  void ballIsWhereTheReaderExpectsIt_data() {
    QTest::addColumn<std::vector<double>>("d");
    const double c = std::cos(0.35), s = std::sin(0.35), ct = std::cos(0.25), st = std::sin(0.25);
    QTest::newRow("straight") << std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 1};
    QTest::newRow("turned about two axes") << std::vector<double>{c, -s * ct, s * st, s, c * ct, -c * st, 0, st, ct};
    QTest::newRow("face down, feet first") << std::vector<double>{-1, 0, 0, 0, -1, 0, 0, 0, 1};
    QTest::newRow("slices from head to feet, left-handed") << std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, -1};
    QTest::newRow("sagittal acquisition") << std::vector<double>{0, 0, 1, 1, 0, 0, 0, -1, 0};
    QTest::newRow("coronal acquisition, tilted") << std::vector<double>{1, 0, 0, 0, st, ct, 0, -ct, st};
  }
  void ballIsWhereTheReaderExpectsIt() {
    QFETCH(std::vector<double>, d);
    openBall(grid({{{d[0], d[1], d[2]}, {d[3], d[4], d[5]}, {d[6], d[7], d[8]}}}, {60, 60, 60}, {2, 2, 2}));
    for (const auto plane : {Plane::Axial, Plane::Sagittal, Plane::Coronal}) {
      auto* view = slice(plane);
      const auto spot = brightSpot(picture(view));
      QVERIFY2(spot.x() > 0, "the ball is not in the slice");
      // Right of the patient (axial, coronal) and front (sagittal) are on screen left; front and head are up.
      QVERIFY2(spot.x() < 0.49 * view->width(), qPrintable(view->accessibleName()));
      QVERIFY2(spot.y() < 0.49 * view->height(), qPrintable(view->accessibleName()));
      const auto expected = view->positionOf(ball);
      QVERIFY(QLineF(spot, *expected).length() < 3);
      QVERIFY(distance(*view->lpsAt(*expected), ball) < 1.8);  // half a voxel's diagonal
    }
  }

  void lettersTellObliqueDirections() {
    QCOMPARE(scene::directionLetters({1, 0, 0}), std::string("L"));
    QCOMPARE(scene::directionLetters({-0.9, -0.4, 0.05}), std::string("RA"));
    const auto letters = scene::SliceFrame::of(grid(), Plane::Coronal).letters();
    QCOMPARE(letters, (std::array<std::string, 4>{"R", "L", "I", "S"}));
    QCOMPARE(scene::SliceFrame::of(grid(), Plane::Axial).letters(), (std::array<std::string, 4>{"R", "L", "P", "A"}));
    QCOMPARE(scene::SliceFrame::of(grid(), Plane::Sagittal).letters(),
             (std::array<std::string, 4>{"A", "P", "I", "S"}));
  }

  void wheelAndKeysStepThroughSlices() {
    openBall();
    auto* view = slice(Plane::Axial);
    const auto start = view->slice();
    const auto wheel = [&](int delta, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
      QWheelEvent event(QPointF(50, 50), view->mapToGlobal(QPointF(50, 50)), {}, {0, delta}, Qt::NoButton, modifiers,
                        Qt::NoScrollPhase, false);
      QApplication::sendEvent(view, &event);
    };
    wheel(120);
    QCOMPARE(view->slice(), start + 1);
    wheel(-60);
    QCOMPARE(view->slice(), start + 1);
    wheel(-60);
    QCOMPARE(view->slice(), start);
    QTest::keyClick(view, Qt::Key_F);
    QTest::keyClick(view, Qt::Key_Up);
    QCOMPARE(view->slice(), start + 2);
    QTest::keyClick(view, Qt::Key_Home);
    QCOMPARE(view->slice(), 0);
    QTest::keyClick(view, Qt::Key_B);
    QCOMPARE(view->slice(), 0);
    QVERIFY(brightSpot(picture(view)).x() < 0);
    QTest::keyClick(view, Qt::Key_End);
    QCOMPARE(view->slice(), 39);
    const double before = model()->planeZoom(Plane::Axial).zoom;
    const auto under = *view->lpsAt({50, 50});
    wheel(120, Qt::ControlModifier);
    QVERIFY(model()->planeZoom(Plane::Axial).zoom > before);
    QVERIFY(distance(under, *view->lpsAt({50, 50})) < 1e-6);
    QTest::keyClick(view, Qt::Key_Space);
    QCOMPARE(model()->planeZoom(Plane::Axial).zoom, 1.0);
  }

  void dragsChangeWindowPanAndZoom() {
    openBall();
    auto* view = slice(Plane::Coronal);
    const auto drag = [&](Qt::MouseButton button, const QPoint& by) {
      const auto from = view->rect().center();
      QTest::mousePress(view, button, {}, from);
      QMouseEvent move(QEvent::MouseMove, from + by, view->mapToGlobal(from + by), Qt::NoButton, button, {});
      QApplication::sendEvent(view, &move);
      QTest::mouseRelease(view, button, {}, from + by);
    };
    drag(Qt::LeftButton, {60, 30});
    QVERIFY(std::abs(model()->window().width - 2400) < 1);
    QVERIFY(std::abs(model()->window().center - 200) < 1);
    const auto middle = *view->lpsAt(view->rect().center());
    drag(Qt::MiddleButton, {40, 0});
    QVERIFY(std::abs(distance(middle, *view->lpsAt(view->rect().center() + QPoint(40, 0)))) < 1e-6);
    drag(Qt::RightButton, {0, -50});
    QVERIFY(model()->planeZoom(Plane::Coronal).zoom > 1.3);
    QCOMPARE(model()->planeZoom(Plane::Axial).zoom, 1.0);

    model()->setMouseScheme(MouseScheme::Crosshair);
    const auto window = model()->window();
    drag(Qt::LeftButton, {10, 10});
    QCOMPARE(model()->window(), window);
    QVERIFY(distance(inspector->cursor(), *view->lpsAt(view->rect().center() + QPoint(10, 10))) < 1e-6);
  }

  void presetsAndInvert() {
    openBall();
    auto* view = slice(Plane::Axial);
    QTest::keyClick(view, Qt::Key_2);
    QCOMPARE(model()->window(), (scene::Window{-600, 1500, false}));
    inspector->setVolume(ballVolume(grid()));
    QCOMPARE(model()->window().width, 1500.0);  // a chosen preset stays from case to case
    QTest::keyClick(view, Qt::Key_1);
    QVERIFY(bright(picture(view).pixelColor((*view->positionOf(ball) * view->devicePixelRatioF()).toPoint())));
    QTest::keyClick(view, Qt::Key_I);
    const auto seen = picture(view).pixelColor((*view->positionOf(ball) * view->devicePixelRatioF()).toPoint());
    QVERIFY(seen.red() < 30);
  }

  void shiftMoveLinksTheViews() {
    openBall();
    auto* view = slice(Plane::Axial);
    const auto at = QPoint(view->width() * 2 / 3, view->height() * 2 / 3);
    const auto wanted = *view->lpsAt(at);
    QSignalSpy moved(inspector.get(), &Inspector::cursorChanged);
    QMouseEvent move(QEvent::MouseMove, at, view->mapToGlobal(at), Qt::NoButton, Qt::NoButton, Qt::ShiftModifier);
    QApplication::sendEvent(view, &move);
    QVERIFY(moved.count() == 1);
    for (const auto plane : {Plane::Sagittal, Plane::Coronal}) {
      const auto& frame = scene::SliceFrame::of(grid(), plane);
      QCOMPARE(slice(plane)->slice(), frame.sliceOf(wanted));
    }
    QMouseEvent plain(QEvent::MouseMove, at / 2, view->mapToGlobal(at / 2), Qt::NoButton, Qt::NoButton, {});
    QApplication::sendEvent(view, &plain);
    QVERIFY(moved.count() == 1);
  }

  void overlaysColourTheirPixels() {
    openBall();
    inspector->setOverlays({overlayOf("truth", ballLabels(grid(), ball, 20), orange, OverlayRole::Truth)});
    EVENTUALLY(model()->overlays().size() == 1);
    auto* view = slice(Plane::Axial);
    QVERIFY(has(view, orange));
    QVERIFY(brightSpot(picture(view)).x() < 0);
    QTest::keyClick(view, Qt::Key_G);
    QVERIFY(!has(view, orange) && brightSpot(picture(view)).x() > 0);
    QTest::keyClick(view, Qt::Key_G);
    for (int i = 0; i < 5; ++i) QTest::keyClick(view, Qt::Key_A);
    QVERIFY(std::abs(model()->overlays()[0]->source.opacity - 0.5) < 1e-9);
    const auto mixed = picture(view).pixelColor((*view->positionOf(ball) * view->devicePixelRatioF()).toPoint());
    QVERIFY2(isColor(mixed, QColor(242, 207, 127), 8), qPrintable(mixed.name()));
    model()->setClassColor("ball", blue);
    model()->setOverlayOpacity("truth", 1);
    QVERIFY(has(view, blue));
    model()->setClassVisible("truth", 1, false);
    QVERIFY(!has(view, blue));
    QCOMPARE(sampleAt(*model(), ball).labels.size(), 0);
    model()->setClassVisible("truth", 1, true);
    QCOMPARE(sampleAt(*model(), ball).labels, QStringList("truth: ball"));
    auto* tree = inspector->findChild<QTreeWidget*>("overlayTree");
    tree->topLevelItem(0)->setCheckState(0, Qt::Unchecked);
    QVERIFY(!model()->overlays()[0]->source.visible && !has(view, blue));
  }

  void foreignGridsAndOverlapsArePrepared() {
    openBall();
    const image::Vec3 other{5 + 20, -10 + 15, 700};
    auto foreign = ballLabels(grid({{{0, 1, 0}, {1, 0, 0}, {0, 0, -1}}}, {90, 90, 60}, {1.5, 1.5, 2}), ball, 15);
    auto set = std::make_shared<image::SegmentSet>();
    set->geometry = grid();
    for (const double radius : {20.0, 10.0}) {
      const auto labels = ballLabels(grid(), other, radius);
      image::Segment segment{{radius > 15 ? "outer" : "inner"}, {}};
      for (const auto v : labels->voxels) segment.mask.push_back(v ? 1 : 0);
      set->segments.push_back(segment);
    }
    Overlay segments{"set", "Set", OverlayRole::Other, nullptr, set, {}, true, 1};
    inspector->setOverlays({overlayOf("foreign", foreign, orange), segments});
    EVENTUALLY(model()->overlays().size() == std::size_t(2));
    QVERIFY(has(slice(Plane::Axial), orange));
    QCOMPARE(sampleAt(*model(), ball).labels, QStringList("foreign: ball"));
    QCOMPARE(sampleAt(*model(), other).labels, QStringList("Set: outer + inner"));
    QCOMPARE(sampleAt(*model(), {other[0] + 15, other[1], other[2]}).labels, QStringList("Set: outer"));
    QCOMPARE(model()->overlays()[1]->layers.size(), std::size_t(2));
  }

  void lateAnswersAreDropped() {
    openBall();
    for (int i = 0; i < 6; ++i)
      inspector->setOverlays({overlayOf(QString::number(i), ballLabels(grid(), ball, 9 + i), orange)});
    EVENTUALLY(!model()->busy());
    QCOMPARE(model()->overlays().size(), std::size_t(1));
    QCOMPARE(model()->overlays()[0]->source.id, QString("5"));
    inspector->setOverlays({overlayOf("gone", ballLabels(grid(), ball, 9), orange)});
    inspector->setVolume(ballVolume(grid()));
    EVENTUALLY(!model()->busy());
    QVERIFY(model()->overlays().empty());
    QSignalSpy problem(model(), &InspectorModel::problem);
    inspector->setOverlays({Overlay{"none", "None", OverlayRole::Other, nullptr, nullptr, {}, true, 1}});
    EVENTUALLY(problem.count() == 1);
  }

  void tilesShowOneOverlayEach() {
    openBall();
    inspector->setOverlays({overlayOf("expert", ballLabels(grid(), ball, 16), blue),
                            overlayOf("truth", ballLabels(grid(), ball, 20), orange, OverlayRole::Truth)});
    EVENTUALLY(model()->overlays().size() == std::size_t(2));
    model()->setClassColor("ball", orange);
    inspector->setLayoutMode(LayoutMode::Tiles);
    auto tiles = inspector->tileView()->tiles();
    QCOMPARE(tiles.size(), std::size_t(2));
    QVERIFY(tiles[0]->accessibleName().contains("truth"));
    const auto area = [&](SliceView* view) {
      const auto image = picture(view);
      int n = 0;
      for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x) n += isColor(image.pixelColor(x, y), orange, 6);
      return n;
    };
    QVERIFY(area(tiles[1]) > 200 && area(tiles[0]) > 1.3 * area(tiles[1]));
    QTest::keyClick(tiles[0], Qt::Key_F);
    QCOMPARE(tiles[1]->slice(), tiles[0]->slice());
    QTest::keyClick(tiles[1], Qt::Key_Plus);
    QCOMPARE(*tiles[0]->positionOf(ball), *tiles[1]->positionOf(ball));
    inspector->setTilePlane(Plane::Coronal);
    QCOMPARE(tiles[0]->plane(), Plane::Coronal);
    model()->setOverlayVisible("truth", false);
    QCOMPARE(inspector->tileView()->tiles().size(), std::size_t(1));
  }

  void differenceShowsWhatIsWrong() {
    openBall();
    const image::Vec3 shifted{ball[0] + 10, ball[1], ball[2]};
    inspector->setOverlays({overlayOf("truth", ballLabels(grid(), ball, 12), orange, OverlayRole::Truth),
                            overlayOf("expert", ballLabels(grid(), shifted, 12), orange)});
    inspector->setDifferenceOf("expert");
    EVENTUALLY(model()->difference());
    // Two balls of radius R at distance d share the volume pi (4R + d)(2R - d)^2 / 12.
    const double shared = M_PI * (48 + 10) * 14 * 14 / 12, whole = 4.0 / 3 * M_PI * 12 * 12 * 12;
    QVERIFY(std::abs(model()->difference()->dice - shared / whole) < 0.03);
    QVERIFY(std::abs(model()->difference()->falsePositiveMl - (whole - shared) / 1000) < 0.25);
    auto* view = slice(Plane::Axial);
    model()->setWindow({5000, 10, false});
    const auto mean = [&](const QColor& c) {
      return centroid(picture(view), [&](const QColor& seen) { return isColor(seen, c, 6); }).x();
    };
    const double positive = mean(differenceColors()[0]), negative = mean(differenceColors()[1]);
    QVERIFY(negative > 0 && positive > negative);  // the expert is too far to the patient's left
    QVERIFY(!has(view, orange));
  }

  void surfacesAppearInColour() {
    openBall();
    inspector->setOverlays({overlayOf("truth", ballLabels(grid(), ball, 20), orange)});
    auto* view = inspector->view3D();
    view->setPlanesVisible(false);
    EVENTUALLY(!model()->busy() && view->settled());
    const auto tinted = [](const QColor& c) { return c.red() > 120 && c.blue() < 60 && c.green() > 60; };
    view->lookFrom({0, -1, 0});
    EVENTUALLY(centroid(picture(view), tinted).x() > 0);
    const auto front = centroid(picture(view), tinted);
    QVERIFY(front.x() < 0.5 * view->width() && front.y() < 0.5 * view->height());
    view->lookFrom({0, 1, 0});
    QVERIFY(centroid(picture(view), tinted).x() > 0.5 * view->width());
    view->setMode(Mode3D::Volume);
    EVENTUALLY(view->settled());
    QVERIFY(centroid(picture(view), [](const QColor& c) { return c.red() > 90 && c.red() > c.blue() + 15; }).x() > 0);
  }

  void doubleClickMaximisesAndRestores() {
    openBall();
    auto* view = slice(Plane::Sagittal);
    const int before = view->width();
    QTest::mouseDClick(view, Qt::LeftButton);
    QCOMPARE(inspector->layoutMode(), LayoutMode::Sagittal);
    EVENTUALLY(view->width() > 1.7 * before && !slice(Plane::Axial)->isVisible());
    QTest::mouseDClick(view, Qt::LeftButton);
    QCOMPARE(inspector->layoutMode(), LayoutMode::FourUp);
    EVENTUALLY(view->width() == before);
  }

  void readOutCasesAndLabels() {
    QCOMPARE(lpsText({-17.6, 35.3, 12.1}), QString("R 17.6, P 35.3, S 12.1"));
    QCOMPARE(lpsText({0.04, -35.26, -0.04}), QString("L 0.0, A 35.3, S 0.0"));
    openBall();
    QSignalSpy next(inspector.get(), &Inspector::nextCaseRequested);
    QTest::keyClick(slice(Plane::Axial), Qt::Key_PageDown);
    QCOMPARE(next.count(), 1);
    const image::Vec3 far{5 + 30, -10 + 20, 700 - 30};
    inspector->setOverlays({overlayOf("a", ballLabels(grid(), far, 8), orange)});
    EVENTUALLY(model()->overlays().size() == std::size_t(1));
    QTest::keyClick(slice(Plane::Axial), Qt::Key_Period);
    QVERIFY(distance(inspector->cursor(), far) < 3);
    const auto text = inspector->findChild<QLabel*>("readout")->text();
    QVERIFY2(text.contains("-1000 HU") && text.contains("a: ball") && text.contains("(L "), qPrintable(text));
  }

  void settingsComeBack() {
    QTemporaryDir folder;
    QSettings settings(folder.filePath("s.ini"), QSettings::IniFormat);
    model()->setMouseScheme(MouseScheme::Crosshair);
    model()->setPresets({{"Mine", 12, 34}});
    inspector->saveSettings(settings);
    Inspector other;
    other.restoreSettings(settings);
    QCOMPARE(other.model()->mouseScheme(), MouseScheme::Crosshair);
    QCOMPARE(other.model()->presets(), (std::vector<WindowPreset>{{"Mine", 12, 34}}));
  }
};

int main(int argc, char** argv) {
  VtkWidget::useSurfaceFormat();
  QApplication app(argc, argv);
  ViewTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "view.moc"
