// The window of the PACS, pressed as a person would, with a script in the place of `lorkd`.
#include <QComboBox>
#include <QGroupBox>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QProgressBar>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QtTest>

#include "app/workbench/MainWindow.h"
#include "app/workbench/pacs/NodeDialog.h"
#include "app/workbench/pacs/PacsDialog.h"
#include "app/workbench/wizard/RunWizard.h"
#include "tests/gui/FakeProgram.h"
#include "tests/support/Discard.h"
#include "widgets/field/NumberField.h"
#include "widgets/run/Program.h"
#include "widgets/view/VtkWidget.h"

using namespace lorkd;
using namespace lorkd::workbench;

namespace {

// Two studies; the second series of the first fails until the file "mended" is there. Arguments go into "said".
constexpr const char* kProgram = R"SH(
here=$(dirname "$0")
echo "$*" >>"$here/said"
[ "$3" = pacs ] || { echo '{"kind":"result","networks":[]}'; exit 0; }
command=$4; shift 5
case $command in
echo)
  if [ -e "$here/dead" ]; then
    printf '%s\n' '{"kind":"error","code":"not found","message":"the PACS cannot be reached","hint":"does it run?","context":"ward"}'
    exit 1
  fi
  printf '%s\n' '{"kind":"result","node":"ward"}' ;;
find)
  case "$*" in
  *--study*1.2.1*) printf '%s\n' '{"kind":"result","series":[
 {"study":"1.2.1","series":"1.2.1.1","modality":"CT","number":"1","description":"Thorax","body_part":"CHEST","images":4},
 {"study":"1.2.1","series":"1.2.1.2","modality":"CT","number":"2","description":"Abdomen","body_part":"","images":3}]}' | tr -d '\n'; echo ;;
  *--study*) exit 1 ;;
  *) printf '%s\n' '{"kind":"result","more":false,"studies":[
 {"study":"1.2.2","patient_name":"Jürgens^Jörg","patient_id":"P2","date":"20230101","time":"","description":"","modalities":"CT","accession":"","series":-1,"images":-1},
 {"study":"1.2.1","patient_name":"Muster^Erika","patient_id":"P1","date":"20240331","time":"","description":"Staging","modalities":"CT\\SEG","accession":"","series":2,"images":7}]}' | tr -d '\n'; echo ;;
  esac ;;
get)
  out=$2
  mkdir -p "$out/.1.2.1.1.part"
  [ ! -e "$here/slow" ] || { : >"$out/.1.2.1.1.part/1.dcm"; exec sleep 60; }
  for n in 1 2 3 4; do : >"$out/.1.2.1.1.part/$n.dcm"; sleep 0.3; done
  [ -e "$out/1.2.1.1" ] || mv "$out/.1.2.1.1.part" "$out/1.2.1.1"
  if [ -e "$here/mended" ]; then
    mkdir -p "$out/1.2.1.2"
    printf '%s\n' '{"kind":"result","series":[{"series":"1.2.1.2","state":"complete","images":3,"error":""}]}'
    exit 0
  fi
  printf '%s\n' '{"kind":"result","series":[{"series":"1.2.1.1","state":"complete","images":4,"error":""},{"series":"1.2.1.2","state":"failed","images":1,"error":"1 of 3 images arrived"}]}'
  printf '%s\n' '{"kind":"error","code":"input/output","message":"1 of 2 series could not be retrieved","hint":"","context":""}'
  exit 1 ;;
send) printf '%s\n' '{"kind":"result","stored":2,"failed":[]}' ;;
esac
)SH";

}  // namespace

class PacsTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void nodesAreAddedEditedAndRemoved();
  void whatIsMarkedWrongIsNotSaved();
  void daysAreJudgedWhereTheyStand();
  void aDeadNodeSaysWhy();
  void seriesAreFoundAndRetrieved();
  void aRetrievalIsCancelled();
  void filesAreSent();
  void theWizardTakesTheFolder();

 private:
  void press(const char* name) {
    auto* button = m_dialog->findChild<QPushButton*>(name);
    QVERIFY2(button && button->isVisible() && button->isEnabled(), name);
    QTest::mouseClick(button, Qt::LeftButton);
  }
  QString said() const {
    QFile file(m_dir.filePath("said"));
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
  }
  QString status() const { return m_dialog->findChild<QLabel*>("pacsStatus")->text(); }
  void mark(const char* name, bool there = true) {
    QFile file(m_dir.filePath(name));
    QVERIFY(there ? file.open(QIODevice::WriteOnly) : file.remove());
  }
  /// Searches and ticks the first study.
  void tickFirst();
  QTemporaryDir m_dir;
  watch::JobQueue m_jobs;
  std::unique_ptr<PacsDialog> m_dialog;
};

