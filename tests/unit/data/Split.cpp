#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/File.h"
#include "core/base/Random.h"
#include "core/data/CaseList.h"
#include "core/data/PatientSplit.h"
#include "core/data/Prepare.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::data {
namespace {

using testing::HasSubstr;

plan::Task taskOf(const std::vector<std::string>& classes) {
  plan::Task t;
  for (const auto& c : classes) t.classes.emplace_back(c, plan::Class());
  return t;
}

Case volumeCase(int number, const std::string& patient, const std::vector<std::string>& labels) {
  Case c;
  c.id = "case-" + std::to_string(number);
  c.patient = patient;
  c.source = "s";
  c.kind = "dicom";
  c.imageFiles = {"/data/" + std::to_string(1000 + number) + "/a.dcm"};
  c.labels = labels;
  c.geometry.size = {4, 5, 6};
  return c;
}

// Maps of one value a voxel exclude; masks of one structure each, values of two classes and other formats do not.
TEST(Assign, ClassesExcludeEachOtherWhereTheLabelsDo) {
  plan::Plan plan;
  plan.tasks.emplace_back("t", taskOf({"liver", "spleen"}));
  const auto withPlaces = [](std::vector<std::vector<LabelPlace>> places) {
    std::vector<Case> cases;
    for (int n = 0; n < 4; ++n) {
      auto& c = cases.emplace_back(volumeCase(n, "p" + std::to_string(n), {"liver", "spleen"}));
      c.kind = "volume";
      c.places = places;
    }
    return cases;
  };
  const auto exclusive = [&](const std::vector<Case>& cases) {
    const auto list = assign(plan, cases);
    EXPECT_TRUE(list) << list.error().text();
    return list->exclusive == std::set<int>{0};
  };
  EXPECT_TRUE(exclusive(withPlaces({{{0, 0, 1}}, {{0, 0, 2}, {0, 0, 7}}})));
  EXPECT_FALSE(exclusive(withPlaces({{{0, 0, 1}}, {{0, 0, 2}, {0, 0, 1}}})));  // a region of values
  EXPECT_FALSE(exclusive(withPlaces({{{0, 0, 0}}, {{1, 0, 0}}})));             // a mask a structure
  EXPECT_FALSE(exclusive(withPlaces({{{0, 0, 1}}, {{0, 1, 1}}})));             // layers overlap
  EXPECT_FALSE(exclusive(withPlaces({})));                                     // DICOM
  auto mixed = withPlaces({{{0, 0, 1}}, {{0, 0, 2}}});
  mixed[2].places = {{{0, 0, 0}}, {{1, 0, 0}}};
  EXPECT_FALSE(exclusive(mixed));
  CaseList list;
  list.exclusive = {0};
  EXPECT_EQ(decided(plan, list).tasks[0].second.outputs, plan::TaskOutputs::Exclusive);
  EXPECT_EQ(decided(plan, {}).tasks[0].second.outputs, plan::TaskOutputs::Overlapping);
  plan.tasks[0].second.outputs = plan::TaskOutputs::Overlapping;
  EXPECT_EQ(decided(plan, list).tasks[0].second.outputs, plan::TaskOutputs::Overlapping);
}

TEST(SplitPatients, SharesAndCoverageOverRandomSets) {
  for (std::uint64_t trial = 0; trial < 300; ++trial) {
    Random random(trial, {1});
    const auto patients = 1 + static_cast<std::size_t>(random.below(40));
    const int regions = 1 + static_cast<int>(random.below(4));
    std::vector<std::set<int>> tasks;
    std::map<int, int> count;
    for (std::size_t p = 0; p < patients; ++p) {  // two tasks a region
      const int region = static_cast<int>(random.below(regions));
      tasks.push_back({2 * region, 2 * region + 1});
      ++count[2 * region];
    }
    const double validation = 0.15, test = 0.2;
    const auto splits = splitPatients(tasks, validation, test, trial);
    ASSERT_EQ(splits.size(), patients);
    EXPECT_EQ(splits, splitPatients(tasks, validation, test, trial));
    for (const auto& [t, n] : count) {
      std::map<Split, int> have;
      for (std::size_t p = 0; p < patients; ++p)
        if (tasks[p].contains(t)) ++have[splits[p]];
      EXPECT_GE(have[Split::Train], 1);
      EXPECT_GE(have[Split::Test], n >= 2 ? 1 : 0) << n;
      EXPECT_GE(have[Split::Validation], n >= 3 ? 1 : 0) << n;
      EXPECT_NEAR(have[Split::Test], test * n, 1.6) << n;
      EXPECT_NEAR(have[Split::Validation], validation * n, 1.6) << n;
    }
  }
}

TEST(SplitPatients, OverlappingTasksAreCoveredWhereThatIsPossible) {
  int covered = 0, possible = 0;
  for (std::uint64_t trial = 0; trial < 150; ++trial) {
    Random random(trial, {2});
    const auto patients = 3 + static_cast<std::size_t>(random.below(5));
    std::vector<std::set<int>> tasks(patients);
    for (auto& set : tasks)
      while (set.empty())
        for (int t = 0; t < 3; ++t)
          if (random.uniform() < 0.55) set.insert(t);
    const auto whole = [&](const std::vector<Split>& splits) {
      for (int t = 0; t < 3; ++t) {
        int n = 0;
        std::set<Split> have;
        for (std::size_t p = 0; p < patients; ++p)
          if (tasks[p].contains(t)) ++n, have.insert(splits[p]);
        if (n >= 3 && have.size() < 3) return false;
        if (n == 2 && !(have.contains(Split::Train) && have.contains(Split::Test))) return false;
        if (n == 1 && !have.contains(Split::Train)) return false;
      }
      return true;
    };
    bool exists = false;  // every division there is
    std::vector<Split> all(patients);
    for (int code = 0; code < static_cast<int>(std::pow(3, patients)) && !exists; ++code) {
      for (int p = 0, rest = code; p < static_cast<int>(patients); ++p, rest /= 3)
        all[static_cast<std::size_t>(p)] = static_cast<Split>(rest % 3);
      exists = whole(all);
    }
    const auto splits = splitPatients(tasks, 0.15, 0.2, trial);
    possible += exists;
    covered += exists && whole(splits);
    for (int t = 0; t < 3; ++t)  // train first, whatever is possible
      EXPECT_TRUE(std::none_of(tasks.begin(), tasks.end(), [&](auto& s) { return s.contains(t); }) || [&] {
        for (std::size_t p = 0; p < patients; ++p)
          if (tasks[p].contains(t) && splits[p] == Split::Train) return true;
        return false;
      }());
  }
  EXPECT_GT(possible, 60);
  EXPECT_EQ(covered, possible);
}

TEST(SplitPatients, ZeroSharesLeaveSplitsEmpty) {
  const std::vector<std::set<int>> tasks(10, {0});
  for (const auto s : splitPatients(tasks, 0, 0, 1)) EXPECT_EQ(s, Split::Train);
  const auto noTest = splitPatients(tasks, 0.2, 0, 1);
  EXPECT_EQ(std::count(noTest.begin(), noTest.end(), Split::Validation), 2);
  EXPECT_EQ(std::count(noTest.begin(), noTest.end(), Split::Test), 0);
}

TEST(SplitPatients, OnlyStrangersAreTestedBesideKnownPatients) {
  for (int trial = 0; trial < 200; ++trial) {
    Random random(static_cast<std::uint64_t>(trial), {8});
    const auto count = static_cast<std::size_t>(4 + random.below(40));
    const std::vector<std::set<int>> tasks(count, {0});
    std::vector<bool> known(count);
    std::size_t strangers = 0;
    for (std::size_t p = 0; p < count; ++p) {
      known[p] = p > 0 && random.uniform() < 0.7;  // the first is a stranger
      strangers += !known[p];
    }
    const auto splits = splitBesideKnown(tasks, known, 0.2, 0.25, static_cast<std::uint64_t>(trial));
    ASSERT_EQ(splits.size(), count);
    EXPECT_EQ(splits, splitBesideKnown(tasks, known, 0.2, 0.25, static_cast<std::uint64_t>(trial)));
    for (std::size_t p = 0; p < count; ++p) EXPECT_FALSE(known[p] && splits[p] == Split::Test) << p;
    const auto wanted = static_cast<std::size_t>(std::max(1.0, std::round(0.25 * static_cast<double>(count))));
    EXPECT_EQ(std::count(splits.begin(), splits.end(), Split::Test), std::min(strangers, wanted));
    EXPECT_GT(std::count(splits.begin(), splits.end(), Split::Train), 0);
    const auto expected =
        0.2 * static_cast<double>(count);  // of all, as the plan says, or a little more of a larger rest
    EXPECT_GE(static_cast<double>(std::count(splits.begin(), splits.end(), Split::Validation)), std::floor(expected));
  }
}

TEST(Assign, PatientsThatAnExpertKnowsAreNotTested) {
  plan::Plan plan;
  plan.tasks.emplace_back("belly", taskOf({"liver"}));
  plan.data.split.test = 0.25;
  std::vector<Case> cases;
  std::set<std::string> learnt{"patient-elsewhere"};
  for (int n = 0; n < 12; ++n) {
    cases.push_back(volumeCase(n, "patient-" + std::to_string(n), {"liver"}));
    if (n % 3 != 0) learnt.insert("patient-" + std::to_string(n));
  }
  const auto list = assign(plan, cases, learnt);
  ASSERT_TRUE(list) << list.error().text();
  EXPECT_EQ(list->of(Split::Test).size(), 3u);
  for (const auto* c : list->of(Split::Test)) EXPECT_FALSE(learnt.contains(c->item.patient)) << c->item.patient;
  learnt.erase("patient-elsewhere");
  EXPECT_EQ(list->learnt, learnt) << "those of this data";

  const test::TemporaryFolder folder;
  ASSERT_TRUE(save(*list, folder / "cases.json"));
  const auto read = loadCaseList(folder / "cases.json");
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->learnt, learnt);
  // Whoever knows everybody, or nobody, changes nothing.
  const auto plain = assign(plan, cases);
  for (int n = 0; n < 12; ++n) learnt.insert("patient-" + std::to_string(n));
  for (const auto& same : {assign(plan, cases, learnt), assign(plan, cases, {"patient-elsewhere"})}) {
    ASSERT_TRUE(plain && same);
    for (std::size_t c = 0; c < cases.size(); ++c) EXPECT_EQ(same->cases[c].split, plain->cases[c].split);
  }
}

