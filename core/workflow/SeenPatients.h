// Whether test patients of a run are strangers to a network that was trained elsewhere.
#pragma once

#include <set>
#include <string>

#include "core/data/CaseList.h"

namespace lorkd::workflow {

/// Pseudonyms of the patients that a network trained on these cases has learnt from or was chosen by: those of training
/// and validation. Pictures are left out: they tell of no patient. Comparable within one project, whose key makes them.
std::set<std::string> learntFrom(const data::CaseList& cases);

/// One of these patients among those whom `cases` scores as test patients; empty if there is none.
std::string seenTestPatient(const data::CaseList& cases, const std::set<std::string>& learnt);

}  // namespace lorkd::workflow