void PacsTest::initTestCase() {
  QVERIFY(m_dir.isValid());
  QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_dir.filePath("settings"));
  qputenv("XDG_CONFIG_HOME", m_dir.filePath("config").toUtf8());
  watch::setLorkdProgram(test::script(m_dir, "lorkd", kProgram));
  m_dialog = std::make_unique<PacsDialog>(&m_jobs, m_dir.filePath("images"));
  m_dialog->show();
  QVERIFY(QTest::qWaitForWindowExposed(m_dialog.get()));
}

void PacsTest::nodesAreAddedEditedAndRemoved() {
  QVERIFY(status().contains("Add the PACS"));
  for (const char* name : {"editNode", "testNode", "search", "retrieve"})
    QVERIFY2(!m_dialog->findChild<QPushButton*>(name)->isEnabled(), name);
  const auto fill = [&](const QString& name, const QString& host) {
    auto* dialog = m_dialog->findChild<NodeDialog*>();
    QVERIFY(dialog && dialog->isVisible());
    auto* field = dialog->findChild<QLineEdit*>("nodeName");
    if (field->isEnabled()) field->setText(name);
    dialog->findChild<QLineEdit*>("nodeHost")->setText(host);
    dialog->accept();
  };
  press("addNode");
  fill("ward", "not a host");
  auto* dialog = m_dialog->findChild<NodeDialog*>();
  QVERIFY(dialog->isVisible() && dialog->findChild<QLabel*>("nodeHostFault")->text().contains("host"));
  QVERIFY(dialog->findChild<QLabel*>("nodeHostFault")->isVisible());
  dialog->findChild<QGroupBox*>("nodeTls")->setChecked(true);
  fill("ward", "10.0.0.7");
  QVERIFY(dialog->isVisible() && dialog->findChild<QLabel*>("nodeCaFault")->isVisible());
  dialog->findChild<QGroupBox*>("nodeTls")->setChecked(false);
  fill("ward", "10.0.0.7");
  QTRY_VERIFY(!m_dialog->findChild<NodeDialog*>());
  press("addNode");
  fill("ward", "twice");
  QVERIFY(m_dialog->findChild<NodeDialog*>()->isVisible());
  fill("other", "10.0.0.8");
  QTRY_VERIFY(!m_dialog->findChild<NodeDialog*>());
  auto* nodes = m_dialog->findChild<QComboBox*>("pacsNode");
  QCOMPARE(nodes->currentText(), QString("other"));
  press("editNode");
  m_dialog->findChild<NodeDialog*>()->findChild<field::NumberField*>("nodePort")->setValue(4242);
  m_dialog->findChild<NodeDialog*>()->findChild<field::NumberField*>("nodeMostAnswers")->setValue(501);
  m_dialog->findChild<NodeDialog*>()->findChild<field::NumberField*>("nodeMostMegabytes")->setValue(502);
  m_dialog->findChild<NodeDialog*>()->findChild<field::NumberField*>("nodeMostSeconds")->setValue(503);
  fill("", "10.0.0.9");
  QTRY_VERIFY(!m_dialog->findChild<NodeDialog*>());
  const auto saved = pacs::findNode(pacs::defaultNodesFile(), "other");
  QVERIFY(saved && saved->host == "10.0.0.9" && saved->port == 4242);
  QCOMPARE(saved->limits.answers, 501);
  QCOMPARE(saved->limits.megabytes, 502);
  QCOMPARE(saved->limits.seconds, 503);
  press("removeNode");
  auto* box = m_dialog->findChild<QMessageBox*>("confirmRemove");
  QVERIFY(box);
  QTest::mouseClick(box->button(QMessageBox::Yes), Qt::LeftButton);
  QTRY_COMPARE(nodes->count(), 1);
  QCOMPARE(nodes->currentText(), QString("ward"));
  press("testNode");
  QTRY_VERIFY(status().contains("answers"));
}

