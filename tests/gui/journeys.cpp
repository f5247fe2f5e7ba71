// From a data set as it was downloaded to a training that runs, in the window alone: the folder is named once.
#include <QDialogButtonBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QTableWidget>
#include <QTreeWidget>

#include "app/workbench/wizard/KnownDialog.h"
#include "app/workbench/wizard/LayoutDialog.h"
#include "core/data/Catalogue.h"
#include "core/data/SegmentReader.h"
#include "core/io/VolumeFile.h"
#include "tests/gui/WizardWindow.h"
#include "widgets/field/FaultLine.h"

using namespace lorkd;
using namespace lorkd::workbench;
namespace fs = std::filesystem;

namespace {

/// Balls of bright voxels in noise; `radius` 0 leaves it out.
struct Ball {
  std::array<double, 3> centre;
  double radius;
};

image::Geometry grid() {
  image::Geometry g;
  g.size = {32, 28, 16};
  g.spacing = {2, 2, 3};
  return g;
}

bool inside(const Ball& ball, std::int64_t x, std::int64_t y, std::int64_t z) {
  const auto dx = double(x) - ball.centre[0], dy = double(y) - ball.centre[1], dz = double(z) - ball.centre[2];
  return dx * dx + dy * dy + dz * dz < ball.radius * ball.radius;
}

/// Visits every voxel of the grid.
template <class Visit>
void eachVoxel(const Visit& visit) {
  const auto g = grid();
  std::size_t at = 0;
  for (std::int64_t z = 0; z < g.size[2]; ++z)
    for (std::int64_t y = 0; y < g.size[1]; ++y)
      for (std::int64_t x = 0; x < g.size[0]; ++x) visit(at++, x, y, z);
}

void writeImage(const fs::path& file, const std::vector<Ball>& balls, float bright) {
  image::Volume volume(grid());
  eachVoxel([&](std::size_t at, auto x, auto y, auto z) {
    volume.voxels[at] = static_cast<float>((x * 7 + y * 13 + z * 29) % 11);
    for (const auto& ball : balls)
      if (inside(ball, x, y, z)) volume.voxels[at] += bright;
  });
  fs::create_directories(file.parent_path());
  if (const auto done = io::writeNifti(file, volume); !done) qFatal("%s", done.error().text().c_str());
}

void writeMap(const fs::path& file, const std::vector<Ball>& balls) {
  image::LabelMap labels(grid());
  eachVoxel([&](std::size_t at, auto x, auto y, auto z) {
    for (std::size_t n = 0; n < balls.size(); ++n)
      if (inside(balls[n], x, y, z)) labels.voxels[at] = static_cast<std::uint16_t>(n + 1);
  });
  fs::create_directories(file.parent_path());
  if (const auto done = io::writeNifti(file, labels); !done) qFatal("%s", done.error().text().c_str());
}

std::vector<Ball> ballsOf(int person) { return {{{10.0 + person, 12, 7}, 5}, {{22, 14.0 + person, 8}, 4}}; }

}  // namespace

class JourneysTest : public WizardWindow {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase() { begin(); }
  void cleanup() { end(); }

  void fromATotalSegmentatorFolder() {
    const fs::path folder = m_dir.filePath("Totalsegmentator_dataset").toStdString();
    for (int n = 0; n < 6; ++n) {
      const auto person = folder / ("s000" + std::to_string(n));
      writeImage(person / "ct.nii.gz", ballsOf(n), 150);
      for (int c = 0; c < 2; ++c)
        writeMap(person / "segmentations" / (c ? "spleen.nii.gz" : "liver.nii.gz"), {ballsOf(n)[c]});
    }
    travel(folder, 6, {"liver", "spleen"});
  }