TEST(Assign, NoPatientIsInTwoSplits) {
  for (int trial = 0; trial < 60; ++trial) {
    Random random(static_cast<std::uint64_t>(trial), {3});
    plan::Plan plan;
    plan.seed = trial;
    plan.tasks.emplace_back("belly", taskOf({"liver", "spleen"}));
    plan.tasks.emplace_back("chest", taskOf({"lungs"}));
    std::vector<Case> cases;
    const auto count = 6 + random.below(30);
    for (int n = 0; n < count; ++n) {
      std::vector<std::string> labels;
      if (random.uniform() < 0.5) labels.push_back("Liver");
      if (random.uniform() < 0.5) labels.push_back("spleen");
      if (random.uniform() < 0.5) labels.push_back(" LUNGS ");
      cases.push_back(volumeCase(n, "patient-" + std::to_string(random.below(count / 2 + 1)), labels));
    }
    for (int n = 0; n < 3; ++n)
      cases.push_back(volumeCase(100 + n, "patient-x" + std::to_string(n), {"liver", "spleen", "lungs"}));
    const auto list = assign(plan, cases);
    ASSERT_TRUE(list) << list.error().text();
    std::map<std::string, std::set<Split>> splitsOf;
    for (const auto& c : list->cases) splitsOf[c.item.patient].insert(c.split);
    for (const auto& [patient, splits] : splitsOf) EXPECT_EQ(splits.size(), 1u) << patient;
    for (int t : {0, 1})
      for (auto s : {Split::Train, Split::Validation, Split::Test}) EXPECT_FALSE(list->of(s, t).empty()) << t;
    for (const auto& c : list->cases)  // tasks by labels, and nothing else
      for (int t : {0, 1}) {
        const auto& labels = c.item.labels;
        const bool has = std::any_of(labels.begin(), labels.end(), [&](auto& l) {
          return t == 0 ? sameLabel(l, "liver") || sameLabel(l, "spleen") : sameLabel(l, "lungs");
        });
        EXPECT_EQ(std::count(c.tasks.begin(), c.tasks.end(), t), has);
      }
  }
}

