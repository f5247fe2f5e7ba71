#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "Naive.h"
#include "core/nn/kernels/Gram.h"
#include "core/nn/kernels/ShareOut.h"

namespace lorkd::nn {
namespace {

using namespace test;
using torch::Tensor;

class Threads : public testing::Test {
 protected:
  void TearDown() override { at::set_num_threads(m_before); }
  int m_before = at::get_num_threads();
};

// Two pieces of work that wait for each other end only if they run at the same time.
TEST_F(Threads, WorkOfKernelsRunsAtTheSameTime) {
  at::set_num_threads(2);
  std::atomic<int> arrived = 0, met = 0;
  onThreads(2, [&](std::size_t) {
    ++arrived;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (arrived < 2 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    met += arrived == 2;
  });
  EXPECT_EQ(met, 2);
}

TEST_F(Threads, SharesCoverTheBatchAndSplitNoTaskNeedlessly) {
  at::set_num_threads(3);
  const std::vector<TaskSlice> slices{{0, 0, 21}, {1, 21, 39}, {2, 39, 60}};
  const auto shares = shareOut(slices, 60);
  ASSERT_EQ(shares.size(), 3U);
  for (std::size_t j = 0; j < 3; ++j) {
    ASSERT_EQ(shares[j].size(), 1U);
    EXPECT_EQ(shares[j][0].slice, j);
    EXPECT_EQ(shares[j][0].begin, slices[j].begin);
    EXPECT_EQ(shares[j][0].end, slices[j].end);
  }
  // One large task is split, and nothing is lost or done twice.
  std::int64_t next = 0;
  for (const auto& share : shareOut({{0, 0, 1}, {1, 1, 64}}, 64))
    for (const auto& unit : share) {
      EXPECT_EQ(unit.begin, next);
      EXPECT_EQ(unit.slice, unit.begin == 0 ? 0U : 1U);
      next = unit.end;
    }
  EXPECT_EQ(next, 64);
  // More threads than samples leave some without work.
  std::size_t busy = 0;
  for (const auto& share : shareOut({{0, 0, 2}}, 2)) busy += !share.empty();
  EXPECT_EQ(busy, 2U);
}

struct Layer {
  friend void PrintTo(const Layer& l, std::ostream* out) { *out << l.name; }
  const char* name;
  ConvShape shape;
  std::int64_t size;
  bool channelsLast;
};

class ThreadsOfLayer : public Threads, public testing::WithParamInterface<Layer> {};

// y, the gradients of x and every parameter, and the Gram matrix.
std::vector<Tensor> everything(LowRankConv& layer, const Tensor& x, Routing routing, bool recorded) {
  GramRecorder recorder(4);
  if (recorded) routing.gram = &recorder;
  auto inputs = layer->parameters();
  inputs.insert(inputs.begin(), x);
  const auto y = layer->forward(x, routing);
  auto all = torch::autograd::grad({y}, inputs, {torch::linspace(-1, 1, y.numel()).view(y.sizes())}, {}, false, true);
  for (auto& gradient : all)
    if (!gradient.defined()) gradient = torch::zeros({1});
  all.push_back(y.detach());
  if (recorded) all.push_back(recorder.gram(layer->weight).to(torch::kFloat));
  return all;
}

TEST_P(ThreadsOfLayer, AnyNumberGivesTheSameToRoundingAndTheSameNumberTheSameBits) {
  const auto& p = GetParam();
  torch::manual_seed(3);
  LowRankConv layer(p.shape, LowRankSpec{{1, 3, 2, 4}, {4.0, 0.5, 2.0, 1.0}, 2, Strategy::Auto});
  fillFactors(*layer);
  const auto routing = route({{0, 1}, {1, 5}, {3, 2}});
  std::vector<std::int64_t> sizes{8, p.shape.in};
  sizes.insert(sizes.end(), static_cast<std::size_t>(p.shape.dims), p.size);
  auto x = torch::randn(sizes);
  if (p.channelsLast)
    x = x.contiguous(p.shape.dims == 2 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::ChannelsLast3d);
  x.requires_grad_();
  for (const auto strategy : {Strategy::Auto, Strategy::Merged, Strategy::Factored})
    for (const bool recorded : {false, true}) {
      layer->strategy = strategy;
      at::set_num_threads(1);
      const auto one = everything(layer, x, routing, recorded);
      for (const int threads : {2, 3, 11}) {
        at::set_num_threads(threads);
        const auto many = everything(layer, x, routing, recorded), again = everything(layer, x, routing, recorded);
        ASSERT_EQ(many.size(), one.size());
        for (std::size_t i = 0; i < one.size(); ++i) {
          const double scale = one[i].abs().max().item<double>() + 1e-6;
          EXPECT_LT((many[i] - one[i]).abs().max().item<double>(), 1e-4 * scale) << "result " << i << ", " << threads;
          EXPECT_TRUE(torch::equal(many[i], again[i])) << "result " << i << ", " << threads;
        }
      }
    }
}

ConvShape shape(int dims, std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride) {
  return {.dims = dims, .in = in, .out = out, .kernel = kernel, .stride = stride, .padding = kernel / 2};
}

INSTANTIATE_TEST_SUITE_P(Shapes, ThreadsOfLayer,
                         testing::Values(Layer{"k3", shape(2, 5, 18, 3, 1), 12, false},
                                         Layer{"k3Last", shape(2, 16, 32, 3, 1), 12, true},
                                         Layer{"k3Small", shape(2, 33, 48, 3, 2), 5, true},
                                         Layer{"k1", shape(2, 40, 24, 1, 1), 7, false},
                                         Layer{"k1Last", shape(2, 40, 24, 1, 1), 7, true},
                                         Layer{"k1Strided", shape(2, 40, 24, 1, 2), 7, true},
                                         Layer{"volume", shape(3, 4, 8, 3, 1), 6, false},
                                         Layer{"deepVolume", shape(3, 24, 40, 3, 1), 3, false}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace lorkd::nn
