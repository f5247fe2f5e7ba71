// The wizard's page of data, pressed as a person would.
#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QSettings>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTreeView>
#include <QtTest>

#include "app/workbench/MainWindow.h"
#include "app/workbench/wizard/KnownDialog.h"
#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"
#include "tests/support/Discard.h"
#include "widgets/run/Program.h"
#include "widgets/view/VtkWidget.h"

using namespace lorkd;
using namespace lorkd::workbench;

class SourcesTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void aBrokenFolderSaysWhy();
  void sourcesKeepTheirNames();
  void movedDataAreFoundAgain();
  void gapsWaitForConsent();
  void scansAreCancelled();
  void whatLabelsSayIsAskedAndKept();
  void picturesWithMasksAreSegmented();
  void volumesWithATableAreClassified();

 private:
  QTemporaryDir m_dir;
  std::unique_ptr<MainWindow> m_window;
};

void SourcesTest::initTestCase() {
  QVERIFY(m_dir.isValid());
  // Settings of the person who runs the tests stay untouched.
  QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_dir.filePath("settings"));
  watch::setLorkdProgram(QString(LORKD_BIN_DIR) + "/lorkd");
  m_window = std::make_unique<MainWindow>();
  m_window->show();
  QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
  m_window->openProject(m_dir.filePath("project"));
}

void SourcesTest::aBrokenFolderSaysWhy() {
  QDir().mkpath(m_dir.filePath("empty"));
  auto* wizard = m_window->newRun();
  auto* page = qobject_cast<DataPage*>(wizard->currentPage());
  QVERIFY(page);
  page->addFolder(m_dir.filePath("empty"));
  auto* status = wizard->findChild<QLabel*>("scanStatus");
  QTRY_VERIFY_WITH_TIMEOUT(status->text().contains("empty"), 20000);
  QVERIFY(!wizard->button(QWizard::NextButton)->isEnabled());
  discard(wizard);
}

void SourcesTest::sourcesKeepTheirNames() {
  for (const char* name : {"one/scans", "two/scans", "数据"}) QDir().mkpath(m_dir.filePath(name));
  for (const char* name : {"one/scans", "two/scans", "数据"}) {
    QProcess phantom;
    phantom.start(watch::lorkdProgram(), {"phantom", m_dir.filePath(name), "--patients", "1", "--resolution", "0.3"});
    QVERIFY(phantom.waitForFinished(60000) && phantom.exitCode() == 0);
  }
  const auto added = [&](const QString& folder) {
    auto* wizard = m_window->newRun();
    auto* page = qobject_cast<DataPage*>(wizard->currentPage());
    page->addFolder(m_dir.filePath(folder));
    const auto sources = wizard->model()->value("data.sources");
    [&] { QTRY_COMPARE_WITH_TIMEOUT(page->cases().size(), std::size_t(1), 20000); }();
    discard(wizard);
    return sources.empty() ? QString() : QString::fromStdString(sources.items().begin().key());
  };
  // Each wizard begins with an empty plan; only the project's index knows the folders before.
  m_window->openProject(m_dir.filePath("names"));
  QDir().mkpath(m_dir.filePath("names"));
  QCOMPARE(added("one/scans"), QString("scans"));
  QCOMPARE(added("two/scans"), QString("scans-2"));
  QCOMPARE(added("one/scans"), QString("scans"));
  QCOMPARE(added("数据"), QString("数据"));
}

