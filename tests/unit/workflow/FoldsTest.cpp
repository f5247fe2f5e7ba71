// A study over the folds of a cross-validation: its runs, and how their patients are divided.
#include <gmock/gmock.h>

#include "core/base/File.h"
#include "core/io/VolumeFile.h"
#include "core/workflow/Study.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::workflow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

plan::Plan planWith(const std::string& more) {
  auto json = *parseJson(R"({"name": "cv", "tasks": {"a": {"classes": {"liver": {}}}}, "teacher": {"steps": 9},
    "data": {"split": {"folds": 3, "fold": 1}}, "study": {"folds": true, "methods": ["lorkd", "mtl"], "seeds": [4]}})",
                         "test");
  json.merge_patch(*parseJson(more, "test"));
  const auto plan = plan::fromJson(json, "test");
  EXPECT_TRUE(plan) << plan.error().text();
  return *plan;
}

TEST(StudyFolds, EveryMethodGoesOverAllWithATeacherOfItsOwnPatients) {
  const auto runs = studyRuns(planWith("{}"), {});
  ASSERT_TRUE(runs) << runs.error().text();
  std::vector<std::string> names;
  for (const auto& run : *runs) names.push_back(run.path.filename().string());
  EXPECT_THAT(names, ElementsAre("cv-teacher-4-fold0", "cv-lorkd-4-fold0", "cv-mtl-4-fold0", "cv-teacher-4-fold1",
                                 "cv-lorkd-4-fold1", "cv-mtl-4-fold1", "cv-teacher-4-fold2", "cv-lorkd-4-fold2",
                                 "cv-mtl-4-fold2"));
  for (std::size_t n = 0; n < runs->size(); ++n) {
    const auto& run = (*runs)[n];
    EXPECT_EQ(run.fold, static_cast<int>(n / 3));
    EXPECT_EQ(run.plan.data.split.fold, run.fold);
    EXPECT_EQ(run.plan.data.split.heldOut, plan::SplitHeldOut::Test);
    EXPECT_EQ(run.teacher, n % 3 == 1 ? static_cast<int>(n) - 1 : -1);
    if (n % 3 == 1) {
      EXPECT_EQ(run.plan.teacher.checkpoint, (*runs)[n - 1].path.string());
    }
  }
}

TEST(StudyFolds, NeedFoldsAndVolumesAndTestThem) {
  for (const char* wrong :
       {R"({"data": {"split": {"folds": 1}}})", R"({"data": {"split": {"fold": 3}}})",
        R"({"data": {"split": {"held_out": "validation"}}})", R"({"data": {"split": {"slab": "superior"}}})",
        R"({"tasks": {"a": {"kind": "classification", "classes": {"x": {}}}}})"}) {
    auto json = *parseJson(R"({"tasks": {"a": {"classes": {"liver": {}}}}, "study": {"folds": true},
      "data": {"split": {"folds": 3}}})",
                           "test");
    EXPECT_TRUE(plan::validate(json).empty());
    json.merge_patch(*parseJson(wrong, "test"));
    EXPECT_FALSE(plan::validate(json).empty()) << wrong;
  }
}

TEST(StudyFolds, EveryPatientIsTestedOnceAndEveryFileReadOnce) {
  const test::TemporaryFolder folder;
  image::Geometry grid{{4, 4, 4}};
  for (int n = 0; n < 7; ++n) {
    const auto at = folder / ("data/p" + std::to_string(n));
    fs::create_directories(at);
    image::Volume volume(grid);
    for (std::size_t v = 0; v < volume.voxels.size(); ++v)
      volume.voxels[v] = static_cast<float>(n * 100) + static_cast<float>(v);
    image::LabelMap labels(grid);
    labels.voxels[5] = 1;
    ASSERT_TRUE(io::writeNifti(at / "image.nii.gz", volume));
    ASSERT_TRUE(io::writeNifti(at / "labels.nii.gz", labels));
    ASSERT_TRUE(writeFileAtomically(at / "labels.csv", "value,name\n1,liver\n"));
  }
  auto plan = planWith("{}");
  plan::Source source;
  source.path = (folder / "data").string();
  plan.data.sources.emplace_back("s", source);
  SilentProgress progress;
  const auto lists = findFolds(plan, folder / "project", progress, CancelToken());
  ASSERT_TRUE(lists) << lists.error().text();
  ASSERT_EQ(lists->size(), 3u);
  std::map<std::string, int> tested;
  std::map<std::string, std::string> digests;
  for (const auto& list : *lists) {
    EXPECT_EQ(list.cases.size(), 7u);
    EXPECT_FALSE(list.of(data::Split::Validation).empty());
    for (const auto* c : list.of(data::Split::Test)) ++tested[c->item.patient];
    for (const auto& c : list.cases) {
      EXPECT_FALSE(c.digest.empty());
      EXPECT_EQ(digests.try_emplace(c.item.id, c.digest).first->second, c.digest);
    }
  }
  EXPECT_EQ(tested.size(), 7u);
  for (const auto& [patient, times] : tested) EXPECT_EQ(times, 1);
}

}  // namespace
}  // namespace lorkd::workflow
