#include <chrono>
#include <cmath>
#include <thread>

#include "core/base/Log.h"
#include "core/data/Prepare.h"
#include "core/eval/Report.h"
#include "core/run/EventLog.h"
#include "core/train/Trainer.h"
#include "core/workflow/Scoring.h"
#include "core/workflow/StatusKeeper.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace fs = std::filesystem;
namespace {

/// What a trainer obeys between steps: control.json, and cancellation of the process.
class ControlDesk {
 public:
  ControlDesk(const run::RunDirectory& run, StatusKeeper& status, const CancelToken& cancel)
      : m_run(run), m_status(status), m_cancel(cancel) {
    // Commands of an earlier life of the run are history.
    if (auto old = run.commands(-1); old && !old->empty()) m_last = old->back().number;
  }

  train::Control poll() {
    bool checkpoint = false, paused = false;
    do {
      if (m_cancel.cancelled()) return train::Control::Stop;
      if (auto fresh = m_run.commands(m_last)) {
        for (const auto& [number, command] : *fresh) {
          m_last = number;
          if (command == run::Command::Stop) return train::Control::Stop;
          if (command == run::Command::Checkpoint) checkpoint = true;
          if (command == run::Command::Pause) paused = true;
          if (command == run::Command::Resume) paused = false;
        }
      }
      m_status.update([&](run::Status& s) { s.state = paused ? run::State::Paused : run::State::Running; });
      if (paused) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    } while (paused);
    return checkpoint ? train::Control::Checkpoint : train::Control::Continue;
  }

 private:
  const run::RunDirectory& m_run;
  StatusKeeper& m_status;
  const CancelToken& m_cancel;
  std::int64_t m_last = -1;
};

Result<train::Validation> validation(nn::Network& network, const feed::Dataset& dataset, const plan::Plan& plan,
                                     torch::Device device, const CancelToken& cancel) {
  train::Validation out;
  out.metrics = Json::object();
  int counted = 0;
  network->eval();
  for (int t = 0; t < static_cast<int>(plan.tasks.size()); ++t) {
    auto scored = score(network, t, "validation", dataset, plan, device, cancel);
    if (!scored) {
      network->train();
      return std::unexpected(scored.error());
    }
    auto& entry = out.metrics[plan.tasks[static_cast<std::size_t>(t)].first] = Json::object();
    for (const auto& [name, value] : scored->metrics) entry[name] = value;
    if (!scored->metrics.empty() && std::isfinite(scored->metrics.front().second))
      out.mean += scored->metrics.front().second, ++counted;
  }
  network->train();
  if (counted > 0) out.mean /= counted;
  return out;
}

/// The teacher's run inside the student's, with the student's cases, so that no test patient teaches.
Result<run::RunDirectory> nestedTeacher(const run::RunDirectory& run) {
  LORKD_TRY(teacher, run::RunDirectory::create(run.teacher(), teacherPlan(run.plan())));
  std::error_code ec;
  fs::copy_file(run.cases(), teacher.cases(), fs::copy_options::overwrite_existing, ec);
  if (ec) return fail(ErrorCode::Io, "cannot copy the list of cases: " + ec.message(), "", teacher.cases().string());
  return teacher;
}

bool wantsTeacher(const plan::Plan& plan) {
  return plan.method == plan::PlanMethod::Lorkd && plan.teacher.source != plan::TeacherSource::None &&
         (plan.losses.transfer > 0 || plan.losses.transferLogits > 0);
}

/// One training, from cases to best checkpoint.
Result<void> trainHere(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel,
                       StatusKeeper& status);

Result<nn::Network> readyTeacher(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel) {
  if (!wantsTeacher(run.plan())) return nn::Network(nullptr);
  if (run.plan().teacher.source == plan::TeacherSource::Checkpoint) {
    LORKD_TRY(teacher, teacherRun(run));
    return loadTrained(teacher);
  }
  LORKD_TRY(teacher, nestedTeacher(run));
  LORKD_TRY(state, teacher.status());
  if (state.state != run::State::Finished) {
    LORKD_TRY(lock, teacher.lock());
    StatusKeeper status(teacher);
    LORKD_CHECK(trainHere(teacher, progress, cancel, status));
    status.update([](run::Status& s) { s.state = run::State::Finished, s.step = s.steps, s.secondsLeft = 0; });
  }
  return loadTrained(teacher);
}

Result<void> trainHere(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel,
                       StatusKeeper& status) {
  const auto& plan = run.plan();
  const run::EventWriter events(run.events());
  const auto phase = [&](const std::string& name, const std::string& message) {
    status.update([&](run::Status& s) { s.phase = name; });
    (void)events.append("phase", {{"phase", name}, {"message", message}});
    progress.note(message);
  };
  LORKD_TRY(device, setUpDevice(plan));

  phase("preparing", "finding and preparing the cases");
  LORKD_TRY(cases, freezeCases(run, progress, cancel));
  const auto cache = preparedFolder(run);
  LORKD_CHECK(data::prepare(plan, cases, cache, progress, cancel));
  LORKD_TRY(dataset, feed::Dataset::open(cache, plan));

  if (wantsTeacher(plan)) phase("teacher", "getting the teacher ready");
  LORKD_TRY(teacher, readyTeacher(run, progress, cancel));
  if (teacher) teacher->to(device);

  LORKD_TRY(student, makeNetwork(plan));
  student->to(device);
  const std::int64_t steps = plan.training.steps;
  phase("training", "training " + std::to_string(plan.tasks.size()) + " tasks for " + std::to_string(steps) + " steps");
  // What the log says beyond the checkpoint happens again.
  std::int64_t kept = 0;
  if (fs::exists(run.checkpoint("last"))) {
    LORKD_TRY(at, train::checkpointStep(run.checkpoint("last"), run.planDigest()));
    kept = at;
  }
  LORKD_CHECK(events.rewindTo(kept));
  ControlDesk desk(run, status, cancel);
  feed::BatchSource batches(dataset, plan);
  train::Trainer trainer(plan, student, teacher, device);
  train::Hooks hooks;
  hooks.event = [&](const std::string& kind, Json fields) { (void)events.append(kind, std::move(fields)); };
  hooks.control = [&](std::int64_t step, double secondsLeft) {
    status.update([&](run::Status& s) { s.step = step, s.steps = steps, s.secondsLeft = secondsLeft; });
    progress.report("training " + plan.name, step, steps);
    return desk.poll();
  };
  hooks.validate = [&](nn::Network& network, std::int64_t) {
    return validation(network, dataset, plan, device, cancel);
  };
  LORKD_TRY(outcome, trainer.run(batches, {run.checkpoint("last"), run.checkpoint("best")}, hooks));
  if (outcome == train::Outcome::Stopped)
    return fail(ErrorCode::Cancelled,
                "training stopped at step " + std::to_string(trainer.step()) + "; a checkpoint is kept",
                "continue with: lorkd resume " + run.path().string());
  return {};
}

}  // namespace