void SourcesTest::movedDataAreFoundAgain() {
  m_window->openProject(m_dir.filePath("moved"));
  auto* wizard = m_window->newRun();
  auto* page = qobject_cast<DataPage*>(wizard->currentPage());
  auto* move = wizard->findChild<QPushButton*>("moveFolder");
  QVERIFY(!move->isEnabled());
  page->addFolder(m_dir.filePath("two/scans"));
  QTRY_COMPARE_WITH_TIMEOUT(page->cases().size(), std::size_t(1), 20000);
  const auto id = page->cases().front().id;
  // A pseudonym alone would not say whose image it is.
  const auto* list = wizard->findChild<QTreeView*>("foundImages")->model();
  const auto image = list->index(0, 0, list->index(0, 0));
  QCOMPARE(image.data().toString(), QString::fromStdString(id));
  const auto slices = page->cases().front().imageFiles;
  const auto first =
      QDir(m_dir.filePath("two/scans")).relativeFilePath(QString::fromStdString(slices.front().string()));
  QCOMPARE(image.data(Qt::ToolTipRole).toString(), QString("%1 · files: %2").arg(first).arg(slices.size()));
  QVERIFY(QDir(m_dir.path()).mkdir("archive") && QDir(m_dir.path()).rename("two/scans", "archive/scans"));
  page->initializePage();
  auto* status = wizard->findChild<QLabel*>("scanStatus");
  QTRY_VERIFY2(status->text().contains("Change folder"), qPrintable(status->text()));
  QVERIFY(!wizard->button(QWizard::NextButton)->isEnabled());
  QTimer::singleShot(500, wizard, [&] {
    auto* dialog = qobject_cast<QFileDialog*>(QApplication::activeModalWidget());
    QVERIFY(dialog);
    dialog->findChild<QLineEdit*>("fileNameEdit")->setText(m_dir.filePath("archive/scans"));
    QMetaObject::invokeMethod(dialog, "accept");
  });
  QTest::mouseClick(move, Qt::LeftButton);
  QTRY_COMPARE_WITH_TIMEOUT(page->cases().size(), std::size_t(1), 20000);
  QCOMPARE(page->cases().front().id, id);
  QCOMPARE(wizard->model()->value("data.sources.scans.path"), Json(m_dir.filePath("archive/scans").toStdString()));
  QTRY_VERIFY(wizard->button(QWizard::NextButton)->isEnabled());
  discard(wizard);
  QVERIFY(QDir(m_dir.path()).rename("archive/scans", "two/scans"));
}

void SourcesTest::gapsWaitForConsent() {
  QProcess phantom;
  phantom.start(watch::lorkdProgram(), {"phantom", m_dir.filePath("gaps"), "--patients", "2", "--resolution", "0.3"});
  QVERIFY(phantom.waitForFinished(60000) && phantom.exitCode() == 0);
  m_window->openProject(m_dir.filePath("consent"));
  auto* wizard = m_window->newRun();
  auto* page = qobject_cast<DataPage*>(wizard->currentPage());
  page->addFolder(m_dir.filePath("gaps"));
  QTRY_COMPARE_WITH_TIMEOUT(page->cases().size(), std::size_t(2), 20000);
  auto* box = wizard->findChild<QCheckBox*>("accept-missing-slice");
  QVERIFY(box && !box->isVisible());
  // Two slices in the middle of one volume; names of files say nothing of places.
  for (const std::size_t n : {5u, 6u}) QVERIFY(QFile::remove(QString::fromStdString(page->cases()[0].imageFiles[n])));
  page->addFolder(m_dir.filePath("gaps"));
  QTRY_VERIFY_WITH_TIMEOUT(box->isVisible(), 20000);
  QCOMPARE(page->cases().size(), std::size_t(1));
  QVERIFY2(box->text().contains("1"), qPrintable(box->text()));
  QTest::mouseClick(box, Qt::LeftButton, {}, QPoint(8, box->height() / 2));
  QVERIFY(box->isChecked());
  QTRY_COMPARE(page->cases().size(), std::size_t(2));
  QCOMPARE(wizard->model()->value("data.sources.gaps.accept"), Json({"missing-slice"}));
  // A plan that names what this project's index does not know is scanned without being asked for.
  const auto plan = wizard->model()->value("data.sources");
  discard(wizard);
  m_window->openProject(m_dir.filePath("other"));
  wizard = m_window->newRun();
  wizard->model()->setValue("data.sources", plan);
  page = qobject_cast<DataPage*>(wizard->currentPage());
  page->initializePage();
  QTRY_COMPARE_WITH_TIMEOUT(page->cases().size(), std::size_t(2), 20000);
  QVERIFY(wizard->findChild<QCheckBox*>("accept-missing-slice")->isChecked());
  discard(wizard);
}

