#include <gmock/gmock.h>

#include <fstream>

#include "core/feed/Dataset.h"
#include "tests/unit/feed/Prepared.h"

namespace lorkd::feed {
namespace {

using test::PreparedFolder;

plan::Plan twoTasks() {
  plan::Plan plan;
  plan.tasks.emplace_back("liver", test::makeTask({"liver", "tumour"}));
  plan.tasks.emplace_back("spine", test::makeTask({"spine"}));
  return plan;
}

torch::Tensor mask(std::int64_t classes) { return torch::ones({classes, 3, 4, 5}, torch::kUInt8); }

TEST(Dataset, ReadsVolumesBySplitAndTask) {
  PreparedFolder folder;
  folder.addVolume("one", "train", torch::arange(60, torch::kFloat32).view({3, 4, 5}), {{0, mask(2)}, {1, mask(1)}});
  folder.addVolume("two", "train", torch::zeros({3, 4, 5}), {{1, mask(1)}});
  folder.addVolume("three", "test", torch::zeros({3, 4, 5}), {{0, mask(2)}});
  folder.writeIndex();
  const auto data = Dataset::open(folder.path() / "index.json", twoTasks());
  ASSERT_TRUE(data) << data.error().text();
  EXPECT_EQ(data->tasks(), 2);
  EXPECT_EQ(data->size("train", 0), 1u);
  EXPECT_EQ(data->size("train", 1), 2u);
  EXPECT_EQ(data->size("test", 0), 1u);
  EXPECT_EQ(data->size("test", 1), 0u);
  EXPECT_EQ(data->size("validation", 0), 0u);
  const auto example = data->example("train", 1, 0);
  ASSERT_TRUE(example) << example.error().text();
  EXPECT_EQ(example->id, "one");
  EXPECT_EQ(example->image.sizes(), (std::vector<std::int64_t>{1, 3, 4, 5}));
  EXPECT_TRUE(example->image.equal(torch::arange(60, torch::kFloat32).view({1, 3, 4, 5})));
  EXPECT_TRUE(example->labels.masks().equal(mask(1)));
  // Mapped, not copied.
  EXPECT_EQ(example->image.data_ptr(), data->example("train", 0, 0)->image.data_ptr());
  EXPECT_EQ(data->example("train", 1, 1)->id, "two");
  EXPECT_EQ(data->example("train", 1, 2).error().code, ErrorCode::NotFound);
  EXPECT_EQ(data->example("train", 7, 0).error().code, ErrorCode::NotFound);
}

/// Bytes of files under a folder that this process holds in memory, as the kernel counts them.
std::size_t residentBytes(const std::filesystem::path& folder) {
  std::ifstream maps("/proc/self/smaps");
  std::size_t total = 0, kilobytes = 0;
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find('-') < line.find(' ')) inside = line.find(folder.string()) != std::string::npos;
    if (inside && std::sscanf(line.c_str(), "Rss: %zu kB", &kilobytes) == 1) total += kilobytes << 10;
  }
  return total;
}

TEST(Dataset, StaysWithinItsShareOfTheMemory) {
  auto plan = twoTasks();
  PreparedFolder folder;
  constexpr std::size_t volume = 5 << 20;  // 5 MiB of values; of masks that are one everywhere there is next to nothing
  for (int i = 0; i < 8; ++i)
    folder.addVolume("v" + std::to_string(i), "train", torch::full({80, 128, 128}, i, torch::kFloat32),
                     {{1, torch::ones({1, 80, 128, 128}, torch::kUInt8)}});
  folder.writeIndex();
  const auto mostHeld = [&] {
    const auto data = Dataset::open(folder.path() / "index.json", plan);
    EXPECT_TRUE(data) << data.error().text();
    std::size_t most = 0;
    for (int round = 0; round < 2; ++round)
      for (std::size_t i = 0; i < 8; ++i) {
        const auto example = data->example("train", 1, i);
        EXPECT_EQ(example->image.sum().item<double>(), static_cast<double>(i) * (5 << 18));
        EXPECT_EQ(example->labels.masks().sum().item<std::int64_t>(), 5 << 18);
        most = std::max(most, residentBytes(folder.path()));
      }
    return most;
  };
  EXPECT_GE(mostHeld(), 8 * volume) << "without a budget nothing is read twice";
  plan.training.memory = 30.0 / 1024;  // half of it holds three volumes
  EXPECT_LE(mostHeld(), 3 * volume + (1 << 20));
  plan.training.memory = 1e-6;  // less than one: that one is held all the same
  EXPECT_LE(mostHeld(), volume + (1 << 20));
}

