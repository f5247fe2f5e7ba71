// A task editor in a window, and the hands of who uses it.
#pragma once

#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QProcess>
#include <QPushButton>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

#include "widgets/form/ProposalDialog.h"
#include "widgets/form/TaskEditor.h"

namespace lorkd::form {

inline image::Label label(const std::string& name, int number = 0, const std::string& color = {}, plan::Code code = {},
                          plan::Code modifier = {}) {
  image::Label out;
  out.name = name;
  out.number = number;
  out.color = color;
  out.code = std::move(code);
  out.modifier = std::move(modifier);
  return out;
}

inline const plan::Code kKidney{"SCT", "64033007", "Kidney"}, kLeft{"SCT", "7771000", "Left"},
    kRight{"SCT", "24028007", "Right"};

/// Three images of the abdomen and two of the head.
inline std::vector<ImageInfo> images() {
  const auto liver = label("liver", 1, "#dd8265", {"SCT", "10200004", "Liver"});
  const auto left = label("Left Kidney", 2, "#b9664d", kKidney, kLeft);
  const auto right = label("Right Kidney", 3, "#b96650", kKidney, kRight);
  const ImageInfo abdomen{"ct", "ABDOMEN", {liver, left, right}}, head{"ct", "HEAD", {label("brain", 1)}};
  return {abdomen, abdomen, {"ct", "ABDOMEN", {liver, left}}, head, head};
}

class TasksWindow : public QObject {
 protected:
  void open() { show(images()); }
  void close() { m_editor.reset(); }
  void show(std::vector<ImageInfo> images);
  QTreeWidget* labels() const { return m_editor->labels()->list(); }
  QTreeWidget* tasks() const { return m_editor->tasks(); }
  QTreeWidgetItem* row(QTreeWidget* tree, const QString& name) const {
    const auto found = tree->findItems(name, Qt::MatchExactly | Qt::MatchRecursive);
    return found.isEmpty() ? nullptr : found.front();
  }
  QPoint placeOf(QTreeWidget* tree, const QString& name) const {
    tree->scrollToItem(row(tree, name));
    const auto rect = tree->visualItemRect(row(tree, name));
    return {rect.left() + 40, rect.center().y()};
  }
  /// Clicks the rows, the first alone and the others with Ctrl.
  void choose(QTreeWidget* tree, const QStringList& names) {
    tree->clearSelection();
    for (const auto& name : names)
      QTest::mouseClick(tree->viewport(), Qt::LeftButton, name == names.front() ? Qt::NoModifier : Qt::ControlModifier,
                        placeOf(tree, name));
  }
  void press(const char* name, QWidget* in = nullptr) {
    auto* button = (in ? in : m_editor.get())->findChild<QAbstractButton*>(name);
    QVERIFY2(button && button->isEnabled(), name);
    // At its left: a wide tick box can only be clicked where its text is.
    QTest::mouseClick(button, Qt::LeftButton, {}, QPoint(10, button->height() / 2));
  }
  void type(const QString& text) {
    auto* filter = m_editor->findChild<QLineEdit*>("labelFilter");
    filter->setFocus();
    filter->selectAll();
    QTest::keyClick(filter, Qt::Key_Delete);
    QTest::keyClicks(filter, text);
  }
  QStringList shown() const {
    QStringList out;
    for (int n = 0; n < labels()->topLevelItemCount(); ++n)
      if (!labels()->topLevelItem(n)->isHidden()) out << labels()->topLevelItem(n)->text(0);
    return out;
  }
  Json classes(const char* task) const { return m_model->value("tasks").at(task).at("classes"); }
  /// A drag with the pointer of the display: Qt's own events do not reach a drag between windows.
  bool drag(QTreeWidget* from, QPoint start, QTreeWidget* to, QPoint end);
  void acceptProposal(const char* choice = nullptr);

  std::unique_ptr<PlanModel> m_model;
  std::unique_ptr<TaskEditor> m_editor;
};

inline void TasksWindow::show(std::vector<ImageInfo> images) {
  m_editor.reset();
  m_model = std::make_unique<PlanModel>();
  m_editor = std::make_unique<TaskEditor>(m_model.get());
  m_editor->resize(1100, 640);
  m_editor->move(20, 20);
  m_editor->setImages(std::move(images));
  m_editor->show();
  QVERIFY(QTest::qWaitForWindowExposed(m_editor.get()));
}

inline bool TasksWindow::drag(QTreeWidget* from, QPoint start, QTreeWidget* to, QPoint end) {
  if (QStandardPaths::findExecutable("xdotool").isEmpty()) return false;
  const auto a = from->viewport()->mapToGlobal(start), b = to->viewport()->mapToGlobal(end);
  QStringList steps{"mousemove", QString::number(a.x()), QString::number(a.y()), "mousedown", "1"};
  for (int n = 1; n <= 8; ++n)
    steps << "sleep"
          << "0.04"
          << "mousemove" << QString::number(a.x() + (b.x() - a.x()) * n / 8)
          << QString::number(a.y() + (b.y() - a.y()) * n / 8);
  steps << "sleep"
        << "0.2"
        << "mouseup"
        << "1";
  QProcess hand;
  hand.start("xdotool", steps);
  while (hand.state() != QProcess::NotRunning) QTest::qWait(20);
  QTest::qWait(300);
  return hand.exitCode() == 0;
}

inline void TasksWindow::acceptProposal(const char* choice) {
  auto* dialog = m_editor->findChild<ProposalDialog*>("proposal");
  QVERIFY(dialog);
  QTRY_VERIFY(dialog->isVisible());
  if (choice) press(choice, dialog);
  press("proposalUse", dialog);
  QTRY_VERIFY(!m_editor->findChild<ProposalDialog*>("proposal"));
}

inline int runTasksTest(QObject& test, int argc, char** argv) {
  static QTemporaryDir home;  // settings of the person who runs the tests stay untouched
  qputenv("XDG_CONFIG_HOME", home.path().toUtf8());
  QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
  return QTest::qExec(&test, argc, argv);
}

}  // namespace lorkd::form

#define DRAG(from, start, to, end) \
  if (!drag(from, start, to, end)) QSKIP("xdotool is not installed")
