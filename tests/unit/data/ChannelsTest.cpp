// Images of several channels: found, chosen by the plan, and prepared with the values that their files hold.
#include <fstream>

#include "core/base/SafeTensors.h"
#include "core/data/Channels.h"
#include "core/data/Prepare.h"
#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class Channels : public LayoutTree {
 protected:
  /// An image of one value but for its first voxel.
  void flat(const std::string& path, float value, const image::Geometry& at = grid()) {
    image::Volume volume(at);
    std::ranges::fill(volume.voxels, value);
    volume.voxels[0] = 0;
    write(path, volume);
  }
  /// A NIfTI file of one volume after another, its header made from a file of one.
  void stacked(const std::string& path, const std::vector<float>& values) {
    image::Volume one(grid());
    write("stack.nii", one);
    std::ifstream in(m_data / "stack.nii", std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    in.close();
    fs::remove(m_data / "stack.nii");
    const std::int16_t axes = 4, volumes = static_cast<std::int16_t>(values.size());
    std::memcpy(bytes.data() + 40, &axes, 2);     // dim[0]
    std::memcpy(bytes.data() + 48, &volumes, 2);  // dim[4]
    bytes.resize(352);
    for (const float value : values)
      for (std::size_t n = 0; n < one.voxels.size(); ++n) bytes.append(reinterpret_cast<const char*>(&value), 4);
    ASSERT_TRUE(writeFileAtomically(made(path), bytes));
  }
  static plan::Plan planOf(const Json& data) {
    Json json{{"data", data}, {"tasks", {{"t", {{"classes", {{"1", Json::object()}}}}}}}};
    const auto plan = plan::fromJson(json);
    EXPECT_TRUE(plan) << plan.error().text();
    return *plan;
  }
  static std::vector<std::string> namesOf(const Case& c) { return channelNames(c); }
};

