#include "core/data/Prepare.h"

#include <gmock/gmock.h>

#include <cstring>
#include <fstream>
#include <map>

#include "core/base/File.h"
#include "core/base/SafeTensors.h"
#include "core/base/Truth.h"
#include "core/image/GeometryJson.h"
#include "core/io/Images2D.h"
#include "core/io/VolumeFile.h"
#include "tests/support/PreparedMasks.h"
#include "tests/unit/data/Support.h"

namespace lorkd::data {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

plan::Plan bellyPlan() {
  plan::Plan plan;
  plan.data.spacing = {9, 9, 9};
  plan::Task belly, chest;
  belly.classes.emplace_back("organ", plan::Class{{"Liver", "spleen"}, ""});
  belly.classes.emplace_back("kidneys", plan::Class());
  chest.classes.emplace_back("lungs", plan::Class());
  plan.tasks.emplace_back("belly", belly);
  plan.tasks.emplace_back("chest", chest);
  return plan;
}

std::map<std::string, fs::file_time_type> times(const fs::path& folder) {
  std::map<std::string, fs::file_time_type> out;
  for (const auto& entry : fs::directory_iterator(folder)) out[entry.path().filename()] = entry.last_write_time();
  return out;
}

class Prepared : public testing::Test {
 protected:
  void SetUp() override {
    SilentProgress progress;
    ASSERT_TRUE(writePhantomSet(m_data.path(), 9, small(), progress, CancelToken()));
    const auto cases = scanned(m_data.path(), m_other / "index.sqlite");
    ASSERT_TRUE(cases) << cases.error().text();
    m_cases = *cases;
  }
  Result<void> run(const plan::Plan& plan) {
    LORKD_TRY(list, assign(plan, m_cases));
    SilentProgress progress;
    LORKD_TRY(index, prepare(plan, list, m_cache.path(), progress, CancelToken()));
    m_index = index;
    return {};
  }
  Json index() { return readJson(m_index).value(); }
  TemporaryFolder m_data, m_other, m_cache;
  fs::path m_index;
  std::vector<Case> m_cases;
};

TEST_F(Prepared, OneFileACaseWithItsTasksAndGeometry) {
  const auto plan = bellyPlan();
  const auto done = run(plan);
  ASSERT_TRUE(done) << done.error().text();
  const Json entries = index();
  ASSERT_EQ(entries.size(), 6u) << "heads serve no task";
  for (const auto& entry : entries) {
    const auto file = safetensors::File::open(m_cache / entry["file"].get<std::string>());
    ASSERT_TRUE(file) << file.error().text();
    const int task = entry["tasks"].at(0).get<int>();
    const auto image = *file->tensor("image");
    const auto masks = test::preparedMasks(*file, task);
    EXPECT_EQ(image.dtype, "F32");
    const auto working = image::geometryFromJson(Json::parse(file->metadata().at("geometry")));
    const auto source = image::geometryFromJson(Json::parse(file->metadata().at("source_geometry")));
    ASSERT_TRUE(working && source);
    EXPECT_THAT(image.shape, ElementsAre(1, working->size[2], working->size[1], working->size[0]));
    EXPECT_EQ(masks.size(), static_cast<std::size_t>((task == 0 ? 2 : 1) * working->voxels()));
    EXPECT_EQ(working->spacing, (image::Vec3{9, 9, 9}));
    EXPECT_EQ(file->metadata().at("case"), entry["case"]);
    EXPECT_EQ(file->metadata().at("split"), entry["split"]);
    const auto at = std::find_if(m_cases.begin(), m_cases.end(), [&](const Case& c) { return c.id == entry["case"]; });
    ASSERT_NE(at, m_cases.end());
    EXPECT_TRUE(source->sameGrid(at->geometry, 1e-6));

    // The organs' volume is that of the source, and the two classes are not mixed up.
    const auto segments = readSegments(*at).value();
    const auto volume = [](const image::Geometry& g) { return g.spacing[0] * g.spacing[1] * g.spacing[2]; };
    const auto* bytes = masks.data();
    const auto sum = [&](std::int64_t cls) {
      return static_cast<double>(
                 std::count(bytes + cls * working->voxels(), bytes + (cls + 1) * working->voxels(), 1)) *
             volume(*working);
    };
    const auto truth = [&](const char* name) {
      const auto& mask = segments.find(name)->mask;
      return static_cast<double>(std::count(mask.begin(), mask.end(), 1)) * volume(*source);
    };
    if (task == 0) {
      EXPECT_NEAR(sum(0) / (truth("liver") + truth("spleen")), 1, 0.1);
      EXPECT_NEAR(sum(1) / truth("kidneys"), 1, 0.25);
    } else {
      EXPECT_NEAR(sum(0) / truth("lungs"), 1, 0.1);
    }
  }
}

TEST_F(Prepared, SecondTimeTouchesNothingAndOtherOptionsPrepareAnew) {
  auto plan = bellyPlan();
  ASSERT_TRUE(run(plan));
  const auto before = times(m_cache.path());
  EXPECT_EQ(before.size(), 7u);
  ASSERT_TRUE(run(plan));
  EXPECT_EQ(times(m_cache.path()), before);

  plan.training.steps = 7;  // no option of the data
  ASSERT_TRUE(run(plan));
  EXPECT_EQ(times(m_cache.path()), before);

  const auto damaged = m_cache / index()[0]["file"].get<std::string>();
  const auto whole = readFile(damaged).value();
  fs::resize_file(damaged, 200);
  ASSERT_TRUE(run(plan));
  EXPECT_EQ(readFile(damaged).value(), whole) << "a file cut short is made anew";
  {
    std::fstream file(damaged, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-3, std::ios::end).put('!');
  }
  ASSERT_TRUE(run(plan));
  EXPECT_EQ(readFile(damaged).value(), whole) << "so is one in which a byte has changed";

  plan.data.clip = {-200, 300};
  ASSERT_TRUE(run(plan));
  EXPECT_EQ(times(m_cache.path()).size(), 14u) << "six files more, and an index of them";
}

// That the abdomens' labels say nothing of lungs does not mean that there are none, until the plan says so.
TEST_F(Prepared, AStructureThatNobodyAnnotatedIsNotKnown) {
  auto plan = bellyPlan();
  plan.tasks[0].second.classes.emplace_back("lungs", plan::Class());
  for (const bool told : {false, true}) {
    for (auto& c : m_cases)
      if (told) takeAnnotated(c, {"Lungs"});
    ASSERT_TRUE(run(plan));
    int abdomens = 0;
    for (const auto& entry : index()) {
      const auto at = std::ranges::find_if(m_cases, [&](const Case& c) { return c.id == entry["case"]; });
      const auto file = safetensors::File::open(m_cache / entry["file"].get<std::string>());
      const auto masks = test::preparedMasks(*file, 0);
      const auto size = masks.size() / 3;
      const auto all = [&](std::size_t cls, std::uint8_t value) {
        return std::ranges::all_of(std::span(masks).subspan(cls * size, size), [&](auto v) { return v == value; });
      };
      const auto some = [&](std::size_t cls) {
        const auto mask = std::span(masks).subspan(cls * size, size);
        return std::ranges::all_of(mask, [](auto v) { return v <= 1; }) && std::ranges::count(mask, 1) > 0;
      };
      if (at->bodyPart == "HEAD") continue;  // it has no lungs, and was not asked for them before
      const bool belly = at->bodyPart == "ABDOMEN";
      abdomens += belly;
      EXPECT_EQ(some(0), belly);
      EXPECT_EQ(all(0, notKnown), !belly);
      EXPECT_EQ(some(2), !belly);
      EXPECT_EQ(all(2, told ? 0 : notKnown), belly);
    }
    EXPECT_EQ(abdomens, 3);
  }
}

TEST_F(Prepared, SlabsOfOneVolumeJoinToTheWhole) {
  auto plan = bellyPlan();
  plan.data.split.slab = plan::SplitSlab::Superior;
  std::erase_if(m_cases, [](const Case& c) { return c.bodyPart != "ABDOMEN"; });
  m_cases.resize(1);
  plan.tasks.erase(plan.tasks.begin() + 1);
  const auto done = run(plan);
  ASSERT_TRUE(done) << done.error().text();
  std::map<std::string, std::pair<image::Geometry, std::vector<float>>> parts;
  for (const auto& entry : index()) {
    const auto file = safetensors::File::open(m_cache / entry["file"].get<std::string>());
    const auto bytes = file->tensor("image")->bytes;
    auto& [geometry, values] = parts[entry["split"]];
    geometry = *image::geometryFromJson(Json::parse(file->metadata().at("geometry")));
    // Around what is scored lie its surroundings; without them the slabs join.
    const auto first = entry["scored"][0].get<std::int64_t>(), end = entry["scored"][1].get<std::int64_t>();
    EXPECT_EQ(first > 0, entry["split"] != "train");
    const auto slice = static_cast<std::size_t>(geometry.size[0] * geometry.size[1]);
    values.resize(static_cast<std::size_t>(end - first) * slice);
    std::memcpy(values.data(), bytes.data() + static_cast<std::size_t>(first) * slice * 4, values.size() * 4);
    geometry.origin = geometry.indexToLps({0, 0, static_cast<double>(first)});
    geometry.size[2] = end - first;
  }
  ASSERT_EQ(parts.size(), 3u);
  const auto whole = prepareImage(*readImage(m_cases[0]), plan.data);
  std::vector<float> joined;
  image::Vec3 next = whole->geometry.origin;
  for (const auto* split : {"train", "validation", "test"}) {  // from below upward
    const auto& [geometry, values] = parts[split];
    joined.insert(joined.end(), values.begin(), values.end());
    for (std::size_t a = 0; a < 3; ++a) EXPECT_NEAR(geometry.origin[a], next[a], 1e-9);
    next = geometry.indexToLps({0, 0, static_cast<double>(geometry.size[2])});
  }
  EXPECT_EQ(joined, whole->voxels);
}

TEST_F(Prepared, ChangedInputAndLabelsOfAnotherGridAreRefused) {
  const auto plan = bellyPlan();
  auto list = assign(plan, m_cases);
  ASSERT_TRUE(list);
  for (auto& c : list->cases)
    if (!c.tasks.empty()) c.digest = inputDigest(c.item).value();
  SilentProgress progress;
  ASSERT_TRUE(prepare(plan, *list, m_cache.path(), progress, CancelToken()));
  auto& victim = *std::find_if(list->cases.begin(), list->cases.end(), [](auto& c) { return !c.tasks.empty(); });
  const auto label = victim.item.labelFiles.front();
  std::ofstream(label, std::ios::app) << "more";
  const auto changed = prepare(plan, *list, m_cache.path(), progress, CancelToken());
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().code, ErrorCode::Mismatch);
  EXPECT_THAT(changed.error().text(), HasSubstr(victim.item.id));

