#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "core/report/ReportParts.h"

namespace lorkd::report {

using namespace eval;

namespace {

using svg::escape;
using svg::Points;

constexpr double smoothing = 0.9;

std::string figure(const std::string& drawing, const std::string& title) {
  return fmt::format("<figure><figcaption>{}</figcaption>{}</figure>\n", title, drawing);
}

/// "3 to 400": the x axis that all panels of a run share.
svg::Range stepRange(const run::RunSeries& history) {
  double last = 1;
  const auto visit = [&](const plan::Named<run::SeriesByName>& all) {
    for (const auto& [task, byName] : all)
      for (const auto& [name, series] : byName)
        if (series.size() > 0) last = std::max(last, series.step.back());
  };
  visit(history.losses());
  visit(history.metrics());
  return {0, last};
}

Points pointsOf(const run::Series& series) { return {series.step, series.value}; }

void addTrainingLines(std::vector<svg::Line>& lines, const Points& points, const std::string& color, bool raw) {
  if (raw) lines.push_back({svg::thinned(points), color, "raw"});
  lines.push_back({svg::thinned(svg::smoothed(points, smoothing)), color, "smooth"});
}

double lastFinite(const Points& points) {
  for (auto i = points.y.size(); i-- > 0;)
    if (std::isfinite(points.y[i])) return points.y[i];
  return std::nan("");
}

/// One range for the total losses of all tasks, so that panels can be compared.
svg::Range lossRange(const run::RunSeries& history) {
  std::vector<double> values;
  for (const auto& [task, losses] : history.losses())
    if (const auto* total = losses.find("total")) values.insert(values.end(), total->value.begin(), total->value.end());
  return svg::roundRange(std::move(values), 0.02, true);
}

std::string taskPanel(const Source& source, std::size_t index, const std::string& color, svg::Range steps,
                      svg::Range range) {
  const auto& plan = source.directory.plan();
  const auto& name = plan.tasks[index].first;
  const auto* losses = source.history.losses().find(name);
  const auto* metrics = source.history.metrics().find(name);
  const auto* total = losses ? losses->find("total") : nullptr;
  if (!total && !metrics) return {};

  svg::Frame frame;
  frame.label = "Training loss and validation of task " + name;
  frame.x = steps;
  frame.xLabel = "step";
  frame.yLabel = "training loss";
  std::vector<svg::Line> lines;
  std::string caption = swatch(color) + escape(name);
  if (total) {
    frame.y = range;
    addTrainingLines(lines, pointsOf(*total), color, true);
    caption += fmt::format(" <small>loss {:.3g}", lastFinite(svg::smoothed(pointsOf(*total), smoothing)));
  } else {
    caption += " <small>";
  }
  if (metrics && !metrics->empty()) {
    const auto& [metric, series] = metrics->front();
    const auto points = pointsOf(series);
    frame.right = svg::Range{0, 1};
    frame.rightLabel = metric;
    lines.push_back({points, color, "validation", true, true});
    caption += fmt::format(" · {} {:.3f}", escape(metric), lastFinite(points));
  }
  if (source.history.bestStep() >= 0) frame.mark = static_cast<double>(source.history.bestStep());
  return figure(svg::plot(frame, lines), caption + "</small>");
}

/// The metric of each class, one panel a task with several of them.
std::string classPanels(const Source& source, svg::Range steps) {
  const auto& plan = source.directory.plan();
  std::string out;
  for (std::size_t i = 0; i < plan.tasks.size(); ++i) {
    const auto& [name, task] = plan.tasks[i];
    const auto* metrics = source.history.metrics().find(name);
    if (!metrics || metrics->empty() || task.classes.size() < 2) continue;
    const auto& metric = metrics->front().first;
    std::vector<svg::Line> lines;
    std::string key;
    for (std::size_t c = 0; c < task.classes.size(); ++c) {
      const auto* series = metrics->find(metric + "/" + task.classes[c].first);
      const auto points = series ? pointsOf(*series) : Points();
      if (std::isnan(lastFinite(points))) continue;
      const auto color = plan::classColor(plan, i, c);
      lines.push_back({points, color, "smooth", false, true});
      key += swatch(color) + escape(task.classes[c].first) + " ";
    }
    if (lines.empty()) continue;
    svg::Frame frame;
    frame.label = "Validation by class of task " + name;
    frame.x = steps;
    frame.xLabel = "step";
    frame.yLabel = metric;
    if (source.history.bestStep() >= 0) frame.mark = static_cast<double>(source.history.bestStep());
    out += figure(svg::plot(frame, lines), escape(name) + " <small>" + key + "</small>");
  }
  return out;
}

/// Every component of the loss in a panel of its own, all tasks in their colours.
std::string componentPanels(const Source& source, svg::Range steps) {
  const auto& plan = source.directory.plan();
  const plan::Looks looks(plan);
  std::vector<std::string> names;
  for (const auto& [task, losses] : source.history.losses())
    for (const auto& [name, series] : losses)
      if (name != "total" && std::ranges::find(names, name) == names.end()) names.push_back(name);
  std::string out;
  for (const auto& name : names) {
    std::vector<svg::Line> lines;
    std::vector<double> values;
    for (std::size_t i = 0; i < plan.tasks.size(); ++i) {
      const auto* losses = source.history.losses().find(plan.tasks[i].first);
      const auto* series = losses ? losses->find(name) : nullptr;
      if (!series) continue;
      addTrainingLines(lines, pointsOf(*series), looks.of(i).color, false);
      values.insert(values.end(), lines.back().points.y.begin(), lines.back().points.y.end());
    }
    svg::Frame frame;
    frame.label = "Loss component " + name;
    frame.x = steps;
    frame.y = svg::roundRange(values, 0.01, true);
    frame.xLabel = "step";
    out += figure(svg::plot(frame, lines), "<code>" + escape(name) + "</code>");
  }
  return out;
}

}  // namespace

std::string lossFigures(const Source& source) {
  const auto steps = stepRange(source.history), range = lossRange(source.history);
  std::string panels, key;
  const auto& plan = source.directory.plan();
  const plan::Looks looks(plan);
  for (std::size_t i = 0; i < plan.tasks.size(); ++i) {
    panels += taskPanel(source, i, looks.of(i).color, steps, range);
    key += swatch(looks.of(i).color) + escape(plan.tasks[i].first) + " ";
  }
  if (panels.empty()) return {};
  std::string out =
      "<p class='note'>Faint: training loss of every step. Solid: the same, smoothed (debiased exponential average, "
      "0.9). Both are estimates on random training samples. Dashed with circles, right axis: validation. Vertical "
      "line: "
      "the step of the best checkpoint.</p><div class='grid'>" +
      panels + "</div>";
  const auto components = componentPanels(source, steps);
  if (!components.empty())
    out += folded("Components of the loss", "<p class='note'>Smoothed, unweighted by task. " + key +
                                                "</p><div class='grid'>" + components + "</div>");
  const auto classes = classPanels(source, steps);
  if (!classes.empty())
    out += folded("Validation by class",
                  "<p class='note'>All panels share the range from 0 to 1. A class that no "
                  "validation case has is left out.</p><div class='grid'>" +
                      classes + "</div>");
  return out;
}

LineStyle lineStyle(std::size_t n) {
  static constexpr LineStyle styles[] = {{"var(--ink)", "smooth"},      {"var(--accent)", "validation"},
                                         {"var(--negative)", "dotted"}, {"var(--soft)", "smooth"},
                                         {"var(--ink)", "dotted"},      {"var(--accent)", "dotted"},
                                         {"var(--negative)", "smooth"}, {"var(--soft)", "validation"}};
  return styles[n % std::size(styles)];
}

std::string lineKey(LineStyle style, const std::string& name) {
  return fmt::format(
      "<span class='key'><svg width='34' height='10'><path class='{}' stroke='{}' d='M2 5h30'/></svg>{}</span>",
      style.style, style.color, escape(name));
}

std::string validationFigure(const std::vector<Source>& sources) {
  std::vector<svg::Line> lines;
  std::vector<double> x, y;
  std::string key;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto mean = pointsOf(sources[i].history.mean());
    if (mean.x.empty()) continue;
    const auto style = lineStyle(i);
    lines.push_back({mean, style.color, style.style, false, true});
    x.insert(x.end(), mean.x.begin(), mean.x.end());
    y.insert(y.end(), mean.y.begin(), mean.y.end());
    const auto& plan = sources[i].directory.plan();
    key += lineKey(style, fmt::format("{} ({})", plan.name, plan::toString(plan.method)));
  }
  if (lines.empty()) return {};
  svg::Frame frame;
  frame.label = "Mean validation over the steps";
  frame.width = 1060;
  frame.height = 260;
  frame.x = {0, std::max(1.0, *std::ranges::max_element(x))};
  frame.y = svg::roundRange(y);
  frame.xLabel = "step";
  frame.yLabel = "mean over tasks";
  if (const auto& main = sources.front().history; main.bestStep() >= 0) {
    frame.mark = static_cast<double>(main.bestStep());
    frame.markLabel = fmt::format("best {}{:.4f} at step {}", main.bestBy().empty() ? "" : main.bestBy() + " ",
                                  main.bestMean(), main.bestStep());
  }
  return "<p class='note'>" + key + "</p>" + figure(svg::plot(frame, lines), "");
}

