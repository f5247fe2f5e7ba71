#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "core/base/SafeTensors.h"
#include "core/models/LoadTensor.h"
#include "core/models/Weights.h"
#include "tests/unit/models/Pickles.h"

namespace lorkd::models {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

std::string errorOf(const std::filesystem::path& path, const std::string& entry = {}) {
  const auto read = readWeights(path, entry);
  return read ? "no error" : read.error().text();
}

/// Files of PyTorch against what tests/peers/weights.py wrote down of them without PyTorch.
class TorchFiles : public testing::TestWithParam<const char*> {};

TEST_P(TorchFiles, HoldWhatTheirWriterSays) {
  const auto weights = readWeights(fixture(GetParam()));
  ASSERT_TRUE(weights) << weights.error().text();
  const auto truth = safetensors::File::open(fixture("truth.safetensors"));
  ASSERT_TRUE(truth);
  EXPECT_EQ(weights->entry, "state_dict");
  EXPECT_EQ(weights->rest["epoch"], 7);
  EXPECT_EQ(weights->all.size(), truth->tensors().size());
  for (const auto& [name, expected] : truth->tensors()) {
    const auto* weight = weights->find(name);
    ASSERT_TRUE(weight) << name;
    EXPECT_EQ(weight->tensor.dtype, expected.dtype) << name;
    EXPECT_EQ(weight->tensor.shape, expected.shape) << name;
    const auto tensor = loadFinite(*weights, name);
    ASSERT_TRUE(tensor) << tensor.error().text();
    ASSERT_EQ(tensor->nbytes(), expected.bytes.size()) << name;
    EXPECT_EQ(tensor->numel() ? std::memcmp(tensor->data_ptr(), expected.bytes.data(), expected.bytes.size()) : 0, 0)
        << name;
  }
  // Views of one block share it, in the file and, where its numbers are aligned there, in memory.
  const auto *whole = weights->find("shared.whole"), *part = weights->find("shared.part");
  EXPECT_EQ(part->tensor.storage, whole->tensor.storage);
  const auto all = loadTensor(*weights, *whole), some = loadTensor(*weights, *part);
  if (weights->form == WeightsForm::TorchZip) {
    EXPECT_EQ(static_cast<float*>(some->data_ptr()), static_cast<float*>(all->data_ptr()) + 8);
  }
  EXPECT_EQ(*weights->digest(), *sha256File(fixture(GetParam())));
}

INSTANTIATE_TEST_SUITE_P(Forms, TorchFiles, testing::Values("types.pth", "types-legacy.pth", "types-today.pth"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
                           return name;
                         });

TEST(Weights, ACheckpointOfNnUnetTellsItsTrainingToo) {
  for (const char* file : {"nnunet.pth", "nnunet-today.pth"}) {
    const auto weights = readWeights(fixture(file));
    ASSERT_TRUE(weights) << weights.error().text();
    EXPECT_EQ(weights->entry, "network_weights");
    EXPECT_EQ(weights->all.size(), 16u);
    EXPECT_EQ(weights->distinct(), 4u);
    EXPECT_EQ(weights->parameters(), 4u * 27 + 4 + 4 + 4);
    const auto& rest = weights->rest;
    EXPECT_EQ(rest["trainer_name"], "nnUNetTrainer");
    EXPECT_EQ(rest["_best_ema"], 0.625);
    EXPECT_EQ(rest["logging"]["mean_fg_dice"], (Json{0.5, 0.25}));
    EXPECT_EQ(rest["logging"]["counts"], Json{3});
    EXPECT_EQ(rest["inference_allowed_mirroring_axes"], (Json{0, 1, 2}));
    EXPECT_EQ(rest["init_args"]["device"], "cuda:0");
    EXPECT_EQ(rest["init_args"]["plans"]["configurations"]["3d_fullres"]["spacing"], (Json{2.0, 1.0, 1.0}));
    EXPECT_TRUE(rest["network_weights"].is_null());
    EXPECT_TRUE(weights->restWhole);
  }
}

TEST(Weights, ACheckpointOfLightningKeepsObjectsAsNames) {
  const auto weights = readWeights(fixture("lightning.ckpt"));
  ASSERT_TRUE(weights) << weights.error().text();
  EXPECT_EQ(weights->entry, "state_dict");
  EXPECT_TRUE(weights->find("model.conv.weight") && weights->find("model.norm.num_batches_tracked"));
  const auto& parameters = weights->rest["hyper_parameters"];
  EXPECT_EQ(parameters["arguments"]["class"], "argparse.Namespace");
  EXPECT_EQ(parameters["arguments"]["state"]["name"], "tiny");
  EXPECT_EQ(parameters["size"], (Json{1, 2}));
  EXPECT_EQ(parameters["dtype"], "torch.float16");
  EXPECT_EQ(parameters["counts"]["a"], 1);
  EXPECT_EQ(weights->rest["global_step"], std::int64_t(1) << 40);
  EXPECT_EQ(weights->rest["callbacks"]["best"]["best_model_score"], "tensor F32 ()");
}

TEST(Weights, WrappersAreTakenOffAndWholeModulesAreWalked) {
  const auto wrapped = readWeights(fixture("wrapped.pth"));
  ASSERT_TRUE(wrapped) << wrapped.error().text();
  EXPECT_EQ(wrapped->prefix, "module.");
  EXPECT_THAT(wrapped->entry, "");
  EXPECT_TRUE(wrapped->find("a") && wrapped->find("b.c"));
  for (const char* file : {"module.pt", "script.ts"}) {
    const auto module = readWeights(fixture(file));
    ASSERT_TRUE(module) << module.error().text();
    EXPECT_THAT(module->module, HasSubstr("Sequential"));
    std::vector<std::string> names;
    for (const auto& weight : module->all) names.push_back(weight.name);
    EXPECT_THAT(names,
                testing::UnorderedElementsAre("conv.weight", "conv.bias", "norm.weight", "norm.bias",
                                              "norm.running_mean", "norm.running_var", "norm.num_batches_tracked"));
    EXPECT_EQ(loadFinite(*module, "norm.running_var")->sum().item<float>(), 2.0f);
  }
  EXPECT_EQ(readWeights(fixture("script.ts"))->form, WeightsForm::TorchScript);
}

TEST(Weights, SeveralSetsAreAskedAbout) {
  EXPECT_THAT(errorOf(fixture("several.pth")), HasSubstr("'student' (1 tensors), 'teacher' (1 tensors)"));
  const auto teacher = readWeights(fixture("several.pth"), "teacher");
  ASSERT_TRUE(teacher) << teacher.error().text();
  EXPECT_EQ(loadFinite(*teacher, "a")->sum().item<float>(), 0.0f);
  EXPECT_THAT(teacher->otherEntries, ElementsAre("student"));
  EXPECT_THAT(errorOf(fixture("several.pth"), "model"), HasSubstr("no weights at 'model'"));
}

TEST(Weights, TensorsOfOtherKindsAreRefusedByName) {
  EXPECT_THAT(errorOf(fixture("quantised.pth")), HasSubstr("conv.weight is quantised"));
  EXPECT_THAT(errorOf(fixture("subclass.pth")),
              HasSubstr("conv.weight is no plain tensor but an object (monai.data.meta_tensor.MetaTensor)"));
  EXPECT_THAT(errorOf(fixture("repeated.pth")), HasSubstr("a of shape (1000, 1000) repeats"));
  EXPECT_THAT(errorOf(fixture("float8-today.pth")), HasSubstr("a is of type torch.float8_e4m3fn"));
}

TEST(Weights, ParametersWithAttributesAndNumpyTwoAreRead) {
  const auto weights = readWeights(fixture("new-today.pth"));
  ASSERT_TRUE(weights) << weights.error().text();
  EXPECT_EQ(weights->all.size(), 3u);
  EXPECT_EQ(loadFinite(*weights, "noted")->sizes(), at::IntArrayRef({4}));
  EXPECT_EQ(weights->rest["best"], 0.625);
  EXPECT_THAT(weights->rest["random"]["class"].get<std::string>(), HasSubstr("generator_ctor"));
}

TEST(Weights, HostileFilesAreRefused) {
  const lorkd::test::TemporaryFolder folder;
  const auto values = raw(1.0f) + raw(2.0f);
  const auto of = [&](const std::string& value, const std::vector<Stored>& stored) {
    return errorOf(put(folder, "a.pth", legacy(value, stored)));
  };
  const auto good = dict({{"a", tensor(storage("FloatStorage", "7", 2), 0, {2}, {1})}});
  EXPECT_EQ(of(good, {{"7", 2, values}}), "no error");
  EXPECT_THAT(of(good, {{"7", 3, values + values}}), HasSubstr("3 elements, others than are claimed"));
  EXPECT_THAT(of(good, {{"7", 2, values.substr(0, 7)}}), HasSubstr("cut short in storage 7"));
  EXPECT_THAT(of(good, {}), HasSubstr("storage 7 is missing"));
  EXPECT_THAT(of(good, {{"8", 2, values}}), HasSubstr("storage 8 belongs to no tensor"));
  EXPECT_THAT(of(good, {{"7", 2, values}, {"7", 2, values}}), HasSubstr("twice"));
  EXPECT_THAT(of(dict({{"a", tensor(storage("FloatStorage", "7", 1 << 28), 0, {2}, {1})}}), {{"7", 1 << 28, values}}),
              HasSubstr("cut short"));
  EXPECT_THAT(of(good.substr(0, good.size() - 1) + text("b") + call(global("os", "system"), {text("ls")}) + "u", {}),
              HasSubstr("os.system"));
  EXPECT_THAT(
      of(dict({{"a", tensor(storage("FloatStorage", "7", 2), 0, {2}, {1})}, {"a\x1b[2J", "N"}}), {{"7", 2, values}}),
      HasSubstr("which cannot be one"));
  EXPECT_THAT(of("K\1", {}), HasSubstr("holds no weights"));
}

TEST(Weights, EveryCutOfAFileIsAnError) {
  const lorkd::test::TemporaryFolder folder;
  for (const char* name : {"wrapped.pth", "types-legacy.pth"}) {
    const auto bytes = readFile(fixture(name)).value();
    for (std::size_t n = 0; n<bytes.size(); n += bytes.size()> 2000 ? 7 : 3)
      EXPECT_NE(errorOf(put(folder, "cut.pth", bytes.substr(0, n))), "no error") << name << " " << n;
  }
}

TEST(Weights, AFlippedBitOfTheZipFormIsFound) {
  const lorkd::test::TemporaryFolder folder;
  auto bytes = readFile(fixture("wrapped.pth")).value();
  const auto at = bytes.find(raw(1.0f));  // in a storage, which only its checksum guards
  ASSERT_NE(at, bytes.npos);
  bytes[at] ^= 1;
  const auto weights = readWeights(put(folder, "a.pth", bytes));
  ASSERT_TRUE(weights) << weights.error().text();
  EXPECT_THAT(loadFinite(*weights, "a").error().text(), HasSubstr("damaged"));
}

TEST(Weights, ShardsAreReadByTheirIndex) {
  const lorkd::test::TemporaryFolder folder;
  const float values[] = {1, 2, 3};
  const auto shard = [&](const std::string& file, const std::string& name) {
    ASSERT_TRUE(safetensors::write(folder / file, {{name, "F32", {3}, std::as_bytes(std::span(values))}}));
  };
  shard("model-1.safetensors", "a");
  shard("model-2.safetensors", "b");
  const auto index = [&](const std::string& map) {
    return put(folder, "model.safetensors.index.json", R"({"weight_map":)" + map + "}");
  };
  const auto weights = readWeights(index(R"({"a":"model-1.safetensors","b":"model-2.safetensors"})"));
  ASSERT_TRUE(weights) << weights.error().text();
  EXPECT_EQ(weights->files.size(), 2u);
  EXPECT_EQ(loadFinite(*weights, "b")->sum().item<float>(), 6.0f);
  EXPECT_EQ(weights->parameters(), 6u);
  EXPECT_THAT(errorOf(index(R"({"a":"../model-1.safetensors"})")), HasSubstr("not in a file beside it"));
  EXPECT_THAT(errorOf(index(R"({"a":"model-2.safetensors"})")), HasSubstr("disagree about 2 weights"));
  EXPECT_THAT(errorOf(index("[]")), HasSubstr("no weight_map"));
}

TEST(Weights, OtherFormatsAreRefusedByName) {
  const lorkd::test::TemporaryFolder folder;
  EXPECT_THAT(errorOf(put(folder, "a.h5", "\x89HDF\r\n\x1a\n")), HasSubstr("HDF5"));
  EXPECT_THAT(errorOf(put(folder, "a.pkl", pickle("N"))), HasSubstr("not one of torch.save()"));
  EXPECT_THAT(errorOf(put(folder, "a.onnx", "\x08\x07")), HasSubstr("ONNX"));
  EXPECT_THAT(errorOf(put(folder, "a", "")), HasSubstr("unknown kind"));
  EXPECT_EQ(readWeights(folder / "none").error().code, ErrorCode::NotFound);
}

}  // namespace lorkd::models
