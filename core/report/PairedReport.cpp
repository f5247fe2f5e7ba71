#include "core/report/PairedReport.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "core/eval/TableView.h"
#include "core/report/Page.h"
#include "core/report/ReportParts.h"
#include "core/report/StudyReport.h"
#include "core/report/Svg.h"

namespace lorkd::report {

using namespace eval;

namespace {

using svg::escape;

/// A figure with how it was made behind it; "–" with the reason where there is none.
std::string cellOf(const std::string& figure, const std::string& behind) {
  return "<td class='n'>" + figure + (behind.empty() ? "" : " <small>" + escape(behind) + "</small>") + "</td>";
}

std::string tableOf(const PairedTable& table, const plan::Plan& plan, const std::string& metric) {
  auto out = fmt::format(
      "<div class='scroll'><table><thead><tr><th>{}</th><th>method</th><th class='n'>difference</th>"
      "<th class='n'>95\u202f% interval</th><th class='n'>p</th><th class='n'>patients</th></tr></thead><tbody>",
      escape(metricTitle(metric)));
  std::string last;
  for (const auto& r : table.rows()) {
    if (r.metric != metric) continue;
    const int i = plan.tasks.indexOf(r.task);
    const auto color = i < 0 ? "" : swatch(plan::taskColor(plan, static_cast<std::size_t>(i)));
    const bool first = r.task != last;
    last = r.task;
    out += fmt::format("<tr{}><th>{}</th><td>{}</td>", first && r.task == "mean" ? " class='mean'" : "",
                       first ? color + escape(r.task) : "", escape(methodTitle(r.method)));
    out += cellOf(formatDifference(metric, r.difference), r.why);
    const bool interval = r.interval.kind != Interval::Kind::None;
    out += cellOf(
        interval ? formatDifference(metric, r.interval.low) + " to " + formatDifference(metric, r.interval.high) : "–",
        interval ? toString(r.interval.kind) : r.interval.why);
    out += cellOf(escape(formatP(r.test.p)), std::isfinite(r.test.p) ? toString(r.test.kind) : r.test.why);
    out += fmt::format("<td class='n soft'>{}</td></tr>", r.patients);
  }
  return out + "</tbody></table></div>\n";
}

}  // namespace

std::string pairedTables(const PairedTable& table, const plan::Plan& plan) {
  if (table.rows().empty()) return {};
  std::vector<std::string> metrics;
  for (const auto& row : table.rows())
    if (std::ranges::find(metrics, row.metric) == metrics.end()) metrics.push_back(row.metric);
  auto out = tableOf(table, plan, metrics.front());
  for (std::size_t i = 1; i < metrics.size(); ++i)
    out += folded("Differences of " + metricTitle(metrics[i]), tableOf(table, plan, metrics[i]));
  return out +
         fmt::format(
             "<p class='note'>Each method's score minus that of {}, over the patients of whom both have one: below 0 "
             "the method has less. More is better, except for distances in mm. Scores of a case are averaged over the "
             "seeds of its method before they are subtracted, so that patients are counted and not trainings; the "
             "seeds' own spread is not in these figures. Intervals as above. p is two-sided, of Wilcoxon's signed-rank "
             "test on one difference a patient, without those of 0: exact for at most 25 patients without equal "
             "differences, else the normal approximation, corrected for ties and continuity. It is not corrected for "
             "the number of comparisons; the exact one of fewer than six patients cannot fall below 0.05.</p>\n",
             escape(methodTitle(table.reference())));
}

}  // namespace lorkd::report
