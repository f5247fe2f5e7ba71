// Progress on a terminal (bars with time left), in a log file (sparse lines), or as JSON lines for other programs.
#pragma once

#include <memory>

#include "core/base/Progress.h"

namespace lorkd::cli {

/// Bars when stderr is a terminal, else a line every ten percent.
std::unique_ptr<Progress> consoleProgress();

/// {"kind":"progress","what","done","total"} and {"kind":"note","line"} on stdout, at most about ten a second.
std::unique_ptr<Progress> jsonProgress();

}  // namespace lorkd::cli
