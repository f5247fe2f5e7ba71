// The read-out tells of what is shown, whatever moved it.
#include "widgets/view/Readout.h"

#include <QApplication>
#include <QLabel>
#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

#include "tests/gui/viewPhantom.h"
#include "widgets/view/Inspector.h"
#include "widgets/view/SliceView.h"
#include "widgets/view/TileView.h"

using namespace lorkd;
using namespace lorkd::view;
using namespace lorkd::viewtest;
using scene::Plane;

#define EVENTUALLY(condition) QTRY_VERIFY_WITH_TIMEOUT(condition, 60000)

namespace {

using Voxel = std::array<std::int64_t, 3>;

/// Every voxel's value says where it lies, and every slice of each direction has labels of its own.
double valueAt(const Voxel& v, int shift) { return static_cast<double>(v[0] + 100 * v[1] + 10000 * v[2] + shift); }

std::shared_ptr<image::Volume> counted(const image::Geometry& g, int shift = 0) {
  auto volume = std::make_shared<image::Volume>(g);
  volume->unit = "HU";
  for (std::int64_t k = 0; k < g.size[2]; ++k)
    for (std::int64_t j = 0; j < g.size[1]; ++j)
      for (std::int64_t i = 0; i < g.size[0]; ++i) volume->at(i, j, k) = static_cast<float>(valueAt({i, j, k}, shift));
  return volume;
}

int labelAt(const Voxel& v) { return 1 + static_cast<int>((v[0] + 2 * v[1] + 3 * v[2]) % 7); }

Overlay striped(const image::Geometry& g) {
  auto labels = std::make_shared<image::LabelMap>(g);
  for (std::int64_t k = 0; k < g.size[2]; ++k)
    for (std::int64_t j = 0; j < g.size[1]; ++j)
      for (std::int64_t i = 0; i < g.size[0]; ++i) labels->at(i, j, k) = static_cast<std::uint16_t>(labelAt({i, j, k}));
  Overlay overlay{"stripes", "Stripes", OverlayRole::Expert, labels, nullptr, {}};
  for (int value = 1; value <= 7; ++value) overlay.classes.push_back({value, QString("class %1").arg(value), {}});
  return overlay;
}

}  // namespace

class ReadoutTest : public QObject {
  Q_OBJECT

  std::unique_ptr<Inspector> inspector;
  image::Geometry geometry = grid();
  int shift = 0;

  SliceView* slice(Plane plane) const { return inspector->sliceView(plane); }
  InspectorModel* model() const { return inspector->model(); }
  QString line() const { return inspector->findChild<QLabel*>("readout")->text(); }

  void point(SliceView* view, const QPoint& at, Qt::KeyboardModifiers modifiers = {}) const {
    // The real pointer goes along, for the window system may speak of it at any time.
    QCursor::setPos(view->mapToGlobal(at));
    QTest::qWait(40);
    QMouseEvent move(QEvent::MouseMove, at, view->mapToGlobal(at), Qt::NoButton, Qt::NoButton, modifiers);
    QApplication::sendEvent(view, &move);
  }

  /// What must be told of a place, by the image's own numbers.
  QStringList truthAt(const image::Vec3& lps) const {
    const auto index = geometry.lpsToIndex(lps);
    Voxel v{};
    for (std::size_t a = 0; a < 3; ++a) v[a] = std::llround(index[a]);
    return {QString("Stripes: class %1").arg(labelAt(v)), QString("%1 HU").arg(valueAt(v, shift), 0, 'f', 0),
            lpsText(lps)};
  }

  void checkPointer(SliceView* view, const QPoint& at) const {
    // The slice on the screen says where the pointer is: the plane's own coordinate must be that of the slice.
    const auto lps = *view->lpsAt(at);
    const auto frame = scene::SliceFrame::of(geometry, view->plane());
    QCOMPARE(frame.sliceOf(lps), view->slice());
    const auto truth = truthAt(lps);
    QCOMPARE(view->readout(), truth);
    QVERIFY2(line().startsWith("Pointer"), qPrintable(line()));
    for (const auto& word : truth) QVERIFY2(line().contains(word), qPrintable(line() + " lacks " + word));
  }