void PacsTest::whatIsMarkedWrongIsNotSaved() {
  press("editNode");
  auto* dialog = m_dialog->findChild<NodeDialog*>();
  for (const auto& [name, typed] : {std::pair("nodePort", "70000"),
                                    {"nodeTimeout", "0,5"},
                                    {"nodeMostAnswers", "0,002"},
                                    {"nodeMostMegabytes", "-5"},
                                    {"nodeMostSeconds", "abc"}}) {
    auto* number = dialog->findChild<field::NumberField*>(name);
    const auto before = number->text();
    number->setTyped(typed);
    dialog->accept();
    QVERIFY2(dialog->isVisible() && dialog->focusWidget() == number, name);
    QVERIFY2(dialog->findChild<QLabel*>(QString(name) + "Fault")->isVisible(), name);
    number->setTyped(before);
  }
  // Every field says its own fault at once, in words of the window, until it is mended.
  dialog->findChild<QGroupBox*>("nodeTls")->setChecked(true);
  auto* host = dialog->findChild<QLineEdit*>("nodeHost");
  host->setText("two words");
  dialog->findChild<QLineEdit*>("nodeCalled")->clear();
  dialog->findChild<QLineEdit*>("nodeKey")->setText("/key.pem");
  dialog->accept();
  QVERIFY(dialog->isVisible() && dialog->focusWidget() == host);
  for (const char* name : {"nodeHost", "nodeCalled", "nodeCa", "nodeCertificate"}) {
    const auto* fault = dialog->findChild<QLabel*>(QString(name) + "Fault");
    QVERIFY2(fault->isVisible() && !fault->text().contains("tls."), name);
  }
  QVERIFY(!dialog->findChild<QLabel*>("nodeKeyFault")->isVisible());
  host->setText("10.0.0.7");
  QVERIFY(!dialog->findChild<QLabel*>("nodeHostFault")->isVisible());
  dialog->findChild<QLineEdit*>("nodeKey")->clear();
  QVERIFY(!dialog->findChild<QLabel*>("nodeCertificateFault")->isVisible());
  dialog->reject();
  QTRY_VERIFY(!m_dialog->findChild<NodeDialog*>());
}

void PacsTest::daysAreJudgedWhereTheyStand() {
  auto* from = m_dialog->findChild<QLineEdit*>("findFrom");
  const auto jobs = m_jobs.jobs().size();
  for (const char* typed : {"31.03.2024", "2024-02-31"}) {
    from->setText(typed);
    const auto* fault = m_dialog->findChild<QLabel*>("findFromFault");
    QVERIFY2(fault->isVisible() && fault->text().contains("2024-03-31"), typed);
    press("search");
    QCOMPARE(m_jobs.jobs().size(), jobs);
  }
  for (const char* typed : {"2024-03-31", "20240331", ""}) {
    from->setText(typed);
    QVERIFY2(!m_dialog->findChild<QLabel*>("findFromFault")->isVisible(), typed);
  }
}

void PacsTest::aDeadNodeSaysWhy() {
  mark("dead");
  press("testNode");
  QTRY_VERIFY(status().contains("cannot be reached") && status().contains("does it run?"));
  mark("dead", false);
}

void PacsTest::tickFirst() {
  press("search");
  QTRY_COMPARE(m_dialog->results()->topLevelItemCount(), 2);
  auto* study = m_dialog->results()->topLevelItem(0);
  const auto box = m_dialog->results()->visualItemRect(study);
  QTest::mouseClick(m_dialog->results()->viewport(), Qt::LeftButton, {}, QPoint(box.left() + 10, box.center().y()));
  QTRY_COMPARE(study->childCount(), 2);
  QCOMPARE(m_dialog->results()->chosen().size(), std::size_t(2));
}

