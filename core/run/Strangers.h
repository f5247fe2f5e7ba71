// Whether it can be known that a run's test patients are strangers to the networks that it learns from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/run/RunDirectory.h"

namespace lorkd::run {

/// Why it cannot be known whom a teacher has learnt from, in a sentence: its run lies in another project, whose
/// pseudonyms are others, or it began with weights of which the same holds. Empty where it can, where the plan names no
/// earlier teacher, and where that is not there.
std::string unknownTeacher(const plan::Teacher& teacher, const std::filesystem::path& project);

/// Both for a run: of its teacher, and of the weights that it begins with (initial.json, see workflow/TransferExpert).
/// These come from another project, or without the run that made them.
std::vector<std::string> unknownPatients(const RunDirectory& run);

}  // namespace lorkd::run
