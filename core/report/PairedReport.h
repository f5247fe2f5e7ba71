// Differences from the reference as HTML. Internal to this room.
#pragma once

#include <string>

#include "core/eval/PairedTable.h"
#include "core/run/Plan.h"

namespace lorkd::report {

/// One table a metric: task, method, difference, interval, p, patients; the first metric open, the others folded, and
/// how the figures were made. Empty without a second method.
std::string pairedTables(const eval::PairedTable& table, const plan::Plan& plan);

}  // namespace lorkd::report