  void checkCrosshair() const {
    QVERIFY2(line().startsWith("Crosshair"), qPrintable(line()));
    for (const auto& word : truthAt(inspector->cursor()))
      QVERIFY2(line().contains(word), qPrintable(line() + " lacks " + word));
    for (const auto plane : {Plane::Axial, Plane::Sagittal, Plane::Coronal}) QVERIFY(slice(plane)->readout().isEmpty());
  }

 private Q_SLOTS:
  void init() {
    shift = 0;
    inspector = std::make_unique<Inspector>();
    inspector->resize(1000, 760);
    inspector->show();
    QVERIFY(QTest::qWaitForWindowExposed(inspector.get()));
    QCursor::setPos(inspector->mapToGlobal(QPoint(900, 5)));
    inspector->setVolume(counted(geometry));
    inspector->setOverlays({striped(geometry)});
    EVENTUALLY(model()->overlays().size() == std::size_t(1));
  }
  void cleanup() { inspector.reset(); }

  void everyKeyMovesTheReadOut_data() {
    QTest::addColumn<int>("plane");
    QTest::addColumn<int>("key");
    QTest::addColumn<bool>("moves");
    const std::vector<std::pair<const char*, Qt::Key>> steps{
        {"up", Qt::Key_Up},     {"down", Qt::Key_Down},   {"left", Qt::Key_Left},        {"right", Qt::Key_Right},
        {"F", Qt::Key_F},       {"B", Qt::Key_B},         {"home", Qt::Key_Home},        {"end", Qt::Key_End},
        {"plus", Qt::Key_Plus}, {"minus", Qt::Key_Minus}, {"full stop", Qt::Key_Period}, {"comma", Qt::Key_Comma}};
    const char* names[] = {"axial", "sagittal", "coronal"};
    for (int plane = 0; plane < 3; ++plane)
      for (const auto& [name, key] : steps)
        QTest::addRow("%s, %s", names[plane], name)
            << plane << int(key) << (key != Qt::Key_Plus && key != Qt::Key_Minus);
  }
  void everyKeyMovesTheReadOut() {
    QFETCH(int, plane);
    QFETCH(int, key);
    QFETCH(bool, moves);
    inspector->setCursor(geometry.indexToLps({8, 9, 7}));  // where no class has its middle
    auto* view = slice(static_cast<Plane>(plane));
    const QPoint at(view->width() / 3, view->height() * 2 / 5);
    point(view, at);
    checkPointer(view, at);
    const auto before = line();
    const auto from = view->slice();
    QTest::keyClick(view, static_cast<Qt::Key>(key));
    if (moves) QVERIFY(view->slice() != from);
    QVERIFY(line() != before);
    checkPointer(view, at);
  }

  void wheelDragsAndOthersMoveIt() {
    auto* view = slice(Plane::Axial);
    const QPoint at(view->width() / 3, view->height() * 2 / 5);
    point(view, at);
    for (const auto modifiers : {Qt::KeyboardModifiers(), Qt::KeyboardModifiers(Qt::ControlModifier)}) {
      QWheelEvent wheel(at, view->mapToGlobal(QPointF(at)), {}, {0, 240}, Qt::NoButton, modifiers, Qt::NoScrollPhase,
                        false);
      QApplication::sendEvent(view, &wheel);
      checkPointer(view, at);
    }
    view->goToSlice(3);
    checkPointer(view, at);
    inspector->setCursor(geometry.indexToLps({10, 10, 31}));
    QCOMPARE(view->slice(), std::int64_t(31));
    checkPointer(view, at);
    QTest::keyClick(view, Qt::Key_Space);
    checkPointer(view, at);
    // A label that is hidden is told no more; nor is any while all are.
    model()->setOverlaysShown(false);
    QVERIFY(!line().contains("Stripes") && line().startsWith("Pointer"));
    QCOMPARE(view->readout().size(), 2);
    model()->setOverlaysShown(true);
    checkPointer(view, at);
  }