void SourcesTest::scansAreCancelled() {
  QFile slow(m_dir.filePath("slow"));
  QVERIFY(slow.open(QIODevice::WriteOnly) && slow.write("#!/bin/sh\nexec sleep 60\n") > 0);
  slow.setPermissions(QFile::ReadOwner | QFile::ExeOwner);
  slow.close();
  const auto program = watch::lorkdProgram();
  watch::setLorkdProgram(slow.fileName());
  m_window->openProject(m_dir.filePath("names"));
  auto* wizard = m_window->newRun();
  auto* page = qobject_cast<DataPage*>(wizard->currentPage());
  auto* cancel = wizard->findChild<QPushButton*>("cancelScan");
  QVERIFY(!cancel->isVisible());
  page->addFolder(m_dir.filePath("empty"));
  const auto* first = m_window->jobs()->jobs().back();
  QTRY_VERIFY(cancel->isVisible() && first->state() == watch::Job::State::Running);
  QTest::mouseClick(cancel, Qt::LeftButton);
  QTRY_COMPARE(first->state(), watch::Job::State::Cancelled);
  QTRY_VERIFY(!cancel->isVisible() && wizard->findChild<QLabel*>("scanStatus")->text().contains("cancelled"));
  // A wizard that goes takes its scans along, those that wait too.
  page->addFolder(m_dir.filePath("empty"));
  page->addFolder(m_dir.filePath("one"));
  QCOMPARE(m_window->jobs()->active(), 2);
  discard(wizard);
  QTRY_COMPARE(m_window->jobs()->active(), 0);
  watch::setLorkdProgram(program);
}

void SourcesTest::whatLabelsSayIsAskedAndKept() {
  // Two hospitals: A marks liver and spleen in all of three images, B the liver alone in two of four; two readers in B.
  std::vector<data::Case> cases;
  for (int n = 0; n < 7; ++n) {
    auto& c = cases.emplace_back();
    c.kind = "volume";
    c.source = n < 3 ? "A" : "B";
    c.imageFiles = {"/x/t1.nii", "/x/t2.nii"};
    c.labelFiles = {"/x/label.nii"};
    c.channels = {{"T1", "MR", 0, -1}, {"T2", "MR", 1, -1}};
    if (n == 6) c.channels.pop_back();
    if (n < 3) c.labels = {"liver", "spleen"};
    if (n == 3 || n == 4) c.labels = {"liver"};
    if (n == 3) c.contested = {"liver"};
  }
  form::PlanModel model;
  model.setJson(plan::toJson(plan::Plan()));
  model.setValue("data.sources", {{"A", {{"path", "/a"}}}, {"B", {{"path", "/b"}, {"annotates", {"kidney"}}}}});
  KnownDialog dialog(&model, cases);
  dialog.show();
  QVERIFY(QTest::qWaitForWindowExposed(&dialog));
  auto* matrix = dialog.findChild<QTableWidget*>("annotationMatrix");
  QCOMPARE(matrix->rowCount(), 2);
  QCOMPARE(matrix->item(0, 0)->text(), QString("liver"));
  QCOMPARE(matrix->item(0, 1)->text(), QString("all 3"));
  QVERIFY(matrix->item(0, 2)->text().startsWith("2 of 4"));
  QVERIFY(matrix->item(0, 2)->text().contains("several answers"));
  QCOMPARE(matrix->item(1, 2)->text(), QString("0 of 4"));
  QVERIFY(!(matrix->item(1, 1)->flags() & Qt::ItemIsUserCheckable));
  QVERIFY(!dialog.findChild<QComboBox*>("answers-A"));
  auto* answers = dialog.findChild<QComboBox*>("answers-B");
  QVERIFY(answers);
  QCOMPARE(answers->currentData().toString(), QString("ask"));
  answers->setCurrentIndex(answers->findData("majority"));
  matrix->item(0, 2)->setCheckState(Qt::Checked);
  auto* channels = dialog.findChild<QTableWidget*>("channels");
  QVERIFY(channels);
  QCOMPARE(channels->item(1, 0)->text(), QString("T2"));
  QCOMPARE(channels->item(1, 1)->text(), QString("6"));
  channels->item(1, 0)->setCheckState(Qt::Checked);
  channels->item(1, 2)->setCheckState(Qt::Checked);
  QTest::mouseClick(dialog.findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Ok), Qt::LeftButton);
  QCOMPARE(dialog.result(), int(QDialog::Accepted));
  const auto plan = model.json();
  QCOMPARE(plan["data"]["sources"]["B"]["annotates"].dump(), std::string(R"(["kidney","liver"])"));
  QCOMPARE(plan["data"]["sources"]["A"]["annotates"].dump(), std::string("[]"));
  QCOMPARE(plan["data"]["sources"]["B"]["answers"].get<std::string>(), std::string("majority"));
  QCOMPARE(plan["data"]["inputs"].size(), std::size_t(1));
  QVERIFY(plan["data"]["inputs"]["T2"]["fill"].get<bool>());
  // It opens again as it was left, and Cancel changes nothing.
  KnownDialog again(&model, cases);
  QCOMPARE(again.findChild<QTableWidget*>("annotationMatrix")->item(0, 2)->checkState(), Qt::Checked);
  again.findChild<QTableWidget*>("channels")->item(1, 0)->setCheckState(Qt::Unchecked);
  again.reject();
  QCOMPARE(model.json(), plan);
}

