// A main window whose wizard is opened where a test wants it, and the hands of who uses it. The engine's answers are
// those of a script where the test is about the window, and the engine's own where it is about both.
#pragma once

#include <QAbstractButton>
#include <QAbstractSpinBox>
#include <QBuffer>
#include <QImage>
#include <QLineEdit>
#include <QSettings>
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

#include "app/workbench/MainWindow.h"
#include "app/workbench/Theme.h"
#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"
#include "core/data/AuditJson.h"
#include "tests/gui/FakeProgram.h"
#include "widgets/field/Number.h"
#include "widgets/run/Program.h"
#include "widgets/view/VtkWidget.h"

namespace lorkd::workbench {

enum { Data, Tasks, Look, Teacher, Ranks, Training, Review };

/// An audit of so many images with their thumbnails, ten findings each.
inline data::Audit largeAudit(int images) {
  QImage picture(96, 96, QImage::Format_Grayscale8);
  for (int y = 0; y < 96; ++y)
    for (int x = 0; x < 96; ++x) picture.scanLine(y)[x] = static_cast<uchar>((x * 37 + y * 91 + x * y * 13) % 251);
  QByteArray png;
  QBuffer buffer(&png);
  picture.save(&buffer, "PNG");
  data::Audit audit;
  for (int n = 0; n < images; ++n) {
    auto& image = audit.images.emplace_back();
    image.item.id = "case-" + std::to_string(n);
    image.item.patient = "patient-" + std::to_string(n);
    image.item.kind = "dicom";
    image.item.modality = "CT";
    image.item.labels = {"liver", "spleen", "left kidney"};
    image.leftOut = n % 2 == 0;
    for (int f = 0; f < 10; ++f)
      image.findings.push_back({{io::Finding::Severity::Warning, "missing-slice",
                                 "slices are missing between -120 mm and -80 mm, number " + std::to_string(f)},
                                "left out until you accept it"});
    image.reading.emplace();
    image.reading->thumbnail = png.toStdString();
    audit.doubles.push_back({"pixels", image.item.id, "case-0", false});
  }
  audit.advice = data::Advice{{0.8, 0.8, 2.5}, {96, 96, 48}};
  return audit;
}

class WizardWindow : public QObject {
 protected:
  void begin();
  void end();
  /// A wizard that begins at the page, on a plan of two tasks.
  RunWizard* open(int page);
  /// The engine's place is taken by a script: `plan` and `audit` answer these lines, all else is the engine's.
  void answer(const Json& plan, const Json& audit = {});
  void fake(const QByteArray& body) { watch::setLorkdProgram(test::script(m_dir, "lorkd", body)); }
  QString why(RunWizard* wizard) const { return wizard->findChild<QAbstractButton*>("whyNot")->text(); }
  QAbstractButton* next(RunWizard* wizard) const { return wizard->button(QWizard::NextButton); }
  void type(QWidget* field, const QString& text) const;
  /// Leaves a picture for who wants to look: LORKD_PICTURES names the folder, LORKD_THEME light or dark.
  void keep(QWidget* window, const QString& name) const {
    const auto folder = qEnvironmentVariable("LORKD_PICTURES");
    if (folder.isEmpty()) return;
    QTest::qWait(200);
    window->grab().save(QDir(folder).filePath(name + "-" + qEnvironmentVariable("LORKD_THEME", "light") + ".png"));
  }
  QTemporaryDir m_dir;
  QString m_engine;
  std::unique_ptr<MainWindow> m_window;
};

inline void WizardWindow::begin() {
  QVERIFY(m_dir.isValid());
  QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_dir.filePath("settings"));
  m_engine = QString(LORKD_BIN_DIR) + "/lorkd";
  watch::setLorkdProgram(m_engine);
  applyTheme(qEnvironmentVariable("LORKD_THEME", "light"));
  m_window = std::make_unique<MainWindow>();
  m_window->resize(qEnvironmentVariable("LORKD_WIDTH", "1280").toInt(),
                   qEnvironmentVariable("LORKD_HEIGHT", "800").toInt());
  m_window->show();
  QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
  QDir().mkpath(m_dir.filePath("project"));
  m_window->openProject(m_dir.filePath("project"));
}

inline void WizardWindow::end() {
  for (auto* wizard : m_window->findChildren<RunWizard*>()) delete wizard;
  watch::setLorkdProgram(m_engine);
}

inline void WizardWindow::answer(const Json& plan, const Json& audit) {
  const auto write = [&](const char* name, Json json) {
    json["kind"] = "result";
    std::ofstream(m_dir.filePath(name).toStdString()) << json.dump() << "\n";
  };
  write("plan.answer", plan);
  write("audit.answer", audit.is_null() ? Json::object() : audit);
  fake("case \" $* \" in\n*' plan '*) cat '" + m_dir.filePath("plan.answer").toUtf8() + "' ;;\n*' audit '*) cat '" +
       m_dir.filePath("audit.answer").toUtf8() + "' ;;\n*) exec '" + m_engine.toUtf8() + "' \"$@\" ;;\nesac\n");
}

inline RunWizard* WizardWindow::open(int page) {
  auto plan = plan::toJson({});
  plan["tasks"] = Json::parse(R"({"abdomen": {"rank": 4, "classes": {"liver": {}}},
                                  "head": {"rank": 4, "classes": {"brain": {}}}})");
  auto* wizard = m_window->newRun(plan);
  wizard->setStartId(page);
  wizard->restart();
  return wizard;
}

inline void WizardWindow::type(QWidget* field, const QString& text) const {
  auto* box = qobject_cast<QAbstractSpinBox*>(field);
  auto* line = box ? box->findChild<QLineEdit*>() : qobject_cast<QLineEdit*>(field);
  field->setFocus();
  line->selectAll();
  QTest::keyClick(field, Qt::Key_Delete);
  QTest::keyClicks(field, text);
  QTest::keyClick(field, Qt::Key_Tab);
}

/// Runs the test in a program with the names of a person's settings kept out of the way.
template <class Test>
int runWizardTest(int argc, char** argv, const char* name) {
  view::VtkWidget::useSurfaceFormat();
  QApplication app(argc, argv);
  field::useNumberFormat();
  QApplication::setOrganizationName("lorkd-test");
  QApplication::setApplicationName(name);
  Test test;
  return QTest::qExec(&test, argc, argv);
}

}  // namespace lorkd::workbench
