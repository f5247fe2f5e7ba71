// Pictures from their table to their scores.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <set>

#include "core/eval/RunMetrics.h"
#include "core/eval/StudyTable.h"
#include "core/io/Png.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/unit/workflow/TrainedRun.h"

namespace lorkd::workflow {
namespace {

TEST(Pictures, AreScoredByPatientWithAllTheirAnswers) {
  test::TemporaryFolder folder;
  std::filesystem::create_directories(folder / "data");
  std::ofstream table(folder / "data/labels.csv");
  table << "filename,label,split,patient\n";
  // Two pictures a patient. Nobody in the test split has the third class.
  const std::array<const char*, 3> classes{"dark", "light", "grey"};
  for (int i = 0; i < 44; ++i) {
    const bool test = i >= 20;
    const auto label = static_cast<std::size_t>(test ? i / 2 % 2 : i / 2 % 3);
    io::Picture picture;
    picture.width = picture.height = 16;
    picture.channels = 1;
    picture.pixels.assign(256, static_cast<std::uint8_t>(label == 0 ? 10 + i : label == 1 ? 240 - i : 128));
    const auto name = "p" + std::to_string(i) + ".png";
    ASSERT_TRUE(io::writePng(folder / "data" / name, picture));
    table << name << ',' << classes[label] << ','
          << (test     ? "test"
              : i < 12 ? "train"
                       : "val")
          << ",DOE" << i / 2 << '\n';
  }
  table.close();
  const auto plan = test::parsePlan(R"({"data": {"sources": {"s": {"path": ")" + (folder / "data").string() + R"("}},
      "patch": [32, 32, 8]}, "tasks": {"shade": {"kind": "classification",
      "classes": {"dark": {}, "light": {}, "grey": {}}}}, "method": "mtl",
      "backbone": {"name": "shufflenetv2", "widths": [4, 8, 8, 8, 16]}, "teacher": {"source": "none"},
      "training": {"steps": 2, "batch": 4, "validate_every": 2}, "conflict": {"enabled": false}})");
  const auto run = run::RunDirectory::create(folder / "runs/r", plan);
  ASSERT_TRUE(run) << run.error().text();
  SilentProgress progress;
  const auto trained = train(*run, progress, CancelToken());
  ASSERT_TRUE(trained) << trained.error().text();
  EXPECT_EQ(run->status()->bestBy, "auc");
  const auto results = eval::readMetrics(*run);
  ASSERT_TRUE(results) << results.error().text();
  ASSERT_EQ(results->answers().size(), 1u);
  const auto& answers = results->answers().front();
  EXPECT_EQ(answers.classes, (std::vector<std::string>{"dark", "light", "grey"}));
  ASSERT_EQ(answers.pictures.size(), 24u);
  std::set<std::string> patients;
  for (const auto& picture : answers.pictures) {
    patients.insert(picture.patient);
    EXPECT_EQ(picture.patient.find("DOE"), std::string::npos) << "a name in a run";
    EXPECT_NEAR(picture.probabilities[0] + picture.probabilities[1] + picture.probabilities[2], 1, 1e-6);
  }
  EXPECT_EQ(patients.size(), 12u);
  EXPECT_TRUE(std::isfinite(results->value("shade", "mtl", "auc")));
  EXPECT_TRUE(std::isnan(results->value("shade", "mtl", "auc/grey"))) << "no test picture is grey";
  EXPECT_EQ(eval::withoutScores(*results), "No test picture of shade is of the class grey: it has no score.\n");
  double all = 0;
  for (const auto& row : results->rows())
    if (eval::baseOf(row.metric) == "confusion") all += row.value;
  EXPECT_EQ(all, 24);
  const eval::StudyTable study({{1, *results}});
  EXPECT_EQ(study.find("shade", "mtl", "auc")->patients, 12);
  EXPECT_EQ(study.find("mean", "mtl", "auc")->value, results->value("shade", "mtl", "auc"));
}

}  // namespace
}  // namespace lorkd::workflow