  // Somebody else's segmentation under this case's name.
  const auto other =
      std::find_if(m_cases.begin(), m_cases.end(), [&](const Case& c) { return c.id != victim.item.id; });
  victim.item.labelFiles = other->labelFiles;
  victim.digest.clear();
  const auto mismatch = prepare(plan, *list, m_other / "cache", progress, CancelToken());
  ASSERT_FALSE(mismatch);
  EXPECT_EQ(mismatch.error().code, ErrorCode::Mismatch) << mismatch.error().text();
  EXPECT_TRUE(std::ranges::none_of(fs::directory_iterator(m_other / "cache"), [](const auto& entry) {
    return entry.path().filename().string().starts_with("index");
  }));
}

TEST(PreparePictures, SplitsClassesAndReuse) {
  TemporaryFolder folder;
  ASSERT_TRUE(io::writeNpz(folder / "shapes.npz", makePictureSet(20, 1)));
  const auto cases = scanned(folder / "shapes.npz", folder / "index.sqlite");
  ASSERT_TRUE(cases) << cases.error().text();
  plan::Plan plan;
  plan.data.patch = {32, 24, 8};
  plan::Task shape;
  shape.kind = plan::TaskKind::Classification;
  for (const char* name : {"disc", "square", "triangle"}) shape.classes.emplace_back(name, plan::Class());
  plan.tasks.emplace_back("shape", shape);
  const auto list = assign(plan, *cases);
  ASSERT_TRUE(list) << list.error().text();
  SilentProgress progress;
  const auto done = prepare(plan, *list, folder / "cache", progress, CancelToken());
  ASSERT_TRUE(done) << done.error().text();
  std::int64_t total = 0;
  const auto index = readJson(*done).value();
  ASSERT_GE(index.size(), 1u);
  for (const auto& entry : index) {
    const auto file = safetensors::File::open(folder / "cache" / entry["file"].get<std::string>());
    ASSERT_TRUE(file);
    const auto images = *file->tensor("images"), labels = *file->tensor("labels");
    EXPECT_EQ(labels.dtype, "I64");
    EXPECT_THAT(images.shape, ElementsAre(labels.shape[0], 1, 24, 32));
    EXPECT_THAT(file->tensor("origins")->shape, ElementsAre(labels.shape[0], 3));
    EXPECT_EQ(Json::parse(file->metadata().at("sets")), Json::array({entry["case"]}));
    total += labels.shape[0];
    std::vector<float> values(images.bytes.size() / 4);
    std::memcpy(values.data(), images.bytes.data(), images.bytes.size());
    for (const float v : values) ASSERT_TRUE(v >= -1 && v <= 1);
    std::vector<std::int64_t> numbers(labels.bytes.size() / 8);
    std::memcpy(numbers.data(), labels.bytes.data(), labels.bytes.size());
    for (const auto cls : {0, 1, 2}) EXPECT_GT(std::count(numbers.begin(), numbers.end(), cls), 0);
  }
  EXPECT_EQ(total, 60);
  const auto before = times(folder / "cache");
  ASSERT_TRUE(prepare(plan, *list, folder / "cache", progress, CancelToken()));
  EXPECT_EQ(times(folder / "cache"), before);
}

