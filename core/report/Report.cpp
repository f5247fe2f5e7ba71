#include "core/report/Report.h"

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <ctime>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/eval/TableView.h"
#include "core/report/ReportParts.h"
#include "core/run/EventLog.h"
#include "core/run/Strangers.h"

namespace lorkd::report {

using namespace eval;

using svg::escape;

std::string planText(const plan::Plan& plan) {
  auto json = plan::toJson(plan);
  const char* withheld = "(not shown)";
  for (auto& [name, source] : json["data"]["sources"].items()) source["path"] = withheld;
  if (!plan.teacher.checkpoint.empty()) json["teacher"]["checkpoint"] = withheld;
  return folded("The plan", "<pre>" + escape(json.dump(2)) + "</pre>");
}

std::string keyFigures(const Source& source, const Table& results) {
  std::string out;
  const auto card = [&](const std::string& value, const std::string& label) {
    out += "<div class='card'><b>" + value + "</b><span>" + label + "</span></div>";
  };
  const auto& history = source.history;
  const auto& plan = source.directory.plan();
  card(std::to_string(plan.tasks.size()), plan.tasks.size() == 1 ? "task" : "tasks");
  card(formatCount(source.status.step), fmt::format("of {} steps", formatCount(plan.training.steps)));
  if (history.bestStep() >= 0)
    card(fmt::format("{:.4f}", history.bestMean()),
         fmt::format("best validation{}, step {}", history.bestBy().empty() ? "" : " by " + escape(history.bestBy()),
                     history.bestStep()));
  for (const auto& row : results.rows())
    if (row.task == "mean" && std::isfinite(row.value) && row.metric.find('/') == std::string::npos) {
      card(formatValue(row.metric, row.value), "test " + escape(row.metric) + ", " + escape(row.method));
      break;
    }
  if (const double seconds = history.trainingSeconds(); seconds > 0)
    card(fmt::format("{:.1f} %", 100 * history.waitedSeconds() / seconds), "of the training time waiting for data");
  if (source.conflict.measurements > 0) {
    double sum = 0;
    for (double f : source.conflict.fraction.y) sum += f;
    card(fmt::format("{:.0f} %", 100 * sum / static_cast<double>(source.conflict.fraction.y.size())),
         "of task pairs in conflict");
  }
  return "<div class='cards'>" + out + "</div>\n";
}

namespace {

/// What of a run cannot be read is an error: a page that leaves it out would look as if it were not there.
Result<Source> gather(const run::RunDirectory& directory) {
  LORKD_TRY(status, directory.status());
  LORKD_TRY(events, directory.readEvents());
  auto history = run::RunSeries::of(events);
  auto conflict = conflictOf(history);
  Source source{directory, status, std::move(history), std::move(conflict), Json::object(), {}, {}};
  for (const auto& [name, file] : {std::pair{"cases.json", directory.cases()},
                                   {"checkpoints/best", directory.checkpoint("best")},
                                   {"checkpoints/last", directory.checkpoint("last")}}) {
    const auto digest = sha256File(file);
    if (!digest && digest.error().code != ErrorCode::NotFound) return std::unexpected(digest.error());
    if (digest) source.digests.emplace_back(name, *digest);
  }
  for (const auto& [task, options] : directory.plan().tasks) {
    const auto file = directory.expert(task) / "manifest.json";
    const auto manifest = readJson(file);
    if (!manifest && manifest.error().code != ErrorCode::NotFound) return std::unexpected(manifest.error());
    if (manifest && !manifest->is_object())
      return fail(ErrorCode::Format, "is not the manifest of an expert", "export the expert again", file.string());
    if (!manifest) continue;
    const auto says = [&](const char* key, const std::string& what) {
      return manifest->contains(key) && (*manifest)[key].is_string() && (*manifest)[key] != what;
    };
    const auto best = std::ranges::find_if(source.digests, [](const auto& d) { return d.first == "checkpoints/best"; });
    if (says("task", task) || says("plan_digest", directory.planDigest()) ||
        (best != source.digests.end() && says("checkpoint_digest", best->second)))
      source.strange.insert(task);
    else
      source.experts[task] = *manifest;
  }
  return source;
}

std::string heading(const Source& source) {
  const auto& plan = source.directory.plan();
  const auto state = run::toString(source.status.state);
  std::string out = fmt::format(
      "<header><h1>{}</h1><p><span class='state {}'>{}</span> {} · {}{} · written {:%Y-%m-%d %H:%M} UTC</p>",
      escape(plan.name), state, state, plan::toString(plan.method), escape(plan.backbone.name),
      (plan.backbone.preset.empty() ? std::string() : ' ' + escape(plan.backbone.preset)),
      fmt::gmtime(static_cast<std::time_t>(run::now())));
  if (!source.status.message.empty() && source.status.state == run::State::Failed)
    out += "<p class='failure'>" + escape(source.status.message) + "</p>";
  return out + "</header>\n";
}

}  // namespace

Result<void> writeReport(const std::filesystem::path& file, const std::vector<run::RunDirectory>& runs,
                         const Table& results, const std::optional<run::Status>& status) {
  if (runs.empty()) return fail(ErrorCode::InvalidArgument, "a report needs at least one run");
  std::vector<Source> sources;
  for (const auto& directory : runs) {
    LORKD_TRY(source, gather(directory));
    sources.push_back(std::move(source));
  }
  if (status) sources.front().status = *status;
  const auto& main = sources.front();
  const auto& plan = main.directory.plan();

  auto page = opening(plan.name + " – report");
  page += heading(main) + keyFigures(main, results);
  std::string warnings;
  for (const auto& source : sources)
    for (const auto& text : run::unknownPatients(source.directory))
      warnings += "<p class='note'>⚠ " + escape(text) + "</p>\n";
  page += section("Results on the test cases", warnings + resultTables(results, plan));
  page += section("Tasks", taskTable(main, results));
  page += section("Training", lossFigures(main));
  page += section("Validation", validationFigure(sources) + (sources.size() > 1 ? runTable(sources) : ""));
  page += section("Gradient conflict", conflictFigures(main));
  for (std::size_t i = 1; i < sources.size(); ++i) {
    const auto& other = sources[i].directory.plan();
    page += section("Compared with: " + other.name + " (" + plan::toString(other.method) + ")",
                    folded("Losses", lossFigures(sources[i])) + planText(other));
  }
  page += section("Where this comes from", provenance(main) + planText(plan));
  page += "</main></body></html>\n";
  return writeFileAtomically(file, page);
}

}  // namespace lorkd::report
