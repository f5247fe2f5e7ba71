// Spectra against a plain SVD of the whole update, and truncation against Eckart and Young's bound.
#include <gtest/gtest.h>

#include "core/nn/Spectrum.h"
#include "core/nn/UNet.h"

namespace lorkd::nn {
namespace {

using torch::Tensor;

/// A factor pair of `rows` whose product has rank `truth` only, hidden in all rows.
std::pair<Tensor, Tensor> planted(std::int64_t columns, std::int64_t height, std::int64_t rows, std::int64_t truth) {
  const auto a = torch::randn({truth, columns}), b = torch::randn({height, truth});
  const auto turn = std::get<0>(at::linalg_qr(torch::randn({rows, truth})));
  return {turn.matmul(a), b.matmul(turn.t()) / 20};
}

/// Three tasks with rank 4 (decoder 8), of which they use 1, 2 and 4.
Network plantedNetwork(int dims = 3) {
  torch::manual_seed(11);
  torch::NoGradGuard guard;
  const LowRankSpec spec{.ranks = {4, 4, 4}, .scales = {2, 1, 0.5}};
  auto backbone = makeUNet({.dims = dims, .inputChannels = 1, .widths = {8, 10, 12}}, spec).value();
  Network network(backbone, std::vector<HeadSpec>{{"a", 2, true}, {"b", 1, true}, {"c", 1, true}});
  const std::int64_t truths[] = {1, 2, 4};
  for (const auto& item : network->backbone().named_modules()) {
    auto* conv = item.value()->as<LowRankConvImpl>();
    if (!conv) continue;
    const auto layer = conv->layer();
    for (std::size_t t = 0; t < 3; ++t) {
      const auto unit = layer.kernel * layerRank(layer, truths[t], 2);
      const auto [a, b] =
          planted(conv->factors.a[t].size(1), conv->factors.b[t].size(0), conv->factors.a[t].size(0), unit);
      conv->factors.a[t].copy_(a);
      conv->factors.b[t].copy_(b);
    }
  }
  return network;
}

TEST(Spectrum, EqualsTheDecompositionOfTheWholeUpdate) {
  torch::manual_seed(3);
  for (const auto& [columns, height, rows] :
       std::vector<std::array<std::int64_t, 3>>{{30, 24, 6}, {9, 40, 12}, {50, 5, 12}, {7, 7, 1}}) {
    const auto a = torch::randn({rows, columns}, torch::kFloat64), b = torch::randn({height, rows}, torch::kFloat64);
    const auto found = singularValues(a, b, -1.5);
    const auto whole = at::linalg_svdvals(-1.5 * b.matmul(a));
    const auto n = found.size(0);
    ASSERT_EQ(n, std::min({rows, columns, height}));
    EXPECT_LT((found - whole.narrow(0, 0, n)).abs().max().item<double>(), 1e-10);
  }
  EXPECT_EQ(singularValues(torch::randn({6, 9}), torch::zeros({8, 6}), 2).max().item<double>(), 0);
}

TEST(Spectrum, TruncationReachesEckartAndYoungsBound) {
  torch::manual_seed(4);
  const auto a = torch::randn({12, 40}, torch::kFloat64), b = torch::randn({30, 12}, torch::kFloat64);
  const auto values = singularValues(a, b, 1);
  for (const std::int64_t rows : {1, 3, 9, 12}) {
    const auto [smallA, smallB] = truncated(a, b, rows);
    ASSERT_EQ(smallA.sizes(), (at::IntArrayRef{rows, 40}));
    ASSERT_EQ(smallB.sizes(), (at::IntArrayRef{30, rows}));
    const double lost = (b.matmul(a) - smallB.matmul(smallA)).square().sum().item<double>();
    EXPECT_NEAR(lost, values.slice(0, rows).square().sum().item<double>(), 1e-9);
  }
  // More rows than the matrix has rank: nothing is lost, and the shape is as asked.
  const auto [wideA, wideB] = truncated(torch::ones({6, 4}), torch::ones({3, 6}), 5);
  EXPECT_TRUE(torch::allclose(wideB.matmul(wideA), 6 * torch::ones({3, 4})));
  EXPECT_EQ(wideA.sizes(), (at::IntArrayRef{5, 4}));
}

TEST(Spectrum, FindsThePlantedRankOfEveryLayer) {
  for (const int dims : {2, 3}) {
    const auto network = plantedNetwork(dims);
    const std::int64_t truths[] = {1, 2, 4};
    for (int t = 0; t < 3; ++t) {
      const auto found = spectra(network, t);
      const auto layers = network->adaptedLayers();
      ASSERT_EQ(found.size(), layers.size());
      for (std::size_t l = 0; l < layers.size(); ++l) {
        const auto& spectrum = found[l];
        EXPECT_EQ(spectrum.layer.name, layers[l].name);
        EXPECT_EQ(spectrum.rank, layerRank(layers[l], 4, 2));
        const auto truth = layerRank(layers[l], truths[t], 2);
        EXPECT_NEAR(spectrum.kept(truth), 1, 1e-9) << layers[l].name;
        // The first layer of a network with one input channel has too few columns for more.
        const auto possible = layers[l].in * (dims == 3 ? 9 : 3) / layers[l].kernel;
        if (truth <= possible) {
          EXPECT_LT(spectrum.kept(truth - 1), 1 - 1e-6) << layers[l].name << ", task " << t;
        }
        EXPECT_TRUE(std::ranges::is_sorted(spectrum.energy, std::greater<>()));
      }
    }
  }
}

TEST(Spectrum, EnergyAndWeightAreThoseOfTheUpdate) {
  auto network = plantedNetwork();
  const auto found = spectra(network, 1);
  network->fuse(1);  // spectra do not mind
  EXPECT_EQ(spectra(network, 1)[3].weight, found[3].weight);
  network->unfuse();
  std::size_t l = 0;
  for (const auto& item : network->backbone().named_modules()) {
    auto* conv = item.value()->as<LowRankConvImpl>();
    if (!conv) continue;
    const auto update = conv->delta(1).to(torch::kFloat64), whole = conv->weight.to(torch::kFloat64) + update;
    EXPECT_NEAR(found[l].total() / update.square().sum().item<double>(), 1, 1e-5) << item.key();
    EXPECT_NEAR(found[l].weight / whole.square().sum().item<double>(), 1, 1e-5) << item.key();
    ++l;
  }
  EXPECT_EQ(l, found.size());
}

TEST(Spectrum, TruncatingToThePlantedRankChangesNoPrediction) {
  auto network = plantedNetwork();
  const auto x = torch::randn({2, 1, 8, 8, 8});
  network->eval();
  torch::NoGradGuard guard;
  const auto before = network->predict(x, 1), other = network->predict(x, 2);
  const auto parameters = network->factorParameters(1);
  std::vector<std::int64_t> ranks, ones;
  for (const auto& layer : network->adaptedLayers()) {
    ranks.push_back(layerRank(layer, 2, 2));
    ones.push_back(1);
  }
  truncate(network, 1, ranks);
  EXPECT_EQ(network->factorParameters(1) * 2, parameters);
  EXPECT_LT((network->predict(x, 1) - before).abs().max().item<double>(), 2e-4);
  EXPECT_TRUE(network->predict(x, 2).equal(other)) << "the other tasks keep their factors";
  network->fuse(1);
  EXPECT_LT((network->predict(x, 1) - before).abs().max().item<double>(), 2e-4);
  EXPECT_THROW(truncate(network, 1, ones), c10::Error) << "fused";
  network->unfuse();
  truncate(network, 1, ones);
  EXPECT_GT((network->predict(x, 1) - before).abs().max().item<double>(), 1e-2);
}

TEST(Spectrum, OfANetworkWithoutFactorsIsEmpty) {
  const auto backbone = makeUNet({.dims = 2, .inputChannels = 1, .widths = {4, 6}}, {}).value();
  EXPECT_TRUE(spectra(Network(backbone, std::vector<HeadSpec>{{"a", 1, true}}), 0).empty());
}

}  // namespace
}  // namespace lorkd::nn
