// The parts of report.html, each a piece of HTML. Internal to this room.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/eval/StudyTable.h"
#include "core/eval/Table.h"
#include "core/report/ConflictHistory.h"
#include "core/report/Page.h"
#include "core/run/RunDirectory.h"

namespace lorkd::report {

/// A run with what its files say.
struct Source {
  run::RunDirectory directory;
  run::Status status;
  run::RunSeries history;
  ConflictHistory conflict;
  Json experts;                   ///< {task: manifest.json} of the exported experts
  std::set<std::string> strange;  ///< tasks whose exported expert is of another task, run or checkpoint
  std::vector<std::pair<std::string, std::string>> digests;  ///< of the files that it is made of, by name
};

/// One panel a task: training loss (raw faint, smoothed on top) and validation (dashed, right axis); then the
/// components of the loss, one panel each.
std::string lossFigures(const Source& source);

/// Mean validation of all runs over the steps.
std::string validationFigure(const std::vector<Source>& sources);

/// Matrix of cosines, magnitude similarity, history of the conflict fraction, share of conflicts per layer.
std::string conflictFigures(const Source& source);

/// What the scores of a page are by their definition, which classes have none, and why some have no interval.
std::string scoreNotes(const eval::Table& results, const eval::StudyTable& table, const plan::Plan& plan);

/// Of each task of pictures: how many of each class were taken for which, folded away; empty without such a task.
std::string confusionTables(const eval::Table& results);

/// Tasks down, methods across, best in bold, mean last; Dice and the scores of surfaces side by side where they fit,
/// else one table a metric; with intervals over patients; single classes and confusion matrices folded away.
std::string resultTables(const eval::Table& results, const plan::Plan& plan);

/// Name, classes, rank, scale, parameters and exported files of each task.
std::string taskTable(const Source& source, const eval::Table& results);

/// One line a run: method, state, steps, best validation.
std::string runTable(const std::vector<Source>& sources);

/// Digests of plan, case list, checkpoints and exported files, and the versions of programs and libraries.
std::string provenance(const Source& source);

/// The plan as JSON, folded away. Paths of sources are left out: a folder may be named after a patient.
std::string planText(const plan::Plan& plan);

/// The large figures at the top.
std::string keyFigures(const Source& source, const eval::Table& results);

/// How the n-th of several lines is drawn: colour and style class together tell them apart.
struct LineStyle {
  const char *color, *style;
};
LineStyle lineStyle(std::size_t n);

/// A short piece of such a line with its name behind it.
std::string lineKey(LineStyle style, const std::string& name);

}  // namespace lorkd::report
