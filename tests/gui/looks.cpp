// How classes are drawn: colours and patterns of their own, truth outlined in white, predictions filled.
#include "core/run/Looks.h"

#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeWidget>
#include <set>

#include "app/workbench/InspectorPage.h"
#include "core/data/Catalogue.h"
#include "core/io/VolumeFile.h"
#include "tests/gui/viewPhantom.h"
#include "widgets/form/TaskTree.h"
#include "widgets/view/Inspector.h"
#include "widgets/view/SliceView.h"
#include "widgets/view/TileView.h"

using namespace lorkd;
using namespace lorkd::view;
using namespace lorkd::viewtest;
using scene::Plane;

#define EVENTUALLY(condition) QTRY_VERIFY_WITH_TIMEOUT(condition, 60000)

namespace {

const QColor blue(0x00, 0x72, 0xB2), orange(0xE6, 0x9F, 0x00);

/// All of one value.
std::shared_ptr<image::Volume> plain(const image::Geometry& g, float value) {
  auto volume = std::make_shared<image::Volume>(g);
  volume->windowCenter = 0;
  volume->windowWidth = 2000;
  std::ranges::fill(volume->voxels, value);
  return volume;
}

/// A plan of 30 classes in 5 tasks; one colour is the user's, and equals what a default would take.
plan::Plan thirty() {
  plan::Plan plan;
  for (int t = 0; t < 5; ++t) {
    plan::Task task;
    for (int c = 0; c < 6; ++c) task.classes.emplace_back("class " + std::to_string(6 * t + c), plan::Class());
    plan.tasks.emplace_back("task " + std::to_string(t), task);
  }
  plan.tasks[3].second.classes[2].second.color = "#56b4e9";
  return plan;
}

/// As a list draws it, at twice the usual size.
QImage pictureOf(const QIcon& icon) {
  return icon.pixmap(QSize(32, 32)).toImage().convertToFormat(QImage::Format_RGB32);
}

}  // namespace

class LooksTest : public QObject {
  Q_OBJECT

