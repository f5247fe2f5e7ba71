// lorkd-workbench: the desktop program. It links no LibTorch: training, prediction and export run as `lorkd` processes.
#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <iostream>

#include "app/workbench/MainWindow.h"
#include "app/workbench/Theme.h"
#include "core/base/Printable.h"
#include "widgets/field/Number.h"
#include "widgets/view/VtkWidget.h"

int main(int argc, char** argv) {
  lorkd::view::VtkWidget::useSurfaceFormat();
  try {
    QApplication app(argc, argv);
    lorkd::field::useNumberFormat();
    QApplication::setApplicationName("LoRKD Workbench");
    QApplication::setOrganizationName("lorkd");
    QApplication::setApplicationVersion(LORKD_VERSION);
    QCommandLineParser parser;
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addOption({"project", QApplication::translate("main", "Project folder to open."), "folder"});
    parser.addOption({"run", QApplication::translate("main", "Run directory to show."), "folder"});
    parser.addOption({"theme", QApplication::translate("main", "light, dark or system."), "name"});
    parser.process(app);
    lorkd::workbench::applyTheme(parser.isSet("theme") ? parser.value("theme") : lorkd::workbench::currentTheme());
    lorkd::workbench::MainWindow window;
    window.reopenProjects();
    if (parser.isSet("project")) window.openProject(parser.value("project"));
    if (parser.isSet("run")) window.openRun(QDir(parser.value("run")).absolutePath());
    window.show();
    return QApplication::exec();
  } catch (const std::exception& e) {
    std::cerr << lorkd::printable(std::string("lorkd-workbench: ") + e.what()) << "\n";
    return 1;
  }
}
