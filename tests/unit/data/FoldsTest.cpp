// Folds of cross-validation: drawn, and those that come with the data.
#include <gmock/gmock.h>

#include <algorithm>

#include "core/base/Random.h"
#include "core/data/Folds.h"
#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;

TEST(Folds, EveryPatientIsInOneAndTheyAreEven) {
  for (int trial = 0; trial < 200; ++trial) {
    Random random(static_cast<std::uint64_t>(trial), {5});
    std::vector<std::set<int>> tasks(static_cast<std::size_t>(20 + random.below(60)));
    for (auto& set : tasks)
      for (int t = 0; t < 4; ++t)
        if (random.uniform() < 0.4) set.insert(t);
    const int folds = 2 + static_cast<int>(random.below(9));
    const auto out = foldsOf(tasks, folds, 7);
    ASSERT_EQ(out.size(), tasks.size());
    EXPECT_EQ(out, foldsOf(tasks, folds, 7)) << "the same seed gives the same";
    std::map<int, int> sizes;
    std::map<std::set<int>, std::map<int, int>> ofSet;
    for (std::size_t p = 0; p < out.size(); ++p) {
      ASSERT_TRUE(out[p] >= 0 && out[p] < folds);
      ++sizes[out[p]], ++ofSet[tasks[p]][out[p]];
    }
    const auto even = [&](const std::map<int, int>& counts) {
      int least = 1 << 20, most = 0;
      for (int f = 0; f < folds; ++f) {
        const auto n = counts.contains(f) ? counts.at(f) : 0;
        least = std::min(least, n), most = std::max(most, n);
      }
      return most - least <= 1;
    };
    EXPECT_TRUE(even(sizes));
    for (const auto& [set, counts] : ofSet) EXPECT_TRUE(even(counts));
  }
}

/// Cases of one image a patient, without files.
class Divided : public testing::Test {
 protected:
  plan::Plan m_plan;
  std::vector<Case> m_cases;

  Divided() {
    plan::Task task;
    task.classes.emplace_back("liver", plan::Class());
    m_plan.tasks.emplace_back("t", task);
    m_plan.data.split.folds = 5;
  }
  void add(int count, const std::string& split = {}, const std::string& source = "s") {
    for (int n = 0; n < count; ++n) {
      auto& c = m_cases.emplace_back();
      const auto number = std::to_string(100 + m_cases.size());
      c.id = "case-" + number, c.patient = "patient-" + number, c.source = source, c.kind = "volume";
      c.split = split;
      c.imageFiles = {"/data/" + source + "/" + number + ".nii.gz"};
      c.labels = {"liver"};
      c.geometry.size = {4, 5, 6};
    }
  }
  /// Patients of each split with that fold held out.
  std::map<Split, std::set<std::string>> parts(int fold, const std::set<std::string>& learnt = {}) {
    m_plan.data.split.fold = fold;
    const auto list = assign(m_plan, m_cases, learnt);
    EXPECT_TRUE(list) << list.error().text();
    std::map<Split, std::set<std::string>> out;
    if (list)
      for (const auto& c : list->cases) out[c.split].insert(c.item.patient);
    return out;
  }
  std::string refusal() const {
    const auto list = assign(m_plan, m_cases);
    return list ? "" : list.error().text();
  }
};

TEST_F(Divided, EveryPatientIsTestedInOneFold) {
  add(23);
  std::map<std::string, int> tested;
  for (int fold = 0; fold < 5; ++fold) {
    auto of = parts(fold);
    EXPECT_EQ(of[Split::Validation].size(), 3u) << "0.15 of all";
    EXPECT_EQ(of[Split::Train].size() + of[Split::Validation].size() + of[Split::Test].size(), 23u);
    for (const auto& patient : of[Split::Test]) ++tested[patient];
  }
  EXPECT_EQ(tested.size(), 23u);
  for (const auto& [patient, times] : tested) EXPECT_EQ(times, 1) << patient;
}

TEST_F(Divided, ImagesForTestingStayAndTheRestIsValidatedOnce) {
  add(20, "train");
  add(4, "validation");
  add(6, "test");
  std::map<std::string, int> validated;
  const std::set<std::string> tests{"patient-125", "patient-126", "patient-127",
                                    "patient-128", "patient-129", "patient-130"};
  for (int fold = 0; fold < 5; ++fold) {
    auto of = parts(fold);
    EXPECT_EQ(of[Split::Test], tests);
    for (const auto& patient : of[Split::Validation]) ++validated[patient];
  }
  EXPECT_EQ(validated.size(), 24u);
  for (const auto& [patient, times] : validated) EXPECT_EQ(times, 1) << patient;
}

TEST_F(Divided, TheHeldOutPartCanBeForValidation) {
  add(20);
  m_plan.data.split.heldOut = plan::SplitHeldOut::Validation;
  auto of = parts(1);
  EXPECT_EQ(of[Split::Validation].size(), 4u);
  EXPECT_EQ(of[Split::Test].size(), 4u) << "0.2 of all";
}

