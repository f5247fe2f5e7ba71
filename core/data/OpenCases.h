// The cases of a run with the files they are made of.
#pragma once

#include "core/data/CaseList.h"
#include "core/run/RunDirectory.h"

namespace lorkd::data {

/// Reads RUN/cases.json, which names cases by pseudonym alone, and fills in their files from the project's index.
/// Errors: NotFound, Format; Mismatch when the index no longer knows a case, naming its source.
Result<CaseList> openCases(const run::RunDirectory& run);

}  // namespace lorkd::data
