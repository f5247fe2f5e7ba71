// Progress on a terminal (bars with time left), in a log file (sparse lines), or as JSON lines for other programs.
#pragma once

#include <memory>
#include <string>

#include "core/base/Json.h"
#include "core/base/Progress.h"

namespace lorkd::cli {

/// Bars when stderr is a terminal, else a line every ten percent.
std::unique_ptr<Progress> consoleProgress();

/// {"kind":"progress","what","done","total"} and {"kind":"note","line"} on stdout, at most about ten a second.
std::unique_ptr<Progress> jsonProgress();

/// Writes text for people, with whatever would command the terminal written out (base/Printable.h). Everything that the
/// program prints goes through this or jsonLine().
void say(const std::string& text);       ///< on stdout
void complain(const std::string& text);  ///< on stderr

/// Whether all that was said on stdout, JSON too, has left the program: a full disk or a closed pipe takes nothing.
bool allSaid();

/// Writes one line of JSON on stdout; it is ASCII, so that it commands no terminal either.
void jsonLine(const Json& json);

}  // namespace lorkd::cli
