// TotalSegmentator's models by the number and name of their data set: which task they belong to and under what terms.
#pragma once

#include <optional>
#include <string>

namespace lorkd::models {

/// What is known of a model.
struct TotalSegmentatorModel {
  std::string task;     ///< as its command line calls it: "total", "total --fast", "body_mr"
  std::string part;     ///< where several networks share a task: "part1_organs"; else empty
  std::string licence;  ///< in words
  bool certain = true;  ///< the name says so, too; else the number alone, which anybody may have given
};

/// `name` is that of the data set's folder. Nothing where the number is none of TotalSegmentator's. Numbers, names and
/// terms are those of its version 2.18 (totalsegmentator/map_tasks_config.py, libs.py, map_to_binary.py).
std::optional<TotalSegmentatorModel> totalSegmentatorModel(int number, const std::string& name);

}  // namespace lorkd::models
