// Classes of whole images from the folder to the written table: pictures of which several classes may be true at once,
// and volumes that a table speaks of.
#include <gmock/gmock.h>

#include <fstream>
#include <random>

#include "core/base/File.h"
#include "core/eval/RunMetrics.h"
#include "core/expert/Manifest.h"
#include "core/io/Csv.h"
#include "core/io/Images2D.h"
#include "core/io/VolumeFile.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/unit/workflow/TrainedRun.h"

namespace lorkd::workflow {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Pictures of noise with a bright bar above, a bright bar at the left, both or none, and a table of two columns in
/// which every seventh cell is blank and every eleventh uncertain.
void paintBars(const fs::path& folder, int count) {
  std::mt19937 random(3);
  fs::create_directories(folder);
  std::string table = "filename,patient,top,left\n";
  for (int n = 0; n < count; ++n) {
    const bool top = random() % 2, left = random() % 2;
    io::Picture picture{16, 16, 1, {}};
    for (int y = 0; y < 16; ++y)
      for (int x = 0; x < 16; ++x)
        picture.pixels.push_back(
            static_cast<std::uint8_t>(((top && y < 4) || (left && x < 4) ? 170 : 60) + random() % 50));
    const auto name = "b" + std::to_string(n) + ".png";
    ASSERT_TRUE(io::writePng(folder / name, picture));
    const auto cell = [&](int shift, bool there) {
      return (n + shift) % 7 == 0 ? "" : (n + shift) % 11 == 0 ? "-1" : there ? "1" : "0";
    };
    table += name + ",p" + std::to_string(n) + "," + cell(0, top) + "," + cell(3, left) + "\n";
  }
  ASSERT_TRUE(writeFileAtomically(folder / "labels.csv", table));
}

constexpr const char* kBars = R"({"name": "bars", "seed": 5, "threads": 1,
  "data": {"sources": {"bars": {"path": "/"}}, "patch": [16, 16, 8], "split": {"validation": 0.2, "test": 0.4}},
  "tasks": {"bars": {"kind": "classification", "classes": {"top": {}, "left": {"labels": ["left=1"]}}, "rank": 2}},
  "backbone": {"name": "encoder2d", "widths": [6, 12]},
  "teacher": {"source": "none"}, "conflict": {"enabled": false},
  "training": {"steps": 60, "batch": 8, "learning_rate": 0.01, "warmup": 2, "validate_every": 60,
               "checkpoint_every": 60, "loader_threads": 0}})";

TEST(WholeRun, SeveralClassesOfAPictureAreLearntTogether) {
  test::TemporaryFolder folder;
  paintBars(folder / "bars", 90);
  auto plan = test::parsePlan(kBars);
  plan.data.sources[0].second.path = (folder / "bars").string();
  SilentProgress progress;
  const CancelToken cancel;
  const auto run = run::RunDirectory::create(folder / "runs/one", plan);
  ASSERT_TRUE(run) << run.error().text();
  const auto trained = train(*run, progress, cancel);
  ASSERT_TRUE(trained) << trained.error().text();
  EXPECT_EQ(decidedPlan(*run)->tasks[0].second.outputs, plan::TaskOutputs::Overlapping) << "as the table shows";
  EXPECT_EQ(run->status()->bestBy, "auc");

  const auto table = eval::readMetrics(*run);
  ASSERT_TRUE(table) << table.error().text();
  EXPECT_GT(table->value("bars", "expert", "auc"), 0.95);
  EXPECT_GT(table->value("bars", "expert", "auc/left"), 0.95);
  EXPECT_GT(table->value("bars", "expert", "f1"), 0.85);
  const auto& answers = table->answers().front();
  EXPECT_TRUE(answers.overlapping);
  int known = 0, unknown = 0;
  for (const auto& picture : answers.pictures)
    for (const auto truth : picture.truths) ++(truth > 1 ? unknown : known);
  EXPECT_GT(unknown, 0);
  EXPECT_GT(known, unknown);
  for (const auto& row : table->rows()) EXPECT_THAT(row.metric, testing::Not(HasSubstr("confusion")));
  ASSERT_TRUE(fs::exists(run->path() / "report.html"));
  EXPECT_THAT(*readFile(run->path() / "report.html", 1 << 24), HasSubstr("may be there together"));

  // Pictures that no source knows.
  PredictRequest foreign;
  foreign.input = folder / "bars" / "b3.png";
  foreign.output = folder / "elsewhere";
  const auto written = predict(*run, foreign, progress, cancel);
  ASSERT_TRUE(written) << written.error().text();
  const auto csv = io::readCsv(folder / "elsewhere/bars.csv");
  ASSERT_TRUE(csv);
  EXPECT_EQ(csv->header, (std::vector<std::string>{"image", "answer", "top", "left"}));
  ASSERT_EQ(csv->rows.size(), 1u);
  // Those of the test, as they are scored.
  const auto own = predict(*run, {}, progress, cancel);
  ASSERT_TRUE(own) << own.error().text();
  const auto tests = io::readCsv(own->front());
  ASSERT_EQ(tests->rows.size(), answers.pictures.size());
  EXPECT_NEAR(std::stod(tests->rows[0][2]), answers.pictures[0].probabilities[0], 1e-6);

  const auto experts = exportExperts(*run, {}, folder / "experts", {"safetensors"}, progress, cancel);
  ASSERT_TRUE(experts) << experts.error().text();
  const auto manifest = expert::readManifest(experts->front());
  ASSERT_TRUE(manifest);
  EXPECT_THAT(manifest->output, HasSubstr("sigmoid"));
  EXPECT_LT(manifest->parity, 1e-3 * manifest->largestLogit);
}