TEST(Assign, SamePathsSameSplitWhateverThePseudonyms) {
  plan::Plan plan;
  plan.tasks.emplace_back("belly", taskOf({"liver"}));
  std::vector<Case> a, b;
  for (int n = 0; n < 12; ++n) {
    a.push_back(volumeCase(n, "patient-a" + std::to_string(n), {"liver"}));
    b.push_back(volumeCase(n, "patient-b" + std::to_string(97 * (n + 1) % 13), {"liver"}));
  }
  const auto x = assign(plan, a), y = assign(plan, b);
  ASSERT_TRUE(x && y);
  for (std::size_t n = 0; n < a.size(); ++n) EXPECT_EQ(x->cases[n].split, y->cases[n].split);
}

TEST(Assign, ErrorsNameWhatIsWantedAndWhatIsThere) {
  plan::Plan plan;
  plan.tasks.emplace_back("brain", taskOf({"brain"}));
  const std::vector<Case> cases{volumeCase(1, "p", {"liver", "spleen"})};
  auto none = assign(plan, cases);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(none.error().text(), HasSubstr("\"brain\""));
  EXPECT_THAT(none.error().text(), HasSubstr("\"liver\", \"spleen\""));
  EXPECT_THAT(none.error().text(), HasSubstr("tasks.brain"));

  plan.tasks.clear();
  plan.tasks.emplace_back("belly", taskOf({"liver", "splen"}));
  none = assign(plan, cases);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().text(), HasSubstr("tasks.belly.classes.splen"));

  plan.tasks[0].second = taskOf({"liver"});
  plan.tasks[0].second.sources = {"elsewhere"};
  EXPECT_FALSE(assign(plan, cases));
}

