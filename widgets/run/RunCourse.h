// How far a run is: its phases one after another, and what can be said of the time left. A number is only told of the
// phase that has a known pace; what comes after it is named, so that nothing jumps from seconds to hours.
#pragma once

#include <QString>
#include <optional>
#include <string>
#include <vector>

#include "core/run/RunDirectory.h"

namespace lorkd::watch {

/// One phase of a run.
struct Segment {
  enum class State { ToCome, Current, Done, Broken };
  std::string phase;  ///< as in Status::phase; "export" has none
  QString name;
  State state = State::ToCome;
  double share = -1;  ///< done, 0 to 1; negative if it is not known
  QString words;      ///< how far it is, such as "step 60 of 400"; may be empty
};

/// The phases that a run of this plan goes through, and where it stands.
struct Course {
  std::vector<Segment> segments;
  QString left;  ///< "teacher: 3 min left, then experts"; empty while nothing is at work
};

/// What a run trains in its main phase: "Experts", "Teacher", "Network" ...
QString trainedName(const plan::Plan& plan);
/// True if the run trains its teacher itself, in RUN/teacher.
bool trainsTeacher(const plan::Plan& plan);

/// How much of all steps of a run is done, its own teacher's among them: 0 to 1, and 1 only when the run has finished,
/// for its evaluation comes after the last step.
double shareOf(const plan::Plan& plan, const run::Status& status);

/// What the course is told from.
struct CourseFacts {
  std::optional<run::Status> status;   ///< the run's; without one every phase is to come
  std::optional<run::Status> teacher;  ///< the nested teacher's
  bool validated = false;              ///< the phase at work has validated, so that its pace includes that
  bool live = true;                    ///< the status is of now
  int exported = 0;                    ///< experts exported so far
};
Course courseOf(const plan::Plan& plan, const CourseFacts& facts);

/// Seconds as one says them: "less than a minute", "13 min", "2 h 5 min", "3 d 4 h".
QString spokenDuration(double seconds);

}  // namespace lorkd::watch