TEST(WholeRun, OneClassOrExclusiveOnesAreByThePlan) {
  auto json = *parseJson(kBars, "test");
  json["tasks"]["bars"]["classes"].erase("left");
  const auto one = plan::fromJson(json, "test");
  ASSERT_FALSE(one);
  EXPECT_THAT(one.error().text(), HasSubstr("overlapping"));
  json["tasks"]["bars"]["outputs"] = "overlapping";
  EXPECT_TRUE(plan::fromJson(json, "test"));
  json["tasks"]["bars"]["kind"] = "classification_3d";
  json["data"]["split"]["slab"] = "superior";
  EXPECT_THAT(plan::fromJson(json, "test").error().text(), HasSubstr("data.split.slab"));
  json["data"]["split"].erase("slab");
  auto plan = *plan::fromJson(json, "test");
  const auto pictures = makeNetwork(plan);
  ASSERT_FALSE(pictures);
  EXPECT_THAT(pictures.error().hint, HasSubstr("encoder3d"));
  plan.backbone.name = "encoder3d";
  EXPECT_TRUE(makeNetwork(plan));
  plan.backbone.deepSupervision = true;
  EXPECT_FALSE(makeNetwork(plan));
}

/// Volumes of noise with a bright ball, of which the large ones are "AD"; two scans of each of `people`.
void makeVolumes(const fs::path& folder, int people) {
  std::mt19937 random(11);
  fs::create_directories(folder / "volumes");
  std::string table = "patient,diagnosis,split\n";
  for (int p = 0; p < people; ++p) {
    const bool large = p % 2;
    for (int scan = 0; scan < 2; ++scan) {
      image::Volume volume(image::Geometry{{18, 17, 16}});
      volume.geometry.spacing = {2, 2, 2};
      std::size_t n = 0;
      for (int k = 0; k < 16; ++k)
        for (int j = 0; j < 17; ++j)
          for (int i = 0; i < 18; ++i) {
            const int r = (i - 9) * (i - 9) + (j - 8) * (j - 8) + (k - 8) * (k - 8);
            volume.voxels[n++] = static_cast<float>((r < (large ? 36 : 9) ? 300 : 100) + random() % 100);
          }
      ASSERT_TRUE(io::writeNifti(
          folder / "volumes" / ("p" + std::to_string(100 + p) + "_ses-" + std::to_string(scan) + ".nii.gz"), volume));
    }
    // Of one nobody knows what it is.
    table += "p" + std::to_string(100 + p) + "," +
             (p == 4  ? ""
              : large ? "AD"
                      : "CN") +
             "," + (p % 4 < 2 ? "train" : "test") + "\n";
  }
  ASSERT_TRUE(writeFileAtomically(folder / "labels.csv", table));
}