void PacsTest::seriesAreFoundAndRetrieved() {
  m_dialog->findChild<QLineEdit*>("findName")->setText("-muster");
  m_dialog->findChild<QComboBox*>("findModality")->setEditText("CT");
  QVERIFY(!m_dialog->findChild<QPushButton*>("retrieve")->isEnabled());
  tickFirst();
  QVERIFY(said().contains("pacs find ward --name=-muster --modality=CT"));
  auto* results = m_dialog->results();
  QCOMPARE(results->topLevelItem(0)->text(PacsResults::Name), QString("Muster, Erika  (P1)"));
  QCOMPARE(results->topLevelItem(0)->text(PacsResults::Date), QString("2024-03-31"));
  QCOMPARE(results->topLevelItem(0)->text(PacsResults::Modality), QString("CT, SEG"));
  QCOMPARE(results->topLevelItem(0)->child(0)->text(PacsResults::Images), QString("4"));
  // A study whose series cannot be listed says so and stays unticked.
  results->topLevelItem(1)->setCheckState(0, Qt::Checked);
  QTRY_COMPARE(results->topLevelItem(1)->checkState(0), Qt::Unchecked);
  QVERIFY(status().contains("⚠"));

  press("retrieve");
  auto* series = results->topLevelItem(0)->child(0);
  QTRY_VERIFY(qobject_cast<QProgressBar*>(results->itemWidget(series, PacsResults::State)));
  QTRY_VERIFY(qobject_cast<QProgressBar*>(results->itemWidget(series, PacsResults::State))->value() >= 2);
  QTRY_VERIFY_WITH_TIMEOUT(m_dialog->retrieval() && m_dialog->retrieval()->over(), 20000);
  QVERIFY(said().contains("pacs get ward --out " + m_dir.filePath("images") +
                          " --series 1.2.1/1.2.1.1 --series 1.2.1/1.2.1.2"));
  QVERIFY(series->text(PacsResults::State).contains("complete"));
  QVERIFY(results->topLevelItem(0)->child(1)->text(PacsResults::State).contains("1 of 3 images"));
  QVERIFY(status().contains("1 of 2 series"));

  mark("mended");
  press("retryFailed");
  QTRY_VERIFY_WITH_TIMEOUT(m_dialog->retrieval()->over(), 20000);
  QVERIFY(said().trimmed().endsWith("--series 1.2.1/1.2.1.2"));
  QVERIFY(results->topLevelItem(0)->child(1)->text(PacsResults::State).contains("complete"));
  QVERIFY(!m_dialog->findChild<QPushButton*>("retryFailed")->isVisible());
  mark("mended", false);
}

void PacsTest::aRetrievalIsCancelled() {
  mark("slow");
  QDir(m_dir.filePath("images")).removeRecursively();
  tickFirst();
  press("retrieve");
  auto* series = m_dialog->results()->topLevelItem(0)->child(0);
  QTRY_VERIFY(m_dialog->results()->itemWidget(series, PacsResults::State));
  QVERIFY(!m_dialog->findChild<QLineEdit*>("pacsFolder")->isEnabled());
  press("cancelRetrieve");
  QTRY_COMPARE(m_dialog->retrieval()->state(), watch::Job::State::Cancelled);
  QVERIFY(series->text(PacsResults::State).contains("cancelled") && status().contains("kept"));
  QVERIFY(m_dialog->findChild<QPushButton*>("retryFailed")->isVisible());
  mark("slow", false);
}

void PacsTest::filesAreSent() {
  m_dialog->send({"/a.dcm", "/b.dcm"});
  QTRY_VERIFY(status().contains("2 files are stored"));
  QVERIFY(said().contains("pacs send ward /a.dcm /b.dcm"));
}

void PacsTest::theWizardTakesTheFolder() {
  m_dialog.reset();
  QDir().mkpath(m_dir.filePath("project/pacs"));
  MainWindow window;
  window.show();
  window.openProject(m_dir.filePath("project"));
  auto* wizard = window.newRun();
  QTRY_VERIFY(wizard->isVisible());
  QTest::mouseClick(wizard->findChild<QPushButton*>("fromPacs"), Qt::LeftButton);
  auto* dialog = wizard->findChild<PacsDialog*>();
  QTRY_VERIFY(dialog && dialog->isVisible());
  QTest::mouseClick(dialog->findChild<QPushButton*>("useFolder"), Qt::LeftButton);
  QCOMPARE(wizard->model()->value("data.sources.pacs.path"), Json(m_dir.filePath("project/pacs").toStdString()));
  QTRY_VERIFY(said().contains("scan " + m_dir.filePath("project/pacs")));
  discard(wizard);
}

int main(int argc, char** argv) {
  view::VtkWidget::useSurfaceFormat();
  QApplication app(argc, argv);
  QApplication::setOrganizationName("lorkd-test");
  QApplication::setApplicationName("pacs-test");
  PacsTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "pacs.moc"
