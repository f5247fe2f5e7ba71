#include "core/report/Page.h"

#include <spdlog/fmt/fmt.h>

#include "core/report/Svg.h"

namespace lorkd::report {

using svg::escape;

std::string opening(const std::string& title, bool pictures) {
  return "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>"
         "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'" +
         std::string(pictures ? "; img-src data:" : "") +
         "\">"
         "<meta name='viewport' content='width=device-width, initial-scale=1'><meta name='color-scheme' content='light "
         "dark'>"
         "<title>" +
         escape(title) + "</title><style>" + styleSheet() + "</style></head><body><main>\n";
}

std::string section(const std::string& title, const std::string& body) {
  return body.empty() ? "" : "<section><h2>" + escape(title) + "</h2>\n" + body + "</section>\n";
}

std::string folded(const std::string& title, const std::string& body) {
  return "<details><summary>" + escape(title) + "</summary>" + body + "</details>\n";
}

std::string swatch(const std::string& color) {
  return color.empty() ? "" : fmt::format("<b class='swatch' style='background:{}'></b>", escape(color));
}

std::string swatch(const plan::Look& look) {
  if (look.pattern == 0) return swatch(look.color);
  std::string lines;
  for (const auto& [line, degrees] :
       {std::pair<int, int>{plan::Rising, 135}, {plan::Falling, 45}, {plan::Level, 0}, {plan::Upright, 90}})
    if (look.pattern & line)
      lines += fmt::format("repeating-linear-gradient({}deg,transparent 0 3px,{} 3px 4.2px),", degrees,
                           plan::inkOn(look.color));
  return fmt::format("<b class='swatch' style='background:{}{}'></b>", lines, escape(look.color));
}

}  // namespace lorkd::report
