#include "core/eval/Page.h"

#include <spdlog/fmt/fmt.h>

#include "core/eval/Svg.h"

namespace lorkd::eval::report {

using svg::escape;

const char* styleSheet() {
  return R"css(
:root{--bg:#f6f7f8;--panel:#fff;--ink:#1b2025;--soft:#5d6873;--rule:#dde1e5;--grid:#e9ecef;--accent:#0072b2;
--negative:#d55e00;--positive:#0072b2;--casing:rgba(27,32,37,.28);--good:#00785a;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--bg:#121518;--panel:#1b1f24;--ink:#e7eaed;--soft:#9aa5b0;--rule:#323940;
--grid:#2a3037;--accent:#56b4e9;--negative:#e8762c;--positive:#3d9bd6;--casing:rgba(255,255,255,.3);--good:#3ecf9f;
--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,"Segoe UI","Noto Sans","DejaVu Sans",
sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1120px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{font-size:18px;margin:0 0 12px}
header p{margin:0;color:var(--soft)}
.state{display:inline-block;padding:1px 10px;border-radius:10px;border:1px solid var(--rule);color:var(--ink);
font-size:13px;margin-right:4px}
.state.finished{color:var(--good);border-color:var(--good)}
.state.failed,.state.interrupted,.failure{color:var(--bad)!important}
.state.failed,.state.interrupted{border-color:var(--bad)}
.cards{display:flex;flex-wrap:wrap;gap:12px;margin:20px 0}
.card{flex:1 1 150px;background:var(--panel);border:1px solid var(--rule);border-radius:10px;padding:12px 16px}
.card b{display:block;font-size:24px;font-weight:600;line-height:1.25}
.card span{color:var(--soft);font-size:13px}
section{background:var(--panel);border:1px solid var(--rule);border-radius:12px;padding:20px 22px;margin:16px 0}
.note{color:var(--soft);font-size:13.5px;margin:0 0 14px;max-width:80ch}
small{color:var(--soft);font-size:12.5px;font-weight:400}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(310px,1fr));gap:18px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(340px,1fr));gap:24px}
figure{margin:0 0 8px;min-width:0}
figcaption{font-weight:600;font-size:14px;margin-bottom:6px;overflow-wrap:anywhere}
figcaption small{margin-left:6px}
svg{display:block;width:100%;height:auto;overflow:visible;font-size:11px}
svg text{fill:var(--soft)}
svg path{fill:none;stroke-linejoin:round;stroke-linecap:round;vector-effect:non-scaling-stroke}
svg.inner{overflow:hidden}
.key{margin-right:18px;white-space:nowrap}
.key svg{display:inline-block;width:34px;vertical-align:middle;margin-right:6px}
svg .grid{stroke:var(--grid)}
svg .axis{stroke:var(--soft)}
svg .mark{stroke:var(--soft);stroke-dasharray:2 3}
svg .raw{stroke-width:1;opacity:.3}
svg .smooth{stroke-width:2}
svg .validation{stroke-width:1.8;stroke-dasharray:6 4}
svg .dotted{stroke-width:2;stroke-dasharray:1 4}
svg .casing{stroke:var(--casing);stroke-width:3.2}
svg circle{fill:var(--panel);stroke-width:1.8}
svg .negative{fill:var(--negative)}
svg .positive{fill:var(--positive)}
svg .empty{fill:var(--grid);fill-opacity:.55}
svg .bar{fill:var(--negative);fill-opacity:.85}
svg .mark-plain{stroke:var(--soft);stroke-width:1.6}
svg .mark-strong{stroke:var(--accent);stroke-width:2}
svg circle.mark-strong{fill:var(--accent)}
svg .number{fill:var(--ink)}
svg .number.strong{fill:#fff}
.scroll{overflow-x:auto}
.results small{display:block}
.scroll+.note,details+.note{margin-top:12px}
a{color:var(--accent)}
table{border-collapse:collapse;font-size:14px;width:100%}
.tables{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(430px,100%),1fr));gap:22px}
.tables>details,.tables>.wide{grid-column:1/-1}
th,td{padding:7px 12px 7px 0;text-align:left;border-bottom:1px solid var(--grid);vertical-align:middle}
thead th{color:var(--soft);font-weight:500;font-size:13px;border-bottom:1px solid var(--rule)}
tbody th{font-weight:500}
.results tbody th{white-space:nowrap}
.n{text-align:right;white-space:nowrap;padding-left:12px}
td.soft{color:var(--soft)}
.results td.n{position:relative;min-width:84px}
.results td.n span{position:relative}
.results i{position:absolute;left:12px;bottom:3px;height:3px;border-radius:2px;background:var(--accent);opacity:.35;
max-width:calc(100% - 24px)}
.best{font-weight:700}
.best i{opacity:.9!important}
tr.mean th,tr.mean td{border-top:2px solid var(--rule)}
tr.mean th{font-weight:700}
.swatch{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:7px;
box-shadow:inset 0 0 0 1px rgba(128,128,128,.45)}
.chip{white-space:nowrap;margin-right:8px}
code,pre{font:12.5px/1.5 ui-monospace,"SF Mono","DejaVu Sans Mono",monospace}
.digests code{overflow-wrap:anywhere}
.digests th{white-space:nowrap;padding-right:24px}
pre{overflow:auto;max-height:560px;background:var(--bg);border:1px solid var(--rule);border-radius:8px;padding:14px}
details{margin-top:12px}
.images{display:grid;grid-template-columns:repeat(auto-fill,minmax(330px,1fr));gap:14px}
.image{display:flex;gap:14px;border:1px solid var(--rule);border-radius:10px;padding:12px;min-width:0}
.image.out{opacity:.7}
.image img,.image .none{flex:0 0 96px;width:96px;height:96px;object-fit:contain;background:#000;border-radius:6px}
.image .none{background:var(--grid);color:var(--soft);font-size:12px;display:grid;place-items:center}
.image div{min-width:0;overflow-wrap:anywhere;font-size:13.5px}
.image ul,.findings{margin:6px 0 0;padding-left:16px}
.severity{font-weight:600}
.severity.warning,.severity.consent{color:var(--negative)}
.severity.unusable{color:var(--bad)}
summary{cursor:pointer;color:var(--accent);font-weight:500;margin-bottom:8px}
@media print{body{background:#fff}main{max-width:none;padding:0}section,.card{break-inside:avoid;border-color:#ccc}}
)css";
}

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

}  // namespace lorkd::eval::report
