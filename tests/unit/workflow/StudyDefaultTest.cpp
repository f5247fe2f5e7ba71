#include <gmock/gmock.h>

#include "core/workflow/Study.h"

namespace lorkd::workflow {
namespace {

using plan::PlanMethod;
using testing::ElementsAre;
using testing::HasSubstr;

plan::Plan planWith(const char* more) {
  auto json = *parseJson(R"({"name": "default", "tasks": {"a": {"classes": {"x": {}}}}})", "test");
  json.merge_patch(*parseJson(more, "test"));
  return plan::fromJson(json, "test").value();
}

std::vector<PlanMethod> methodsOf(const std::vector<StudyRun>& runs) {
  std::vector<PlanMethod> out;
  for (const auto& run : runs) out.push_back(run.method);
  return out;
}

TEST(StudyRuns, TheDefaultTellsDistillationFromLowRank) {
  const auto runs = studyRuns(planWith(R"({"teacher": {"source": "train"}})"), {});
  ASSERT_TRUE(runs) << runs.error().text();
  EXPECT_THAT(methodsOf(*runs),
              ElementsAre(PlanMethod::Teacher, PlanMethod::Lorkd, PlanMethod::Mtl, PlanMethod::MtlKd));
  EXPECT_EQ((*runs)[3].teacher, 0) << "it learns from the same teacher as the experts";
  EXPECT_EQ((*runs)[2].teacher, -1);
}

TEST(StudyRuns, TheDefaultOfAPlanWithoutATeacherLeavesOutWhatNeedsOne) {
  const auto runs = studyRuns(planWith(R"({"teacher": {"source": "none"}})"), {});
  ASSERT_TRUE(runs) << runs.error().text();
  EXPECT_THAT(methodsOf(*runs), ElementsAre(PlanMethod::Teacher, PlanMethod::Lorkd, PlanMethod::Mtl));
  const auto asked =
      studyRuns(planWith(R"({"teacher": {"source": "none"}, "study": {"methods": ["lorkd", "mtl_kd"]}})"), {});
  ASSERT_FALSE(asked);
  EXPECT_THAT(asked.error().message, HasSubstr("mtl_kd"));
}

}  // namespace
}  // namespace lorkd::workflow