void SourcesTest::picturesWithMasksAreSegmented() {
  const auto write = [&](const QString& folder, const QString& name, QColor color) {
    QDir().mkpath(folder);
    QImage picture(16, 12, QImage::Format_RGB888);
    picture.fill(Qt::black);
    for (int x = 0; x < 6; ++x) picture.setPixelColor(x, 4, color);
    QVERIFY(picture.save(QDir(folder).filePath(name)));
  };
  const auto folder = m_dir.filePath("polyps");
  for (int n = 0; n < 4; ++n) {
    write(folder + "/images", QString("p%1.png").arg(n), QColor(200, 10 * n, 0));
    write(folder + "/masks", QString("p%1.png").arg(n), Qt::white);
  }
  auto* wizard = m_window->newRun();
  auto* page = qobject_cast<DataPage*>(wizard->currentPage());
  page->addFolder(folder);
  auto* next = wizard->button(QWizard::NextButton);
  QTRY_VERIFY_WITH_TIMEOUT(next->isEnabled(), 20000);
  QTest::mouseClick(next, Qt::LeftButton);
  auto* kind = wizard->findChild<QComboBox*>("taskKind");
  QVERIFY(!kind->isVisible());
  QTest::mouseClick(wizard->findChild<QPushButton*>("suggestTasks"), Qt::LeftButton);
  QTest::mouseClick(wizard->findChild<QPushButton*>("proposalUse"), Qt::LeftButton);
  auto* model = wizard->model();
  QCOMPARE(model->value("tasks.all.kind"), Json("segmentation_2d"));
  QVERIFY(model->value("tasks.all.classes").contains("mask"));
  for (const char* backbone : {"backbone.name", "teacher.backbone.name"})
    QCOMPARE(model->value(backbone), Json("unet2d"));
  QCOMPARE(model->value("data.channels"), Json("rgb"));
  // What is there by itself can be trained.
  while (next->isVisible()) QTest::mouseClick(next, Qt::LeftButton);
  QTRY_VERIFY_WITH_TIMEOUT(wizard->button(QWizard::FinishButton)->isEnabled(), 30000);

  // Classes of pictures beside them: the user says which of the two the tasks are for.
  wizard->setStartId(0);
  wizard->restart();
  for (const char* cls : {"cat", "dog"})
    for (int n = 0; n < 2; ++n) write(m_dir.filePath("animals/") + cls, QString("%1.png").arg(n), QColor(n, 90, 200));
  qobject_cast<DataPage*>(wizard->currentPage())->addFolder(m_dir.filePath("animals"));
  QTRY_VERIFY_WITH_TIMEOUT(next->isEnabled(), 20000);
  QTest::mouseClick(next, Qt::LeftButton);
  QVERIFY(kind->isVisible());
  QCOMPARE(kind->count(), 2);
  kind->setCurrentIndex(1);
  Q_EMIT kind->activated(1);
  QCOMPARE(model->value("tasks.all.kind"), Json("classification"));
  QCOMPARE(model->value("backbone.name"), Json("shufflenetv2"));
  QCOMPARE(model->value("data.channels"), Json("grey"));
  discard(wizard);
}

