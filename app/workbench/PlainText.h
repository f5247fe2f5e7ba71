// Names of files, patients and peers are shown as they are written.
#pragma once

namespace lorkd::workbench {

/// From now on no label, message or tool tip of the program takes its text for HTML because it looks so; those that are
/// meant to be HTML say Qt::RichText. Once for the whole program, further calls do nothing.
void showNamesAsWritten();

}  // namespace lorkd::workbench