TEST(Dataset, ReadsPicturesOfSeveralFiles) {
  plan::Plan plan;
  plan.tasks.emplace_back("skin", test::makeTask({"a", "b", "c"}, plan::TaskKind::Classification));
  PreparedFolder folder;
  const auto images = torch::arange(4 * 2 * 3 * 3, torch::kFloat32).view({4, 2, 3, 3});
  folder.addPictures(0, "train", images, torch::tensor({2, 0, 1, 1}, torch::kInt64));
  folder.addPictures(0, "test", images, torch::tensor({0, 0, 0, 0}, torch::kInt64));
  folder.writeIndex();
  const auto data = Dataset::open(folder.path() / "index.json", plan);
  ASSERT_TRUE(data) << data.error().text();
  EXPECT_EQ(data->size("train", 0), 4u);
  const auto example = data->example("train", 0, 2);
  ASSERT_TRUE(example);
  EXPECT_TRUE(example->image.equal(images[2]));
  EXPECT_EQ(example->target.dim(), 0);
  EXPECT_EQ(example->target.item<std::int64_t>(), 1);
}

TEST(Dataset, SaysWhosePicturesThereAre) {
  plan::Plan plan;
  plan.tasks.emplace_back("skin", test::makeTask({"a", "b"}, plan::TaskKind::Classification));
  const auto images = torch::zeros({3, 1, 3, 3});
  const auto labels = torch::tensor({1, 0, 1}, torch::kInt64);
  const auto origins = torch::tensor({{1, 40, 7}, {0, 12, -1}, {1, 44, 7}}, torch::kInt64);
  const auto open = [&](const torch::Tensor& of, const Json& sets) {
    PreparedFolder folder;
    folder.addPictures(0, "test", images, labels, of, sets);
    folder.writeIndex();
    return Dataset::open(folder.path() / "index.json", plan);
  };
  const auto data = open(origins, {"left", "right"});
  ASSERT_TRUE(data) << data.error().text();
  const auto example = [&](std::size_t i) { return data->example("test", 0, i).value(); };
  EXPECT_EQ(example(0).id, "right#40");
  EXPECT_EQ(example(0).patient, example(2).patient);
  EXPECT_NE(example(0).patient, example(0).id);
  EXPECT_EQ(example(1).patient, "left#12") << "nobody says whose it is";
  const auto silent = open({}, Json::array());
  ASSERT_TRUE(silent);
  EXPECT_EQ(silent->example("test", 0, 1)->patient, silent->example("test", 0, 1)->id);
  for (const auto& wrong : {open(origins, {"left"}), open(origins, "left"), open(origins.slice(0, 0, 2), {"a", "b"})}) {
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().message.find("origins"), std::string::npos) << wrong.error().text();
  }
}

TEST(Dataset, TakesTasksByNameToo) {
  PreparedFolder folder;
  folder.addVolume("one", "train", torch::zeros({3, 4, 5}), {{1, mask(1)}});
  folder.index[0]["tasks"] = {"spine"};
  folder.writeIndex();
  const auto data = Dataset::open(folder.path() / "index.json", twoTasks());
  ASSERT_TRUE(data) << data.error().text();
  EXPECT_EQ(data->size("train", 1), 1u);
}

/// Opens a folder that `spoil` has changed, and returns the error.
template <class Spoil>
Error errorOf(Spoil spoil, const plan::Plan& plan = twoTasks()) {
  PreparedFolder folder;
  folder.addVolume("one", "train", torch::zeros({3, 4, 5}), {{0, mask(2)}});
  spoil(folder);
  folder.writeIndex();
  const auto data = Dataset::open(folder.path() / "index.json", plan);
  EXPECT_FALSE(data);
  return data ? Error{} : data.error();
}

TEST(Dataset, SaysWhatDoesNotFit) {
  using testing::HasSubstr;
  auto error = errorOf([](auto& f) { f.index[0]["tasks"] = {2}; });
  EXPECT_EQ(error.code, ErrorCode::Mismatch);
  EXPECT_THAT(error.text(), HasSubstr("2 tasks"));
  EXPECT_EQ(errorOf([](auto& f) { f.index[0]["tasks"] = {"lung"}; }).code, ErrorCode::Mismatch);

  auto plan = twoTasks();
  plan.tasks[0].second.classes.emplace_back("vessel", plan::Class{});
  error = errorOf([](auto&) {}, plan);
  EXPECT_EQ(error.code, ErrorCode::Mismatch);
  EXPECT_THAT(error.text(), HasSubstr("'liver' has 3 classes, the file has 2"));

  plan = twoTasks();
  plan.tasks[0].second.kind = plan::TaskKind::Classification;
  EXPECT_EQ(errorOf([](auto&) {}, plan).code, ErrorCode::Mismatch);

  EXPECT_EQ(errorOf([](auto& f) { f.index[0]["file"] = "../one-train.safetensors"; }).code, ErrorCode::Format);
  EXPECT_EQ(errorOf([](auto& f) { f.index[0]["file"] = "/etc/hostname"; }).code, ErrorCode::Format);
  EXPECT_EQ(errorOf([](auto& f) { f.index[0].erase("split"); }).code, ErrorCode::Format);
  EXPECT_EQ(errorOf([](auto& f) { f.index[0]["tasks"] = 0; }).code, ErrorCode::Format);
  EXPECT_EQ(errorOf([](auto& f) { f.index = "rubbish"; }).code, ErrorCode::Format);
  EXPECT_EQ(errorOf([](auto& f) {
              f.index = Json{{"cases", f.index}, {"tasks", {{"liver", 0}, {"shape", 1}}}};
            }).code,
            ErrorCode::Mismatch);
  EXPECT_EQ(errorOf([](auto& f) { f.index[0]["file"] = "missing.safetensors"; }).code, ErrorCode::NotFound);
  EXPECT_EQ(errorOf([](auto& f) { std::filesystem::resize_file(f.path() / "one-train.safetensors", 100); }).code,
            ErrorCode::Format);
  EXPECT_EQ(errorOf([](auto& f) {
              f.addVolume("x", "train", torch::zeros({3, 4, 6}), {{0, mask(2)}});
            }).code,
            ErrorCode::Mismatch);
  EXPECT_EQ(errorOf([](auto& f) {
              f.addVolume("x", "train", torch::zeros({4, 6}), {{0, mask(2)}});
            }).code,
            ErrorCode::Format);
  EXPECT_EQ(Dataset::open("/nonexistent", twoTasks()).error().code, ErrorCode::NotFound);
}