plan::Plan teacherPlan(const plan::Plan& plan) {
  auto teacher = plan;
  teacher.method = plan::PlanMethod::Teacher;
  teacher.name = plan.name + " teacher";
  teacher.training.steps = plan.teacher.steps;
  return teacher;
}

Result<run::RunDirectory> teacherRun(const run::RunDirectory& run) {
  const auto& teacher = run.plan().teacher;
  const fs::path path =
      teacher.source == plan::TeacherSource::Checkpoint ? fs::path(teacher.checkpoint) : run.teacher();
  if (teacher.source == plan::TeacherSource::None || !run::RunDirectory::isRun(path))
    return fail(ErrorCode::NotFound, "there is no teacher run", "train one with: lorkd pretrain PLAN", path.string());
  LORKD_TRY(opened, run::RunDirectory::open(path));
  if (opened.plan().tasks.size() != run.plan().tasks.size())
    return fail(ErrorCode::Mismatch, "the teacher was trained for other tasks", "choose a teacher with the same tasks",
                path.string());
  for (std::size_t i = 0; i < opened.plan().tasks.size(); ++i)
    if (opened.plan().tasks[i].first != run.plan().tasks[i].first ||
        opened.plan().tasks[i].second.classes != run.plan().tasks[i].second.classes)
      return fail(ErrorCode::Mismatch,
                  "the teacher's task '" + opened.plan().tasks[i].first + "' differs from the plan's",
                  "choose a teacher with the same tasks and classes", path.string());
  return opened;
}

Result<nn::Network> loadTrained(const run::RunDirectory& run) {
  LORKD_TRY(network, makeNetwork(run.plan()));
  LORKD_CHECK(train::loadWeights(network, run.checkpoint("best"), run.planDigest()));
  network->eval();
  return network;
}

Result<void> train(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel) {
  LORKD_TRY(lock, run.lock());
  StatusKeeper status(run);
  status.update([&](run::Status& s) { s.steps = run.plan().training.steps; });
  const run::EventWriter events(run.events());
  const auto finish = [&](run::State state, const std::string& outcome, const std::string& message) {
    status.update([&](run::Status& s) { s.state = state, s.message = message, s.secondsLeft = 0; });
    (void)events.append("done", {{"outcome", outcome}, {"message", message}});
  };
  auto outcome = trainHere(run, progress, cancel, status);
  if (outcome) {
    status.update([](run::Status& s) { s.phase = "evaluating", s.step = s.steps, s.secondsLeft = 0; });
    auto table = evaluate(run, progress, cancel);
    outcome = table ? eval::writeReport(run.path() / "report.html", {run}, *table)
                    : Result<void>(std::unexpected(table.error()));
  }
  if (!outcome) {
    const bool stopped = outcome.error().code == ErrorCode::Cancelled;
    finish(stopped ? run::State::Interrupted : run::State::Failed, stopped ? "cancelled" : "failed",
           outcome.error().text());
    return outcome;
  }
  finish(run::State::Finished, "done", "");
  return {};
}

}  // namespace lorkd::workflow