TEST(PreparePictures, FolderOfOneSplitIsDrawnByClass) {
  TemporaryFolder folder;
  const auto set = makePictureSet(20, 1);
  for (const auto& e : set.examples) {
    const auto place = folder / "png" / set.classes[static_cast<std::size_t>(e.labels.front())];
    fs::create_directories(place);
    ASSERT_TRUE(io::writePng(place / (e.id + ".png"), e.picture));
  }
  const auto cases = scanned(folder / "png", folder / "index.sqlite");
  plan::Plan plan;
  plan::Task shape;
  shape.kind = plan::TaskKind::Classification;
  shape.classes.emplace_back("corners", plan::Class{{"square", "triangle"}, ""});
  shape.classes.emplace_back("round", plan::Class{{"disc"}, ""});
  plan.tasks.emplace_back("shape", shape);
  const auto list = assign(plan, *cases);
  ASSERT_TRUE(list) << list.error().text();
  SilentProgress progress;
  const auto done = prepare(plan, *list, folder / "cache", progress, CancelToken());
  ASSERT_TRUE(done) << done.error().text();
  std::map<std::string, std::int64_t> counts;
  const auto index = readJson(*done).value();
  for (const auto& entry : index) {
    const auto file = safetensors::File::open(folder / "cache" / entry["file"].get<std::string>());
    const auto labels = *file->tensor("labels");
    counts[entry["split"]] = labels.shape[0];
    std::vector<std::int64_t> numbers(labels.bytes.size() / 8);
    std::memcpy(numbers.data(), labels.bytes.data(), labels.bytes.size());
    EXPECT_EQ(std::count(numbers.begin(), numbers.end(), 0), 2 * std::count(numbers.begin(), numbers.end(), 1));
  }
  EXPECT_EQ(counts["train"], 39);
  EXPECT_EQ(counts["validation"], 9);
  EXPECT_EQ(counts["test"], 12);
}

}  // namespace
}  // namespace lorkd::data
