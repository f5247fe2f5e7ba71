// Training in bfloat16.
#include <ATen/autocast_mode.h>
#include <gmock/gmock.h>

#include <set>

#include "core/train/Kernels.h"
#include "tests/unit/train/Rehearsal.h"

namespace lorkd::train {
namespace {

/// A trunk of LibTorch's own convolutions that notes what they computed in.
class PlainTrunk : public nn::Backbone {
 public:
  PlainTrunk() {
    m_first = register_module("first", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 8, 3).padding(1)));
    m_second = register_module("second", torch::nn::Conv2d(torch::nn::Conv2dOptions(8, 8, 3).padding(1).stride(4)));
  }
  torch::Tensor forward(const torch::Tensor& x, const nn::Routing&) override {
    const auto y = m_second->forward(torch::leaky_relu(m_first->forward(x), 0.01));
    types.insert(y.scalar_type());
    return y.flatten(1);
  }
  int dims() const override { return 2; }
  std::int64_t featureChannels() const override { return 8 * 16; }
  std::int64_t inputChannels() const override { return 1; }
  bool dense() const override { return false; }
  std::int64_t sizeMultiple() const override { return 1; }
  std::set<at::ScalarType> types;

 private:
  torch::nn::Conv2d m_first{nullptr}, m_second{nullptr};
};

class Precision : public testing::Test, public test::Rehearsal {
 protected:
  Precision() : Rehearsal(true) {
    plan.conflict.enabled = false;
    network = [this, heads = test::makeNetwork(plan)->heads()] {
      torch::manual_seed(3);
      trunk = std::make_shared<PlainTrunk>();
      return nn::Network(trunk, heads);
    };
  }
  std::shared_ptr<PlainTrunk> trunk;
  /// Mean loss of the last five of thirty steps against the first five.
  double fall(const std::string& name) {
    double early = 0, late = 0;
    for (const auto& [at, event] : events[name]["step"]) {
      if (at <= 5) early += event["total"].get<double>();
      if (at > 25) late += event["total"].get<double>();
    }
    return late / early;
  }
};

TEST_F(Precision, Bfloat16TrainsWhileWeightsStayFloat32) {
  plan.training.steps = 30;
  const auto full = train("float32");
  EXPECT_THAT(trunk->types, testing::ElementsAre(at::kFloat));
  plan.training.precision = plan::TrainingPrecision::Bfloat16;
  const auto half = train("bfloat16");
  ASSERT_TRUE(outcome) << outcome.error().text();
  EXPECT_THAT(trunk->types, testing::ElementsAre(at::kBFloat16));
  for (const auto& [name, tensor] : half) EXPECT_EQ(tensor.scalar_type(), at::kFloat) << name;
  EXPECT_GT(test::differences(full, half), 2);
  EXPECT_LT(fall("bfloat16"), 0.8);
  EXPECT_NEAR(fall("bfloat16"), fall("float32"), 0.1);
  // Losses in float32: their figures have more digits than bfloat16 holds.
  int fine = 0;
  for (const auto& [at, event] : events["bfloat16"]["step"]) {
    const auto value = static_cast<float>(event["losses"]["half"]["cross_entropy"].get<double>());
    fine += static_cast<float>(c10::BFloat16(value)) != value;
  }
  EXPECT_GT(fine, 20);
}

TEST_F(Precision, Bfloat16ResumesToTheBit) {
  plan.training.precision = plan::TrainingPrecision::Bfloat16;
  expectResumesToTheBit();
}

TEST_F(Precision, TheScopeEndsWithTheStep) {
  const auto type = [] { return torch::mm(torch::ones({2, 2}), torch::ones({2, 2})).scalar_type(); };
  {
    const Bfloat16Kernels outer(torch::kCPU, true);
    EXPECT_EQ(type(), at::kBFloat16);
    {
      const Bfloat16Kernels inner(torch::kCPU, true);
      EXPECT_EQ(type(), at::kBFloat16);
    }
    EXPECT_EQ(type(), at::kBFloat16);
  }
  EXPECT_EQ(type(), at::kFloat);
  const Bfloat16Kernels none(torch::kCPU, false);
  EXPECT_EQ(type(), at::kFloat);
}

}  // namespace
}  // namespace lorkd::train
