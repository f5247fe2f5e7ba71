// Splits that come with the data: what folders say, and what becomes of it.
#include <gmock/gmock.h>

#include "core/data/CaseList.h"
#include "core/data/layout/Words.h"

namespace lorkd::data {
namespace {

using testing::HasSubstr;

TEST(GivenSplit, IsWhatTheNearestFolderSays) {
  const auto of = [](const char* path) { return layout::splitOf(path); };
  EXPECT_EQ(of("imagesTr/a_0000.nii.gz"), "train");
  EXPECT_EQ(of("imagesTs/a_0000.nii.gz"), "test");
  EXPECT_EQ(of("set/imagesVal/a.nii.gz"), "validation");
  EXPECT_EQ(of("Training/Labeled/A0/A0_sa.nii.gz"), "train");
  EXPECT_EQ(of("testing/patient101/patient101_frame01.nii.gz"), "test");
  EXPECT_EQ(of("train/val/a.nii.gz"), "validation");
  EXPECT_EQ(of("Test_Set/a.nii.gz"), "test");
  EXPECT_EQ(of("TestData/a/img.mha"), "test");
  EXPECT_EQ(of("images/test.nii.gz"), "");  // a file's name says nothing
  EXPECT_EQ(of("contest/testosterone/a.nii.gz"), "");
  EXPECT_EQ(of("value/trainer/a.nii.gz"), "");
}

class Given : public testing::Test {
 protected:
  plan::Plan m_plan;
  std::vector<Case> m_cases;

  Given() {
    plan::Task task;
    task.classes.emplace_back("liver", plan::Class());
    m_plan.tasks.emplace_back("t", task);
    m_plan.data.split.validation = 0.2;
    m_plan.data.split.test = 0.2;
  }
  void add(int count, const std::string& split, const std::string& source = "s") {
    for (int n = 0; n < count; ++n) {
      auto& c = m_cases.emplace_back();
      const auto number = std::to_string(100 + m_cases.size());
      c.id = "case-" + number;
      c.patient = "patient-" + number;
      c.source = source;
      c.kind = "volume";
      c.split = split;
      c.imageFiles = {"/data/" + source + "/" + number + ".nii.gz"};
      c.labels = {"liver"};
      c.geometry.size = {4, 5, 6};
    }
  }
  /// How many of the cases that say `said` came where.
  std::array<int, 3> parts(const std::string& said, const std::set<std::string>& learnt = {}) const {
    const auto list = assign(m_plan, m_cases, learnt);
    EXPECT_TRUE(list) << list.error().text();
    std::array<int, 3> out{};
    if (list)
      for (const auto& c : list->cases)
        if (c.item.split == said) ++out[static_cast<std::size_t>(c.split)];
    return out;
  }
};

TEST_F(Given, TestImagesAreTestedAndTheOthersDivided) {
  add(20, "train");
  add(7, "test");
  EXPECT_EQ(parts("test"), (std::array{0, 0, 7}));
  EXPECT_EQ(parts("train"), (std::array{16, 4, 0}));
  add(3, "validation");
  EXPECT_EQ(parts("train"), (std::array{20, 0, 0}));
  EXPECT_EQ(parts("validation"), (std::array{0, 3, 0}));
  m_plan.data.split.given = plan::SplitGiven::Ignore;
  EXPECT_NE(parts("test"), (std::array{0, 0, 7}));
}

// A folder of test images without labels leaves the training images to be divided as if it were not there.
TEST_F(Given, WhatTheLabelsDoNotCoverIsDrawn) {
  add(20, "train");
  add(5, "test");
  for (auto& c : m_cases)
    if (c.split == "test") c.labels.clear();
  EXPECT_EQ(parts("train"), (std::array{12, 4, 4}));
  EXPECT_EQ(parts("test"), (std::array{0, 0, 5}));  // to be predicted
}

TEST_F(Given, EachSourceSpeaksForItself) {
  add(20, "train");
  add(5, "test");
  add(20, "", "other");
  EXPECT_EQ(parts("test"), (std::array{0, 0, 5}));
  EXPECT_EQ(parts("train"), (std::array{16, 4, 0}));
  EXPECT_EQ(parts(""), (std::array{12, 4, 4}));
}

TEST_F(Given, OnePatientInTwoPartsIsRefused) {
  add(10, "train");
  add(3, "test");
  m_cases.back().patient = m_cases.front().patient;
  const auto list = assign(m_plan, m_cases);
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(list.error().text(), HasSubstr("data.split.given"));
  m_plan.data.split.given = plan::SplitGiven::Ignore;
  EXPECT_TRUE(assign(m_plan, m_cases));
}

// One source leaves validation open, the other testing: a patient of both is to be trained on.
TEST_F(Given, OnePatientOfTwoSourcesIsInOnePart) {
  add(10, "train");
  add(3, "test");
  add(10, "train", "other");
  add(3, "validation", "other");
  const auto shared = m_cases[0].patient;
  m_cases[13].patient = shared;
  const auto list = assign(m_plan, m_cases);
  ASSERT_TRUE(list) << list.error().text();
  for (const auto& c : list->cases) EXPECT_TRUE(c.item.patient != shared || c.split == Split::Train);
  m_cases[25].patient = shared;
  EXPECT_FALSE(assign(m_plan, m_cases)) << "for training in one, for validation in the other";
}

// Whom a network has learnt from is no test, whatever the folder says.
TEST_F(Given, WhoWasLearntFromIsNotTested) {
  add(10, "train");
  add(4, "test");
  const auto& known = m_cases.back().patient;
  const auto list = assign(m_plan, m_cases, {known});
  ASSERT_TRUE(list) << list.error().text();
  for (const auto& c : list->cases) EXPECT_TRUE(c.item.patient != known || c.split != Split::Test);
}

}  // namespace
}  // namespace lorkd::data
