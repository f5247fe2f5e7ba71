// Structure sets of which some regions cannot be drawn.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "core/base/Json.h"
#include "core/base/SafeTensors.h"
#include "core/data/Audit.h"
#include "core/data/Pairing.h"
#include "core/data/Prepare.h"
#include "tests/support/PreparedMasks.h"
#include "tests/unit/data/Support.h"

using namespace lorkd;
using namespace lorkd::data;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

class Regions : public testing::Test {
 protected:
  TemporaryFolder m_data, m_work;
  std::vector<Case> m_cases;
  std::vector<std::pair<std::filesystem::path, io::Finding>> m_found;

  // False when pydicom is missing.
  bool scan(const std::string& variant) {
    const int code = WEXITSTATUS(std::system(("/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/structures.py '" +
                                              m_data.path().string() + "' 0 " + variant)
                                                 .c_str()));
    if (code == 77) return false;
    EXPECT_EQ(code, 0);
    const auto cases = scanned(m_data.path(), m_work / "index.sqlite");
    EXPECT_TRUE(cases) << cases.error().text();
    if (cases) m_cases = *cases;
    m_found = Catalogue::open(m_work / "index.sqlite")->rejected().value();
    return true;
  }
};

TEST_F(Regions, AreReadOnceForAnImage) {
  if (!scan("rubbish")) GTEST_SKIP() << "python3-pydicom is not installed";
  SilentProgress progress;
  auto found = io::scanFolder(m_data.path(), progress, CancelToken());
  ASSERT_TRUE(found) << found.error().text();
  std::map<std::string, Json> memory;
  int reads = 0;
  const Remembered remembered = [&](const std::string& question, const std::filesystem::path& file,
                                    const std::function<Result<Json>()>& read) -> Result<Json> {
    const auto [entry, isNew] = memory.try_emplace(question + file.string());
    if (isNew) {
      ++reads;
      auto told = read();
      EXPECT_TRUE(told);
      entry->second = told.value_or(Json());
    }
    return entry->second;
  };
  const auto damaged = [&] {
    Pairing pairing;
    pairDicom(
        *found, m_data.path(), [](const std::string& text) { return text; }, remembered, pairing);
    return pairing.cases.at(0).damaged;
  };
  EXPECT_THAT(damaged(), ElementsAre("ring"));
  EXPECT_EQ(reads, 1);
  EXPECT_THAT(damaged(), ElementsAre("ring"));
  EXPECT_EQ(reads, 1);
  // On slices that lie aslant no contour can be drawn: what was found on others does not count.
  for (auto& series : found->series)
    if (series.geometry.voxels() > 0) series.geometry.direction = {{{1, 0, 0}, {0, 0, -1}, {0, 1, 0}}};
  EXPECT_THAT(damaged(), testing::UnorderedElementsAre("ring", "keyhole", "second"));
  EXPECT_EQ(reads, 2);
}

TEST_F(Regions, ADamagedFileIsAskedAgain) {
  if (!scan("rubbish")) GTEST_SKIP() << "python3-pydicom is not installed";
  const auto file = m_data / "structures.dcm";
  const auto grid = m_cases.at(0).geometry;
  ASSERT_TRUE(io::brokenRegions(file, grid));
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 300);
  EXPECT_FALSE(io::brokenRegions(file, grid)) << "half of it is no answer";
}

TEST_F(Regions, ABadOneIsNamedAndKeepsTheImageOutOfItsTasks) {
  if (!scan("rubbish")) GTEST_SKIP() << "python3-pydicom is not installed";
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_THAT(m_cases[0].labels, ElementsAre("keyhole", "second"));
  ASSERT_EQ(m_found.size(), 1u);
  const auto& finding = m_found[0].second;
  EXPECT_EQ(m_found[0].first.filename(), "structures.dcm");
  EXPECT_EQ(finding.code, "damaged-region");
  EXPECT_EQ(finding.severity, io::Finding::Severity::Warning);
  EXPECT_THAT(finding.message,
              HasSubstr("the region 'ring' cannot be read: ContourData of 'ring' is no list of points"));
  EXPECT_EQ(remedy(finding, false), "the image is left out of tasks that ask for it");
  EXPECT_THAT(m_cases[0].damaged, ElementsAre("ring"));
  const auto all = readSegments(m_cases[0]);
  ASSERT_TRUE(all) << all.error().text();
  EXPECT_EQ(all->segments.size(), 2u);

  // It is not taken for background: a task that asks for it does without the image, others do not.
  const auto served = [&](const char* name, const Case& item) {
    plan::Plan asking;
    plan::Task task;
    for (const char* cls : {name, "keyhole"}) task.classes.emplace_back(cls, plan::Class());
    asking.tasks.emplace_back("asked", task);
    return assign(asking, {item}).has_value();
  };
  EXPECT_FALSE(served("ring", m_cases[0]));
  EXPECT_TRUE(served("second", m_cases[0]));
  // Unless another file holds a sound one.
  auto redrawn = m_cases[0];
  redrawn.labels.push_back("ring");
  EXPECT_TRUE(served("ring", redrawn));
  EXPECT_TRUE(readSegments(redrawn));
  EXPECT_EQ(Json(m_cases[0]).get<Case>().damaged, m_cases[0].damaged);

  // Where the list was made otherwise, preparing passes it over, as it does one that encloses nothing.
  plan::Plan plan;
  plan.data.spacing = {1.25, 0.75, 2.5};
  plan::Task task;
  for (const char* name : {"ring", "keyhole", "points"}) task.classes.emplace_back(name, plan::Class());
  plan.tasks.emplace_back("rings", task);
  CaseList list;
  list.cases.push_back({m_cases[0], Split::Train, {0}, {}});
  SilentProgress progress;
  const auto done = prepare(plan, list, m_work / "cache", progress, CancelToken());
  ASSERT_TRUE(done) << done.error().text();
  const auto index = readJson(*done);
  ASSERT_TRUE(index);
  ASSERT_EQ(index->size(), 1u);
  const auto file = safetensors::File::open(m_work / "cache" / index->at(0)["file"].get<std::string>());
  ASSERT_TRUE(file);
  const auto masks = test::preparedMasks(*file, 0);
  const auto size = masks.size() / 3;
  const auto inside = [&](std::size_t cls) {
    const auto* begin = masks.data() + cls * size;
    return std::count(begin, begin + size, 1);
  };
  EXPECT_EQ(inside(0), 0);
  EXPECT_GT(inside(1), 100);
  EXPECT_EQ(inside(2), 0);
}

TEST_F(Regions, ASetOfBadOnesAloneIsNoLabel) {
  if (!scan("turned")) GTEST_SKIP() << "python3-pydicom is not installed";
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_TRUE(m_cases[0].labels.empty());
  EXPECT_TRUE(m_cases[0].labelFiles.empty());
  ASSERT_EQ(m_found.size(), 3u);
  for (const auto& [file, finding] : m_found) {
    EXPECT_EQ(finding.code, "damaged-region");
    EXPECT_THAT(finding.message, HasSubstr("does not lie parallel to the slices"));
  }
}

}  // namespace
