// The frame of a self-contained HTML page: style, head, sections. It loads nothing.
#pragma once

#include <string>

#include "core/run/Looks.h"

namespace lorkd::report {

/// The page's style sheet (resources/styles/report.css), for light and dark screens and for paper.
const char* styleSheet();

/// The page up to <main>, which may load nothing; with `pictures`, images that stand in the page itself may show.
std::string opening(const std::string& title, bool pictures = false);

/// <section> with a heading, nothing if the body is empty.
std::string section(const std::string& title, const std::string& body);

/// A folded part with a title.
std::string folded(const std::string& title, const std::string& body);

/// A square of a task's colour, or as a class looks.
std::string swatch(const std::string& color);
std::string swatch(const plan::Look& look);

}  // namespace lorkd::report
