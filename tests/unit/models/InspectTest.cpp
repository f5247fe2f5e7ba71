#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/models/Inspect.h"
#include "core/models/MonaiBundle.h"
#include "tests/unit/models/Pickles.h"

namespace lorkd::models {

using testing::Contains;
using testing::HasSubstr;
namespace fs = std::filesystem;

TEST(Inspect, WeightsAreToldInSentencesAndFacts) {
  const auto seen = inspectWeights(test::fixture("nnunet.pth"));
  ASSERT_TRUE(seen) << seen.error().text();
  EXPECT_EQ(seen->facts["entry"], "network_weights");
  EXPECT_EQ(seen->facts["distinct_tensors"], 4);
  EXPECT_EQ(seen->facts["types"], (Json{{"F32", 16}}));
  EXPECT_EQ(seen->facts["largest"][0]["shape"], (Json{4, 1, 3, 3, 3}));
  EXPECT_THAT(seen->sentences, Contains("16 tensors, 4 of them different, with 120 parameters of type F32 (16)."));
  EXPECT_THAT(seen->sentences,
              Contains(HasSubstr("checkpoint of nnU-Net v2, trainer nnUNetTrainer, configuration 3d_fullres")));
  EXPECT_THAT(seen->sentences, Contains(HasSubstr("plans in it cannot be used")));  // the fixture's say little
}

TEST(Inspect, AFolderOfNothingKnownIsAnError) {
  const lorkd::test::TemporaryFolder folder;
  EXPECT_EQ(inspectFolder(folder.path()).error().code, ErrorCode::NotFound);
  fs::copy_file(test::fixture("several.pth"), folder / "a.pth");
  EXPECT_THAT(inspectFolder(folder.path()).error().text(), HasSubstr("'student'"));
  fs::copy_file(test::fixture("wrapped.pth"), folder / "b.pth");
  EXPECT_THAT(inspectFolder(folder.path()).error().text(), HasSubstr("a.pth, b.pth"));
}

TEST(Inspect, ValuesThatAreNoNumbersAreNamed) {
  const lorkd::test::TemporaryFolder folder;
  using namespace test;
  const auto bytes = legacy(dict({{"a", tensor(storage("FloatStorage", "7", 2), 0, {2}, {1})}}),
                            {{"7", 2, raw(1.0f) + raw(std::uint32_t(0x7fc00000))}});
  const auto seen = inspectWeights(put(folder, "a.pth", bytes));
  ASSERT_TRUE(seen) << seen.error().text();
  EXPECT_EQ(seen->facts["not_finite"], Json{"a"});
}

TEST(Inspect, AMonaiBundleTellsItsMetadata) {
  const lorkd::test::TemporaryFolder folder;
  const auto bundle = folder / "spleen";
  ASSERT_TRUE(writeJson(bundle / "configs/metadata.json",
                        Json::parse(R"({"version": "0.1.0", "monai_version": "1.3.2", "task": "Spleen segmentation",
    "network_data_format": {"inputs": {"image": {"channel_def": {"0": "image"}}},
      "outputs": {"pred": {"channel_def": {"0": "background", "1": "spleen"}}}}})")));
  ASSERT_TRUE(writeJson(bundle / "configs/inference.json",
                        Json::parse(R"({"network_def": {"_target_": "monai.networks.nets.UNet", "spatial_dims": 3,
    "channels": [16, 32], "out_channels": "$@labels"}, "dataset": "$import os"})")));
  ASSERT_TRUE(writeFileAtomically(bundle / "LICENSE", "\n  Apache License\n Version 2.0\n"));
  EXPECT_THAT(inspectFolder(folder.path())->sentences, Contains(HasSubstr("no weights")));
  fs::create_directories(bundle / "models");
  fs::copy_file(test::fixture("wrapped.pth"), bundle / "models/model.pt");
  const auto seen = inspectFolder(folder.path());
  ASSERT_TRUE(seen) << seen.error().text();
  EXPECT_EQ(seen->facts["model"], "monai");
  EXPECT_EQ(seen->facts["network"], "UNet");
  EXPECT_EQ(seen->facts["arguments"]["channels"], (Json{16, 32}));
  EXPECT_EQ(seen->facts["labels"]["1"], "spleen");
  EXPECT_EQ(seen->facts["licence"], "Apache License");
  EXPECT_EQ(seen->facts["parameters"], 5);
  EXPECT_THAT(seen->sentences, Contains("Not understood: the network's argument out_channels = $@labels."));
}

}  // namespace lorkd::models