TEST_F(Divided, WhomANetworkKnowsIsInNoFoldThatIsTested) {
  add(20);
  std::set<std::string> learnt, tested;
  for (int n = 0; n < 8; ++n) learnt.insert(m_cases[static_cast<std::size_t>(n)].patient);
  for (int fold = 0; fold < 5; ++fold) {
    auto of = parts(fold, learnt);
    for (const auto& patient : of[Split::Test]) EXPECT_TRUE(tested.insert(patient).second);
  }
  EXPECT_EQ(tested.size(), 12u);
  for (const auto& patient : learnt) EXPECT_FALSE(tested.contains(patient));
}

TEST_F(Divided, WhatCannotBeIsRefused) {
  add(4);
  EXPECT_THAT(refusal(), HasSubstr("4 patients cannot be dealt into 5 folds"));
  m_plan.data.split.folds = 0;
  m_plan.data.split.fold = 2;
  EXPECT_THAT(refusal(), HasSubstr("there are no folds"));
}

TEST_F(Divided, FoldsOfTheDataAreKeptAndTheirNumberMustFit) {
  add(9, "train");
  for (std::size_t n = 0; n < 9; ++n)
    for (std::size_t fold = 0; fold < 3; ++fold) m_cases[n].folds.push_back(n % 3 == fold ? "validation" : "train");
  EXPECT_THAT(refusal(), HasSubstr("have 3 folds of their own, and data.split.folds is 5"));
  const auto third = [&](std::size_t fold) {
    std::set<std::string> out;
    for (std::size_t n = fold; n < 9; n += 3) out.insert(m_cases[n].patient);
    return out;
  };
  for (const std::int64_t folds : {0, 3}) {
    m_plan.data.split.folds = folds;
    for (int fold = 0; fold < 3; ++fold) {
      auto of = parts(fold);
      EXPECT_EQ(of[Split::Validation], third(static_cast<std::size_t>(fold)));
      EXPECT_FALSE(of[Split::Test].empty()) << "drawn from those to train on";
    }
  }
  m_plan.data.split.heldOut = plan::SplitHeldOut::Test;
  EXPECT_EQ(parts(2)[Split::Test], third(2));
  EXPECT_FALSE(parts(2)[Split::Validation].empty());
  add(2, "test");
  auto of = parts(1);
  EXPECT_EQ(of[Split::Validation], third(1));
  EXPECT_THAT(of[Split::Test], ElementsAre("patient-110", "patient-111"));
  EXPECT_EQ(of[Split::Train].size(), 6u);
  EXPECT_THAT(foldText(m_plan.data.split, m_cases), HasSubstr("fold 1 of the data's own folds"));
  m_plan.data.split.fold = 3;
  m_plan.data.split.folds = 0;
  EXPECT_THAT(refusal(), HasSubstr("no fold 3, only 0 to 2"));
  m_plan.data.split.fold = 0;
  m_plan.data.split.given = plan::SplitGiven::Ignore;
  EXPECT_THAT(foldText(m_plan.data.split, m_cases), IsEmpty());
  EXPECT_NE(parts(0)[Split::Validation], third(0));
}

/// nnU-Net's folders: nnUNet_raw/Dataset001_X and nnUNet_preprocessed/Dataset001_X beside it.
class GivenFolds : public LayoutTree {
 protected:
  const std::string m_set = "nnUNet_raw/Dataset001_X/";

  void SetUp() override {
    for (const std::string name : {"X_001", "X_002", "X_003"}) {
      image(m_set + "imagesTr/" + name + "_0000.nii.gz");
      labels(m_set + "labelsTr/" + name + ".nii.gz", {1});
    }
    image(m_set + "imagesTs/X_009_0000.nii.gz");
    text(m_set + "dataset.json", R"({"labels": {"background": 0, "liver": 1}, "channel_names": {"0": "CT"}})");
  }
  std::vector<std::string> foldsOfImage(const std::string& name) const {
    return of(m_set + "imagesTr/" + name + "_0000.nii.gz").folds;
  }
  std::set<std::string> findings() const {
    std::set<std::string> out;
    const auto index = Catalogue::open(m_elsewhere / "index.sqlite");
    const auto rejected = index->rejected();
    for (const auto& [file, finding] : *rejected)
      if (finding.code.starts_with("splits")) out.insert(finding.code + ": " + finding.message);
    return out;
  }
};