std::string conflictFigures(const Source& source) {
  const auto& conflict = source.conflict;
  if (conflict.measurements == 0) return {};
  std::string out = fmt::format(
      "<p class='note'>From {} measurements of the tasks' gradients on the shared weights, before clipping. Cosines "
      "below 0 "
      "(orange) are conflicts: a step that helps one task harms the other.</p>",
      conflict.measurements);
  out += "<div class='pair'>";
  out +=
      figure(svg::matrix("Mean cosine of the tasks' gradients", conflict.tasks, conflict.cosine) + svg::matrixKey(-1),
             "Cosine, mean over the run");
  out += figure(svg::matrix("Mean magnitude similarity", conflict.tasks, conflict.magnitude) + svg::matrixKey(0),
                "Magnitude similarity, mean over the run");
  out += "</div>";

  svg::Frame frame;
  frame.label = "Share of task pairs in conflict over the steps";
  frame.width = 1060;
  frame.height = 220;
  frame.x = stepRange(source.history);
  frame.x.high = std::max(frame.x.high, conflict.fraction.x.back());
  frame.xLabel = "step";
  frame.yLabel = "pairs in conflict";
  std::vector<svg::Line> lines;
  addTrainingLines(lines, conflict.fraction, "var(--accent)", true);
  out += figure(svg::plot(frame, lines), "Conflict fraction: every measurement (faint) and smoothed");

  std::vector<std::string> names;
  std::vector<double> shares;
  for (const auto& [layer, share] : conflict.layers) {
    names.push_back(layer);
    shares.push_back(share);
  }
  out += figure(svg::bars("Share of conflicts per layer", names, shares),
                "Conflicts per adapted layer: share of pair-steps with a negative cosine, in network order "
                "<small>the guide to where rank is needed</small>");
  return out;
}

}  // namespace lorkd::report