  void fromAnNnUNetFolderOfTwoChannels() {
    const fs::path folder = m_dir.filePath("Dataset017_Brain").toStdString();
    for (int n = 0; n < 6; ++n) {
      const auto name = "BRAIN_00" + std::to_string(n);
      writeImage(folder / "imagesTr" / (name + "_0000.nii.gz"), ballsOf(n), 150);
      writeImage(folder / "imagesTr" / (name + "_0001.nii.gz"), {ballsOf(n)[1]}, 400);
      writeMap(folder / "labelsTr" / (name + ".nii.gz"), ballsOf(n));
    }
    std::ofstream(folder / "dataset.json") << R"({"channel_names": {"0": "T1", "1": "FLAIR"},
      "labels": {"background": 0, "oedema": 1, "core": 2}, "numTraining": 6, "file_ending": ".nii.gz"})";
    travel(folder, 6, {"oedema", "core"}, [this](RunWizard* wizard) {
      // The network must be told what it sees: until then there is no way on, and the line says where to say it.
      QVERIFY2(!next(wizard)->isEnabled() && why(wizard).contains("What the labels say"), qPrintable(why(wizard)));
      QTimer::singleShot(300, wizard, [this, wizard] {
        auto* dialog = wizard->findChild<KnownDialog*>();
        QVERIFY(dialog);
        auto* channels = dialog->findChild<QTableWidget*>("channels");
        QCOMPARE(channels->rowCount(), 2);
        for (int row = 0; row < 2; ++row) channels->item(row, 0)->setCheckState(Qt::Checked);
        keep(dialog, "journey-channels");
        // By the keyboard: the mouse is still down on the button that opened it.
        QTest::keyClick(dialog->findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Ok), Qt::Key_Space);
      });
      QTest::mouseClick(wizard->findChild<QPushButton*>("known"), Qt::LeftButton);
      QCOMPARE(wizard->model()->value("data.inputs").size(), std::size_t(2));
    });
  }

  void fromPicturesWithMasks() {
    const auto folder = m_dir.filePath("Kvasir-SEG");
    for (int n = 0; n < 6; ++n)
      for (const bool mask : {false, true}) {
        QImage picture(48, 40, mask ? QImage::Format_Grayscale8 : QImage::Format_RGB888);
        picture.fill(mask ? Qt::black : QColor(60, 20, 20));
        for (int y = 0; y < 40; ++y)
          for (int x = 0; x < 48; ++x)
            if ((x - 20 - n) * (x - 20 - n) + (y - 18) * (y - 18) < 80)
              picture.setPixelColor(x, y, mask ? Qt::white : QColor(200, 90 + n, 80));
        const auto place = folder + (mask ? "/masks" : "/images");
        QVERIFY(QDir().mkpath(place) && picture.save(place + QString("/cju%1.png").arg(n)));
      }
    travel(folder.toStdString(), 6, {"mask"}, {}, {{"data.longer_side", 32}});
  }

  void aRuleIsWrittenWhileItIsSeenWhatItFinds() {
    // Names that say nothing: scans and drawings of one folder, two visits of each person.
    const fs::path folder = m_dir.filePath("odd").toStdString();
    for (int n = 0; n < 4; ++n) {
      const auto who = "anna" + std::to_string(n / 2) + "v" + std::to_string(n % 2);
      writeImage(folder / ("a" + who + ".nii.gz"), ballsOf(n), 150);
      writeMap(folder / ("b" + who + ".nii.gz"), {ballsOf(n)[0]});
    }
    writeImage(folder / "scout.nii.gz", {}, 0);
    auto* wizard = m_window->newRun();
    QTRY_VERIFY(wizard->isVisible());
    auto* page = qobject_cast<DataPage*>(wizard->currentPage());
    page->addFolder(QString::fromStdString(folder.string()));
    QTRY_VERIFY_WITH_TIMEOUT(m_window->jobs()->active() == 0 && next(wizard) && !page->cases().empty(), 60000);
    QVERIFY(!next(wizard)->isEnabled());
    QTimer::singleShot(300, wizard, [this, wizard] {
      auto* dialog = wizard->findChild<LayoutDialog*>();
      QVERIFY(dialog);
      QTRY_VERIFY(dialog->answered());
      const auto* summary = dialog->findChild<QLabel*>("layoutSummary");
      QVERIFY2(summary->text().startsWith("By the words in the names"), qPrintable(summary->text()));
      auto* images = dialog->findChild<QPlainTextEdit*>("layoutImages");
      auto* ok = dialog->findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Ok);
      // Half a pattern is a fault that says where, and cannot be accepted.
      images->setFocus();
      QTest::keyClicks(images, "a{case");
      QTRY_VERIFY(dialog->answered() && !ok->isEnabled());
      QVERIFY(!dialog->findChild<field::FaultLine*>("layoutFault")->why().isEmpty());
      QTest::keyClicks(images, "}.nii.gz");
      auto* labels = dialog->findChild<QPlainTextEdit*>("layoutLabels");
      labels->setFocus();
      QTest::keyClicks(labels, "b{case}.nii.gz");
      QTest::keyClicks(dialog->findChild<QLineEdit*>("layoutPatients"), "(anna[0-9])");
      QTRY_VERIFY(dialog->answered() && ok->isEnabled());
      QVERIFY2(summary->text().contains("4 images of 2 patients, 4 label files"), qPrintable(summary->text()));
      QVERIFY2(summary->text().contains("1 of 9 files are left out"), qPrintable(summary->text()));
      QCOMPARE(dialog->findChild<QTreeWidget*>("layoutExamples")->topLevelItem(0)->text(1), QString("anna0"));
      QCOMPARE(dialog->findChild<QTreeWidget*>("layoutLeft")->topLevelItem(0)->text(0), QString("scout.nii.gz"));
      keep(dialog, "layout-dialog");
      QTest::keyClick(ok, Qt::Key_Space);
    });
    QTest::mouseClick(wizard->findChild<QPushButton*>("layout"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(m_window->jobs()->active() == 0 && next(wizard)->isEnabled(), 60000);
    std::set<std::string> patients;
    for (const auto& item : page->cases()) {
      QVERIFY(!item.labels.empty());
      patients.insert(item.patient);
    }
    QCOMPARE(page->cases().size(), std::size_t(4));
    QCOMPARE(patients.size(), std::size_t(2));
    // The plan keeps it, and the list of sources says it.
    QCOMPARE(wizard->model()->value("data.sources.odd.layout.images").dump(), std::string(R"(["a{case}.nii.gz"])"));
    QCOMPARE(wizard->findChild<QTreeWidget*>("sources")->topLevelItem(0)->text(2), QString("by patterns"));
    keep(wizard, "layout-data");
    delete wizard;
  }

  void fromDicomWithMasksInNifti() {
    const auto series = m_dir.filePath("series"), folder = m_dir.filePath("hospital");
    QProcess phantom;
    phantom.start(watch::lorkdProgram(), {"phantom", series, "--patients", "6", "--resolution", "0.3"});
    QVERIFY2(phantom.waitForFinished(120000) && phantom.exitCode() == 0, phantom.readAllStandardError());
    auto index = data::Catalogue::open(":memory:");
    SilentProgress progress;
    QVERIFY(index && index->scan("series", series.toStdString(), progress, {}));
    const auto cases = index->cases();
    QVERIFY(cases && cases->size() == 6);
    // Each series in a folder of its own, its labels beside it as a radiologist drew them elsewhere.
    for (std::size_t n = 0; n < cases->size(); ++n) {
      const auto& item = (*cases)[n];
      const auto place = fs::path(folder.toStdString()) / ("P" + std::to_string(n));
      fs::create_directories(place / "CT");
      for (const auto& file : item.imageFiles) fs::copy_file(file, place / "CT" / file.filename());
      const auto segments = data::readSegments(item);
      QVERIFY(segments.has_value());
      image::Mask bright(segments->geometry);
      for (const auto& segment : segments->segments)
        for (std::size_t v = 0; v < bright.voxels.size(); ++v) bright.voxels[v] |= segment.mask[v];
      QVERIFY(io::writeNifti(place / "body_seg.nii.gz", bright).has_value());
    }
    travel(folder.toStdString(), 6, {});
  }

 private:
  /// Goes through every page with the mouse: `labels` must be found, all if it names none; `answer` is what the page of
  /// data wants to know. Ends when the run trains.
  void travel(const fs::path& folder, std::size_t images, const std::set<std::string>& labels,
              const std::function<void(RunWizard*)>& answer = {},
              const std::vector<std::pair<QString, Json>>& more = {}) {
    const auto name = QString::fromStdString(folder.filename().string());
    auto* wizard = m_window->newRun();
    QTRY_VERIFY(wizard->isVisible());
    auto* page = qobject_cast<DataPage*>(wizard->currentPage());
    page->addFolder(QString::fromStdString(folder.string()));
    QTRY_VERIFY_WITH_TIMEOUT(m_window->jobs()->active() == 0 && page->cases().size() == images, 60000);
    QTRY_VERIFY(next(wizard)->isEnabled() || answer);
    std::set<std::string> found;
    for (const auto& item : page->cases()) found.insert(item.labels.begin(), item.labels.end());
    if (!labels.empty()) QCOMPARE(found, labels);
    keep(wizard, "journey-" + name + "-data");
    if (answer) answer(wizard);
    QTRY_VERIFY2(next(wizard)->isEnabled(), qPrintable(why(wizard)));
    QTest::mouseClick(next(wizard), Qt::LeftButton);
    QTest::mouseClick(wizard->findChild<QPushButton*>("suggestTasks"), Qt::LeftButton);
    QTest::mouseClick(wizard->findChild<QPushButton*>("proposalUse"), Qt::LeftButton);
    QVERIFY(!wizard->model()->value("tasks").empty());
    keep(wizard, "journey-" + name + "-tasks");
    QTRY_VERIFY2(next(wizard)->isEnabled(), qPrintable(why(wizard)));
    QTest::mouseClick(next(wizard), Qt::LeftButton);  // the data's headers
    QTRY_VERIFY_WITH_TIMEOUT(m_window->jobs()->active() == 0 && next(wizard)->isEnabled(), 60000);
    keep(wizard, "journey-" + name + "-look");
    // What takes long in earnest is made small: networks, patches, steps.
    for (const auto& [path, value] : std::vector<std::pair<QString, Json>>{{"backbone.widths", {4, 8}},
                                                                           {"teacher.source", "none"},
                                                                           {"training.steps", 4},
                                                                           {"training.batch", 2},
                                                                           {"training.validate_every", 2},
                                                                           {"data.patch", {16, 16, 16}},
                                                                           {"data.spacing", {4.0, 4.0, 4.0}}})
      wizard->model()->setValue(path, value);
    for (const auto& [path, value] : more) wizard->model()->setValue(path, value);
    auto* finish = wizard->button(QWizard::FinishButton);
    while (wizard->currentId() != Review) {
      QTRY_VERIFY2_WITH_TIMEOUT(next(wizard)->isEnabled(), qPrintable(why(wizard)), 30000);
      QTest::mouseClick(next(wizard), Qt::LeftButton);
    }
    QTRY_VERIFY_WITH_TIMEOUT(finish->isEnabled(), 30000);
    keep(wizard, "journey-" + name + "-review");
    QTest::mouseClick(finish, Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(m_window->monitor()->watcher() && m_window->monitor()->watcher()->status() &&
                                 m_window->monitor()->watcher()->status()->step > 0,
                             120000);
    const auto& status = *m_window->monitor()->watcher()->status();
    QVERIFY2(status.state == run::State::Running || status.state == run::State::Finished, status.message.c_str());
    // The next journey begins when this machine is free.
    QTRY_VERIFY_WITH_TIMEOUT(m_window->monitor()->watcher()->status()->state == run::State::Finished, 120000);
    keep(m_window.get(), "journey-" + name + "-training");
  }
};

int main(int argc, char** argv) { return runWizardTest<JourneysTest>(argc, argv, "journeys-test"); }

#include "journeys.moc"
