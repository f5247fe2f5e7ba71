// How images fit the plan's inputs in an audit: channels that they lack, and values that the window clips away.
#include <gmock/gmock.h>

#include "core/data/Audit.h"
#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AuditFit : public LayoutTree {
 protected:
  plan::Plan m_plan;

  AuditFit() {
    plan::Task task;
    task.classes.emplace_back("1", plan::Class());
    m_plan.tasks.emplace_back("t", task);
    m_plan.data.split.validation = m_plan.data.split.test = 0;
    m_plan.data.sources.emplace_back("s", plan::Source());
  }
  /// An image with `counts` voxels of each value, and its label map.
  void made(const std::string& name, const std::vector<std::pair<float, int>>& counts) {
    image::Volume volume(grid());
    std::size_t at = 0;
    for (const auto& [value, count] : counts)
      for (int n = 0; n < count; ++n) volume.voxels.at(at++) = value;
    ASSERT_EQ(at, volume.voxels.size());
    write(name + "/image.nii.gz", volume);
    labels(name + "/labels.nii.gz", {1});
  }
  Result<Audit> audited() {
    scan();
    LORKD_TRY(index, Catalogue::open(m_elsewhere / "index.sqlite"));
    SilentProgress progress;
    AuditRequest request;
    request.plan = &m_plan;
    return audit(index, request, progress, CancelToken());
  }
  static std::vector<std::string> found(const Audit& audit, const std::string& code) {
    std::vector<std::string> out;
    for (const auto& image : audit.images)
      for (const auto& [finding, done] : image.findings)
        if (finding.code == code) out.push_back(finding.message);
    return out;
  }
  std::vector<std::string> clipped() {
    const auto audit = audited();
    EXPECT_TRUE(audit) << audit.error().text();
    return audit ? found(*audit, "clipped") : std::vector<std::string>();
  }
};

TEST_F(AuditFit, LungsThatTheWindowClipsAwayAreSaid) {
  made("chest", {{-1000, 116}, {-800, 40}, {40, 59}, {400, 1}});
  m_plan.data.normalisation = plan::DataNormalisation::Ct;
  m_plan.data.clip = {-500, 1000};
  EXPECT_THAT(clipped(), ElementsAre(HasSubstr("40 % of the body's voxels lie outside the window -500 to 1000")));
  m_plan.data.normalisation = plan::DataNormalisation::Auto;  // these values look like HU
  EXPECT_THAT(clipped(), ElementsAre(HasSubstr("40 %")));
  m_plan.data.clip = {-1000, 1000};
  EXPECT_THAT(clipped(), IsEmpty());
  m_plan.data.clip = {-1000, 0};
  EXPECT_THAT(clipped(), ElementsAre(HasSubstr("60 %")));
  m_plan.data.normalisation = plan::DataNormalisation::Scale;
  EXPECT_THAT(clipped(), IsEmpty()) << "which clips nothing";
}

TEST_F(AuditFit, ATwentiethMayBeClippedAndZeroIsNoBody) {
  made("mr", {{0, 116}, {50, 95}, {900, 5}});
  m_plan.data.normalisation = plan::DataNormalisation::Window;
  m_plan.data.clip = {10, 500};
  EXPECT_THAT(clipped(), IsEmpty());
  made("mr", {{0, 116}, {50, 94}, {900, 6}});
  EXPECT_THAT(clipped(), ElementsAre(HasSubstr("6 %")));
}

TEST_F(AuditFit, ImagesWithoutAChannelAreLeftOutAsByARun) {
  for (const std::string name : {"a", "b", "c"}) {
    image(name + "/" + name + "_t1.nii.gz");
    if (name != "b") image(name + "/" + name + "_flair.nii.gz");
    labels(name + "/" + name + "_seg.nii.gz", {1});
  }
  for (const char* channel : {"t1", "flair"}) m_plan.data.inputs.emplace_back(channel, plan::Input());
  auto audit = audited();
  ASSERT_TRUE(audit) << audit.error().text();
  EXPECT_EQ(audit->images.size(), 3u);
  EXPECT_THAT(found(*audit, "missing-channel"), ElementsAre(HasSubstr("no channel 'flair'")));
  EXPECT_EQ(audit->leftOut(), 1);
  ASSERT_EQ(audit->tasks.size(), 1u);
  EXPECT_EQ(audit->tasks[0].images[0], 2);
  m_plan.data.inputs[1].second.fill = true;
  audit = audited();
  EXPECT_EQ(audit->leftOut(), 0);
  EXPECT_EQ(audit->tasks[0].images[0], 3);
  // Which of two channels the network sees is nobody's guess.
  m_plan.data.inputs = {};
  audit = audited();
  ASSERT_TRUE(audit) << audit.error().text();
  EXPECT_THAT(audit->refusal, HasSubstr("data.inputs"));
}

class NameLists : public LayoutTree {
 protected:
  void SetUp() override {
    image("images/a.nii.gz");
    labels("labels/a.nii.gz", {1, 2, 3, 4});
    text("labels.json", R"({"1": "liver", "2": "spleen"})");
  }
};

TEST_F(NameLists, ThatNameDifferentValuesAreOne) {
  text("class_map.json", R"({"0": "nothing", "2": "spleen", "3": "left kidney", "4": "aorta"})");
  scan();
  EXPECT_THAT(spoken()["images/a.nii.gz"], ElementsAre("aorta", "left kidney", "liver", "spleen"));
  const auto set = readSegments(of("images/a.nii.gz"));
  ASSERT_TRUE(set) << set.error().text();
  for (const auto& segment : set->segments)
    if (segment.name == "aorta") {
      EXPECT_EQ(segment.mask[3], 1);
    }
}

TEST_F(NameLists, ThatContradictEachOtherAreRefused) {
  for (const char* other : {R"({"2": "kidney"})", R"({"3": "Liver"})"}) {
    text("class_map.json", other);
    scan();
    EXPECT_THAT(spoken()["images/a.nii.gz"], IsEmpty()) << other;
  }
}

}  // namespace
}  // namespace lorkd::data
