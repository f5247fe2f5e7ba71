// Thirty classes of several tasks, each with one look: in the report, in predictions and in segmentations alike.
#include <gmock/gmock.h>

#include <set>

#include "core/base/File.h"
#include "core/report/Report.h"
#include "core/io/dicom/DicomWriter.h"
#include "core/run/Looks.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/unit/io/Support.h"
#include "tests/unit/workflow/TrainedRun.h"

namespace lorkd::workflow {
namespace {

constexpr std::size_t kTasks = 3, kClasses = 10;

plan::Plan thirtyClasses() {
  Json tasks = Json::object();
  for (std::size_t t = 0; t < kTasks; ++t) {
    auto& task = tasks["task " + std::to_string(t)];
    task["rank"] = 1;
    for (std::size_t c = 0; c < kClasses; ++c)
      task["classes"]["class " + std::to_string(t * kClasses + c)] = Json::object();
  }
  // The user's colour is one that a default would take.
  tasks["task 2"]["classes"]["class 25"]["color"] = "#e69f00";
  return test::parsePlan(Json{{"data", {{"patch", {8, 8, 8}}, {"spacing", {2, 2, 2}}}},
                              {"evaluation", {{"threshold", 0.3}}},
                              {"tasks", tasks},
                              {"backbone", {{"name", "unet3d"}, {"widths", {4, 8}}}}}
                             .dump());
}

/// Upper case: a colour is the same in any.
std::string upperCase(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

TEST(LooksEverywhere, ReportPredictionsAndSegmentationsAgree) {
  test::TemporaryFolder folder;
  const auto plan = thirtyClasses();
  const plan::Looks looks(plan);
  auto network = makeNetwork(plan).value();
  test::plantRanks(network, {1, 1, 1});
  const auto run = test::trainedRun(folder / "run", plan, network);
  io::DicomHeader header;
  header.patientId = "P-1";
  ASSERT_TRUE(io::writeCtSeries(folder / "ct", io::test::ramp(io::test::smallGrid()), header));
  ASSERT_TRUE(data::Catalogue::open(run.project() / "index.sqlite"));
  PredictRequest request;
  request.input = folder / "ct";
  request.output = folder / "out";
  request.segmentations = folder / "segs";
  SilentProgress progress;
  const auto files = predict(run, request, progress, CancelToken());
  ASSERT_TRUE(files) << files.error().text();
  ASSERT_TRUE(report::writeReport(folder / "report.html", {run}, eval::Table()));

  const auto classes = parseJson(readFile(folder / "out/input-1/classes.json").value(), "classes").value();
  const auto report = readFile(folder / "report.html").value();
  std::set<std::pair<std::string, std::string>> told;
  for (std::size_t t = 0; t < kTasks; ++t) {
    const auto& [name, task] = plan.tasks[t];
    const auto judged = io::test::judge("codes '" + (folder / "segs/input-1" / (name + ".dcm")).string() + "'");
    for (std::size_t c = 0; c < kClasses; ++c) {
      const auto& cls = task.classes[c].first;
      const auto& look = looks.of(t, c);
      EXPECT_EQ(plan::classColor(plan, t, c), look.color);
      EXPECT_EQ(classes.at(name).at(c).at("name"), cls);
      EXPECT_EQ(classes.at(name).at(c).at("color"), look.color);
      // The picture that stands before a class's name in the report.
      const auto at = report.find("</b>" + cls + "</span>");
      ASSERT_NE(at, std::string::npos) << cls;
      const auto from = report.rfind("background:", at);
      const auto style = report.substr(from, at - from);
      EXPECT_THAT(style, testing::HasSubstr(look.color));
      EXPECT_EQ(style.find("gradient") != std::string::npos, look.pattern != 0);
      told.emplace(look.color, style);
      if (judged.code == 77) continue;
      // As another reader takes it back from DICOM's CIELab.
      const auto line = judged.output.find("|" + cls + "|");
      ASSERT_NE(line, std::string::npos) << judged.output;
      const auto end = judged.output.find('\n', line);
      EXPECT_EQ(upperCase(judged.output.substr(end - 7, 7)), upperCase(look.color));
    }
  }
  EXPECT_EQ(told.size(), kTasks * kClasses);
  EXPECT_EQ(looks.of(2, 5), (plan::Look{"#e69f00", 0}));
  EXPECT_NE(looks.of(0, 0).color, "#E69F00") << "a default takes no colour that another class has";
}

}  // namespace
}  // namespace lorkd::workflow
