#include "core/eval/SlidingWindow.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace lorkd;
using eval::WindowOptions;

namespace {

using Forward = std::function<torch::Tensor(const torch::Tensor&)>;

/// The parts put together; each voxel comes once, and what lies around a part agrees with its neighbours.
Result<torch::Tensor> slidingWindow(const torch::Tensor& image, const WindowOptions& options, const Forward& forward,
                                    const CancelToken& cancel = {}, int* parts = nullptr) {
  torch::Tensor out, around, often;
  const auto box = [](const torch::Tensor& t, const auto& from, const auto& to) {
    auto view = t;
    for (std::size_t a = 0; a < 3; ++a) view = view.slice(static_cast<std::int64_t>(a) + 1, from[a], to[a]);
    return view;
  };
  const auto done = eval::slidingWindow(
      image, options, forward,
      [&](const eval::WindowPart& part) -> Result<void> {
        const auto& p = part.probabilities;
        if (!out.defined()) {
          out = torch::zeros({p.size(0), image.size(1), image.size(2), image.size(3)});
          around = torch::full_like(out, NAN), often = torch::zeros_like(out);
        }
        std::array<std::int64_t, 3> high{}, from{}, to{};
        for (std::size_t a = 0; a < 3; ++a) {
          high[a] = part.low[a] + p.size(static_cast<std::int64_t>(a) + 1);
          from[a] = part.from[a] - part.low[a], to[a] = part.to[a] - part.low[a];
          EXPECT_TRUE(part.from[a] - part.low[a] >= std::min(options.margin[a], part.from[a]) || a == 2);
          EXPECT_TRUE(high[a] - part.to[a] >= std::min(options.margin[a], image.size(a + 1) - part.to[a]) || a == 2);
        }
        box(out, part.from, part.to).copy_(box(p, from, to));
        box(often, part.from, part.to).add_(1);
        const auto before = box(around, part.low, high);
        EXPECT_TRUE((before.isnan() | ((before - p).abs() < 1e-6)).all().item<bool>());
        before.copy_(p);
        if (parts) ++*parts;
        return {};
      },
      cancel);
  if (!done) return std::unexpected(done.error());
  EXPECT_TRUE(often.eq(1).all().item<bool>());
  return out;
}

double largest(const torch::Tensor& t) { return t.abs().max().item<double>(); }

/// Definition, voxel by voxel and window by window in double precision.
torch::Tensor naive(const torch::Tensor& image, const WindowOptions& o,
                    const std::function<torch::Tensor(const torch::Tensor&)>& forward) {
  std::array<std::vector<std::int64_t>, 3> starts;
  for (int i = 0; i < 3; ++i) {
    const auto size = image.size(1 + i);
    for (std::int64_t s = 0;; s += o.patch[i] / 2) {
      starts[i].push_back(std::min(s, size - o.patch[i]));
      if (s + o.patch[i] >= size) break;
    }
  }
  const auto D = image.size(1), H = image.size(2), W = image.size(3);
  auto sum = torch::zeros({D, H, W}, torch::kFloat64), total = torch::zeros({D, H, W}, torch::kFloat64);
  auto s = sum.accessor<double, 3>(), t = total.accessor<double, 3>();
  for (auto d0 : starts[0])
    for (auto h0 : starts[1])
      for (auto w0 : starts[2]) {
        const auto patch =
            image.slice(1, d0, d0 + o.patch[0]).slice(2, h0, h0 + o.patch[1]).slice(3, w0, w0 + o.patch[2]);
        const auto out = torch::sigmoid(forward(patch.unsqueeze(0)))[0][0].to(torch::kFloat64).contiguous();
        const auto p = out.accessor<double, 3>();
        for (std::int64_t d = 0; d < o.patch[0]; ++d)
          for (std::int64_t h = 0; h < o.patch[1]; ++h)
            for (std::int64_t w = 0; w < o.patch[2]; ++w) {
              double exponent = 0;
              const std::array<std::int64_t, 3> at{d, h, w};
              for (int i = 0; i < 3; ++i) {
                const double size = static_cast<double>(o.patch[i]);
                exponent += std::pow((static_cast<double>(at[i]) - (size - 1) / 2) / (size / 8), 2);
              }
              const double weight = std::exp(-exponent / 2);
              s[d0 + d][h0 + h][w0 + w] += weight * p[d][h][w];
              t[d0 + d][h0 + h][w0 + w] += weight;
            }
      }
  return (sum / total).unsqueeze(0);
}

/// Depends on where in the window a voxel lies, so that every weight matters.
torch::Tensor positional(const torch::Tensor& x) {
  const auto d = torch::linspace(-1, 1, x.size(2)).view({-1, 1, 1});
  const auto h = torch::linspace(-2, 1, x.size(3)).view({1, -1, 1});
  const auto w = torch::linspace(1, -3, x.size(4)).view({1, 1, -1});
  return x + d + h * w;
}

}  // namespace

