// Names from outside are shown as they are written, whatever HTML they look like.
#include <QApplication>
#include <QLabel>
#include <QMessageBox>
#include <QSettings>
#include <QTemporaryDir>
#include <QToolTip>
#include <QtTest>

#include "app/workbench/MainWindow.h"
#include "widgets/run/Program.h"
#include "widgets/view/VtkWidget.h"

using namespace lorkd::workbench;

namespace {

constexpr const char* kName = "<b>Nobody</b><img src='file:///etc/hostname'>";

}  // namespace

class NamesTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void initTestCase();
  void labels();
  void messages();
  void toolTips();
  void whatIsMeantToBeHtmlStays();

 private:
  QTemporaryDir m_dir;
  std::unique_ptr<MainWindow> m_window;
};

void NamesTest::initTestCase() {
  QVERIFY(m_dir.isValid());
  QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_dir.filePath("settings"));
  m_window = std::make_unique<MainWindow>();
  m_window->show();
  QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
}

void NamesTest::labels() {
  QLabel label(kName), plain(m_window.get());
  plain.setTextFormat(Qt::PlainText);
  plain.setText(kName);
  label.show();
  QVERIFY(QTest::qWaitForWindowExposed(&label));
  QCOMPARE(label.textFormat(), Qt::PlainText);
  // As wide as all its letters: nothing of them is taken for a command.
  QCOMPARE(label.sizeHint(), plain.sizeHint());
  label.setText("<i>another</i>");
  QCOMPARE(label.textFormat(), Qt::PlainText);
}

void NamesTest::messages() {
  QMessageBox box(QMessageBox::Warning, "Title", kName, QMessageBox::Ok, m_window.get());
  box.setInformativeText(kName);
  box.open();
  QVERIFY(QTest::qWaitForWindowExposed(&box));
  int seen = 0;
  for (auto* label : box.findChildren<QLabel*>())
    if (label->text() == kName) {
      ++seen;
      QCOMPARE(label->textFormat(), Qt::PlainText);
    }
  QCOMPARE(seen, 2);
  box.close();
}

void NamesTest::toolTips() {
  QToolTip::showText(m_window->mapToGlobal(QPoint(50, 50)), kName, m_window.get());
  QLabel* tip = nullptr;
  for (auto* widget : QApplication::topLevelWidgets())
    if (widget->inherits("QTipLabel")) tip = qobject_cast<QLabel*>(widget);
  QVERIFY(tip && tip->isVisible());
  QCOMPARE(tip->text(), QString(kName));
  QCOMPARE(tip->textFormat(), Qt::PlainText);
  QToolTip::hideText();
}

void NamesTest::whatIsMeantToBeHtmlStays() {
  int welcome = 0;
  for (auto* label : m_window->findChildren<QLabel*>())
    if (label->text().startsWith("<h2>")) {
      ++welcome;
      QCOMPARE(label->textFormat(), Qt::RichText);
    }
  QCOMPARE(welcome, 1);
}

int main(int argc, char** argv) {
  lorkd::view::VtkWidget::useSurfaceFormat();
  QApplication app(argc, argv);
  NamesTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "names.moc"
