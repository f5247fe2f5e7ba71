// Folds of cross-validation: parts of the patients of which one is held out.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/data/CaseList.h"

namespace lorkd::data {

/// Deals patients, given the tasks each serves, into `folds` parts: each patient's part from 0. Those of the rarest
/// tasks come first and those who serve the same set of tasks follow each other, in an order drawn from the seed, so
/// that the parts' sizes, and the numbers of each such set in them, differ by one at most. Deterministic in the order
/// of patients and the seed; which part is held out changes nothing.
std::vector<int> foldsOf(const std::vector<std::set<int>>& tasksOfPatient, int folds, std::uint64_t seed);

/// What is known of how a plan's fold divides these data.
struct FoldRule {
  bool drawn = false;           ///< the plan asks for folds
  bool given = false;           ///< some images have folds of their own (Case::folds), which count
  bool tested = false;          ///< some images are for testing by the data's word, which counts
  Split heldOut = Split::Test;  ///< what the held-out part is for
  bool any() const { return drawn || given; }
};

/// `counts` tells of each case whether it serves a task and the data's word about it holds. Errors: InvalidArgument
/// naming the field (a fold that is not there or validates no image, a number of folds that the data's own do not
/// have).
Result<FoldRule> foldRule(const plan::Split& options, const std::vector<Case>& cases, const std::vector<bool>& counts);

/// The word of a case with folds of its own, as givenSplits() has them: what it is for, and what may be drawn.
std::string foldWord(const plan::Split& options, const FoldRule& rule, const Case& c);

/// Splits of patients of whom the data say nothing: the plan's part is held out, what else the rule asks for is drawn
/// from the others. Patients that a network knows (`known`) are in no part that is tested. Errors: InvalidArgument
/// (more folds than patients).
Result<std::vector<Split>> splitByFold(const plan::Split& options, const FoldRule& rule,
                                       const std::vector<std::set<int>>& tasksOfPatient, const std::vector<bool>& known,
                                       std::uint64_t seed);

/// What is said of the folds when cases are frozen: "fold 1 of 5 is held out for validation"; empty
/// without folds.
std::string foldText(const plan::Split& options, const std::vector<Case>& cases);

}  // namespace lorkd::data
