// A run directory whose best checkpoint was written by hand.
#pragma once

#include <gtest/gtest.h>

#include "core/nn/LowRank.h"
#include "core/nn/TensorFile.h"
#include "core/plugin/Registry.h"
#include "core/workflow/Workflow.h"
#include "plugins/Plugins.h"

namespace lorkd::test {

inline plan::Plan parsePlan(const std::string& text) {
  static const bool registered = (registerPlugins(plugin::registry()), true);
  EXPECT_TRUE(registered);
  const auto plan = plan::fromJson(parseJson(text, "test").value(), "test");
  EXPECT_TRUE(plan) << plan.error().text();
  return *plan;
}

/// Fills every factor so that the update of task t has rank truths[t] (twice that in the decoder), 0: B stays zero.
inline void plantRanks(nn::Network& network, const std::vector<std::int64_t>& truths) {
  torch::manual_seed(21);
  torch::NoGradGuard guard;
  for (const auto& item : network->backbone().named_modules()) {
    auto* conv = item.value()->as<nn::LowRankConvImpl>();
    if (!conv) continue;
    for (std::size_t t = 0; t < truths.size(); ++t) {
      if (truths[t] == 0) continue;
      auto &a = conv->factors.a[t], &b = conv->factors.b[t];
      const auto rows = conv->layer().kernel * nn::layerRank(conv->layer(), truths[t], 2);
      const auto mix = [&](std::int64_t n, std::int64_t m) { return torch::randn({n, m}); };
      a.copy_(mix(a.size(0), rows).matmul(mix(rows, a.size(1))) / 10);
      b.copy_(mix(b.size(0), rows).matmul(torch::pinverse(mix(a.size(0), rows))));
    }
  }
}

/// A run whose best checkpoint holds the network.
inline run::RunDirectory trainedRun(const std::filesystem::path& path, const plan::Plan& plan, nn::Network& network) {
  auto run = run::RunDirectory::create(path, plan);
  EXPECT_TRUE(run) << run.error().text();
  nn::NamedTensors tensors;
  for (const auto& [name, tensor] : nn::stateOf(*network)) tensors.emplace_back("student." + name, tensor);
  const auto saved =
      nn::saveTensors(run->checkpoint("best"), tensors,
                      {{"format", "lorkd-checkpoint"}, {"step", "5"}, {"best", "0.5"}, {"plan", run->planDigest()}});
  EXPECT_TRUE(saved) << saved.error().text();
  return *run;
}

}  // namespace lorkd::test