TEST(SlidingWindow, PositionIndependentForwardComesBackExactly) {
  torch::manual_seed(1);
  const std::vector<std::vector<std::int64_t>> sizes{{16, 16, 16}, {17, 23, 40}, {8, 9, 31}, {5, 40, 3}, {1, 1, 1}};
  for (const auto& size : sizes)
    for (std::int64_t batch : {1, 3, 64}) {
      const auto image = 3 * torch::randn({1, size[0], size[1], size[2]});
      const auto out = slidingWindow(image, {{8, 12, 16}, 0.5, batch}, [](const auto& x) { return x; });
      ASSERT_TRUE(out) << out.error().text();
      ASSERT_EQ(out->sizes(), image.sizes());
      EXPECT_LT(largest(*out - torch::sigmoid(image)), 1e-5) << image.sizes() << " batch " << batch;
    }
}

TEST(SlidingWindow, AgreesWithTheDefinition) {
  torch::manual_seed(2);
  for (const auto& size : std::vector<std::vector<std::int64_t>>{{8, 10, 12}, {11, 17, 29}, {8, 11, 13}}) {
    const auto image = torch::randn({1, size[0], size[1], size[2]});
    const WindowOptions options{{8, 10, 12}, 0.5, 5};
    const auto out = slidingWindow(image, options, positional);
    ASSERT_TRUE(out) << out.error().text();
    EXPECT_LT(largest(*out - naive(image, options, positional)), 1e-5) << image.sizes();
  }
}

TEST(SlidingWindow, EveryVoxelIsCoveredWhateverTheOverlap) {
  for (double overlap : {0.0, 0.3, 0.5, 0.75, 0.9}) {
    const auto image = torch::ones({1, 19, 7, 26});
    auto seen = torch::zeros_like(image);
    // Numbers the voxels, so that the windows tell which ones they were given.
    const auto numbers = torch::arange(image.numel(), torch::kFloat32).view(image.sizes());
    const auto out = slidingWindow(numbers, {{6, 6, 6}, overlap, 4}, [&](const torch::Tensor& x) {
      seen.view({-1}).index_fill_(0, x.reshape({-1}).to(torch::kInt64), 1);
      return torch::zeros_like(x);
    });
    ASSERT_TRUE(out);
    EXPECT_TRUE(seen.eq(1).all().item<bool>()) << overlap;
    EXPECT_LT(largest(*out - 0.5), 1e-6);
  }
}

TEST(SlidingWindow, SmallVolumesArePaddedWithBackgroundAndCroppedBack) {
  const auto image = torch::full({1, 3, 4, 5}, -1.0) + torch::arange(5).view({1, 1, 1, 5});
  torch::Tensor given;
  const auto out = slidingWindow(image, {{8, 8, 8}, 0.5, 4}, [&](const torch::Tensor& x) {
    given = x.clone();
    return torch::cat({x, -x}, 1);
  });
  ASSERT_TRUE(out);
  EXPECT_EQ(given.sizes(), (std::vector<std::int64_t>{1, 1, 8, 8, 8}));
  EXPECT_EQ(given.min().item<float>(), -1.0f);
  EXPECT_EQ(out->sizes(), (std::vector<std::int64_t>{2, 3, 4, 5}));
  EXPECT_LT(largest((*out)[0] - torch::sigmoid(image)[0]), 1e-6);
  EXPECT_LT(largest((*out)[1] - torch::sigmoid(-image)[0]), 1e-6);
}