TEST_F(Channels, ContrastsOfOneFolderAreOneImage) {
  for (const char* contrast : {"flair", "t1", "t1ce", "t2"})
    image("BraTS_001/BraTS_001_" + std::string(contrast) + ".nii.gz");
  labels("BraTS_001/BraTS_001_seg.nii.gz", {1, 2, 4});
  scan();
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_THAT(namesOf(m_cases[0]), ElementsAre("flair", "t1", "t1ce", "t2"));
  EXPECT_EQ(m_cases[0].modality, "MR");
  EXPECT_THAT(m_cases[0].labels, ElementsAre("1", "2", "4"));
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_F(Channels, OneScannersImagesAreBroughtToTheFinestGrid) {
  auto coarse = grid();
  coarse.size = {kSide / 2, kSide / 2, kSide / 2};
  for (auto& s : coarse.spacing) s *= 2;
  for (std::size_t a = 0; a < 3; ++a) coarse.origin[a] += grid().spacing[a] / 2;
  flat("a/adc.nii.gz", 1, coarse);
  image("a/t2w.nii.gz");
  labels("a/seg.nii.gz", {1});
  // CT and MR come from two scanners: nobody has said that they lie on one another.
  image("b/CT.nii.gz");
  flat("b/T1.nii.gz", 1, coarse);
  scan();
  ASSERT_EQ(m_cases.size(), 3u);
  const auto& both = of("a/t2w.nii.gz");
  EXPECT_THAT(namesOf(both), ElementsAre("t2w", "adc"));
  EXPECT_EQ(both.geometry.size, grid().size);
  EXPECT_THAT(both.labels, ElementsAre("1"));
  EXPECT_THAT(refused(), ElementsAre("channel-grid"));
}

TEST_F(Channels, AFileOfSeveralVolumesIsReadWhereItsChannelsHaveNames) {
  stacked("imagesTr/p_1.nii", {7, 30});
  labels("labelsTr/p_1.nii.gz", {1});
  scan();
  EXPECT_THAT(m_cases, IsEmpty());  // time points, or channels?
  text("dataset.json", R"({"modality": {"0": "T2", "1": "ADC"}, "labels": {"0": "background", "1": "gland"}})");
  scan();
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_THAT(namesOf(m_cases[0]), ElementsAre("T2", "ADC"));
  EXPECT_THAT(refused(), IsEmpty());
  const auto second = readChannel(m_cases[0], m_cases[0].channels[1]);
  ASSERT_TRUE(second) << second.error().text();
  EXPECT_EQ(second->voxels, std::vector<float>(second->voxels.size(), 30));
  EXPECT_EQ(second->modality, "MR");
  EXPECT_EQ(readImage(m_cases[0])->voxels[5], 7);
  // Three names for two volumes are no names.
  text("dataset.json",
       R"({"modality": {"0": "T2", "1": "ADC", "2": "DWI"}, "labels": {"0": "background", "1": "gland"}})");
  scan();
  EXPECT_THAT(m_cases, IsEmpty());
  EXPECT_THAT(refused(), testing::Contains("several-volumes"));
}

TEST_F(Channels, ThePlanNamesWhatTheNetworkSees) {
  Case c;
  c.id = "case-1";
  c.channels = {{"T1", "MR", 0, -1}, {"flair", "MR", 1, -1}};
  const auto data = [](const Json& inputs) { return planOf({{"inputs", inputs}}).data; };
  using Places = std::vector<std::optional<std::size_t>>;
  EXPECT_EQ(*inputsOf(data({{"FLAIR", Json::object()}, {"t1", Json::object()}}), c), (Places{1, 0}));
  EXPECT_EQ(*inputsOf(data({{"water", {{"names", {"x", "Flair"}}}}}), c), (Places{1}));
  EXPECT_EQ(*inputsOf(data({{"T1", Json::object()}, {"T2", {{"fill", true}}}}), c), (Places{0, std::nullopt}));
  const auto missing = inputsOf(data({{"T2", Json::object()}}), c);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  EXPECT_EQ(missing.error().context, "data.inputs.T2");
  EXPECT_EQ(inputsOf(data({{"T2", {{"fill", true}}}}), c).error().code, ErrorCode::NotFound);  // nothing to see
  const auto unsaid = inputsOf(plan::Data(), c);
  EXPECT_EQ(unsaid.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(unsaid.error().text(), HasSubstr("T1, flair"));
  // One channel that nobody has named is the one that is asked for; a CT is no MR.
  EXPECT_EQ(*inputsOf(data({{"T1", Json::object()}}), Case()), (Places{0}));
  Case ct;
  ct.modality = "CT";
  EXPECT_EQ(*inputsOf(data({{"ct", Json::object()}}), ct), (Places{0}));
  EXPECT_FALSE(inputsOf(data({{"T1", Json::object()}}), ct));
}

TEST_F(Channels, AreNormalisedEachByItself) {
  for (const char number : {'1', '2', '3'}) {
    const std::string stem = std::string("p") + number;
    image(stem + "/" + stem + "_ct.nii.gz");
    flat(stem + "/" + stem + "_pet.nii.gz", 5);
    labels(stem + "/" + stem + "_seg.nii.gz", {1});
  }
  scan();
  ASSERT_EQ(m_cases.size(), 3u);
  auto plan = planOf({{"spacing", {2, 2.5, 3}},
                      {"inputs",
                       {{"PET", {{"normalisation", "window"}, {"clip", {0, 10}}}},
                        {"CT", {{"normalisation", "window"}, {"clip", {-100, 100}}}},
                        {"T1", {{"fill", true}}}}}});
  const auto list = assign(plan, m_cases);
  ASSERT_TRUE(list) << list.error().text();
  SilentProgress progress;
  const auto index = prepare(plan, *list, m_elsewhere / "cache", progress, CancelToken());
  ASSERT_TRUE(index) << index.error().text();
  const auto entries = readJson(*index);
  const auto file = safetensors::File::open(m_elsewhere / "cache" / (*entries)[0]["file"].get<std::string>());
  ASSERT_TRUE(file);
  const auto tensor = file->tensor("image");
  EXPECT_THAT(tensor->shape, ElementsAre(3, kSide, kSide, kSide));
  const auto* values = reinterpret_cast<const float*>(tensor->bytes.data());
  const auto ct = readChannel(m_cases[0], m_cases[0].channels[0]);
  const auto voxels = ct->voxels.size();
  EXPECT_FLOAT_EQ(values[1], 0);   // 5 of 0..10 in -2..2
  EXPECT_FLOAT_EQ(values[0], -2);  // 0 of it
  for (std::size_t n = 0; n < voxels; ++n) {
    EXPECT_NEAR(values[voxels + n], ct->voxels[n] / 50, 1e-5) << n;
    EXPECT_EQ(values[2 * voxels + n], 0) << n;
  }
}

TEST_F(Channels, UnknownModalityNeverGetsTheWindowForCt) {
  plan::Data options;
  ASSERT_EQ(options.normalisation, plan::DataNormalisation::Auto);
  image::Volume bright(image::Geometry{{10, 10, 10}});
  for (std::size_t n = 0; n < bright.voxels.size(); ++n) bright.voxels[n] = static_cast<float>(4 * n);  // to 3996
  auto mr = bright;
  normalise(mr, options);
  EXPECT_GT(mr.voxels[900] - mr.voxels[500], 0.5);  // beyond 1000, where the window for CT ends
  auto hu = bright;
  for (auto& v : hu.voxels) v = v / 2 - 1000;
  auto same = hu;
  same.modality = "CT";
  normalise(hu, options);
  normalise(same, options);
  EXPECT_EQ(hu.voxels, same.voxels);
  EXPECT_EQ(*std::ranges::min_element(hu.voxels), hu.voxels[100]);  // air and fat are clipped to one value
}

}  // namespace
}  // namespace lorkd::data
