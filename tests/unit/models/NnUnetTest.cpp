#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/models/Inspect.h"
#include "core/models/NnUnet.h"
#include "core/models/TotalSegmentator.h"
#include "tests/unit/models/Pickles.h"

namespace lorkd::models {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
namespace fs = std::filesystem;

/// Plans as nnU-Net 2.5 writes them, a stage fewer.
Json newPlans() {
  return Json::parse(R"({
    "dataset_name": "Dataset901_Test", "plans_name": "nnUNetResEncUNetLPlans", "image_reader_writer": "SimpleITKIO",
    "transpose_forward": [0, 1, 2], "transpose_backward": [0, 1, 2],
    "foreground_intensity_properties_per_channel": {"0": {"max": 3071.0, "mean": 99.5, "median": 101.0, "min": -1024.0,
      "percentile_00_5": -958.0, "percentile_99_5": 270.0, "std": 137.8}},
    "configurations": {
      "3d_fullres": {"patch_size": [64, 128, 128], "spacing": [3.0, 0.78, 0.78], "batch_size": 2,
        "normalization_schemes": ["CTNormalization"], "use_mask_for_norm": [false],
        "architecture": {"network_class_name": "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet",
          "arch_kwargs": {"n_stages": 3, "features_per_stage": [32, 64, 128],
            "conv_op": "torch.nn.modules.conv.Conv3d", "kernel_sizes": [[1, 3, 3], [3, 3, 3], [3, 3, 3]],
            "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2]], "n_blocks_per_stage": [1, 3, 4],
            "n_conv_per_stage_decoder": [1, 1], "conv_bias": true,
            "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d", "norm_op_kwargs": {"eps": 1e-05, "affine": true},
            "dropout_op": null, "dropout_op_kwargs": null,
            "nonlin": "torch.nn.LeakyReLU", "nonlin_kwargs": {"inplace": true}},
          "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"]}},
      "3d_small": {"inherits_from": "3d_fullres", "patch_size": [32, 64, 64]},
      "3d_cascade": {"inherits_from": "3d_fullres", "previous_stage": "3d_small"},
      "circle": {"inherits_from": "circle"}}})");
}

/// Plans as nnU-Net 2.0 wrote them for TotalSegmentator.
Json oldPlans() {
  return Json::parse(R"({
    "dataset_name": "Dataset297_TotalSegmentator_total_3mm_1559subj", "plans_name": "nnUNetPlans",
    "image_reader_writer": "NibabelIOWithReorient", "transpose_forward": [0, 1, 2], "transpose_backward": [0, 1, 2],
    "foreground_intensity_properties_by_modality": {"0": {"mean": 1.0, "std": 400.0,
      "percentile_00_5": -1000.0, "percentile_99_5": 900.0}},
    "configurations": {"3d_fullres": {"patch_size": [112, 112, 128], "spacing": [3.0, 3.0, 3.0],
      "normalization_schemes": ["CTNormalization"], "use_mask_for_norm": [false], "UNet_class_name": "PlainConvUNet",
      "UNet_base_num_features": 32, "unet_max_num_features": 320, "n_conv_per_stage_encoder": [2, 2, 2, 2, 2],
      "n_conv_per_stage_decoder": [2, 2, 2, 2],
      "pool_op_kernel_sizes": [[1, 1, 1], [2, 2, 2], [2, 2, 2], [2, 2, 2], [2, 2, 2]],
      "conv_kernel_sizes": [[3, 3, 3], [3, 3, 3], [3, 3, 3], [3, 3, 3], [3, 3, 3]]}}})");
}

const Json dataset = Json::parse(R"({"channel_names": {"0": "CT"}, "labels": {"background": 0, "liver": 1, "tumour": 2,
  "ignore": 3}, "numTraining": 5, "file_ending": ".nii.gz"})");

std::string faultOf(const Json& plans, const Json& data, const std::string& configuration = "3d_fullres") {
  const auto read = readNnUnetPlans(plans, data, configuration);
  return read ? "no error" : read.error().text();
}

