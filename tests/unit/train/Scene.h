// Small trainings for the tests: a folder of volumes or pictures, networks, and a place for checkpoints.
#pragma once

#include "core/nn/TensorFile.h"
#include "core/nn/UNet.h"
#include "core/train/Trainer.h"
#include "tests/unit/feed/Prepared.h"

namespace lorkd::test {

/// Two segmentation tasks (a bright ball; a dark ball and its left half) on noisy 24³ volumes.
inline void addBalls(PreparedFolder& folder, int cases) {
  torch::manual_seed(11);
  const auto axis = torch::arange(24, torch::kFloat32);
  for (int i = 0; i < cases; ++i) {
    const auto ball = [&](double z, double y, double x, double radius) {
      return (axis.view({24, 1, 1}) - z).square() + (axis.view({1, 24, 1}) - y).square() +
                 (axis.view({1, 1, 24}) - x).square() <
             radius * radius;
    };
    const auto bright = ball(8 + i % 3, 8, 9 + i % 2, 5), dark = ball(16, 15 - i % 2, 14 + i % 3, 5);
    const auto half = dark.logical_and(axis.view({1, 1, 24}) < 14 + i % 3);
    const auto image = torch::randn({24, 24, 24}) * 0.2 + bright.to(torch::kFloat32) * 2 - dark.to(torch::kFloat32) * 2;
    folder.addVolume("case" + std::to_string(i), "train", image,
                     {{0, bright.unsqueeze(0).to(torch::kUInt8)}, {1, torch::stack({dark, half}).to(torch::kUInt8)}});
  }
  folder.writeIndex();
}

inline plan::Plan ballPlan() {
  plan::Plan plan;
  plan.tasks.emplace_back("bright", makeTask({"ball"}));
  plan.tasks.emplace_back("dark", makeTask({"ball", "half"}));
  plan.data.patch = {16, 16, 16};
  plan.training.batch = 3;
  plan.training.steps = 8;
  plan.training.warmup = 2;
  plan.training.learningRate = 0.01;
  plan.training.checkpointEvery = 3;
  plan.training.validateEvery = 4;
  plan.conflict.every = 2;
  return plan;
}

/// Two tasks of pictures whose class is the brightest quarter (task 0) or half (task 1).
inline void addPictures(PreparedFolder& folder) {
  torch::manual_seed(12);
  for (int task = 0; task < 2; ++task) {
    const auto labels = torch::arange(20).remainder(task == 0 ? 4 : 2);
    auto images = torch::randn({20, 1, 16, 16}) * 0.3;
    for (std::int64_t i = 0; i < 20; ++i) {
      const auto label = labels[i].item<std::int64_t>();
      images[i][0]
          .slice(0, 8 * (label % 2), 8 * (label % 2) + 8)
          .slice(1, 8 * (label / 2), 8 * (label / 2) + 8)
          .add_(2);
    }
    folder.addPictures(task, "train", images, labels);
  }
  folder.writeIndex();
}

inline plan::Plan picturePlan() {
  auto plan = ballPlan();
  plan.tasks.clear();
  plan.tasks.emplace_back("quarter", makeTask({"a", "b", "c", "d"}, plan::TaskKind::Classification));
  plan.tasks.emplace_back("half", makeTask({"top", "bottom"}, plan::TaskKind::Classification));
  plan.training.batch = 8;
  plan.data.mirror = true;
  return plan;
}

/// A 2D trunk with batch norm, whose running statistics are state beside the parameters.
class BatchNormTrunk : public nn::Backbone {
 public:
  BatchNormTrunk(std::int64_t width, const nn::LowRankSpec& spec) : m_width(width) {
    m_first = register_module("first", nn::LowRankConv(nn::ConvShape{2, 1, width, 3, 2, 1, 1, false, false}, spec));
    m_norm = register_module("norm", torch::nn::BatchNorm2d(width));
    m_second =
        register_module("second", nn::LowRankConv(nn::ConvShape{2, width, width, 3, 2, 1, 1, false, false}, spec));
    m_norm2 = register_module("norm2", torch::nn::BatchNorm2d(width));
  }
  torch::Tensor forward(const torch::Tensor& x, const nn::Routing& routing) override {
    auto y = torch::relu(m_norm->forward(m_first->forward(x, routing)));
    return torch::relu(m_norm2->forward(m_second->forward(y, routing))).flatten(2).mean(2);
  }
  int dims() const override { return 2; }
  std::int64_t featureChannels() const override { return m_width; }
  std::int64_t inputChannels() const override { return 1; }
  bool dense() const override { return false; }
  std::int64_t sizeMultiple() const override { return 4; }

 private:
  std::int64_t m_width;
  nn::LowRankConv m_first{nullptr}, m_second{nullptr};
  torch::nn::BatchNorm2d m_norm{nullptr}, m_norm2{nullptr};
};

/// The network of a plan of balls or pictures; plain without factors.
inline nn::Network makeNetwork(const plan::Plan& plan, std::int64_t width = 4, bool factors = true, int seed = 3) {
  torch::manual_seed(static_cast<std::uint64_t>(seed));
  nn::LowRankSpec spec;
  if (factors) {
    spec.ranks = std::vector<std::int64_t>(plan.tasks.size(), 2);
    spec.scales = std::vector<double>(plan.tasks.size(), 1);
  }
  std::vector<nn::HeadSpec> heads;
  for (const auto& [name, task] : plan.tasks)
    heads.push_back({name, static_cast<std::int64_t>(task.classes.size()), task.kind == plan::TaskKind::Segmentation});
  std::shared_ptr<nn::Backbone> trunk;
  if (heads.front().segmentation)
    trunk = nn::makeUNet({3, 1, {width, 2 * width}}, spec).value();
  else
    trunk = std::make_shared<BatchNormTrunk>(width, spec);
  return nn::Network(trunk, heads);
}

/// Parameters and buffers, copied.
inline nn::NamedTensors snapshot(const nn::Network& network) {
  auto state = nn::stateOf(*network);
  for (auto& [name, tensor] : state) tensor = tensor.detach().clone();
  return state;
}

/// Number of tensors that differ in any bit.
inline int differences(const nn::NamedTensors& a, const nn::NamedTensors& b) {
  int count = a.size() == b.size() ? 0 : 1000;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    count += !(a[i].first == b[i].first && a[i].second.equal(b[i].second));
  return count;
}

}  // namespace lorkd::test
