// What every command of `lorkd` gets: where to report, how it is cancelled, how it answers.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>

#include "core/base/Error.h"
#include "core/base/Json.h"
#include "core/base/Progress.h"

namespace lorkd::cli {

/// Shared by the commands of one process. A command's callback sets `action`; main runs it.
struct Context {
  std::unique_ptr<Progress> progress;
  bool json = false;      ///< --progress json: one JSON object a line on stdout
  bool discreet = false;  ///< --discreet: errors without paths
  std::function<Result<void>()> action;
  mutable int code = 0;  ///< exit code of a command that succeeds; the commands' help says what others than 0 mean

  /// The wish to stop. Who asks for it here promises to look at it: from then on the first SIGINT or SIGTERM is such a
  /// wish and the second ends the process, as the first does with all who never ask.
  const CancelToken& cancel() const;
  /// The command's answer: `json` for programs, `text` for people.
  void answer(Json json, const std::string& text) const;

 private:
  CancelToken m_cancel;
};

void addScan(CLI::App& app, Context& context);
void addAudit(CLI::App& app, Context& context);
void addDicom(CLI::App& app, Context& context);  ///< NIfTI to DICOM
void addPhantom(CLI::App& app, Context& context);
void addPacs(CLI::App& app, Context& context);  ///< pacs nodes, add, remove, echo, find, get, send
void addNetworks(CLI::App& app, Context& context);
void addPlugins(CLI::App& app, Context& context);
void addInspect(CLI::App& app, Context& context);
void addLayouts(CLI::App& app, Context& context);
void addPlan(CLI::App& app, Context& context);
void addTrain(CLI::App& app, Context& context);  ///< train, pretrain, resume
void addStudy(CLI::App& app, Context& context);
void addEvaluate(CLI::App& app, Context& context);
void addPredict(CLI::App& app, Context& context);
void addExport(CLI::App& app, Context& context);
void addRanks(CLI::App& app, Context& context);
void addTransfer(CLI::App& app, Context& context);
void addReport(CLI::App& app, Context& context);
void addDemo(CLI::App& app, Context& context);

}  // namespace lorkd::cli