TEST_F(GivenFolds, AreFoundInThePreprocessedFolderBesideAndLookedAtAgain) {
  const std::string file = "nnUNet_preprocessed/Dataset001_X/splits_final.json";
  text(file, R"([{"train": ["X_001", "X_002"], "val": ["X_003"]}, {"train": ["X_002", "X_003"], "val": ["X_001"]}])");
  const auto scanSet = [&] {
    const auto found = scanned(m_data / "nnUNet_raw/Dataset001_X", m_elsewhere / "index.sqlite");
    ASSERT_TRUE(found) << found.error().text();
    m_cases = *found;
  };
  scanSet();
  EXPECT_THAT(foldsOfImage("X_001"), ElementsAre("train", "validation"));
  EXPECT_THAT(foldsOfImage("X_003"), ElementsAre("validation", "train"));
  EXPECT_THAT(of(m_set + "imagesTs/X_009_0000.nii.gz").folds, IsEmpty());
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("2 folds of 3 images")));
  // It lies outside the source, and counts all the same when it is written anew.
  text(file, R"([{"train": ["X_001", "X_003"], "val": ["X_002"]}])");
  scanSet();
  EXPECT_THAT(foldsOfImage("X_002"), ElementsAre("validation"));
  fs::remove(m_data / file);
  scanSet();
  EXPECT_THAT(foldsOfImage("X_002"), IsEmpty());
}

TEST_F(GivenFolds, WhatDoesNotFitIsSaid) {
  const auto file = m_set + "splits_final.json";
  text(file, R"([{"train": ["X_001", "X_007"], "val": ["X_003"]}])");
  scan();
  EXPECT_THAT(foldsOfImage("X_002"), ElementsAre("train"));
  EXPECT_THAT(findings(), UnorderedElementsAre(HasSubstr("the folds name 'X_007', of which there is no image"),
                                               HasSubstr("1 image for training"), HasSubstr("splits-kept")));
  text(file, R"([{"train": ["A", "B"], "val": ["C"]}])");
  scan();
  EXPECT_THAT(foldsOfImage("X_002"), IsEmpty());
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("speak of other images")));
  for (const char* bad :
       {R"([{"train": ["X_001"], "val": ["X_001"]}])", R"({"train": []})", R"([{"train": ["X_001"]}])",
        R"([{"train": [1], "val": []}])", "[", "[]", R"({"0": {"train": ["X_001"], "val": ["X_002"]}})",
        R"([[{"train": ["X_001"], "val": ["X_002"]}]])",
        R"([{"train": ["X_001"], "val": ["X_002"], "test": ["X_003"]}])"}) {
    text(file, bad);
    scan();
    EXPECT_THAT(foldsOfImage("X_001"), IsEmpty()) << bad;
    EXPECT_THAT(findings(), ElementsAre(HasSubstr("the folds cannot be kept"))) << bad;
  }
}

// As of nnU-Net's fold "all", or where the images of a fold were left out.
TEST_F(GivenFolds, AFoldThatValidatesNothingIsSaidAndNotHeldOut) {
  text(m_set + "splits_final.json", R"([{"train": ["X_001", "X_002", "X_003"], "val": []},
    {"train": ["X_001", "X_002"], "val": ["X_003"]}, {"train": ["X_001", "X_002", "X_003"], "val": ["X_007"]}])");
  scan();
  EXPECT_THAT(foldsOfImage("X_003"), ElementsAre("train", "validation", "train"));
  EXPECT_THAT(findings(), Contains(HasSubstr("splits-empty: no image here is validated in fold 0, 2")));
  plan::Plan plan;
  plan::Task task;
  task.classes.emplace_back("liver", plan::Class());
  plan.tasks.emplace_back("t", task);
  for (const int fold : {0, 1, 2}) {
    plan.data.split.fold = fold;
    const auto list = assign(plan, m_cases);
    const auto said = list ? std::string() : list.error().text();
    EXPECT_THAT(said, fold == 1 ? HasSubstr("") : HasSubstr("fold " + std::to_string(fold) + " holds out no image"));
    EXPECT_EQ(list.has_value(), fold == 1) << said;
  }
}

// MONAI's lists give every image the fold that validates it.
TEST_F(GivenFolds, OfMonaiAreKept) {
  text(m_set + "dataset_0.json", R"({"training": [{"image": ["imagesTr/X_001_0000.nii.gz"], "fold": 1},
    {"image": "imagesTr/X_002_0000.nii.gz", "fold": 0}, {"label": "./labelsTr/X_003.nii.gz", "fold": 1}]})");
  scan();
  EXPECT_THAT(foldsOfImage("X_001"), ElementsAre("train", "validation"));
  EXPECT_THAT(foldsOfImage("X_002"), ElementsAre("validation", "train"));
  EXPECT_THAT(foldsOfImage("X_003"), ElementsAre("train", "validation"));
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("2 folds of 3 images")));
  text(m_set + "dataset_0.json", R"({"training": [{"image": "imagesTr/X_001_0000.nii.gz"}]})");
  scan();
  EXPECT_THAT(foldsOfImage("X_001"), IsEmpty());
}

}  // namespace
}  // namespace lorkd::data