TEST(WholeRun, VolumesAreClassifiedByATable) {
  test::TemporaryFolder folder;
  makeVolumes(folder / "data", 16);
  auto plan = test::parsePlan(R"({"name": "brains", "seed": 5, "threads": 1,
    "data": {"sources": {"brains": {"path": "/"}}, "patch": [8, 8, 8], "spacing": [4, 4, 4],
             "split": {"validation": 0.25}},
    "tasks": {"dementia": {"kind": "classification_3d", "classes": {"AD": {}, "CN": {}}, "rank": 2}},
    "backbone": {"name": "encoder3d", "widths": [6, 12]},
    "teacher": {"source": "none"}, "conflict": {"enabled": false},
    "training": {"steps": 30, "batch": 6, "learning_rate": 0.01, "warmup": 2, "validate_every": 30,
                 "checkpoint_every": 30, "loader_threads": 0}})");
  plan.data.sources[0].second.path = (folder / "data").string();
  SilentProgress progress;
  const CancelToken cancel;
  const auto run = run::RunDirectory::create(folder / "runs/one", plan);
  ASSERT_TRUE(run) << run.error().text();
  const auto trained = train(*run, progress, cancel);
  ASSERT_TRUE(trained) << trained.error().text();

  const auto cases = freezeCases(*run, progress, cancel);
  ASSERT_TRUE(cases);
  EXPECT_EQ(cases->of(data::Split::Test, 0).size(), 16u) << "both scans of eight people, by the table";
  std::map<std::string, std::set<data::Split>> splits;
  int unlabelled = 0;
  for (const auto& entry : cases->cases) {
    splits[entry.item.patient].insert(entry.split);
    unlabelled += entry.tasks.empty();
  }
  EXPECT_EQ(splits.size(), 16u);
  EXPECT_EQ(unlabelled, 2) << "who is not diagnosed is only predicted";
  for (const auto& [patient, own] : splits) EXPECT_EQ(own.size(), 1u) << "in two parts";

  const auto table = eval::readMetrics(*run);
  ASSERT_TRUE(table) << table.error().text();
  EXPECT_GT(table->value("dementia", "expert", "auc"), 0.95);
  EXPECT_EQ(table->answers().front().pictures.size(), 16u);
  EXPECT_GT(table->value("dementia", "expert", "multiply_adds"), 1000);

  const auto own = predict(*run, {}, progress, cancel);
  ASSERT_TRUE(own) << own.error().text();
  EXPECT_EQ(own->front(), run->predictions() / "dementia.csv");
  EXPECT_GE(io::readCsv(own->front())->rows.size(), 16u);
  PredictRequest foreign;
  foreign.input = folder / "data/volumes/p101_ses-0.nii.gz";
  foreign.output = folder / "elsewhere";
  const auto one = predict(*run, foreign, progress, cancel);
  ASSERT_TRUE(one) << one.error().text();
  const auto csv = io::readCsv(one->front());
  ASSERT_EQ(csv->rows.size(), 1u);
  EXPECT_EQ(csv->rows[0][1], "AD");
  EXPECT_NEAR(std::stod(csv->rows[0][2]) + std::stod(csv->rows[0][3]), 1, 1e-6);
  foreign.segmentations = folder / "seg";
  EXPECT_FALSE(predict(*run, foreign, progress, cancel)) << "there is nothing to mark";

  const auto experts = exportExperts(*run, {}, folder / "experts", {"safetensors", "torchscript"}, progress, cancel);
  ASSERT_TRUE(experts) << experts.error().text();
  const auto manifest = expert::readManifest(experts->front());
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->kind, "classification_3d");
  EXPECT_EQ(manifest->spacing, (std::vector<double>{4, 4, 4}));
  EXPECT_EQ(manifest->patch, (std::vector<std::int64_t>{8, 8, 8}));
  EXPECT_LT(manifest->parity, 1e-3 * manifest->largestLogit);
}

}  // namespace
}  // namespace lorkd::workflow
