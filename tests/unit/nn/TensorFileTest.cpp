#include <gtest/gtest.h>

#include "core/nn/TensorFile.h"
#include "core/nn/UNet.h"

namespace lorkd::nn {
namespace {

class TensorFileTest : public testing::Test {
 protected:
  void SetUp() override {
    m_folder = std::filesystem::temp_directory_path() /
               ("lorkd_nn_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::create_directories(m_folder);
  }
  void TearDown() override { std::filesystem::remove_all(m_folder); }
  std::filesystem::path m_folder;
};

LowRankSpec rank(std::int64_t r) { return {{r, r}, {1, 1}, 2, Strategy::Auto}; }

TEST_F(TensorFileTest, EveryTypeComesBackAndOutlivesTheFileObject) {
  NamedTensors tensors;
  for (const auto type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort, at::kChar,
                          at::kByte, at::kBool})
    tensors.emplace_back(c10::toString(type), torch::randint(0, 2, {2, 3}).to(type));
  tensors.emplace_back("transposed", torch::arange(6).view({2, 3}).t());
  tensors.emplace_back("scalar", torch::tensor(3.5));
  tensors.emplace_back("empty", torch::empty({0, 4}));
  const auto path = m_folder / "all.safetensors";
  ASSERT_TRUE(saveTensors(path, tensors, {{"kind", "test"}}));
  std::vector<torch::Tensor> read;
  {
    const auto file = safetensors::File::open(path);
    ASSERT_TRUE(file) << file.error().text();
    EXPECT_EQ(file->metadata().at("kind"), "test");
    for (const auto& [name, tensor] : tensors) {
      auto back = mappedTensor(*file, name);
      ASSERT_TRUE(back) << back.error().text();
      read.push_back(*back);
    }
    EXPECT_EQ(mappedTensor(*file, "nothing").error().code, ErrorCode::NotFound);
  }
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].scalar_type(), tensors[i].second.scalar_type());
    EXPECT_TRUE(torch::equal(read[i], tensors[i].second)) << tensors[i].first;
  }
}

TEST_F(TensorFileTest, RefusesTypesTheFormatLacks) {
  const auto written = saveTensors(m_folder / "c.safetensors", {{"c", torch::zeros({2}, at::kComplexFloat)}});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::Unsupported);
  EXPECT_FALSE(std::filesystem::exists(m_folder / "c.safetensors"));
}

TEST_F(TensorFileTest, NetworkRoundTripUnderAPrefix) {
  Network first(*makeUNet({3, 1, {4, 8}}, rank(2)), std::vector<HeadSpec>{{"a", 1, true}, {"b", 2, true}});
  Network second(*makeUNet({3, 1, {4, 8}}, rank(2)), std::vector<HeadSpec>{{"a", 1, true}, {"b", 2, true}});
  auto state = stateOf(*first);
  for (auto& [name, tensor] : state) name = "net." + name;
  state.emplace_back("optimiser.step", torch::tensor(3));
  const auto path = m_folder / "net.safetensors";
  ASSERT_TRUE(saveTensors(path, state));
  const auto file = safetensors::File::open(path);
  ASSERT_TRUE(file);
  const auto loaded = loadState(*second, *file, "net.");
  ASSERT_TRUE(loaded) << loaded.error().text();
  const auto x = torch::randn({1, 1, 8, 8, 8});
  torch::NoGradGuard noGrad;
  EXPECT_TRUE(torch::equal(first->predict(x, 1), second->predict(x, 1)));
}

TEST_F(TensorFileTest, MismatchNamesTheTensorsAndCopiesNothing) {
  Network first(*makeUNet({3, 1, {4, 8}}, rank(2)), std::vector<HeadSpec>{{"a", 1, true}, {"b", 1, true}});
  Network otherRank(*makeUNet({3, 1, {4, 8}}, rank(3)), std::vector<HeadSpec>{{"a", 1, true}, {"b", 1, true}});
  Network otherTask(*makeUNet({3, 1, {4, 8}}, rank(2)), std::vector<HeadSpec>{{"a", 1, true}, {"c", 1, true}});
  const auto path = m_folder / "net.safetensors";
  ASSERT_TRUE(saveTensors(path, stateOf(*first)));
  const auto file = safetensors::File::open(path);
  ASSERT_TRUE(file);
  const auto before = otherRank->sharedWeights().front().clone();
  const auto shape = loadState(*otherRank, *file);
  ASSERT_FALSE(shape);
  EXPECT_EQ(shape.error().code, ErrorCode::Mismatch);
  EXPECT_NE(shape.error().message.find("backbone.encoder.0.conv0.a.0 is (6, 9) where (9, 9) is wanted"),
            std::string::npos)
      << shape.error().message;
  EXPECT_TRUE(torch::equal(before, otherRank->sharedWeights().front()));
  const auto names = loadState(*otherTask, *file);
  ASSERT_FALSE(names);
  EXPECT_NE(names.error().message.find("missing: heads.c.weight"), std::string::npos) << names.error().message;
  EXPECT_NE(names.error().message.find("superfluous: heads.b.bias"), std::string::npos) << names.error().message;
}

}  // namespace
}  // namespace lorkd::nn
