#include "core/report/StudyReport.h"

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <map>
#include <ranges>

#include "core/base/File.h"
#include "core/eval/TableView.h"
#include "core/report/PairedReport.h"
#include "core/report/ReportParts.h"
#include "core/run/EventLog.h"

namespace lorkd::report {

using namespace eval;

namespace {

using report::folded;
using report::section;
using report::swatch;
using svg::escape;

std::string swatchOf(const plan::Plan& plan, const std::string& task) {
  const int i = plan.tasks.indexOf(task);
  return i < 0 ? "" : swatch(plan::taskColor(plan, static_cast<std::size_t>(i)));
}

/// "146.3 M".
std::string scaled(double value) {
  if (!std::isfinite(value)) return "–";
  for (const auto& [unit, sign] : {std::pair{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}})
    if (value >= unit) return fmt::format("{:.3g}\u202f{}", value / unit, sign);
  return fmt::format("{:.0f}", value);
}

/// Tasks or their classes down, methods across, each with its interval; the best of a line in bold. Empty if there are
/// no lines.
std::string scoreTable(const StudyTable& table, const plan::Plan& plan, const std::string& base, bool classes) {
  const auto values = table.values();
  const auto lines = linesOf(values, {base}, classes);
  if (lines.empty()) return {};
  std::vector<std::string> methods;
  for (const auto& row : table.rows())
    if (baseOf(row.metric) == base && std::ranges::find(methods, row.method) == methods.end())
      methods.push_back(row.method);
  auto out =
      fmt::format("<div class='scroll'><table class='results'><thead><tr><th>{}</th>", escape(metricTitle(base)));
  for (const auto& method : methods) out += "<th class='n'>" + escape(methodTitle(method)) + "</th>";
  out += "<th class='n'>cases</th><th class='n'>patients</th></tr></thead><tbody>";
  const double equal = isShare(base) ? 5e-5 : 5e-3;  // in the printed digits
  for (const auto& line : lines) {
    const auto metric = line.metric(base);
    double best = -HUGE_VAL, worst = HUGE_VAL;
    std::int64_t cases = 0, patients = 0;
    for (const auto& method : methods)
      if (const auto* row = table.find(line.task, method, metric)) {
        const double good = merit(metric, row->value);
        if (std::isfinite(good)) best = std::max(best, good), worst = std::min(worst, good);
        cases = std::max(cases, row->cases), patients = std::max(patients, row->patients);
      }
    const auto name = line.cls.empty() ? line.task : line.cls + " · " + line.task;
    out += fmt::format("<tr{}><th>{}{}</th>", line.task == "mean" ? " class='mean'" : "", swatchOf(plan, line.task),
                       escape(name));
    for (const auto& method : methods) {
      const auto* row = table.find(line.task, method, metric);
      const bool bold = row && best - worst >= equal && std::abs(merit(metric, row->value) - best) < equal;
      out += fmt::format("<td class='n{}'><span>{}</span><small>{}</small></td>", bold ? " best" : "",
                         row ? formatValue(metric, row->value) : "–", row ? escape(intervalText(*row)) : "");
    }
    const auto count = [](std::int64_t n) { return n > 0 ? std::to_string(n) : std::string(); };
    out += fmt::format("<td class='n soft'>{}</td><td class='n soft'>{}</td></tr>", count(cases), count(patients));
  }
  return out + "</tbody></table></div>\n";
}

/// All methods on one scale, the mean over the tasks first.
std::string scoreFigure(const StudyTable& table, const std::string& metric) {
  const TableView view(table.values(), metric);
  std::vector<std::pair<std::string, std::vector<svg::Mark>>> groups;
  auto tasks = view.tasks;
  std::ranges::stable_partition(tasks, [](const auto& task) { return task == "mean"; });
  for (const auto& task : tasks) {
    auto& [heading, marks] = groups.emplace_back(task == "mean" ? "mean over tasks" : task, std::vector<svg::Mark>());
    for (const auto& method : view.methods)
      if (const auto* row = table.find(task, method, metric))
        marks.push_back({methodTitle(method), formatValue(metric, row->value) + "   " + intervalText(*row), row->value,
                         row->interval.low, row->interval.high, method == "expert"});
  }
  return "<figure>" + svg::intervals(metric + " of all methods with intervals", groups) + "</figure>";
}

/// Mean over the tasks of what an expert costs.
double meanOfTasks(const StudyTable& table, const std::string& method, const std::string& metric) {
  double sum = 0;
  int n = 0;
  for (const auto& row : table.rows())
    if (row.method == method && row.metric == metric && row.task != "all" && std::isfinite(row.value))
      sum += row.value, ++n;
  return n > 0 ? sum / n : std::numeric_limits<double>::quiet_NaN();
}

std::string costTable(const StudyTable& table) {
  const TableView view(table.values(), "parameters");
  if (view.methods.empty()) return "";
  const auto all = [&](const std::string& method, const std::string& metric) {
    const auto* row = table.find("all", method, metric);
    return row ? row->value : std::numeric_limits<double>::quiet_NaN();
  };
  std::string out =
      "<div class='scroll'><table><thead><tr><th>method</th><th class='n'>parameters of an expert</th>"
      "<th class='n'>in total</th><th class='n'>multiply-adds of an expert</th><th class='n'>of all tasks</th>"
      "<th class='n'>training time</th><th class='n'>peak memory</th></tr></thead><tbody>";
  const double teacher = meanOfTasks(table, "teacher", "parameters");
  for (const auto& method : view.methods) {
    const double own = meanOfTasks(table, method, "parameters");
    const auto share = std::isfinite(teacher) && method != "teacher"
                           ? fmt::format(" <small>{:.0f}\u202f% of the teacher</small>", 100 * own / teacher)
                           : "";
    out += fmt::format(
        "<tr><th>{}</th><td class='n'>{}{}</td><td class='n'>{}</td><td class='n'>{}</td><td class='n'>{}</td>"
        "<td class='n'>{}</td><td class='n'>{}</td></tr>",
        escape(methodTitle(method)), scaled(own), share, scaled(all(method, "parameters")),
        scaled(meanOfTasks(table, method, "multiply_adds")), scaled(all(method, "multiply_adds")),
        formatValue("training_seconds", all(method, "training_seconds")),
        formatValue("peak_memory", all(method, "peak_memory")));
  }
  return out +
         "</tbody></table></div>\n<p class='note'>An expert is what one task is deployed as: fused backbone and head, "
         "averaged over the tasks. Multiply-adds are those of convolutions and matrix products for one patch; for all "
         "tasks together a trunk that they share counts once. Training time is the time in steps, averaged over seeds, "
         "without the teacher's; peak memory is the largest of the training process, in the computer's memory.</p>\n";
}

/// Value by step, averaged over runs.
svg::Points meanOf(const std::vector<svg::Points>& runs) {
  std::map<double, std::pair<double, int>> sums;
  for (const auto& run : runs)
    for (std::size_t i = 0; i < run.x.size(); ++i) {
      auto& [sum, n] = sums[run.x[i]];
      sum += run.y[i], ++n;
    }
  svg::Points out;
  for (const auto& [step, sum] : sums) {
    out.x.push_back(step);
    out.y.push_back(sum.first / sum.second);
  }
  return out;
}

/// "0.241 ± 0.012": mean and standard deviation over the seeds.
std::string spread(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double v : values) sum += v;
  const auto n = static_cast<double>(values.size());
  for (const double v : values) squares += (v - sum / n) * (v - sum / n);
  return fmt::format("{:.3f}", sum / n) + (n > 1 ? fmt::format(" ± {:.3f}", std::sqrt(squares / (n - 1))) : "");
}

/// How much the tasks' gradients on the shared weights disagree under each method.
std::string conflictSection(const std::vector<StudyEntry>& entries) {
  std::vector<std::string> methods;
  std::map<std::string, std::vector<const ConflictHistory*>> runs;
  for (const auto& e : entries) {
    if (e.conflict.measurements == 0) continue;
    if (!runs.contains(e.method)) methods.push_back(e.method);
    runs[e.method].push_back(&e.conflict);
  }
  if (methods.empty()) return {};
  std::ranges::stable_partition(methods, [](const auto& method) { return method == "expert"; });
  std::string key, rows;
  std::vector<svg::Line> lines;
  double last = 1;
  for (const auto& method : methods) {
    std::vector<double> fractions, cosines;
    std::vector<svg::Points> curves;
    for (const auto* run : runs[method]) {
      double sum = 0;
      for (const double f : run->fraction.y) sum += f;
      fractions.push_back(sum / static_cast<double>(run->fraction.y.size()));
      cosines.push_back(meanCosine(*run));
      curves.push_back(run->fraction);
    }
    const auto style = lineStyle(lines.size());
    lines.push_back({svg::thinned(svg::smoothed(meanOf(curves), 0.95)), style.color, style.style});
    last = std::max(last, lines.back().points.x.back());
    key += lineKey(style, methodTitle(method));
    rows += fmt::format("<tr><th>{}</th><td class='n'>{}</td><td class='n'>{}</td><td class='n'>{}</td></tr>",
                        escape(methodTitle(method)), spread(fractions), spread(cosines), curves.size());
  }
  svg::Frame frame;
  frame.label = "Share of task pairs in conflict over the steps, by method";
  frame.width = 1060;
  frame.height = 260;
  frame.x = {0, last};
  frame.xLabel = "step";
  frame.yLabel = "pairs in conflict";
  return "<p class='note'>Of the tasks' gradients on the weights that they share, before clipping: with experts on W0 "
         "alone, without them on the whole weights. " +
         key + "</p><figure>" + svg::plot(frame, lines) +
         "<figcaption>Share of pairs of tasks with a negative cosine, mean over the runs, smoothed (debiased "
         "exponential average, 0.95)</figcaption></figure>"
         "<div class='scroll'><table><thead><tr><th>method</th><th class='n'>pairs in conflict</th>"
         "<th class='n'>mean cosine</th><th class='n'>runs</th></tr></thead><tbody>" +
         rows +
         "</tbody></table></div>\n<p class='note'>Means over all measurements of a run, ± standard deviation "
         "between runs.</p>\n";
}

std::string runTable(const std::vector<StudyEntry>& entries) {
  std::string out =
      "<div class='scroll'><table><thead><tr><th>run</th><th>method</th><th class='n'>seed</th><th>state</th>"
      "<th class='n'>steps</th></tr></thead><tbody>";
  for (const auto& e : entries) {
    const auto name =
        e.state == "finished" ? "<a href='" + escape(e.link) + "'>" + escape(e.name) + "</a>" : escape(e.name);
    out += fmt::format("<tr><th>{}</th><td>{}{}</td><td class='n'>{}</td><td>{}{}</td><td class='n'>{} of {}</td></tr>",
                       name, escape(methodTitle(e.method)), e.shown ? "" : " <small>only as teacher</small>", e.seed,
                       escape(e.state), e.message.empty() ? "" : " <small>" + escape(e.message) + "</small>",
                       formatCount(e.step), formatCount(e.steps));
  }
  return out + "</tbody></table></div>\n";
}

std::string cards(const std::vector<StudyEntry>& entries, const StudyTable& table, const std::string& metric) {
  std::string out;
  const auto card = [&](const std::string& value, const std::string& label) {
    out += "<div class='card'><b>" + value + "</b><span>" + label + "</span></div>";
  };
  std::map<std::string, int> methods;
  std::map<std::int64_t, int> seeds;
  std::map<int, int> folds;
  std::ptrdiff_t finished = 0;
  for (const auto& e : entries) {
    if (e.shown) ++methods[e.method];
    ++seeds[e.seed];
    if (e.fold >= 0) ++folds[e.fold];
    finished += e.state == "finished";
  }
  card(std::to_string(methods.size()), methods.size() == 1 ? "method" : "methods");
  card(std::to_string(seeds.size()), seeds.size() == 1 ? "seed" : "seeds");
  if (!folds.empty()) card(std::to_string(folds.size()), "folds");
  card(fmt::format("{} of {}", finished, entries.size()), "runs finished");
  const StudyRow* best = nullptr;
  for (const auto& row : table.rows())
    if (row.task == "mean" && row.metric == metric && std::isfinite(row.value) && (!best || row.value > best->value))
      best = &row;
  if (best)
    card(formatValue(metric, best->value),
         fmt::format("best mean {}: {}", escape(metric), escape(methodTitle(best->method))));
  return "<div class='cards'>" + out + "</div>\n";
}

const char* const howMade =
    "<p class='note'>Scores are means over the test cases and the seeds. Every seed has the same test patients, "
    "divided from the plan's own seed. Intervals are 95 % intervals over patients, who bring all their cases; scores "
    "of a case are averaged over the seeds first. Where each class is found in 10 patients or more they are percentile "
    "bootstraps (2000 resamples, drawn alike for all methods; Efron and Tibshirani, An Introduction to the Bootstrap, "
    "1993), else Student's t with the jackknife's standard error (of one figure a patient the usual mean ± t s/√n), "
    "marked (t). In the mean over tasks each task counts as much as the others, however many patients it has; patients "
    "of tasks that share none vary by themselves, as strata do, and t has Satterthwaite's degrees of freedom. Of fewer "
    "than 5 patients there is no interval, nor where a class is found in one patient alone. They say how far another "
    "choice of patients would move a figure, not another training; results.csv also holds the standard deviation "
    "between seeds. Intervals of methods that overlap may still differ reliably, because the patients are the same: "
    "the "
    "differences below say so. Experts and the methods whose names end in KD learn from the teacher; MTL, STL and the "
    "others have none.</p>\n";

/// What separate networks were trained with, where there are any: what suits joint ones may not suit them.
std::string separateNote(const plan::Plan& plan, const std::vector<StudyEntry>& entries) {
  const auto separate = [](const StudyEntry& e) { return e.method == "stl" || e.method == "stl_kd"; };
  if (std::ranges::none_of(entries, separate)) return {};
  const auto own = plan::ofSeparate(plan.training, plan.study);
  const auto of = [](bool same) { return same ? "that of the joint training" : "their own"; };
  return fmt::format(
      "<p class='note'>Separate networks (STL) were trained with learning rate {:g} ({}) and gradient clip {:g} ({}), "
      "clipped each by itself; the joint networks with {:g} and {:g}.</p>\n",
      own.learningRate, of(own.learningRate == plan.training.learningRate), own.gradientClip,
      of(own.gradientClip == plan.training.gradientClip), plan.training.learningRate, plan.training.gradientClip);
}

}  // namespace

