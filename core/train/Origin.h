// What a checkpoint belongs to.
#pragma once

#include <string>

namespace lorkd::train {

/// A checkpoint is of a plan and its cases, and the last or the best of its training. What is empty is not compared;
/// files of older versions say only the plan.
struct Origin {
  std::string plan;   ///< digest of the plan
  std::string cases;  ///< digest of the frozen list of cases
  std::string role;   ///< "last" or "best"
  Origin(std::string planDigest = {}, std::string casesDigest = {}, std::string name = {})
      : plan(std::move(planDigest)), cases(std::move(casesDigest)), role(std::move(name)) {}
  Origin(const char* planDigest) : plan(planDigest) {}
};

}  // namespace lorkd::train
