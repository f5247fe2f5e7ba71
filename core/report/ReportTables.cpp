#include <spdlog/fmt/fmt.h>
#include <torch/version.h>

#include <algorithm>
#include <cmath>

#include "core/base/Digest.h"
#include "core/eval/TableView.h"
#include "core/report/ReportParts.h"

namespace lorkd::report {

using namespace eval;

namespace {

using svg::escape;

std::string colorOf(const plan::Plan& plan, const plan::Looks& looks, const std::string& task) {
  const int i = plan.tasks.indexOf(task);
  return i < 0 ? "" : looks.of(static_cast<std::size_t>(i)).color;
}

/// The head of a line, with the colour of its task or class.
std::string lineHead(const ResultLine& line, const plan::Plan& plan, const plan::Looks& looks) {
  const bool mean = line.task == "mean" || line.task == "all";
  std::string head = swatch(colorOf(plan, looks, line.task)) + escape(line.task);
  if (const int t = plan.tasks.indexOf(line.task); !line.cls.empty() && t >= 0) {
    const int c = plan.tasks[static_cast<std::size_t>(t)].second.classes.indexOf(line.cls);
    head = (c < 0 ? "" : swatch(looks.of(static_cast<std::size_t>(t), static_cast<std::size_t>(c)))) +
           escape(line.cls) + " <small>" + escape(line.task) + "</small>";
  }
  return fmt::format("<tr{}><th>{}</th>", mean ? " class='mean'" : "", head);
}

/// The cells of one metric in a line, a method each with its interval, the best in bold.
std::string lineCells(const Table& results, const StudyTable& table, const ResultLine& line, const std::string& base,
                      const std::vector<std::string>& methods) {
  const auto metric = line.metric(base);
  const bool counts = !isScore(metric);
  double best = -HUGE_VAL;
  int present = 0;
  for (const auto& method : methods)
    if (const double value = results.value(line.task, method, metric); std::isfinite(value))
      best = std::max(best, merit(metric, value)), ++present;
  std::string out;
  for (const auto& method : methods) {
    const double value = results.value(line.task, method, metric);
    // Equal to the printed digits is equal.
    const double equal = isShare(metric) ? 5e-5 : 5e-3;
    const bool bold = !counts && present > 1 && std::isfinite(value) && std::abs(merit(metric, value) - best) < equal;
    const bool bar = isShare(metric) && metric != "calibration_error" && value >= 0 && value <= 1;
    const auto* row = table.find(line.task, method, metric);
    const auto interval = row && row->interval.kind != Interval::Kind::None ? intervalText(*row) : std::string();
    out += fmt::format("<td class='n{}'>{}{}{}</td>", bold ? " best" : "",
                       bar ? fmt::format("<i style='width:{:.1f}%'></i>", 100 * value) : "",
                       "<span>" + formatValue(metric, value) + "</span>",
                       interval.empty() ? "" : "<small>" + interval + "</small>");
  }
  return out;
}

/// Tasks or their classes down, metrics and in each the methods across; empty if there are none.
std::string resultTable(const Table& results, const StudyTable& table, const plan::Plan& plan, const plan::Looks& looks,
                        const std::vector<std::string>& group, bool classes) {
  const auto lines = linesOf(results, group, classes);
  if (lines.empty()) return {};
  std::vector<std::string> bases, methods;
  const auto addOnce = [](auto& list, const auto& item) {
    if (std::ranges::find(list, item) == list.end()) list.push_back(item);
  };
  for (const auto& base : group)
    if (!linesOf(results, {base}, classes).empty()) bases.push_back(base);
  for (const auto& row : results.rows())
    if (std::ranges::find(bases, baseOf(row.metric)) != bases.end()) addOnce(methods, row.method);
  const bool cases = isScore(bases.front()) || bases.front() == "false_positive_ml";
  const bool several = bases.size() > 1;
  const auto last = cases ? "<th class='n'>cases</th></tr>" : "</tr>";
  std::string out = fmt::format("<div class='scroll{}'><table class='results'><thead><tr>", several ? " wide" : "");
  if (!several) {
    out += "<th>" + escape(metricTitle(bases.front())) + "</th>";
    for (const auto& method : methods) out += "<th class='n'>" + escape(method) + "</th>";
  } else if (methods.size() == 1) {
    out += "<th>" + escape(methods.front()) + "</th>";
    for (const auto& base : bases) out += "<th class='n'>" + escape(metricTitle(base)) + "</th>";
  } else {
    out += "<th></th>";
    for (const auto& base : bases)
      out += fmt::format("<th class='n' colspan='{}'>{}</th>", methods.size(), escape(metricTitle(base)));
    out += (cases ? "<th></th></tr><tr><th></th>" : "</tr><tr><th></th>");
    for (std::size_t m = 0; m < bases.size(); ++m)
      for (const auto& method : methods) out += "<th class='n'>" + escape(method) + "</th>";
  }
  out += last + std::string("</thead><tbody>");
  for (const auto& line : lines) {
    std::int64_t most = 0;
    for (const auto& row : results.rows())
      if (row.task == line.task && row.metric == line.metric(bases.front())) most = std::max(most, row.cases);
    out += lineHead(line, plan, looks);
    for (const auto& base : bases) out += lineCells(results, table, line, base, methods);
    out += cases ? fmt::format("<td class='n soft'>{}</td></tr>", most > 0 ? std::to_string(most) : "") : "</tr>";
  }
  return out + "</tbody></table></div>\n";
}

std::string row(const std::string& name, const std::string& value) {
  return "<tr><th>" + name + "</th><td>" + value + "</td></tr>";
}

/// An object inside a manifest, empty if it is none.
Json part(const Json& manifest, const char* key) {
  const auto it = manifest.find(key);
  return it != manifest.end() && it->is_object() ? *it : Json::object();
}

/// A JSON string as it is, anything else as JSON.
std::string words(const Json& json) { return json.is_string() ? json.get<std::string>() : json.dump(); }

}  // namespace

std::string resultTables(const Table& results, const plan::Plan& plan) {
  const plan::Looks looks(plan);
  const StudyTable table({{1, results}});
  std::string out, classes;
  for (const auto& group : metricGroups(results)) {
    out += resultTable(results, table, plan, looks, group, false);
    classes += resultTable(results, table, plan, looks, group, true);
  }
  if (!classes.empty()) out += folded("Single classes", "<div class='tables'>" + classes + "</div>");
  if (out.empty()) return out;
  return "<div class='tables'>" + out + "</div>" + confusionTables(results) + scoreNotes(results, table, plan);
}

std::string taskTable(const Source& source, const Table& results) {
  const auto& plan = source.directory.plan();
  const plan::Looks looks(plan);
  const bool lowRank = plan.method == plan::PlanMethod::Lorkd;
  std::string out = "<div class='scroll'><table><thead><tr><th>task</th><th>kind</th><th>classes</th>";
  if (lowRank) out += "<th class='n'>rank</th><th class='n'>scale at it</th>";
  out += "<th class='n'>expert's parameters</th><th>exported</th></tr></thead><tbody>";
  for (std::size_t i = 0; i < plan.tasks.size(); ++i) {
    const auto& [name, task] = plan.tasks[i];
    std::string classes;
    for (std::size_t c = 0; c < task.classes.size(); ++c)
      classes += "<span class='chip'>" + swatch(looks.of(i, c)) + escape(task.classes[c].first) + "</span> ";
    out += fmt::format("<tr><th>{}{}</th><td>{}</td><td>{}</td>", swatch(looks.of(i).color), escape(name),
                       plan::toString(task.kind), classes);
    if (lowRank)
      out += fmt::format("<td class='n'>{}</td><td class='n'>{:.4g}</td>", task.rank,
                         plan::lowRankScale(plan.lowrank, task.rank, task.rank));
    double parameters = results.value(name, "expert", "parameters");
    std::string files;
    if (const auto manifest = source.experts.find(name); manifest != source.experts.end()) {
      if (!std::isfinite(parameters) && manifest->contains("parameters") && (*manifest)["parameters"].is_number())
        parameters = (*manifest)["parameters"].get<double>();
      const auto written = part(*manifest, "files");
      for (const auto& [file, digest] : written.items()) files += "<code>" + escape(file) + "</code> ";
      if (const auto parity = manifest->find("parity");
          parity != manifest->end() && parity->is_number() && parity->get<double>() >= 0)
        files += fmt::format("<small>parity {:.1e}</small>", parity->get<double>());
    }
    out += fmt::format("<td class='n'>{}</td><td>{}</td></tr>", formatValue("parameters", parameters),
                       !files.empty()                  ? files
                       : source.strange.contains(name) ? "of another task, run or checkpoint: export it again"
                                                       : "–");
  }
  return out + "</tbody></table></div>\n";
}

std::string runTable(const std::vector<Source>& sources) {
  std::string out =
      "<div class='scroll'><table><thead><tr><th>run</th><th>method</th><th>state</th><th class='n'>steps</th>"
      "<th class='n'>best validation</th><th class='n'>at step</th><th class='n'>seconds in "
      "steps</th></tr></thead><tbody>";
  for (const auto& s : sources) {
    const bool best = s.history.bestStep() >= 0;
    out += fmt::format(
        "<tr><th>{}</th><td>{}</td><td>{}</td><td class='n'>{} of {}</td><td class='n'>{}</td><td class='n'>{}</td>"
        "<td class='n'>{:.0f}</td></tr>",
        escape(s.directory.plan().name), plan::toString(s.directory.plan().method), run::toString(s.status.state),
        s.status.step, s.directory.plan().training.steps,
        best ? fmt::format("{:.4f} {}", s.history.bestMean(), escape(s.history.bestBy())) : "–",
        best ? fmt::format("{}", s.history.bestStep()) : "–", s.history.trainingSeconds());
  }
  return out + "</tbody></table></div>\n";
}

std::string provenance(const Source& source) {
  const auto& run = source.directory;
  std::string out = "<div class='scroll'><table class='digests'><tbody>";
  out += row("plan", "<code>" + escape(run.planDigest()) + "</code>");
  for (const auto& [name, digest] : source.digests)
    out += row("<code>" + escape(name) + "</code>", "<code>" + digest + "</code>");
  for (const auto& [task, manifest] : source.experts.items()) {
    const auto files = part(manifest, "files");
    for (const auto& [file, digest] : files.items())
      out += row("<code>" + escape("experts/" + task + "/" + file) + "</code>",
                 "<code>" + escape(words(digest)) + "</code>");
  }
  if (!source.experts.empty()) {  // one program writes all experts of a run
    const auto versions = part(source.experts.front(), "versions");
    for (const auto& [name, version] : versions.items())
      out += row(escape(name) + " <small>(experts)</small>", escape(words(version)));
  }
  out += row("report written by", "LoRKD Workbench " LORKD_VERSION ", LibTorch " TORCH_VERSION);
  out += row("seed", std::to_string(run.plan().seed));
  return out + "</tbody></table></div>\n";
}

}  // namespace lorkd::report