TEST(Assign, UnlabelledCasesCanBePredictedAndForeignOnesStayOut) {
  plan::Plan plan;
  plan.tasks.emplace_back("belly", taskOf({"liver"}));
  const auto list =
      assign(plan, {volumeCase(1, "p", {"liver"}), volumeCase(2, "q", {}), volumeCase(3, "r", {"brain"})});
  ASSERT_TRUE(list);
  ASSERT_EQ(list->cases.size(), 2u);
  EXPECT_EQ(list->cases[0].split, Split::Train);
  EXPECT_EQ(list->cases[1].item.id, "case-2");
  EXPECT_EQ(list->cases[1].split, Split::Test);
  EXPECT_TRUE(list->cases[1].tasks.empty());
}

TEST(Assign, SlabAndPicturesAreInEverySplit) {
  plan::Plan plan;
  plan.data.split.slab = plan::SplitSlab::Superior;
  plan.tasks.emplace_back("belly", taskOf({"liver"}));
  plan.tasks.emplace_back("shape", taskOf({"disc", "square"}));
  plan.tasks[1].second.kind = plan::TaskKind::Classification;
  Case pictures = volumeCase(2, "pictures-s", {"disc", "square", "triangle"});
  pictures.kind = "picture";
  const auto list = assign(plan, {volumeCase(1, "p", {"liver"}), pictures});
  ASSERT_TRUE(list) << list.error().text();
  for (auto s : {Split::Train, Split::Validation, Split::Test})
    for (int t : {0, 1}) EXPECT_EQ(list->of(s, t).size(), 1u);
}

TEST(Slab, SplitsCoverEverySliceOnce) {
  for (const auto side : {plan::SplitSlab::Superior, plan::SplitSlab::Inferior})
    for (std::int64_t depth = 3; depth < 90; depth += 7) {
      plan::Split options;
      options.slab = side;
      std::vector<int> owners(static_cast<std::size_t>(depth));
      for (auto s : {Split::Train, Split::Validation, Split::Test}) {
        const auto [first, end] = slabOf(depth, options, s);
        EXPECT_LT(first, end);
        for (auto n = first; n < end; ++n) ++owners.at(static_cast<std::size_t>(n));
      }
      for (int n : owners) EXPECT_EQ(n, 1);
      EXPECT_EQ(slabOf(depth, options, Split::Test).second == depth, side == plan::SplitSlab::Superior);
    }
}

TEST(CaseList, SavedAndLoaded) {
  CaseList list;
  list.cases.push_back({volumeCase(1, "p", {"liver", "Rate médiane"}), Split::Validation, {0, 2}, "abc"});
  list.cases[0].item.labelNames = "/data/labels.csv";
  list.cases[0].item.geometry.origin = {-1.25, 3, 1e-3};
  const auto file = std::filesystem::path(testing::TempDir()) / "cases.json";
  ASSERT_TRUE(save(list, file));
  const auto back = loadCaseList(file);
  ASSERT_TRUE(back) << back.error().text();
  const auto& c = back->cases.at(0);
  EXPECT_EQ(Json(c.item), Json(list.cases[0].item));
  EXPECT_EQ(c.split, Split::Validation);
  EXPECT_EQ(c.tasks, (std::vector<int>{0, 2}));
  EXPECT_EQ(c.digest, "abc");
}

TEST(CaseList, APathThatIsNoHexIsAnErrorOfFormat) {
  const test::TemporaryFolder folder;
  CaseList list;
  list.cases.push_back({volumeCase(1, "p", {"liver"}), Split::Train, {0}, ""});
  list.cases[0].item.imageFiles = {"/a/\xff.nii"};
  ASSERT_TRUE(save(list, folder / "cases.json"));
  EXPECT_EQ(loadCaseList(folder / "cases.json")->cases[0].item.imageFiles[0], "/a/\xff.nii");
  auto text = readFile(folder / "cases.json").value();
  for (const char* digits : {"zz", "0x", "-1", " 1"}) {
    auto damaged = text;
    damaged.replace(damaged.find("ff2e"), 2, digits);
    ASSERT_TRUE(writeFileAtomically(folder / "cases.json", damaged));
    const auto read = loadCaseList(folder / "cases.json");
    ASSERT_FALSE(read) << digits;
    EXPECT_EQ(read.error().code, ErrorCode::Format);
  }
}

}  // namespace
}  // namespace lorkd::data