TEST(NnUnet, PlansOfTodayAreRead) {
  const auto plans = readNnUnetPlans(newPlans(), dataset, "3d_small");
  ASSERT_TRUE(plans) << plans.error().text();
  EXPECT_THAT(plans->notUnderstood, IsEmpty());
  EXPECT_TRUE(plans->network.known && plans->network.residual && !plans->network.oldForm);
  EXPECT_EQ(plans->network.dims, 3);
  EXPECT_THAT(plans->network.features, ElementsAre(32, 64, 128));
  EXPECT_THAT(plans->network.kernels[0], ElementsAre(1, 3, 3));
  EXPECT_THAT(plans->network.convsEncoder, ElementsAre(1, 3, 4));
  EXPECT_THAT(plans->patch, ElementsAre(32, 64, 64));         // its own
  EXPECT_THAT(plans->spacing, ElementsAre(3.0, 0.78, 0.78));  // inherited
  EXPECT_EQ(plans->intensities[0]->high, 270.0);
  EXPECT_EQ(plans->labels.size(), 2u);
  EXPECT_EQ(plans->outputs, 3);
  EXPECT_EQ(plans->ignore, 3);
}

TEST(NnUnet, OldPlansSayTheSameOtherwise) {
  const auto plans = readNnUnetPlans(oldPlans(), dataset, "3d_fullres");
  ASSERT_TRUE(plans) << plans.error().text();
  EXPECT_TRUE(plans->network.known && plans->network.oldForm && !plans->network.residual);
  EXPECT_THAT(plans->network.features, ElementsAre(32, 64, 128, 256, 320));
  EXPECT_THAT(plans->network.strides[1], ElementsAre(2, 2, 2));
  EXPECT_EQ(plans->intensities[0]->low, -1000.0);
}

TEST(NnUnet, RegionsHaveAnOutputEachAndAnOrder) {
  auto regions = Json::parse(R"({"channel_names": {"0": "T1"}, "labels": {"background": 0, "whole": [1, 2, 3],
    "core": [2, 3], "enhancing": 3}, "regions_class_order": [1, 2, 3]})");
  const auto plans = readNnUnetPlans(newPlans(), regions, "3d_fullres");
  ASSERT_TRUE(plans) << plans.error().text();
  EXPECT_TRUE(plans->regions);
  EXPECT_EQ(plans->outputs, 3);
  EXPECT_THAT(plans->regionsClassOrder, ElementsAre(1, 2, 3));
  regions.erase("regions_class_order");
  EXPECT_THAT(faultOf(newPlans(), regions), HasSubstr("regions_class_order"));
}

TEST(NnUnet, WhatIsNotUnderstoodIsNamed) {
  auto plans = newPlans();
  auto& arguments = plans["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"];
  arguments["squeeze_excitation"] = true;
  arguments["nonlin"] = "torch.nn.ReLU";
  auto read = readNnUnetPlans(plans, dataset, "3d_fullres");
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_FALSE(read->network.known);
  EXPECT_THAT(read->notUnderstood, Contains(HasSubstr("squeeze_excitation")));
  EXPECT_THAT(read->notUnderstood, Contains(HasSubstr("torch.nn.ReLU")));
  plans["configurations"]["3d_fullres"]["architecture"]["network_class_name"] = "x.Primus";
  read = readNnUnetPlans(plans, dataset, "3d_fullres");
  EXPECT_THAT(read->notUnderstood, ElementsAre(HasSubstr("x.Primus")));
  EXPECT_THAT(readNnUnetPlans(newPlans(), dataset, "3d_cascade")->notUnderstood, ElementsAre(HasSubstr("cascade")));
}

TEST(NnUnet, FaultsNameTheField) {
  const auto with = [](const std::string& pointer, const Json& value) {
    auto plans = newPlans();
    plans[Json::json_pointer("/configurations/3d_fullres/" + pointer)] = value;
    return faultOf(plans, dataset);
  };
  EXPECT_THAT(with("patch_size", {64, 128}), HasSubstr("plans.configurations.3d_fullres.patch_size"));
  EXPECT_THAT(with("patch_size", "x"), HasSubstr("patch_size is no list"));
  EXPECT_THAT(with("spacing", {1, 0, 1}), HasSubstr("not above 0"));
  EXPECT_THAT(with("architecture/arch_kwargs/n_stages", 1e9), HasSubstr("n_stages is no whole number"));
  EXPECT_THAT(with("architecture/arch_kwargs/strides", {{1, 1, 1}, {2, 2, 2}}),
              HasSubstr("different numbers of stages"));
  EXPECT_THAT(with("normalization_schemes", {"CTNormalization", "CTNormalization"}), HasSubstr("use_mask_for_norm"));
  EXPECT_THAT(faultOf(newPlans(), dataset, "2d"), HasSubstr("they have: 3d_fullres, 3d_small"));
  EXPECT_THAT(faultOf(newPlans(), dataset, "circle"), HasSubstr("circle"));
  EXPECT_THAT(faultOf(Json::array(), dataset), HasSubstr("plans has no configurations"));
  auto data = dataset;
  data["labels"]["tumour"] = 4;
  EXPECT_THAT(faultOf(newPlans(), data), HasSubstr("'ignore' is not the highest"));
  data["labels"] = {{"background", 0}, {"a", 1}, {"b", 3}};
  EXPECT_THAT(faultOf(newPlans(), data), HasSubstr("1, 2, 3"));
  data["channel_names"]["1"] = "PET";
  EXPECT_THAT(faultOf(newPlans(), data), HasSubstr("names 2 channels"));
}

