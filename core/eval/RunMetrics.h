// metrics.json of a run: its results, and what they are the results of.
#pragma once

#include "core/eval/Table.h"
#include "core/run/RunDirectory.h"

namespace lorkd::eval {

/// With "warnings" where it cannot be known whether the test patients are strangers to the networks that the run learnt
/// from (run::unknownPatients()). Errors: Io; those of digests.
Result<void> writeMetrics(const run::RunDirectory& run, const Table& table);

/// Errors: NotFound, Io, Format; Mismatch where the results are of another run, other cases or another checkpoint.
/// Results of older versions do not say so, and are taken as they are.
Result<Table> readMetrics(const run::RunDirectory& run);

}  // namespace lorkd::eval
