// Light and dark look of the whole program.
#pragma once

#include <QString>

namespace lorkd::workbench {

/// "light", "dark", or "system" (whatever the desktop's palette says). Kept in the settings.
void applyTheme(const QString& name);
QString currentTheme();

}  // namespace lorkd::workbench
