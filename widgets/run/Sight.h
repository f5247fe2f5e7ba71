// How far what a run says of itself can be believed from here.
#pragma once

#include <QString>

#include "core/run/RunDirectory.h"

namespace lorkd::watch {

enum class Sight {
  Waiting,     ///< the run is not there yet
  Live,        ///< its status is of now
  Silent,      ///< it says it runs, but has given no sign of life for a minute
  Ahead,       ///< its last sign of life is dated in the future
  Unreadable,  ///< its plan or status cannot be read
  Gone,        ///< it was there and is not any more
};

/// Live, Silent or Ahead at `now` (seconds since the epoch). Ended runs need no sign of life.
Sight sightOf(const run::Status& status, double now);
/// What that means and what can be done; empty for Live. `checkpoint`: the run has one to go on from.
QString sightText(Sight sight, const run::Status& status, double now, bool checkpoint);

}  // namespace lorkd::watch
