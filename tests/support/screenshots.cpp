// Opens the real windows on a finished project and takes their pictures, for the documentation and for looking at them.
//   screenshots PROJECT RUN OUTPUT [--size 1280x800] [--theme light|dark] [--suffix TEXT]
#include <QAction>
#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QElapsedTimer>
#include <QPushButton>
#include <QScreen>
#include <QSettings>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeWidget>
#include <iostream>

#include "app/workbench/ExportDialog.h"
#include "app/workbench/MainWindow.h"
#include "app/workbench/RankAdvicePage.h"
#include "app/workbench/Theme.h"
#include "app/workbench/pacs/PacsDialog.h"
#include "app/workbench/wizard/RunWizard.h"
#include "widgets/field/Number.h"
#include "widgets/run/Program.h"
#include "widgets/view/VtkWidget.h"

using namespace lorkd;
using namespace lorkd::workbench;

namespace {

QString folder, suffix;

/// What is on the screen where the window is: grabbing the widget would miss what OpenGL drew.
void shoot(QWidget* window, const QString& name) {
  QTest::qWait(700);
  const auto frame = window->frameGeometry();
  const auto picture = window->screen()->grabWindow(0, frame.x(), frame.y(), frame.width(), frame.height());
  picture.save(QDir(folder).filePath(name + suffix + ".png"));
  std::cout << (name + suffix).toStdString() << ".png\n";
}

template <class F>
bool waitFor(F condition, int milliseconds = 30000) {
  QElapsedTimer clock;
  for (clock.start(); !condition() && clock.elapsed() < milliseconds;) QTest::qWait(50);
  return condition();
}

void shootInspector(MainWindow& window) {
  auto* page = window.inspectorPage();
  window.pages()->setCurrentWidget(page);
  auto* inspector = page->inspector();
  for (int row = 0; row < page->cases()->topLevelItemCount(); ++row) {
    auto* item = page->cases()->topLevelItem(row);
    if (item->text(2).isEmpty()) continue;
    page->cases()->setCurrentItem(item);
    break;
  }
  waitFor([&] {
    return inspector->model()->volume() && !inspector->model()->overlays().empty() && !inspector->model()->busy();
  });
  QTest::qWait(3000);  // surfaces
  shoot(&window, "inspector");
  inspector->setLayoutMode(view::LayoutMode::Tiles);
  inspector->setTilePlane(scene::Plane::Axial);
  QTest::qWait(800);
  shoot(&window, "inspector-tiles");
  inspector->setLayoutMode(view::LayoutMode::FourUp);
}

void shootWizard(MainWindow& window, const plan::Plan& plan) {
  auto* wizard = window.newRun(plan::toJson(plan));
  wizard->move(window.pos() + QPoint(60, 40));
  const char* names[] = {"data", "tasks", "audit", "teacher", "ranks", "training", "review"};
  for (const char* name : names) {
    QTest::qWait(1500);
    waitFor([&] { return window.jobs()->active() == 0; });
    if (auto* read = wizard->findChild<QPushButton*>("auditRead"); read && read->isVisible()) {
      read->click();
      waitFor([&] { return window.jobs()->active() == 0; }, 120000);
      QTest::qWait(500);
    }
    shoot(wizard, QString("wizard-") + name);
    wizard->next();
  }
  delete wizard;  // rejecting it would ask whether to give up what its pages have changed
}

}  // namespace

int main(int argc, char** argv) {
  view::VtkWidget::useSurfaceFormat();
  QApplication app(argc, argv);
  field::useNumberFormat();
  QTemporaryDir settings;
  QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings.path());
  QApplication::setOrganizationName("lorkd-pictures");
  QCommandLineParser parser;
  parser.addPositionalArgument("project", "Project folder");
  parser.addPositionalArgument("run", "Run directory");
  parser.addPositionalArgument("output", "Folder for the pictures");
  parser.addOption({"size", "Window size", "WxH", "1280x800"});
  parser.addOption({"theme", "light or dark", "name", "light"});
  parser.addOption({"suffix", "Put behind every name", "text"});
  parser.process(app);
  const auto arguments = parser.positionalArguments();
  if (arguments.size() != 3) parser.showHelp(2);
  folder = arguments[2];
  QDir().mkpath(folder);
  suffix = parser.value("suffix");
  watch::setLorkdProgram(QString(LORKD_BIN_DIR) + "/lorkd");
  applyTheme(parser.value("theme"));

  MainWindow window;
  const auto size = parser.value("size").split('x');
  window.move(0, 0);
  window.resize(size.value(0).toInt(), size.value(1).toInt());
  window.show();
  if (!QTest::qWaitForWindowExposed(&window)) return 1;
  window.openProject(arguments[0]);
  shoot(&window, "welcome");
  const auto run = QDir(arguments[1]).absolutePath();
  window.openRun(run);
  window.runs()->selectRun(run);
  QTest::qWait(1500);
  for (int page = 0; page < window.monitor()->pages()->count(); ++page) {
    window.monitor()->pages()->setCurrentIndex(page);
    if (auto* ranks = window.ranks(); window.monitor()->pages()->currentWidget() == ranks) {
      ranks->findChild<QPushButton*>("adviseRanks")->click();
      waitFor([&] { return ranks->job() && ranks->job()->over(); }, 60000);
    }
    QTest::qWait(500);
    shoot(&window, QString("monitor-%1").arg(page + 1));
  }
  shootInspector(window);
  auto opened = run::RunDirectory::open(run.toStdString());
  if (!opened) return 1;
  shootWizard(window, opened->plan());
  window.findChild<QAction*>("askPacs")->trigger();
  if (auto* pacs = window.findChild<PacsDialog*>()) {
    pacs->move(window.pos() + QPoint(60, 40));
    shoot(pacs, "pacs");
    // With a PACS that the user has named, what it holds, and a series brought.
    auto* search = pacs->findChild<QPushButton*>("search");
    auto* found = pacs->findChild<QTreeWidget*>();
    if (search && found && search->isEnabled()) {
      search->click();
      waitFor([&] { return found->topLevelItemCount() > 0; });
      found->topLevelItem(0)->setExpanded(true);
      waitFor([&] { return found->topLevelItem(0)->childCount() > 0; }, 5000);
      shoot(pacs, "pacs-found");
      found->topLevelItem(0)->setCheckState(0, Qt::Checked);
      pacs->findChild<QPushButton*>("retrieve")->click();
      QTest::qWait(3000);
      shoot(pacs, "pacs-retrieved");
    }
    pacs->close();
  }
  ExportDialog dialog(*opened, window.jobs(), &window);
  dialog.move(200, 120);
  dialog.show();
  dialog.exportNow();
  waitFor([&] { return dialog.job()->over(); }, 120000);
  shoot(&dialog, "export");
  return 0;
}
