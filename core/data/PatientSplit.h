// Patients divided into train, validation and test.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "core/data/CaseList.h"

namespace lorkd::data {

/// Divides patients, given the tasks each serves. Patients who serve the same set of tasks (in practice: the same body
/// region) are divided among themselves, so that every region is found in every split in the plan's shares. A task
/// with three patients or more is then brought into every split whose share is not 0, one with two into train and
/// test, by moving or exchanging patients; where tasks overlap so that this is impossible, train comes first.
/// Deterministic in the order of patients and the seed. Returns one split a patient.
std::vector<Split> splitPatients(const std::vector<std::set<int>>& tasksOfPatient, double validation, double test,
                                 std::uint64_t seed);

/// The same where a network knows some patients already (`known`, one for each): all test patients are strangers, as
/// many as the share asks for or as there are; everybody else is divided into train and validation.
std::vector<Split> splitBesideKnown(const std::vector<std::set<int>>& tasksOfPatient, const std::vector<bool>& known,
                                    double validation, double test, std::uint64_t seed);

}  // namespace lorkd::data