std::string methodTitle(const std::string& method) {
  static const std::map<std::string, std::string> titles{
      {"expert", "LoRKD experts"},   {"mtl", "MTL"},       {"teacher", "teacher"}, {"stl", "STL"},
      {"mtl_kd", "MTL-KD"},          {"stl_kd", "STL-KD"}, {"pcgrad", "PCGrad"},   {"moco", "MoCo"},
      {"aligned_mtl", "Aligned-MTL"}};
  const auto found = titles.find(method);
  return found == titles.end() ? method : found->second;
}

double meanCosine(const ConflictHistory& conflict) {
  double sum = 0;
  int pairs = 0;
  for (std::size_t i = 0; i < conflict.cosine.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (std::isfinite(conflict.cosine[i][j])) sum += conflict.cosine[i][j], ++pairs;
  return pairs > 0 ? sum / pairs : std::numeric_limits<double>::quiet_NaN();
}

Result<void> writeStudyReport(const std::filesystem::path& file, const plan::Plan& plan,
                              const std::vector<StudyEntry>& entries, const StudyTable& table,
                              const PairedTable& paired, const std::string& notes) {
  std::string primary = "dice", whole, classes;
  for (const auto& row : table.rows() | std::views::reverse)
    if (row.task == "mean") primary = row.metric;  // the first
  std::vector<std::string> bases;
  for (const auto& metric : metricsOf(table.values()))
    if (const auto base = baseOf(metric); isScore(base) && std::ranges::find(bases, base) == bases.end())
      bases.push_back(base);
  for (const auto& base : bases) {
    whole += scoreTable(table, plan, base, false);
    classes += scoreTable(table, plan, base, true);
  }
  auto scores = scoreFigure(table, primary) + whole;
  if (!classes.empty()) scores += folded("Single classes", classes);
  auto results = table.values();
  for (const auto& answers : table.answers()) results.addAnswers(answers);
  scores += report::scoreNotes(results, table, plan);

  auto page = report::opening(plan.name + " – study");
  page +=
      fmt::format("<header><h1>{}</h1><p>a study of {} tasks · {} {} · written {:%Y-%m-%d %H:%M} UTC</p></header>\n",
                  escape(plan.name), plan.tasks.size(), escape(plan.backbone.name),
                  escape(plan.backbone.widths.empty() ? plan.backbone.preset : Json(plan.backbone.widths).dump()),
                  fmt::gmtime(static_cast<std::time_t>(run::now())));
  page += cards(entries, table, primary);
  if (!notes.empty()) scores = "<p class='note'>" + escape(notes) + "</p>\n" + scores;
  page += section("Scores on the test cases", scores + howMade + separateNote(plan, entries));
  page += section("Differences from " + methodTitle(paired.reference()), report::pairedTables(paired, plan));
  page += section("Costs", costTable(table));
  page += section("Gradient conflict", conflictSection(entries));
  page += section("Runs", runTable(entries));
  page += section("Where this comes from", report::planText(plan));
  return writeFileAtomically(file, page + "</main></body></html>\n");
}

}  // namespace lorkd::report