  void aLinkedCursorMovesTheOthersOnly() {
    auto* view = slice(Plane::Coronal);
    const QPoint at(view->width() / 4, view->height() / 3);
    point(view, at, Qt::ShiftModifier);
    checkPointer(view, at);
    QVERIFY(slice(Plane::Axial)->readout().isEmpty());
    QCOMPARE(truthAt(inspector->cursor()), truthAt(*view->lpsAt(at)));
  }

  void anotherCaseIsToldAtOnce() {
    auto* view = slice(Plane::Sagittal);
    const QPoint at(view->width() / 2 + 20, view->height() / 3);
    point(view, at);
    shift = 5;
    geometry = grid({{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}, {60, 60, 50}, {1.5, 2, 2.5});
    inspector->setVolume(counted(geometry, shift));
    inspector->setOverlays({striped(geometry)});
    EVENTUALLY(!model()->overlays().empty());
    checkPointer(view, at);
    geometry = grid();
  }

  void withoutAPointerItIsTheCrosshairs() {
    auto* view = slice(Plane::Axial);
    checkCrosshair();
    point(view, {60, 70});
    QVERIFY(line().startsWith("Pointer"));
    QCursor::setPos(inspector->mapToGlobal(QPoint(900, 5)));
    QEvent leave(QEvent::Leave);
    QApplication::sendEvent(view, &leave);
    checkCrosshair();
    QTest::keyClick(view, Qt::Key_F);
    checkCrosshair();
    QTest::keyClick(view, Qt::Key_Home);
    checkCrosshair();
    inspector->setVolume(nullptr);
    QVERIFY(line().isEmpty());
  }

  void aViewThatMovesBelowThePointerTellsWhatLiesThereNow() {
    auto* view = slice(Plane::Coronal);  // below the axial one
    const QPoint at(view->width() / 2, view->height() / 2);
    const auto global = view->mapToGlobal(at);
    point(view, at);
    inspector->setLayoutMode(LayoutMode::Coronal);
    EVENTUALLY(view->height() > 600);
    checkPointer(view, view->mapFromGlobal(global));
  }

  void tilesTellTheSame() {
    inspector->setLayoutMode(LayoutMode::Tiles);
    auto* tile = inspector->tileView()->tiles().front();
    EVENTUALLY(tile->isVisible());
    const QPoint at(tile->width() / 3, tile->height() / 2);
    point(tile, at);
    checkPointer(tile, at);
    QTest::keyClick(tile, Qt::Key_Up);
    checkPointer(tile, at);
    inspector->setTilePlane(Plane::Sagittal);
    checkPointer(tile, at);
  }

  void theClassSteppedToIsNamedWhileTheCursorIsThere() {
    auto* status = inspector->findChild<QLabel*>("inspectorStatus");
    QTest::keyClick(slice(Plane::Axial), Qt::Key_Period);
    QVERIFY(status->text().startsWith("Stripes: class"));
    QTest::keyClick(slice(Plane::Axial), Qt::Key_Up);
    QVERIFY2(status->text().isEmpty(), qPrintable(status->text()));
  }

  void aMessageStaysUntilTheHandMoves() {
    inspector->showMessage("Not predicted yet");
    model()->setOverlayOpacity("stripes", 0.4);
    QCOMPARE(line(), QString("Not predicted yet"));
    point(slice(Plane::Axial), {50, 60});
    checkPointer(slice(Plane::Axial), {50, 60});
  }
};

int main(int argc, char** argv) {
  VtkWidget::useSurfaceFormat();
  QApplication app(argc, argv);
  ReadoutTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "readout.moc"
