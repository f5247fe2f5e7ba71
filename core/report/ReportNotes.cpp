// What stands below the tables of scores: what the figures are, and why some are missing; and what was taken for what.
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <map>

#include "core/eval/TableView.h"
#include "core/report/ReportParts.h"
#include "core/report/Svg.h"

namespace lorkd::report {

using namespace eval;

namespace {

using svg::escape;

std::string note(const std::string& text) { return "<p class='note'>" + text + "</p>\n"; }

bool hasRow(const Table& results, const std::string& base) {
  return std::ranges::any_of(results.rows(), [&](const auto& row) { return baseOf(row.metric) == base; });
}

/// "2 mm", or "2 mm (tumour 1 mm)": the tolerance that most classes have, and the others.
std::string tolerances(const plan::Plan& plan) {
  std::map<double, std::vector<std::string>> classes;
  for (const auto& [task, options] : plan.tasks)
    for (const auto& [name, cls] : options.classes) classes[cls.tolerance].push_back(name);
  const auto usual =
      std::ranges::max_element(classes, {}, [](const auto& entry) { return entry.second.size(); })->first;
  std::string others;
  for (const auto& [mm, names] : classes)
    if (mm != usual) others += fmt::format("{}{} {:g}\u202fmm", others.empty() ? "" : ", ", fmt::join(names, ", "), mm);
  return fmt::format("{:g}\u202fmm", usual) + (others.empty() ? "" : " (" + escape(others) + ")");
}

std::string surfaceNote(const plan::Plan& plan) {
  return note("NSD: the share of both surfaces that lies within " + tolerances(plan) +
              " of the other. HD95: the 95th percentile of the distances between the surfaces, the larger of the two "
              "directions. Volume difference: prediction minus truth. All of cases where the structure is present; "
              "missed: in how many of them nothing was found. These count as an NSD of 0 and have no HD95.");
}

std::string lesionNote(const plan::Plan& plan) {
  const auto& options = plan.evaluation;
  const auto rule = options.lesionOverlap > 0
                        ? fmt::format("an intersection over union of {:g} with it or more", options.lesionOverlap)
                        : std::string("at least one voxel of it");
  const auto small =
      options.lesionVolume > 0
          ? fmt::format(" Lesions and predicted ones below {:g}\u202fml do not count.", options.lesionVolume)
          : std::string();
  return note(
      "Lesions are voxels that touch over faces, edges or corners. One is found if one predicted lesion has " + rule +
      "; a predicted one that so finds none is a false one." + small +
      " Lesions found: the share of a case's lesions, in cases with lesions. F1 of lesions: 2 found / (2 found + "
      "false + not found), in cases with lesions or false ones. False lesions: their number in a case. All are "
      "means over cases.");
}

std::string classificationNote(const Table& results) {
  std::string absent;
  std::size_t unknown = 0, all = 0;
  for (const auto& answers : results.answers()) {
    if (answers.method != results.answers().front().method) continue;
    if (const auto names = absentClasses(answers); !names.empty())
      absent += fmt::format(
          " No test picture of {} is of the class {}: it has no score, and means over classes are "
          "those of the others.",
          escape(answers.task), escape(names));
    all += answers.pictures.size();
    for (const auto& picture : answers.pictures) unknown += picture.patient == picture.id;
  }
  const bool overlapping = std::ranges::any_of(results.answers(), &Answers::overlapping);
  const auto each = overlapping ? fmt::format(
                                      " Of classes that may be there together each is asked for by itself, with the "
                                      "threshold {:g}, in the pictures of which it is known: accuracy is the share of "
                                      "right answers, balanced accuracy the mean of sensitivity and specificity, and "
                                      "the calibration error compares how often a class is there with the mean "
                                      "probability of it.",
                                      results.answers().front().threshold)
                                : std::string();
  const auto whose = unknown == 0 ? std::string()
                                  : fmt::format(
                                        " Of {} of {} pictures nobody says whose they are: each counts as a "
                                        "patient, so that intervals may be too narrow.",
                                        unknown, all);
  return note(fmt::format(
      "Balanced accuracy, AUC (each class against the rest, equal probabilities count half), average precision "
      "(stepwise) and F1 are means over the classes, each class the same weight, as scikit-learn has them; of a class, "
      "accuracy is the share of its pictures that were recognised. Calibration error: pictures are put into {} bins of "
      "equal width by the probability of the answer; the mean, over the pictures, of the distance between their bin's "
      "accuracy and its mean probability; less is better.{}{}{}",
      kCalibrationBins, each, absent, whose));
}

/// A line for each reason why a score has no interval: the reason once, and what it holds for.
std::string intervalNote(const StudyTable& table) {
  std::vector<std::pair<std::string, std::vector<std::string>>> reasons;
  for (const auto& row : table.rows()) {
    if (row.interval.why.empty()) continue;
    auto reason = std::ranges::find(reasons, row.interval.why, [](const auto& entry) { return entry.first; });
    if (reason == reasons.end()) reason = reasons.insert(reasons.end(), {row.interval.why, {}});
    const auto base = baseOf(row.metric);
    if (base == "missed" || base == "calibration_error") continue;  // nowhere
    const auto name = base == row.metric ? row.task : row.metric.substr(base.size() + 1) + " · " + row.task;
    if (std::ranges::find(reason->second, name) == reason->second.end()) reason->second.push_back(name);
  }
  std::string out;
  for (auto& [why, names] : reasons) {
    constexpr std::size_t shown = 12;
    const auto more = names.size() > shown ? fmt::format(" and {} more", names.size() - shown) : std::string();
    if (names.size() > shown) names.resize(shown);
    const auto where = names.empty() ? "" : fmt::format(" ({}{})", fmt::join(names, ", "), more);
    out += (out.empty() ? "No interval – " : " · ") + escape(why + where);
  }
  return out.empty() ? out : note(out);
}

}  // namespace

std::string scoreNotes(const Table& results, const StudyTable& table, const plan::Plan& plan) {
  std::string out = intervalNote(table);
  if (hasRow(results, "nsd")) out += surfaceNote(plan);
  if (hasRow(results, "lesion_f1")) out += lesionNote(plan);
  if (hasRow(results, "balanced_accuracy")) out += classificationNote(results);
  return out;
}

std::string confusionTables(const Table& results) {
  std::string out;
  for (const auto& answers : results.answers()) {
    if (answers.overlapping) continue;  // no class is taken for another
    const AnswerScores scores(answers);
    out += fmt::format("<div class='scroll'><table><thead><tr><th>{} <small>{}</small></th>", escape(answers.task),
                       escape(answers.method));
    for (const auto& name : answers.classes) out += "<th class='n'>" + escape(name) + "</th>";
    out += "</tr></thead><tbody>";
    for (std::size_t truth = 0; truth < answers.classes.size(); ++truth) {
      out += "<tr><th>" + escape(answers.classes[truth]) + "</th>";
      for (std::size_t answer = 0; answer < answers.classes.size(); ++answer) {
        const auto n = formatCount(scores.confused(truth, answer));
        out += truth == answer ? "<td class='n'><b>" + n + "</b></td>" : "<td class='n'>" + n + "</td>";
      }
      out += "</tr>";
    }
    out += "</tbody></table></div>\n";
  }
  if (out.empty()) return out;
  return folded("Confusion matrices", note("Test pictures: true classes down, answers across.") + out);
}

}  // namespace lorkd::report
