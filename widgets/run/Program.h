// Where the command-line program is that does the work for the window.
#pragma once

#include <QString>

namespace lorkd::watch {

/// The `lorkd` program: what setLorkdProgram() said, else the environment variable LORKD_CLI, else the file beside the
/// running executable.
QString lorkdProgram();
/// An empty path goes back to the default.
void setLorkdProgram(const QString& path);

}  // namespace lorkd::watch