TEST(NnUnet, TotalSegmentatorIsKnownByNumberAndName) {
  const auto organs = totalSegmentatorModel(291, "Dataset291_TotalSegmentator_part1_organs_1559subj");
  ASSERT_TRUE(organs);
  EXPECT_EQ(organs->task, "total");
  EXPECT_TRUE(organs->certain);
  EXPECT_THAT(organs->licence, HasSubstr("Apache"));
  EXPECT_FALSE(totalSegmentatorModel(291, "Dataset291_MyLiver")->certain);
  EXPECT_THAT(totalSegmentatorModel(301, "Dataset301_heart_highres_1559subj")->licence,
              HasSubstr("licence of their own"));
  EXPECT_FALSE(totalSegmentatorModel(1, "Dataset001_BrainTumour"));
}

/// A folder of results with a tiny checkpoint.
class ResultsFolder : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(writeJson(m_model / "plans.json", oldPlans()));
    ASSERT_TRUE(writeJson(m_model / "dataset.json", dataset));
    fs::create_directories(m_model / "fold_0");
    fs::create_directories(m_model / "fold_all");
    fs::copy_file(test::fixture("nnunet.pth"), m_model / "fold_0/checkpoint_final.pth");
  }
  lorkd::test::TemporaryFolder m_folder;
  fs::path m_data = m_folder / "Dataset297_TotalSegmentator_total_3mm_1559subj";
  fs::path m_model = m_data / "nnUNetTrainer_4000epochs_NoMirroring__nnUNetPlans__3d_fullres";
};

TEST_F(ResultsFolder, IsFoundFromAbove) {
  for (const auto& from : {m_folder.path(), m_data, m_model}) {
    const auto found = readNnUnetFolder(from);
    ASSERT_TRUE(found && *found) << from;
    EXPECT_EQ((*found)->number, 297);
    EXPECT_EQ((*found)->trainer, "nnUNetTrainer_4000epochs_NoMirroring");
    ASSERT_EQ((*found)->folds.size(), 1u);
    EXPECT_EQ((*found)->folds[0].first, "0");
  }
  EXPECT_FALSE(*readNnUnetFolder(m_model / "fold_all"));
  fs::copy(m_model, m_data / "nnUNetTrainer__nnUNetPlans__2d", fs::copy_options::recursive);
  EXPECT_THAT(readNnUnetFolder(m_data).error().text(), HasSubstr("nnUNetTrainer__nnUNetPlans__2d"));
}

TEST_F(ResultsFolder, IsToldInSentencesAndFacts) {
  const auto seen = inspectFolder(m_folder.path());
  ASSERT_TRUE(seen) << seen.error().text();
  EXPECT_EQ(seen->facts["model"], "nnunet");
  EXPECT_EQ(seen->facts["totalsegmentator"]["task"], "total --fast");
  EXPECT_EQ(seen->facts["parameters"], 120);
  EXPECT_EQ(seen->facts["nnunet"]["labels"]["liver"], Json{1});
  EXPECT_THAT(seen->sentences, Contains(HasSubstr("TotalSegmentator's task total --fast")));
  EXPECT_THAT(seen->sentences,
              Contains(HasSubstr("PlainConvUNet in 3D with 5 stages of 32, 64, 128, 256, 320 features")));
  // The fixture has an encoder of one stage alone.
  EXPECT_THAT(seen->sentences,
              Contains(HasSubstr("not those that the plans describe: there is no decoder.seg_layers.3.weight")));
}

}  // namespace lorkd::models