  std::unique_ptr<Inspector> inspector;
  const image::Geometry geometry = grid({{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}, {60, 60, 20}, {2, 2, 3});
  const image::Vec3 middle{5, -10, 700};

  SliceView* axial() const { return inspector->sliceView(Plane::Axial); }
  InspectorModel* model() const { return inspector->model(); }
  QImage picture(SliceView* view) const {
    QTest::qWait(60);
    return view->grabFramebuffer();
  }
  void open(float background, std::vector<Overlay> overlays) {
    inspector->setLayoutMode(LayoutMode::Axial);
    inspector->setVolume(plain(geometry, background));
    model()->setCrosshairVisible(false);
    inspector->setCursor(middle);
    const auto count = overlays.size();
    inspector->setOverlays(std::move(overlays));
    EVENTUALLY(model()->overlays().size() == count && axial()->width() > 600);
  }
  Overlay disc(OverlayRole role, const QColor& color, int pattern = 0) const {
    return {"disc", "Disc", role, ballLabels(geometry, middle, 30), nullptr, {{1, "disc", color, true, pattern}}};
  }
  /// Pixels from the disc's middle to the right.
  std::vector<QColor> ray(const QImage& image) const {
    const auto at = (*axial()->positionOf(middle) * axial()->devicePixelRatioF()).toPoint();
    std::vector<QColor> out;
    for (int x = at.x(); x < image.width() - 60; ++x) out.push_back(image.pixelColor(x, at.y() + 1));
    return out;
  }

 private Q_SLOTS:
  void init() {
    inspector = std::make_unique<Inspector>();
    inspector->resize(1000, 760);
    inspector->show();
    QVERIFY(QTest::qWaitForWindowExposed(inspector.get()));
  }
  void cleanup() { inspector.reset(); }

  void truthIsAWhiteCasedLine_data() {
    QTest::addColumn<float>("background");
    QTest::newRow("on black") << -1000.F;
    QTest::newRow("on grey") << 0.F;
    QTest::newRow("on white") << 1000.F;
  }
  void truthIsAWhiteCasedLine() {
    QFETCH(float, background);
    open(background, {disc(OverlayRole::Truth, blue)});
    const auto pixels = ray(picture(axial()));
    const int grey = background < 0 ? 0 : background > 0 ? 255 : 127;
    QVERIFY2(isColor(pixels.front(), QColor(grey, grey, grey), 4), "the truth is not filled");
    const auto isBlue = [](const QColor& c) { return isColor(c, blue, 40); };
    const auto first = std::ranges::find_if(pixels, isBlue) - pixels.begin();
    QVERIFY2(first > 20 && first + 6 < std::ssize(pixels), "there is no outline");
    auto last = first;
    while (isBlue(pixels[static_cast<std::size_t>(last + 1)])) ++last;
    QVERIFY(last - first < 5);
    for (const auto at : {first - 1, last + 1})
      QVERIFY2(bright(pixels[static_cast<std::size_t>(at)]), "the line has no white casing");
    const auto beyond = pixels[static_cast<std::size_t>(last + 9)];
    QVERIFY(isColor(beyond, QColor(grey, grey, grey), 4));
  }

  void predictionsAreFilled() {
    open(-1000, {disc(OverlayRole::Expert, blue)});
    const auto pixels = ray(picture(axial()));
    QVERIFY(isColor(pixels.front(), QColor(0, 57, 89), 4));
    QVERIFY(std::ranges::none_of(pixels, bright));
    // Both at once: the truth's line lies over the filling, and opacity keys leave it a line.
    auto truth = disc(OverlayRole::Truth, blue);
    truth.id = "truth";
    open(-1000, {truth, disc(OverlayRole::Expert, blue)});
    QTest::keyClick(axial(), Qt::Key_D);
    QCOMPARE(model()->overlay("truth")->source.opacity, 0.0);
    QVERIFY(std::abs(model()->overlay("disc")->source.opacity - 0.6) < 1e-9);
    QVERIFY(std::ranges::any_of(ray(picture(axial())), bright));
    model()->setOverlayOpacity("truth", 0.5);
    QTest::keyClick(axial(), Qt::Key_D);
    QVERIFY(std::abs(model()->overlay("truth")->source.opacity - 0.6) < 1e-9);
  }

  void theLegendAndTheTilesSayIt() {
    auto truth = disc(OverlayRole::Truth, orange);
    truth.id = "truth";
    truth.name = "Truth";
    open(-1000, {truth, disc(OverlayRole::Expert, orange)});
    auto* legend = inspector->findChild<QWidget*>("overlayLegend");
    QVERIFY(legend && legend->isVisible());
    QStringList words;
    for (const auto* label : legend->findChildren<QLabel*>()) words << label->text();
    QVERIFY(words.contains("truth: outlined") && words.contains("prediction: filled"));
    auto* tree = inspector->findChild<QTreeWidget*>("overlayTree");
    const auto line = pictureOf(tree->topLevelItem(0)->child(0)->icon(0)),
               area = pictureOf(tree->topLevelItem(1)->child(0)->icon(0));
    QVERIFY(!isColor(line.pixelColor(16, 16), orange, 20) && isColor(area.pixelColor(16, 16), orange, 4));
    QVERIFY(centroid(line, [](const QColor& c) { return isColor(c, orange, 8); }).x() > 0);
    inspector->setLayoutMode(LayoutMode::Tiles);
    const auto tiles = inspector->tileView()->tiles();
    QCOMPARE(tiles.size(), std::size_t(2));
    QVERIFY(tiles[0]->accessibleName().contains("Truth, outlined"));
    QVERIFY(!tiles[1]->accessibleName().contains("outlined"));
  }

  void patternsTellOneColourApart_data() {
    QTest::addColumn<int>("pattern");
    QTest::addColumn<bool>("across");  ///< lines cross a row of pixels
    QTest::addColumn<bool>("down");    ///< lines cross a column
    QTest::newRow("plain") << 0 << false << false;
    QTest::newRow("rising") << int(plan::Rising) << true << true;
    QTest::newRow("falling") << int(plan::Falling) << true << true;
    QTest::newRow("level") << int(plan::Level) << false << true;
    QTest::newRow("upright") << int(plan::Upright) << true << false;
    QTest::newRow("grid") << (plan::Level | plan::Upright) << true << true;
  }
  void patternsTellOneColourApart() {
    QFETCH(int, pattern);
    QFETCH(bool, across);
    QFETCH(bool, down);
    open(-1000, {disc(OverlayRole::Expert, orange, pattern)});
    model()->setOverlayOpacity("disc", 1);
    const auto image = picture(axial());
    const auto at = (*axial()->positionOf(middle) * axial()->devicePixelRatioF()).toPoint();
    // Along a line of its own direction it is dark throughout, which is one change.
    const auto changes = [&](int dx, int dy) {
      int most = 0;
      for (int shift = 0; shift < 12; ++shift) {
        int n = 0;
        bool dark = false;
        for (int s = -80; s < 80; ++s) {
          const auto c = image.pixelColor(at.x() + dx * s + dy * shift, at.y() + dy * s + dx * shift);
          const bool now = c.red() < 120;
          n += now && !dark;
          dark = now;
        }
        most = std::max(most, n);
      }
      return most;
    };
    QCOMPARE(changes(1, 0) >= 4, across);
    QCOMPARE(changes(0, 1) >= 4, down);
    if (pattern == plan::Rising || pattern == plan::Falling) {
      // One pixel to the right and one up (rising) or down follows a line.
      int along = 0, against = 0;
      for (int s = 0; s < 60; ++s)
        for (int shift = 0; shift < 12; ++shift) {
          const int x = at.x() - 30 + s + shift;
          const auto ink = [&](int y) { return image.pixelColor(x, y).red() < 120; };
          const auto before = [&](int y) { return image.pixelColor(x - 12, y).red() < 120; };
          along += ink(at.y()) && before(at.y() + (pattern == plan::Rising ? 12 : -12));
          against += ink(at.y()) && before(at.y() + (pattern == plan::Rising ? -6 : 6));
        }
      QVERIFY2(along > 3 * against, "the lines lean the other way");
    }
    // A truth of the same look has the lines within its outline.
    auto truth = disc(OverlayRole::Truth, orange, pattern);
    truth.id = "truth";
    open(-1000, {truth});
    int inked = 0;
    const auto outlined = picture(axial());
    for (int y = -40; y < 40; ++y)
      for (int x = -40; x < 40; ++x) inked += isColor(outlined.pixelColor(at.x() + x, at.y() + y), orange, 30);
    QCOMPARE(inked > 100, pattern != 0);
  }

  void thirtyClassesHaveLooksOfTheirOwnEverywhere() {
    const auto plan = thirty();
    const plan::Looks looks(plan);
    const auto shown = workbench::shownClasses(plan);
    // The inspector, with a map of all thirty side by side.
    auto labels = std::make_shared<image::LabelMap>(geometry);
    for (std::size_t v = 0; v < labels->voxels.size(); ++v) labels->voxels[v] = static_cast<std::uint16_t>(1 + v % 30);
    Overlay overlay{"all", "All", OverlayRole::Expert, labels, nullptr, {}};
    for (const auto& task : shown)
      for (auto cls : task) {
        cls.value = static_cast<int>(overlay.classes.size()) + 1;
        overlay.classes.push_back(cls);
      }
    open(-1000, {overlay});
    form::TaskTree tasks(nullptr);
    tasks.show(plan::toJson(plan).at("tasks"), form::DataLabels());
    const auto* list = inspector->findChild<QTreeWidget*>("overlayTree")->topLevelItem(0);
    QCOMPARE(list->childCount(), 30);
    std::set<std::pair<QString, int>> seen;
    std::set<QByteArray> swatches;
    for (int n = 0; n < 30; ++n) {
      const auto& look = looks.of(static_cast<std::size_t>(n / 6), static_cast<std::size_t>(n % 6));
      const auto& drawn = model()->overlays()[0]->source.classes[static_cast<std::size_t>(n)];
      QCOMPARE(drawn.color, QColor(QString::fromStdString(look.color)));
      QCOMPARE(drawn.pattern, look.pattern);
      QCOMPARE(QColor(QString::fromStdString(
                   plan::classColor(plan, static_cast<std::size_t>(n / 6), static_cast<std::size_t>(n % 6)))),
               drawn.color);
      seen.emplace(drawn.color.name(), drawn.pattern);
      const auto swatch = pictureOf(list->child(n)->icon(0));
      QCOMPARE(pictureOf(tasks.topLevelItem(n / 6)->child(n % 6)->icon(0)), swatch);
      swatches.insert(QByteArray(reinterpret_cast<const char*>(swatch.constBits()), swatch.sizeInBytes()));
    }
    QCOMPARE(seen.size(), std::size_t(30));
    QCOMPARE(swatches.size(), std::size_t(30));
    QCOMPARE(model()->overlays()[0]->source.classes[20].color, QColor("#56b4e9"));
  }

  void coloursComeWithTheRunAndThoseOfTheUserStay() {
    // Another run gives the same name another colour: the window follows, as its report does.
    open(-1000, {disc(OverlayRole::Expert, orange)});
    inspector->setVolume(plain(geometry, 0));
    inspector->setOverlays({disc(OverlayRole::Expert, blue)});
    EVENTUALLY(!model()->overlays().empty());
    QCOMPARE(model()->overlays()[0]->source.classes[0].color, blue);
    model()->setClassColor("disc", orange);
    inspector->setOverlays({disc(OverlayRole::Expert, blue)});
    EVENTUALLY(!model()->busy());
    QCOMPARE(model()->overlays()[0]->source.classes[0].color, orange);
    // What comes without a colour gets one that nothing else has.
    auto nameless = disc(OverlayRole::Other, QColor());
    nameless.id = "other";
    nameless.classes[0].name = "other";
    inspector->setOverlays({disc(OverlayRole::Expert, blue), nameless});
    EVENTUALLY(model()->overlays().size() == std::size_t(2));
    const auto given = model()->overlays()[1]->source.classes[0].color;
    QVERIFY(given.isValid() && given != orange && given != blue);
  }

  void oneNameForTwoThingsIsNamedByItsTask() {
    plan::Plan plan;
    for (const char* organ : {"liver", "kidney"}) {
      plan::Task task;
      task.classes.emplace_back("body", plan::Class());
      task.classes.emplace_back("tumour", plan::Class());
      task.classes.back().second.labels = {std::string(organ) + " tumour"};
      plan.tasks.emplace_back(organ, task);
    }
    const auto shown = workbench::shownClasses(plan);
    QCOMPARE(shown[0][0].name, QString("body"));
    QCOMPARE(shown[1][0].color, shown[0][0].color);
    QCOMPARE(shown[0][1].name, QString("tumour (liver)"));
    QCOMPARE(shown[1][1].name, QString("tumour (kidney)"));
    QVERIFY(shown[0][1].color != shown[1][1].color);
  }

  void channelsOfAnImageAreShownOneAtATime() {
    const QTemporaryDir dir;
    const std::filesystem::path folder = dir.path().toStdString();
    // T1 fills the image with 100; FLAIR, of half its voxels along each axis, with 700.
    auto half = grid({{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}, {30, 30, 10}, {4, 4, 6});
    half.origin = geometry.indexToLps({0.5, 0.5, 0.5});
    auto flair = std::make_shared<image::Volume>(half);
    std::ranges::fill(flair->voxels, 700.0F);
    image::LabelMap truth(geometry);
    truth.voxels[static_cast<std::size_t>((10 * 60 + 30) * 60 + 30)] = 1;
    std::filesystem::create_directory(folder / "data");
    for (const auto& written : {io::writeNifti(folder / "data" / "one_t1.nii.gz", *plain(geometry, 100)),
                                io::writeNifti(folder / "data" / "one_flair.nii.gz", *flair),
                                io::writeNifti(folder / "data" / "one_seg.nii.gz", truth)})
      QVERIFY(written.has_value());
    auto index = data::Catalogue::open(folder / "index.sqlite");
    QVERIFY(index.has_value());
    SilentProgress progress;
    QVERIFY(index->scan("data", folder / "data", progress, {}).has_value());
    const auto cases = index->cases();
    QVERIFY(cases && cases->size() == 1);
    const auto plan = plan::fromJson(Json::parse(R"({"tasks": {"brain": {"classes": {"1": {}}}}})"));
    const auto run = run::RunDirectory::create(folder / "runs" / "one", *plan);
    QVERIFY(run.has_value());
    const auto digest = data::inputDigest(cases->front());
    QVERIFY(digest.has_value());
    QVERIFY(data::save({.cases = {{cases->front(), data::Split::Test, {0}, *digest}}}, run->cases()).has_value());

    watch::JobQueue jobs;
    workbench::InspectorPage page(&jobs);
    page.resize(1000, 700);
    page.show();
    page.setRun(QString::fromStdString((folder / "runs" / "one").string()));
    QCOMPARE(page.cases()->topLevelItemCount(), 1);
    page.cases()->setCurrentItem(page.cases()->topLevelItem(0));
    auto* shown = page.inspector()->model();
    EVENTUALLY(shown->volume() && shown->overlays().size() == 1);
    QVERIFY(page.channels()->isVisible());
    QCOMPARE(page.channels()->count(), 2);
    QCOMPARE(shown->volume()->voxels.front(), 100.0F);
    page.inspector()->setCursor(middle);
    const auto before = shown->cursor();
    QTest::keyClick(page.channels(), Qt::Key_Down);
    EVENTUALLY(shown->volume() && shown->volume()->voxels.front() == 700.0F);
    // On the same grid, so that crosshair and truth stay where they are.
    QVERIFY(shown->volume()->geometry.sameGrid(geometry));
    QCOMPARE(shown->cursor(), before);
    EVENTUALLY(shown->overlays().size() == 1);
    if (const QString keep = qEnvironmentVariable("LORKD_PICTURES"); !keep.isEmpty())
      page.grab().save(keep + "/channels.png");
    QTest::keyClick(page.channels(), Qt::Key_Up);
    EVENTUALLY(shown->volume()->voxels.front() == 100.0F);
  }
};

int main(int argc, char** argv) {
  VtkWidget::useSurfaceFormat();
  QApplication app(argc, argv);
  LooksTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "looks.moc"
