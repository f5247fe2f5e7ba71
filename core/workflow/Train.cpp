#include <algorithm>

#include "core/base/File.h"
#include "core/base/Guard.h"
#include "core/data/Digests.h"
#include "core/data/OpenCases.h"
#include "core/data/Prepare.h"
#include "core/report/Report.h"
#include "core/run/EventLog.h"
#include "core/run/Strangers.h"
#include "core/train/Trainer.h"
#include "core/workflow/ControlDesk.h"
#include "core/workflow/MemoryWatch.h"
#include "core/workflow/SeenPatients.h"
#include "core/workflow/Shareable.h"
#include "core/workflow/Study.h"
#include "core/workflow/TransferExpert.h"
#include "core/workflow/Validation.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace fs = std::filesystem;
namespace {

/// Names and labels count; colours do not.
bool sameClasses(const plan::Task& a, const plan::Task& b) {
  return std::ranges::equal(a.classes, b.classes, [](const auto& x, const auto& y) {
    return x.first == y.first && x.second.labels == y.second.labels;
  });
}

/// The teacher's run inside the student's, with the student's cases, so that no test patient teaches.
Result<run::RunDirectory> nestedTeacher(const run::RunDirectory& run) {
  LORKD_TRY(teacher, run::RunDirectory::create(run.teacher(), teacherPlan(run.plan())));
  constexpr auto largest = std::uintmax_t(256) << 20;
  LORKD_TRY(cases, readFile(run.cases(), largest));
  if (readFile(teacher.cases(), largest).value_or("") != cases)
    LORKD_CHECK(writeFileAtomically(teacher.cases(), cases));
  return teacher;
}

bool wantsTeacher(const plan::Plan& plan) {
  return takesTeacher(plan.method) && plan.teacher.source != plan::TeacherSource::None &&
         (plan.losses.transfer > 0 || plan.losses.transferLogits > 0);
}

bool stopped(const Error& error) { return error.code == ErrorCode::Cancelled; }

/// The student, once it is known that the teacher to be trained before it can be built as well: faults of either are to
/// be known before hours of preparing and teaching.
Result<nn::Network> makeStudent(const run::RunDirectory& run) {
  const auto& plan = run.plan();
  if (wantsTeacher(plan) && plan.teacher.source == plan::TeacherSource::Train)
    if (auto teacher = makeNetwork(teacherPlan(plan)); !teacher) return fail(teacher.error(), "teacher");
  return makeNetwork(run);
}

/// A teacher from elsewhere must see what the student sees, and must not have learnt from the student's test patients.
Result<void> checkTeacher(const run::RunDirectory& run, const run::RunDirectory& teacher, const data::CaseList& cases) {
  const auto& own = run.plan().data;
  const auto& its = teacher.plan().data;
  const std::string where = teacher.path().string();
  if (plan::ofPictures(run.plan()) && own.longerSide != its.longerSide)
    return fail(ErrorCode::Mismatch, "the teacher was trained on pictures of another size",
                "give the plan the teacher's data.longer_side, or choose another teacher", where);
  if (own.spacing != its.spacing || own.normalisation != its.normalisation || own.channels != its.channels ||
      own.inputs != its.inputs || (own.normalisation != plan::DataNormalisation::Percentile && own.clip != its.clip))
    return fail(ErrorCode::Mismatch, "the teacher was trained at another spacing, normalisation, window or channels",
                "give the plan the teacher's data settings, or choose another teacher", where);
  if (own.split.slab != plan::SplitSlab::None || its.split.slab != plan::SplitSlab::None) {
    if (own.split == its.split) return {};
    return fail(ErrorCode::Mismatch, "the teacher was trained with another slab held out",
                "give the plan the teacher's split, or train a new teacher", where);
  }
  LORKD_TRY(learnt, learntBy(teacher));
  if (const auto seen = seenTestPatient(cases, learnt); !seen.empty())
    return fail(ErrorCode::Mismatch, "the teacher has learnt from " + seen + ", a test patient of this run",
                "give the plan the teacher's seed, split and tasks, or train a new teacher", where);
  return {};
}

/// One training, from cases to best checkpoint.
Result<void> trainHere(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel,
                       StatusKeeper& status, ControlDesk& desk);

/// Trains the teacher of a run inside it; the run's own status tells how far it is.
Result<void> trainNested(const run::RunDirectory& teacher, Progress& progress, const CancelToken& cancel,
                         ControlDesk& desk) {
  LORKD_TRY(lock, teacher.lock());
  StatusKeeper status(teacher);
  const auto outcome = trainHere(teacher, progress, cancel, status, desk);
  status.update([&](run::Status& s) {
    s.secondsLeft = 0;
    if (outcome) {
      s.state = run::State::Finished;
    } else {
      s.state = stopped(outcome.error()) ? run::State::Interrupted : run::State::Failed;
      s.message = shareable(outcome.error());
    }
  });
  return outcome;
}

Result<nn::Network> readyTeacher(const run::RunDirectory& run, const data::CaseList& cases, Progress& progress,
                                 const CancelToken& cancel, ControlDesk& desk) {
  if (!wantsTeacher(run.plan())) return nn::Network(nullptr);
  if (run.plan().teacher.source == plan::TeacherSource::Checkpoint) {
    LORKD_TRY(teacher, teacherRun(run));
    LORKD_CHECK(checkTeacher(run, teacher, cases));
    return loadTrained(teacher);
  }
  LORKD_TRY(teacher, nestedTeacher(run));
  LORKD_TRY(state, teacher.status());
  if (state.state != run::State::Finished) LORKD_CHECK(trainNested(teacher, progress, cancel, desk));
  return loadTrained(teacher);
}

Result<void> trainHere(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel,
                       StatusKeeper& status, ControlDesk& desk) {
  auto plan = run.plan();
  MemoryWatch memory;
  const run::EventWriter events(run.events());
  const auto phase = [&](const std::string& name, const std::string& message) {
    status.update([&](run::Status& s) { s.phase = name; });
    progress.note(message);
    return events.append("phase", {{"phase", name}, {"message", message}, {"plan", run.planDigest()}});
  };
  LORKD_TRY(device, setUpDevice(plan));
  LORKD_TRY(student, makeStudent(run));
  LORKD_CHECK(loadInitialWeights(run, student));

  LORKD_CHECK(phase("preparing", "finding and preparing the cases"));
  LORKD_TRY(cases, freezeCases(run, progress, cancel));
  LORKD_CHECK(checkUnseen(run, cases));
  plan = data::decided(std::move(plan), cases);
  LORKD_TRY(prepared, data::prepare(plan, cases, preparedFolder(run), progress, cancel));
  LORKD_TRY(dataset, feed::Dataset::open(prepared, plan));

  if (wantsTeacher(plan)) LORKD_CHECK(phase("teacher", "getting the teacher ready"));
  LORKD_TRY(teacher, readyTeacher(run, cases, progress, cancel, desk));
  if (teacher) teacher->to(device);
  for (const auto& text : run::unknownPatients(run)) progress.note(text);

  student->to(device);
  const std::int64_t steps = plan.training.steps;
  LORKD_TRY(casesDigest, run.casesDigest());
  const train::Origin origin(run.planDigest(), casesDigest);
  // What the log says beyond the checkpoint happens again.
  train::Reached kept;
  if (fs::exists(run.checkpoint("last"))) {
    LORKD_TRY(at, train::reached(run.checkpoint("last"), {run.planDigest(), origin.cases, "last"}));
    kept = at;
  }
  // Until now the status held the teacher's steps and time.
  status.update([&](run::Status& s) { s.step = kept.step, s.steps = steps, s.secondsLeft = -1; });
  LORKD_CHECK(phase(
      "training", "training " + std::to_string(plan.tasks.size()) + " tasks for " + std::to_string(steps) + " steps"));
  LORKD_CHECK(events.rewindTo(kept.step, kept.validationDue));
  feed::BatchSource batches(dataset, plan);
  train::Trainer trainer(plan, student, teacher, device);
  train::Hooks hooks;
  hooks.event = [&](const std::string& kind, Json fields) {
    if (kind == "validation" && fields.at("best").get<bool>())
      status.update([&](run::Status& s) {
        s.bestStep = fields.at("step"), s.best = fields.at("mean"), s.bestBy = fields.at("by");
      });
    return events.append(kind, std::move(fields));
  };
  hooks.control = [&](std::int64_t step, double secondsLeft) {
    // Of a nested teacher both tell: its own run, and the run around it, which is the one that is watched.
    for (auto* keeper : {&status, &desk.status()})
      keeper->update([&](run::Status& s) { s.step = step, s.steps = steps, s.secondsLeft = secondsLeft; });
    progress.report("training " + plan.name, step, steps);
    return desk.poll();
  };
  hooks.validate = [&](nn::Network& network, std::int64_t step, const std::function<Result<void>()>& save) {
    // Under the name that progress has anyway: many short validations would else fill a terminal.
    const auto tick = [&] { progress.report("training " + plan.name, step, steps); };
    return validate(network, dataset, plan, device, desk, tick, save, cancel);
  };
  const auto ended = trainer.run(batches, {run.checkpoint("last"), run.checkpoint("best"), origin}, hooks);
  const auto told = events.append("resources", {{"peak_memory", memory.peak()}});
  for (auto* keeper : {&status, &desk.status()})
    keeper->update([&](run::Status& s) { s.step = trainer.step(), s.steps = steps; });
  LORKD_TRY(outcome, ended);
  LORKD_CHECK(told);
  if (outcome == train::Outcome::Stopped)
    return fail(ErrorCode::Cancelled,
                "training stopped at step " + std::to_string(trainer.step()) + "; a checkpoint is kept",
                "continue with: lorkd resume");
  return {};
}

/// Whether there is nothing left to do for a run. A finished run whose data are not what it has frozen is refused, and
/// stays as it is.
Result<bool> isComplete(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel) {
  const auto status = run.status();
  if (!status || status->state != run::State::Finished) return false;
  LORKD_TRY(cases, data::openCases(run));
  data::Digests digests;
  std::int64_t done = 0;
  for (const auto& entry : cases.cases) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "comparing the cases was stopped");
    progress.report("comparing the cases", done++, static_cast<std::int64_t>(cases.cases.size()));
    LORKD_CHECK(digests.of(entry));
  }
  LORKD_CHECK(loadTrained(run));
  return fs::is_regular_file(run.metrics()) && fs::is_regular_file(run.path() / "report.html");
}

}  // namespace

