// Clipping of networks that share nothing.
#include "core/nn/Separate.h"
#include "core/nn/UNet.h"
#include "core/train/SeparateClip.h"
#include "tests/unit/train/Scene.h"

namespace lorkd::train {
namespace {

TEST(SeparateClip, EachNetworkByItsOwnGradient) {
  const auto trunk = [] { return *nn::makeUNet({.dims = 2, .inputChannels = 1, .widths = {4, 8}}, {}); };
  // A name with a dot, as heads are registered under others.
  nn::Network network(nn::separate({trunk(), trunk()}),
                      std::vector<nn::HeadSpec>{{"organ.one", 1, true}, {"organ two", 2, true}});
  nn::NamedTensors parameters;
  for (const auto& item : network->named_parameters()) parameters.emplace_back("student." + item.key(), item.value());
  for (int t = 0; t < 2; ++t)
    parameters.emplace_back("projector." + std::to_string(t) + ".weight", torch::zeros({5}, torch::requires_grad()));
  const auto ofFirst = [](const std::string& name) {
    return name.find("trunks.0.") != name.npos || name.find("organ_one") != name.npos ||
           name.find("projector.0.") != name.npos;
  };
  torch::manual_seed(5);
  std::vector<torch::Tensor> before;
  std::size_t first = 0;
  for (auto& [name, tensor] : parameters) {
    tensor.mutable_grad() = torch::randn_like(tensor.detach()) * (ofFirst(name) ? 10 : 0.001);
    before.push_back(tensor.grad().clone());
    first += ofFirst(name);
  }
  ASSERT_EQ(2 * first, parameters.size());
  const auto norm = [&](bool wanted) {
    double sum = 0;
    for (const auto& [name, tensor] : parameters)
      if (ofFirst(name) == wanted) sum += tensor.grad().square().sum().item<double>();
    return std::sqrt(sum);
  };
  ASSERT_TRUE(norm(true) > 2 && norm(false) < 2);
  SeparateClip(network, parameters).clip(2);
  EXPECT_NEAR(norm(true), 2, 1e-4);
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (!ofFirst(parameters[i].first)) {
      EXPECT_TRUE(parameters[i].second.grad().equal(before[i])) << "clipped for what another network does";
    }
  parameters.emplace_back("student.backbone.shared", torch::zeros({2}, torch::requires_grad()));
  EXPECT_THROW(SeparateClip(network, parameters), c10::Error);
}

}  // namespace
}  // namespace lorkd::train
