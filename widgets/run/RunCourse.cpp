#include "widgets/run/RunCourse.h"

#include <QCoreApplication>
#include <QLocale>
#include <algorithm>
#include <cmath>

namespace lorkd::watch {

using run::State;

namespace {

/// What is shorter has no number.
constexpr double kMinute = 60;

QString courseWord(const char* text) { return QCoreApplication::translate("Course", text); }

bool atWork(const CourseFacts& facts) {
  return facts.live && facts.status && (facts.status->state == State::Running || facts.status->state == State::Paused);
}

void setSteps(Segment& segment, const run::Status& status) {
  if (status.steps <= 0) return;
  const auto step = std::clamp<qint64>(status.step, 0, status.steps);
  segment.share = static_cast<double>(step) / static_cast<double>(status.steps);
  segment.words = courseWord("step %1 of %2").arg(QLocale().toString(step), QLocale().toString(qint64(status.steps)));
}

}  // namespace

QString spokenDuration(double seconds) {
  if (seconds < kMinute) return courseWord("less than a minute");
  const auto minutes = static_cast<qint64>(std::llround(seconds / 60));
  if (minutes < 60) return courseWord("%1 min").arg(minutes);
  const auto hours = minutes / 60;
  if (hours < 24)
    return minutes % 60 ? courseWord("%1 h %2 min").arg(hours).arg(minutes % 60) : courseWord("%1 h").arg(hours);
  return hours % 24 ? courseWord("%1 d %2 h").arg(hours / 24).arg(hours % 24) : courseWord("%1 d").arg(hours / 24);
}

QString trainedName(const plan::Plan& plan) {
  switch (plan.method) {
    case plan::PlanMethod::Lorkd:
      return courseWord("Experts");
    case plan::PlanMethod::Teacher:
      return courseWord("Teacher");
    case plan::PlanMethod::Stl:
    case plan::PlanMethod::StlKd:
      return courseWord("Networks");
    default:
      return courseWord("Network");
  }
}

bool trainsTeacher(const plan::Plan& plan) {
  const bool takes = plan.method == plan::PlanMethod::Lorkd || plan.method == plan::PlanMethod::MtlKd ||
                     plan.method == plan::PlanMethod::StlKd;
  return takes && plan.teacher.source == plan::TeacherSource::Train &&
         (plan.losses.transfer > 0 || plan.losses.transferLogits > 0);
}

double shareOf(const plan::Plan& plan, const run::Status& status) {
  if (status.state == State::Finished) return 1;
  const double here =
      status.steps > 0 ? std::clamp(static_cast<double>(status.step) / static_cast<double>(status.steps), 0.0, 1.0) : 0;
  // While the teacher is trained the status holds its steps, and else those of what comes after it.
  const double teacher = trainsTeacher(plan) ? static_cast<double>(plan.teacher.steps) : 0;
  const auto own = static_cast<double>(plan.training.steps);
  const bool begun = here > 0 || status.phase == "training" || status.phase == "evaluating";
  const double done = status.phase == "teacher" && teacher > 0 ? here * teacher : begun ? teacher + here * own : 0;
  return std::min(0.99, done / std::max(1.0, teacher + own));
}

Course courseOf(const plan::Plan& plan, const CourseFacts& facts) {
  Course course;
  auto& all = course.segments;
  const auto add = [&](const char* phase, const QString& name) {
    Segment segment;
    segment.phase = phase;
    segment.name = name;
    all.push_back(segment);
  };
  add("preparing", courseWord("Prepare"));
  if (trainsTeacher(plan)) add("teacher", courseWord("Teacher"));
  add("training", trainedName(plan));
  add("evaluating", courseWord("Evaluate"));
  add("export", courseWord("Export"));
  auto& exporting = all.back();
  const auto tasks = static_cast<int>(plan.tasks.size());
  if (facts.exported > 0) {
    exporting.share = std::min(1.0, facts.exported / static_cast<double>(std::max(1, tasks)));
    exporting.words = courseWord("%1 of %2").arg(facts.exported).arg(tasks);
    if (facts.exported >= tasks) exporting.state = Segment::State::Done;
  }
  if (!facts.status) return course;
  const auto& status = *facts.status;
  if (status.state == State::Finished) {
    for (std::size_t i = 0; i + 1 < all.size(); ++i) all[i].state = Segment::State::Done;
    return course;
  }
  // A teacher that is only looked up is part of the preparations.
  const bool lookedUp = status.phase == "teacher" && !trainsTeacher(plan);
  const auto now = lookedUp ? all.begin() : std::ranges::find(all, status.phase, &Segment::phase);
  if (now == all.end()) return course;
  for (auto it = all.begin(); it != now; ++it) it->state = Segment::State::Done;
  const bool broken = status.state == State::Failed || status.state == State::Interrupted || !facts.live;
  now->state = broken ? Segment::State::Broken : Segment::State::Current;
  // The teacher's own run tells of the teacher: the run around it still holds its own steps until the first is done.
  const bool teacher = now->phase == "teacher";
  const run::Status* pace = teacher ? (facts.teacher ? &*facts.teacher : nullptr) : &status;
  if (pace && (teacher || now->phase == "training")) setSteps(*now, *pace);
  if (!atWork(facts)) return course;

  const QString name = now->name.toLower(), next = (now + 1)->name.toLower();
  if (!teacher && now->phase != "training") {
    course.left = status.phase == "evaluating" ? courseWord("evaluating: time left not known")
                                               : courseWord("preparing: time left not known, then %1").arg(next);
  } else if (!pace || pace->secondsLeft < 0 || (teacher && pace->phase != "training")) {
    course.left =
        courseWord("%1: time left not known yet, then %2").arg(name, teacher ? next : courseWord("evaluation"));
  } else {
    // Until the first validation its cost is not in the pace.
    course.left = (facts.validated               ? courseWord("%1: %2 left, then %3")
                   : pace->secondsLeft < kMinute ? courseWord("%1: %2 of steps left, then %3")
                                                 : courseWord("%1: at least %2 left, then %3"))
                      .arg(name, spokenDuration(pace->secondsLeft), teacher ? next : courseWord("evaluation"));
  }
  return course;
}

}  // namespace lorkd::watch
