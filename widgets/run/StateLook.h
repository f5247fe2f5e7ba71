// How states of runs and jobs look: a word and a shape, never a colour alone.
#pragma once

#include <QIcon>
#include <QPalette>
#include <QString>

#include "core/run/RunDirectory.h"

namespace lorkd::watch {

/// The state in the reader's language.
QString stateText(run::State state);
/// Queued: ring; running: triangle; paused: two bars; finished: tick; failed: cross; interrupted: exclamation mark.
QIcon stateIcon(run::State state, const QPalette& palette);
/// The colour that goes with it, readable on the palette's base.
QColor stateColor(run::State state, const QPalette& palette);

}  // namespace lorkd::watch