TEST(Dataset, RefusesClassNumbersBeyondThePlan) {
  plan::Plan plan;
  plan.tasks.emplace_back("skin", test::makeTask({"a", "b"}, plan::TaskKind::Classification));
  PreparedFolder folder;
  folder.addPictures(0, "train", torch::zeros({2, 1, 3, 3}), torch::tensor({0, 2}, torch::kInt64));
  folder.writeIndex();
  const auto data = Dataset::open(folder.path() / "index.json", plan);
  ASSERT_FALSE(data);
  EXPECT_EQ(data.error().code, ErrorCode::Mismatch);
  EXPECT_THAT(data.error().text(), testing::HasSubstr("picture 1 has the class number 2"));
}

// Overlapping classes: a flag for each, of pictures and of whole volumes.
TEST(Dataset, ReadsFlagsOfClasses) {
  plan::Plan plan;
  plan.tasks.emplace_back("chest", test::makeTask({"a", "b"}, plan::TaskKind::Classification));
  plan.tasks[0].second.outputs = plan::TaskOutputs::Overlapping;
  const auto images = torch::rand({3, 1, 3, 3});
  const auto open = [&](const torch::Tensor& flags) {
    PreparedFolder folder;
    folder.addPictures(0, "train", images, flags);
    folder.writeIndex();
    return Dataset::open(folder.path() / "index.json", plan);
  };
  const auto flags = torch::tensor({{1, 0}, {255, 1}, {1, 1}}, torch::kUInt8);
  const auto data = open(flags);
  ASSERT_TRUE(data) << data.error().text();
  EXPECT_TRUE(data->example("train", 0, 1)->target.equal(flags[1]));
  EXPECT_FALSE(open(torch::tensor({1, 0, 1}, torch::kInt64))) << "class numbers";
  EXPECT_FALSE(open(torch::full({3, 2}, 7, torch::kUInt8)));
  EXPECT_FALSE(open(torch::ones({3, 3}, torch::kUInt8))) << "of three classes";
  EXPECT_FALSE(open(torch::ones({2, 2}, torch::kUInt8))) << "of two pictures";
  plan.tasks[0].second.outputs = plan::TaskOutputs::Exclusive;
  EXPECT_FALSE(open(flags));
}

TEST(Dataset, ReadsWholeVolumesWithTheirClasses) {
  plan::Plan plan;
  plan.data.patch = {6, 5, 4};
  plan.tasks.emplace_back("brain", test::makeTask({"AD", "CN"}, plan::TaskKind::Classification3d));
  plan.tasks.emplace_back("signs", test::makeTask({"x", "y", "z"}, plan::TaskKind::Classification3d));
  plan.tasks[1].second.outputs = plan::TaskOutputs::Overlapping;
  PreparedFolder folder;
  const auto image = torch::rand({1, 4, 5, 6});
  folder.addWhole("v", "train", "patient-7", image,
                  {{0, torch::tensor({1}, torch::kInt64)}, {1, torch::tensor({{1, 255, 0}}, torch::kUInt8)}});
  folder.writeIndex();
  const auto data = Dataset::open(folder.path() / "index.json", plan);
  ASSERT_TRUE(data) << data.error().text();
  const auto one = data->example("train", 0, 0), other = data->example("train", 1, 0);
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->id, "v");
  EXPECT_EQ(one->patient, "patient-7");
  EXPECT_TRUE(one->image.equal(image));
  EXPECT_EQ(one->target.item<std::int64_t>(), 1);
  EXPECT_TRUE(other->target.equal(torch::tensor({1, 255, 0}, torch::kUInt8)));
  plan.data.patch = {8, 5, 4};
  EXPECT_FALSE(Dataset::open(folder.path() / "index.json", plan)) << "prepared for another size";
}

}  // namespace
}  // namespace lorkd::feed