TEST(SlidingWindow, ExclusiveClassesShareWithTheBackground) {
  torch::manual_seed(2);
  const auto image = torch::randn({3, 6, 7, 8});  // the channels are taken for logits
  const auto out = slidingWindow(image, {{8, 8, 8}, 0.5, 2, true}, [](const torch::Tensor& x) { return x; });
  ASSERT_TRUE(out) << out.error().text();
  const auto expected = torch::softmax(torch::cat({torch::zeros({1, 6, 7, 8}), image}), 0).slice(0, 1);
  EXPECT_LT(largest(*out - expected), 1e-6);
}

TEST(SlidingWindow, EachChannelIsPaddedWithItsOwnBackground) {
  const auto image = torch::stack({torch::full({3, 3, 3}, -1.0), torch::full({3, 3, 3}, 5.0)});
  torch::Tensor given;
  ASSERT_TRUE(slidingWindow(image, {{4, 4, 4}, 0.5, 4}, [&](const torch::Tensor& x) { return given = x.clone(); }));
  EXPECT_TRUE(torch::equal(given[0][0], torch::full({4, 4, 4}, -1.0)));
  EXPECT_TRUE(torch::equal(given[0][1], torch::full({4, 4, 4}, 5.0)));
}

TEST(SlidingWindow, StopsWhenAskedAndRefusesNonsense) {
  const auto image = torch::zeros({1, 20, 20, 20});
  CancelToken cancel;
  int calls = 0;
  const auto stopped = slidingWindow(
      image, {{8, 8, 8}, 0.5, 1}, [&](const torch::Tensor& x) { return ++calls == 2 ? cancel.cancel() : void(), x; },
      cancel);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
  EXPECT_EQ(calls, 2);

  const auto same = [](const torch::Tensor& x) { return x; };
  EXPECT_EQ(slidingWindow(image[0], {}, same).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(slidingWindow(image, {{8, 8, 8}, 1.0, 1}, same).error().code, ErrorCode::InvalidArgument);
  const auto halved = [](const torch::Tensor& x) { return x.slice(4, 0, 4); };
  EXPECT_EQ(slidingWindow(image, {{8, 8, 8}, 0.5, 1}, halved).error().code, ErrorCode::Mismatch);
  const auto throwing = [](const torch::Tensor& x) { return x.view({7}); };
  EXPECT_EQ(slidingWindow(image, {{8, 8, 8}, 0.5, 1}, throwing).error().code, ErrorCode::Internal);
}

TEST(SlidingWindow, ManyPartsAreOneVolume) {
  torch::manual_seed(8);
  const auto image = torch::randn({1, 31, 27, 14});
  const Forward forward = [](const torch::Tensor& x) { return torch::cat({positional(x), -x, 0.5 * x}, 1); };
  WindowOptions whole{{8, 8, 8}, 0.5, 4}, parts = whole;
  const auto truth = slidingWindow(image, whole, forward);
  ASSERT_TRUE(truth);
  parts.classes = 3;
  for (const std::int64_t margin : {0, 1, 5, 11})
    for (const std::int64_t rows : {5, 9, 100}) {
      parts.margin = {margin, margin, 0};
      const auto slices = std::min<std::int64_t>(31, 8 + 2 * margin);
      parts.memory = static_cast<std::size_t>(3 * slices * (rows + 2 * margin) * 14 * 4);
      int count = 0;
      const auto out = slidingWindow(image, parts, forward, {}, &count);
      ASSERT_TRUE(out) << out.error().text();
      EXPECT_LT(largest(*out - *truth), 1e-6) << margin << " " << rows;
      if (margin < 11) {
        EXPECT_GT(count, rows == 100 ? 2 : 5);
      }
    }
  parts.classes = 2;
  EXPECT_EQ(slidingWindow(image, parts, forward).error().code, ErrorCode::Mismatch) << "the network has another";
  const auto refused = eval::slidingWindow(image, whole, forward, [](const eval::WindowPart&) -> Result<void> {
    return fail(ErrorCode::Io, "the disk is full");
  });
  EXPECT_EQ(refused.error().code, ErrorCode::Io);
}