bool takesTeacher(plan::PlanMethod method) {
  return method == plan::PlanMethod::Lorkd || method == plan::PlanMethod::MtlKd || method == plan::PlanMethod::StlKd;
}

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
        !sameClasses(opened.plan().tasks[i].second, run.plan().tasks[i].second))
      return fail(ErrorCode::Mismatch,
                  "the teacher's task '" + opened.plan().tasks[i].first + "' differs from the plan's",
                  "choose a teacher with the same tasks and classes", path.string());
  return opened;
}

Result<nn::Network> loadTrained(const run::RunDirectory& run) {
  LORKD_TRY(network, makeNetwork(run));
  const auto cases = run.casesDigest();
  if (!cases && cases.error().code != ErrorCode::NotFound) return std::unexpected(cases.error());
  LORKD_CHECK(train::loadWeights(network, run.checkpoint("best"), {run.planDigest(), cases.value_or(""), "best"}));
  network->eval();
  return network;
}

Result<void> train(const run::RunDirectory& run, Progress& given, const CancelToken& cancel) {
  LORKD_TRY(lock, run.lock());
  LORKD_CHECK(run.checkEvents());
  LORKD_TRY(complete, isComplete(run, given, cancel));
  if (complete) {
    clearAbandoned(run.path());  // of a process that was killed as it said that all was done
    given.note("The run is finished already, and stays as it is; lorkd evaluate scores it again.");
    return {};
  }
  StatusKeeper status(run);
  ControlDesk desk(run, status, cancel);
  ObeyingProgress progress(given, desk);
  status.update([&](run::Status& s) { s.steps = run.plan().training.steps; });
  const run::EventWriter events(run.events());
  const auto finish = [&](run::State state, const std::string& outcome, const std::string& message) {
    const auto told = events.append("done", {{"outcome", outcome}, {"message", message}});
    return status.tell([&](run::Status& s) {
      s.state = state, s.message = message, s.secondsLeft = 0;
      if (!told)
        s.message +=
            (message.empty() ? "" : "; ") + std::string("the log lacks its last line: ") + told.error().message;
    });
  };
  const auto work = [&]() -> Result<void> {
    LORKD_CHECK(trainHere(run, progress, cancel, status, desk));
    status.update([](run::Status& s) { s.phase = "evaluating", s.secondsLeft = 0; });
    LORKD_TRY(table, evaluate(run, progress, cancel));
    auto last = status.status();
    last.state = run::State::Finished;
    LORKD_CHECK(report::writeReport(run.path() / "report.html", {run}, table, last));
    return {};
  };
  const auto outcome = guarded("training", work);
  if (outcome) {
    if (auto said = finish(run::State::Finished, "done", ""); !said)
      return fail(said.error(), "the run is finished, but its status cannot say so");
    return {};
  }
  const bool interrupted = stopped(outcome.error());
  (void)finish(interrupted ? run::State::Interrupted : run::State::Failed, interrupted ? "cancelled" : "failed",
               shareable(outcome.error()));
  return outcome;
}

}  // namespace lorkd::workflow
