// A small training that can be killed and gone on with, and what it said.
#pragma once

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "tests/unit/train/Scene.h"

namespace lorkd::test {

struct Killed {};

class Rehearsal {
 public:
  explicit Rehearsal(bool pictures = false) {
    at::set_num_threads(2);
    pictures ? addPictures(folder) : addBalls(folder, 3);
    plan = pictures ? picturePlan() : ballPlan();
    means = [](std::int64_t step) { return static_cast<double>(step); };
  }

  /// Trains under a name, as if killed before step `kill` (negative: to the end).
  nn::NamedTensors train(const std::string& name, std::int64_t kill = -1, int threads = 1) {
    auto feedPlan = plan;
    feedPlan.training.loaderThreads = threads;
    const auto data = feed::Dataset::open(folder.path() / "index.json", plan);
    EXPECT_TRUE(data);
    feed::BatchSource batches(*data, feedPlan);
    auto student = network ? network() : makeNetwork(plan, 4, plan.method == plan::PlanMethod::Lorkd);
    train::Trainer trainer(plan, student, nullptr, torch::kCPU);
    train::Hooks hooks;
    hooks.control = [&](std::int64_t step, double) {
      if (step == kill) throw Killed{};
      weights.push_back(snapshot(student));
      return train::Control::Continue;
    };
    hooks.validate = [&](nn::Network& validated, std::int64_t step, const auto& save) -> Result<train::Validation> {
      seen[step] = snapshot(validated);
      if (during) during(step, save);
      return train::Validation{means(step), Json::object(), judged};
    };
    hooks.event = [&](const std::string& kind, const Json& fields) -> Result<void> {
      auto kept = fields;
      for (const char* time : {"seconds", "wait"}) kept.erase(time);
      // What a killed run did beyond its checkpoint happens again.
      if (kind == "log")
        logs[name].push_back(kept["message"]);
      else
        events[name][kind][fields["step"].get<std::int64_t>()] = kept;
      return {};
    };
    try {
      outcome = trainer.run(batches, paths(name), hooks);
      EXPECT_EQ(kill, -1);
    } catch (const Killed&) {
      EXPECT_EQ(trainer.step(), kill);
    }
    step = trainer.step();
    return snapshot(student);
  }
  train::CheckpointPaths paths(const std::string& name) const {
    return {folder.path() / (name + "-last"), folder.path() / (name + "-best")};
  }
  std::string bytes(const std::string& file) const {
    return readFile(folder.path() / file).value_or("missing " + file);
  }

  /// Killed twice and gone on with: the same weights, files and events as undisturbed.
  void expectResumesToTheBit() {
    const auto whole = train("whole");
    ASSERT_TRUE(outcome) << outcome.error().text();
    train("killed", 5);
    train("killed", 7, 2);
    const auto resumed = train("killed", -1, 0);
    ASSERT_TRUE(outcome) << outcome.error().text();
    EXPECT_EQ(differences(whole, resumed), 0);
    EXPECT_EQ(bytes("killed-last"), bytes("whole-last"));
    EXPECT_EQ(bytes("killed-best"), bytes("whole-best"));
    for (const auto& [kind, list] : events["whole"]) EXPECT_EQ(events["killed"][kind], list) << kind;
  }

  PreparedFolder folder;
  plan::Plan plan;
  std::function<double(std::int64_t)> means;
  std::function<void(std::int64_t, const std::function<Result<void>()>&)> during;  ///< validation
  bool judged = true;                                                              ///< there are cases to validate on
  std::function<nn::Network()> network;
  std::vector<nn::NamedTensors> weights;  ///< before every step
  std::map<std::int64_t, nn::NamedTensors> seen;
  std::map<std::string, std::map<std::string, std::map<std::int64_t, Json>>> events;
  std::map<std::string, std::vector<std::string>> logs;
  Result<train::Outcome> outcome = train::Outcome::Stopped;
  std::int64_t step = 0;
};

}  // namespace lorkd::test
