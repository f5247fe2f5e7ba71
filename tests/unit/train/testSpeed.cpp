// What feeding and transfer cost beside the step itself, on eight volumes of 64³, patches of 32³, six a batch.
#include <chrono>
#include <iostream>

#include "core/train/Losses.h"
#include "core/train/Objective.h"
#include "tests/unit/train/Scene.h"

namespace lorkd::train {
namespace {

/// Shortest of `n` runs in milliseconds: what the work takes when nobody disturbs it.
template <class F>
double shortest(int n, const F& f) {
  double best = 1e9;
  for (int i = 0; i < n; ++i) {
    const auto start = std::chrono::steady_clock::now();
    f(i);
    best = std::min(best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

TEST(Speed, FeedingIsSmallBesideTheStep) {
  at::set_num_threads(2);
  test::PreparedFolder folder;
  torch::manual_seed(1);
  for (int i = 0; i < 8; ++i) {
    const auto image = torch::randn({64, 64, 64});
    const auto mask = (torch::rand({1, 64, 64, 64}) < 0.1).to(torch::kUInt8);
    folder.addVolume("case" + std::to_string(i), "train", image, {{0, mask}, {1, torch::cat({mask, 1 - mask})}});
  }
  folder.writeIndex();
  auto plan = test::ballPlan();
  plan.data.patch = {32, 32, 32};
  plan.training.batch = 6;
  plan.training.steps = 4;
  plan.training.loaderThreads = 0;
  const auto data = feed::Dataset::open(folder.path() / "index.json", plan);
  ASSERT_TRUE(data) << data.error().text();

  feed::BatchSource source(*data, plan);
  const double cut = shortest(20, [&](int step) { ASSERT_TRUE(source.batch(step)); });

  const auto student = torch::randn({6, 16, 32, 32, 32}).requires_grad_(true);
  const auto teacher = torch::randn({6, 24, 32, 32, 32});
  Projector projector(24, 16);
  const double transfer =
      shortest(3, [&](int) { softmaxTransfer(projector->forward(teacher), student, 1).mean().backward(); });

  plan.training.loaderThreads = 1;
  feed::BatchSource batches(*data, plan);
  double step = 1e9, wait = 1;
  Hooks hooks;
  hooks.event = [&](const std::string& kind, const Json& fields) -> Result<void> {
    if (kind != "step") return {};
    step = std::min(step, fields["seconds"].get<double>() * 1000);
    wait = std::min(wait, fields["wait"].get<double>());
    return {};
  };
  Trainer trainer(plan, test::makeNetwork(plan, 16), nullptr, torch::kCPU);
  ASSERT_TRUE(trainer.run(batches, {folder.path() / "last", folder.path() / "best"}, hooks));
  std::cout << "cutting a batch " << cut << " ms, transfer loss forward and backward " << transfer << " ms, step "
            << step << " ms, share of it spent waiting " << wait << "\n";
  EXPECT_LT(cut, 0.1 * step);
  EXPECT_LT(wait, 0.02);
}

}  // namespace
}  // namespace lorkd::train
