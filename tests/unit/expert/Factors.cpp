// The format "factors", and manifests of truncated experts.
#include <gmock/gmock.h>

#include "core/nn/Spectrum.h"
#include "tests/unit/expert/TinyNetwork.h"

using namespace lorkd;

namespace {

Result<expert::Manifest> factorsTo(const std::filesystem::path& folder, nn::Network& network,
                                   expert::Manifest manifest = test::tinyManifest()) {
  SilentProgress progress;
  return expert::exportExpert(folder, network, 1, test::tinyInputs(), std::move(manifest),
                              {expert::safetensorsExporter(), expert::factorsExporter()}, progress);
}

}  // namespace

TEST(Factors, TheFileHoldsTheUpdateAndTheHeadAlone) {
  auto network = test::tinyNetwork();
  const auto before = test::snapshot(network);
  const auto folder = test::freshFolder("factors") / "lung";
  const auto manifest = factorsTo(folder, network);
  ASSERT_TRUE(manifest) << manifest.error().text();
  EXPECT_TRUE(test::unchanged(network, before));
  const auto file = safetensors::File::open(folder / "factors.safetensors").value();
  std::int64_t factors = 0;
  for (const auto& [name, tensor] : file.tensors())
    if (name.starts_with("backbone.")) factors += nn::mappedTensor(file, name)->numel();
  EXPECT_EQ(factors, network->factorParameters(1));
  // Shared weights plus b·a are the fused expert's.
  const auto fused = safetensors::File::open(folder / "expert.safetensors").value();
  const auto layer = std::string("backbone.encoder.1.conv0");
  const auto update = nn::mappedTensor(file, layer + ".b")->matmul(*nn::mappedTensor(file, layer + ".a"));
  const auto weight = nn::mappedTensor(fused, layer + ".weight").value();
  for (const auto& parameter : network->named_parameters())
    if (parameter.key() == layer + ".weight") {
      EXPECT_TRUE(torch::allclose(parameter.value() + update.view(weight.sizes()), weight, 1e-5, 1e-6));
    }
}

TEST(Factors, TruncationShrinksTheFactorFileAndNotTheExpert) {
  auto network = test::tinyNetwork();
  const auto folder = test::freshFolder("truncated");
  ASSERT_TRUE(factorsTo(folder / "whole", network));
  std::vector<std::int64_t> ranks(network->adaptedLayers().size(), 1);
  nn::truncate(network, 1, ranks);
  auto manifest = test::tinyManifest();
  manifest.truncation = {{"rank", 1}, {"before", 0.9}, {"after", 0.8}};
  const auto cut = factorsTo(folder / "cut", network, manifest);
  ASSERT_TRUE(cut) << cut.error().text();
  const auto size = [&](const char* file) { return std::filesystem::file_size(folder / file); };
  EXPECT_LT(2 * size("cut/factors.safetensors"), size("whole/factors.safetensors"));
  EXPECT_EQ(cut->parameters, network->expertParameters(1));
  EXPECT_NEAR(double(size("cut/expert.safetensors")), double(size("whole/expert.safetensors")), 500);
  EXPECT_EQ(expert::readManifest(folder / "cut")->truncation.at("after"), 0.8);
  EXPECT_TRUE(expert::readManifest(folder / "whole")->truncation.is_null());
}

TEST(Factors, ANetworkWithoutFactorsHasNoSuchFile) {
  nn::Network plain(nn::makeUNet({.dims = 3, .inputChannels = 1, .widths = {4, 6, 8}}, {}).value(),
                    std::vector<nn::HeadSpec>{{"a", 2, true}, {"lung.left", 3, true}});
  const auto none = factorsTo(test::freshFolder("plain") / "lung", plain);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::Unsupported);
}