// Volumes of which a table says what they are: tasks tell their classes apart, with a network and sizes for that.
void SourcesTest::volumesWithATableAreClassified() {
  const auto folder = m_dir.filePath("brains");
  QVERIFY(QDir().mkpath(folder));
  QByteArray table = "file,diagnosis\n";
  for (int n = 0; n < 4; ++n) {
    // A NIfTI of 8 x 8 x 8 voxels by the words of its definition: the header's size, the sizes, the type, the lengths.
    QByteArray file(352 + 1024, '\0');
    const auto put = [&](int at, auto value) { std::memcpy(file.data() + at, &value, sizeof value); };
    put(0, std::int32_t(348));
    for (int axis = 0; axis < 8; ++axis) put(40 + 2 * axis, std::int16_t(axis == 0 ? 3 : axis < 4 ? 8 : 1));
    put(70, std::int16_t(4)), put(72, std::int16_t(16));
    for (int axis = 0; axis < 8; ++axis) put(76 + 4 * axis, 1.0f);
    put(108, 352.0f), put(112, 1.0f);
    put(254, std::int16_t(1));
    for (int row = 0; row < 3; ++row) put(280 + 20 * row, 1.0f);
    std::memcpy(file.data() + 344, "n+1", 4);
    for (int v = 0; v < 512; ++v) put(352 + 2 * v, std::int16_t(v * (n + 1) % 700));
    QFile out(folder + QString("/p%1.nii").arg(100 + n));
    QVERIFY(out.open(QFile::WriteOnly) && out.write(file) == file.size());
    table += "p" + QByteArray::number(100 + n) + (n % 2 ? ".nii,AD\n" : ".nii,CN\n");
  }
  QFile out(folder + "/labels.csv");
  QVERIFY(out.open(QFile::WriteOnly) && out.write(table) == table.size());
  out.close();
  auto* wizard = m_window->newRun();
  qobject_cast<DataPage*>(wizard->currentPage())->addFolder(folder);
  auto* next = wizard->button(QWizard::NextButton);
  QTRY_VERIFY_WITH_TIMEOUT(next->isEnabled(), 20000);
  QTest::mouseClick(next, Qt::LeftButton);
  QTest::mouseClick(wizard->findChild<QPushButton*>("suggestTasks"), Qt::LeftButton);
  QTest::mouseClick(wizard->findChild<QPushButton*>("proposalUse"), Qt::LeftButton);
  auto* model = wizard->model();
  QCOMPARE(model->value("tasks.all.kind"), Json("classification_3d"));
  QCOMPARE(model->value("tasks.all.classes.ad.labels"), Json::array({"AD"}));
  QCOMPARE(model->value("tasks.all.classes.cn.labels"), Json::array({"CN"}));
  for (const char* backbone : {"backbone.name", "teacher.backbone.name"})
    QCOMPARE(model->value(backbone), Json("encoder3d"));
  QCOMPARE(model->value("data.patch"), Json::array({32, 32, 32}));
  while (next->isVisible()) QTest::mouseClick(next, Qt::LeftButton);
  QTRY_VERIFY_WITH_TIMEOUT(wizard->button(QWizard::FinishButton)->isEnabled(), 30000);
  discard(wizard);
}

int main(int argc, char** argv) {
  view::VtkWidget::useSurfaceFormat();
  QApplication app(argc, argv);
  QApplication::setOrganizationName("lorkd-test");
  QApplication::setApplicationName("sources-test");
  SourcesTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "sources.moc"
