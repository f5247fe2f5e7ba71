// Nothing that is damaged, or another than it was, is computed with.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <map>

#include "core/base/File.h"
#include "core/data/OpenCases.h"
#include "core/data/Phantom.h"
#include "core/data/Prepare.h"
#include "core/eval/RunMetrics.h"
#include "core/feed/Dataset.h"
#include "core/io/VolumeFile.h"
#include "core/nn/Fresh.h"
#include "core/run/EventLog.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/unit/workflow/TrainedRun.h"

namespace lorkd::workflow {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A project with a few patients and a run of some steps: trained once for all tests here, and copied for each.
class Trust : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    master = new test::TemporaryFolder;
    SilentProgress progress;
    data::PhantomOptions small;
    small.resolution = 0.4;
    ASSERT_TRUE(data::writePhantomSet(*master / "data", 12, small, progress, CancelToken()));
    const auto run = run::RunDirectory::create(*master / "runs/r", plan(*master / "data"));
    ASSERT_TRUE(run) << run.error().text();
    const auto trained = train(*run, progress, CancelToken());
    ASSERT_TRUE(trained) << trained.error().text();
  }
  static void TearDownTestSuite() {
    delete master;
    master = nullptr;
  }
  static plan::Plan plan(const fs::path& data) {
    return test::parsePlan(R"({"data": {"sources": {"s": {"path": ")" + data.string() + R"("}},
      "spacing": [8, 8, 8], "patch": [16, 16, 16]},
      "tasks": {"belly": {"classes": {"liver": {"lesions": true}, "spleen": {}}}},
      "method": "mtl", "backbone": {"name": "unet3d", "widths": [2, 4]}, "teacher": {"source": "none"},
      "training": {"steps": 3, "validate_every": 3, "checkpoint_every": 1, "batch": 2},
      "conflict": {"enabled": false}})");
  }
  void SetUp() override {
    // The plan names its data by an absolute path, so the project is put aside and comes back as it was.
    fs::copy(master->path(), m_aside / "project", fs::copy_options::recursive);
    run = run::RunDirectory::open(*master / "runs/r").value();
  }
  void TearDown() override {
    for (const auto& entry : fs::directory_iterator(master->path())) fs::remove_all(entry.path());
    fs::copy(m_aside / "project", master->path(), fs::copy_options::recursive);
  }
  /// Another value in the last voxel of a file of each test case, which goes unseen by size and by time.
  void changeTheData() {
    for (const auto& entry : fs::recursive_directory_iterator(*master / "data")) {
      if (entry.path().filename() != "0001.dcm") continue;
      struct stat before {};
      ASSERT_EQ(::stat(entry.path().c_str(), &before), 0);
      std::fstream(entry.path(), std::ios::in | std::ios::out | std::ios::binary).seekp(-1, std::ios::end).put('\x01');
      const timespec times[]{before.st_atim, before.st_mtim};
      ASSERT_EQ(::utimensat(AT_FDCWD, entry.path().c_str(), times, 0), 0);
    }
  }
  std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(run->path()))
      if (entry.is_regular_file() && entry.path().filename() != ".lock")
        out[entry.path().string()] = readFile(entry.path()).value();
    return out;
  }
  void changeByte(const fs::path& file, int fromEnd) {
    std::fstream open(file, std::ios::in | std::ios::out | std::ios::binary);
    open.seekg(-fromEnd, std::ios::end);
    const auto byte = static_cast<char>(open.get());
    open.seekp(-fromEnd, std::ios::end).put(static_cast<char>(byte ^ 0x40));
  }
  static test::TemporaryFolder* master;
  test::TemporaryFolder m_aside;
  std::optional<run::RunDirectory> run;
  SilentProgress progress;
  CancelToken cancel;
};
test::TemporaryFolder* Trust::master = nullptr;

TEST_F(Trust, AFinishedRunIsDoneAndStaysAsItIs) {
  const auto before = contents();
  const auto again = train(*run, progress, cancel);
  EXPECT_TRUE(again) << again.error().text();
  EXPECT_EQ(contents(), before);
}

TEST_F(Trust, ScoresAreThoseThatThePlanAsksFor) {
  const auto table = eval::readMetrics(*run);
  ASSERT_TRUE(table) << table.error().text();
  // Of the spleen nobody said that it is a lesion.
  std::map<std::string, std::map<std::string, double>> cases;
  for (const auto& row : table->cases()) cases[row.metric][row.id] = row.value;
  const auto& found = cases["lesion_sensitivity/liver"];
  EXPECT_GE(table->value("belly", "mtl", "lesions/liver"), static_cast<double>(found.size()));
  EXPECT_TRUE(std::isnan(table->value("belly", "mtl", "lesions/spleen")));
  ASSERT_TRUE(!found.empty() && found.size() == cases["dice/liver"].size());
  for (const auto& [id, share] : found)
    EXPECT_EQ(share > 0, cases["dice/liver"][id] > 0) << "one voxel in common is enough";
  EXPECT_EQ(cases["lesion_false_positives/liver"].size(), found.size());
  const auto status = run->status();
  ASSERT_TRUE(status);
  EXPECT_EQ(status->bestBy, "dice");
  EXPECT_EQ(status->bestStep, 3);
}

TEST_F(Trust, ACheckpointIsOfItsCasesAndOfItsRole) {
  // The patients of training and test exchanged: the scores would be those of patients who were learnt from.
  auto list = *readJson(run->cases());
  for (auto& entry : list["cases"])
    entry["split"] = entry["split"] == "train" ? "test" : entry["split"] == "test" ? "train" : entry["split"];
  const auto before = contents();
  ASSERT_TRUE(writeJson(run->cases(), list));
  const auto errorOf = [](const auto& result) { return result ? Error{} : result.error(); };
  for (const auto& outcome : {errorOf(evaluate(*run, progress, cancel)), errorOf(train(*run, progress, cancel)),
                              errorOf(exportExperts(*run, {}, m_aside / "e", {}, progress, cancel))}) {
    EXPECT_EQ(outcome.code, ErrorCode::Mismatch) << outcome.text();
    EXPECT_THAT(outcome.text(), HasSubstr("cases.json"));
  }
  ASSERT_TRUE(writeFileAtomically(run->cases(), before.at(run->cases().string())));
  EXPECT_TRUE(evaluate(*run, progress, cancel));
  // A list that does not say what the files were.
  list = *readJson(run->cases());
  list["cases"][0]["digest"] = "";
  ASSERT_TRUE(writeJson(run->cases(), list));
  EXPECT_THAT(data::openCases(*run).error().text(), HasSubstr("does not say what the files"));
  ASSERT_TRUE(writeFileAtomically(run->cases(), before.at(run->cases().string())));
  fs::copy_file(run->checkpoint("last"), run->checkpoint("best"), fs::copy_options::overwrite_existing);
  const auto last = evaluate(*run, progress, cancel);
  ASSERT_FALSE(last);
  EXPECT_THAT(last.error().text(), HasSubstr("the checkpoint 'last', where 'best' should be"));
}

TEST_F(Trust, ResultsAreOfTheirRun) {
  ASSERT_TRUE(eval::readMetrics(*run));
  auto json = *readJson(run->metrics());
  for (const char* part : {"plan", "cases", "checkpoint"}) {
    auto other = json;
    other["of"][part] = std::string(64, '0');
    ASSERT_TRUE(writeJson(run->metrics(), other));
    EXPECT_EQ(eval::readMetrics(*run).error().code, ErrorCode::Mismatch) << part;
  }
  ASSERT_TRUE(writeJson(run->metrics(), json["rows"]));  // as older versions wrote them
  EXPECT_TRUE(eval::readMetrics(*run));
}

TEST_F(Trust, PredictionsOfOtherImagesAreNotTakenForTheseOnes) {
  image::Volume a(image::Geometry{{20, 20, 20}}, 0.0f), b(image::Geometry{{20, 20, 20}}, 50.0f);
  for (const auto& [folder, volume] : {std::pair{"x", &a}, {"y", &b}})
    ASSERT_TRUE(io::writeNifti(m_aside / folder / "scan.nii", *volume));
  const auto predicted = [&](const char* folder) {
    PredictRequest request;
    request.input = m_aside / folder / "scan.nii";
    request.output = m_aside / "out";
    return predict(*run, request, progress, cancel);
  };
  ASSERT_TRUE(predicted("x"));
  EXPECT_TRUE(predicted("x")) << "the same image again";
  const auto before = readFile(m_aside / "out/cases.json");
  const auto other = predicted("y");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().text(), HasSubstr("predictions of another image"));
  EXPECT_EQ(readFile(m_aside / "out/cases.json").value(), before.value());
}

TEST_F(Trust, ALockThatLeadsElsewhereIsNotWrittenThrough) {
  ASSERT_TRUE(writeFileAtomically(m_aside / "letter.txt", "dear all"));
  fs::remove(run->path() / ".lock");
  fs::create_symlink(m_aside / "letter.txt", run->path() / ".lock");
  EXPECT_FALSE(run->lock());
  EXPECT_EQ(readFile(m_aside / "letter.txt").value(), "dear all");
  fs::remove(run->path() / ".lock");
  fs::create_hard_link(m_aside / "letter.txt", run->path() / ".lock");
  EXPECT_FALSE(run->lock());
  EXPECT_EQ(readFile(m_aside / "letter.txt").value(), "dear all");
}

TEST_F(Trust, ImagesThatChangedAreNeitherScoredNorPredictedNorTrainedOn) {
  ASSERT_TRUE(evaluate(*run, progress, cancel));
  const auto before = contents();
  changeTheData();
  const auto scored = evaluate(*run, progress, cancel);
  ASSERT_FALSE(scored);
  EXPECT_EQ(scored.error().code, ErrorCode::Mismatch) << scored.error().text();
  const auto predicted = predict(*run, {}, progress, cancel);
  ASSERT_FALSE(predicted);
  EXPECT_EQ(predicted.error().code, ErrorCode::Mismatch) << predicted.error().text();
  const auto resumed = train(*run, progress, cancel);
  ASSERT_FALSE(resumed);
  EXPECT_EQ(resumed.error().code, ErrorCode::Mismatch) << resumed.error().text();
  EXPECT_THAT(resumed.error().text(), HasSubstr("changed since the run was frozen"));
  const auto exported = exportExperts(*run, {}, {}, {"safetensors"}, progress, cancel);
  ASSERT_FALSE(exported);
  EXPECT_EQ(exported.error().code, ErrorCode::Mismatch) << exported.error().text();
  EXPECT_EQ(contents(), before) << "a refusal changes nothing of a finished run";
  EXPECT_EQ(run->status()->state, run::State::Finished);
}

TEST_F(Trust, DamagedWeightsAreNotComputedWith) {
  const auto file = run->checkpoint("best");
  const auto whole = readFile(file).value();
  const auto refused = [&](const std::string& words) {
    const auto scored = evaluate(*run, progress, cancel);
    ASSERT_FALSE(scored);
    EXPECT_THAT(scored.error().text(), HasSubstr(words));
    EXPECT_THAT(scored.error().text(), HasSubstr("best.safetensors"));
    EXPECT_FALSE(predict(*run, {}, progress, cancel));
  };
  changeByte(file, 10);
  refused("digest");
  auto relabelled = whole;
  relabelled.replace(relabelled.find("\"F32\""), 5, "\"I32\"");
  ASSERT_TRUE(writeFileAtomically(file, relabelled));
  refused("digest");

  // Whole, but no numbers: written so by a training that failed in another way.
  ASSERT_TRUE(writeFileAtomically(file, whole));
  auto opened = safetensors::File::open(file).value();
  nn::NamedTensors tensors;
  for (const auto& [name, entry] : opened.tensors())
    tensors.emplace_back(name, nn::mappedTensor(opened, name).value().clone());
  for (auto& [name, tensor] : tensors)
    if (tensor.dim() > 3) tensor.view(-1)[0] = std::nan("");
  ASSERT_TRUE(nn::saveTensors(file, tensors, opened.metadata()));
  refused("not finite");
  for (auto& [name, tensor] : tensors)
    if (tensor.dim() > 3) tensor = torch::zeros(tensor.sizes(), torch::kInt);
  ASSERT_TRUE(nn::saveTensors(file, tensors, opened.metadata()));
  refused("of another type");

  // A digest may not simply be left out.
  auto without = whole;
  without.replace(without.find("\"sha256\""), 8, "\"sha255\"");
  ASSERT_TRUE(writeFileAtomically(file, without));
  refused("not a checkpoint");
}

TEST_F(Trust, DamagedPreparedCasesArePreparedAgain) {
  fs::remove(run->path() / "report.html");  // so that resuming has something to do
  std::map<fs::path, std::string> before;
  for (const auto& entry : fs::directory_iterator(preparedFolder(*run)))
    if (entry.path().extension() == ".safetensors") {
      before[entry.path()] = readFile(entry.path()).value();
      changeByte(entry.path(), 100);
    }
  ASSERT_FALSE(before.empty());
  const auto again = train(*run, progress, cancel);
  ASSERT_TRUE(again) << again.error().text();
  for (const auto& [file, bytes] : before) EXPECT_EQ(readFile(file).value(), bytes) << file;
}

// Two runs of one plan that have frozen different cases share a folder: each finds its own in it.
TEST_F(Trust, RunsThatShareACacheDoNotTrainOnEachOthersCases) {
  const auto first = run::RunDirectory::create(*master / "runs/first", run->plan()).value();
  const auto second = run::RunDirectory::create(*master / "runs/second", run->plan()).value();
  const auto all = freezeCases(first, progress, cancel).value();
  auto fewer = data::loadCaseList(first.cases()).value();
  fewer.cases.erase(std::ranges::find(fewer.cases, data::Split::Train, &data::AssignedCase::split));
  ASSERT_TRUE(data::save(fewer, second.cases()));
  const auto own = freezeCases(second, progress, cancel).value();
  ASSERT_EQ(preparedFolder(first), preparedFolder(second));
  const auto one = data::prepare(first.plan(), all, preparedFolder(first), progress, cancel).value();
  const auto other = data::prepare(second.plan(), own, preparedFolder(second), progress, cancel).value();
  const auto dataset = feed::Dataset::open(one, first.plan());
  ASSERT_TRUE(dataset) << dataset.error().text();
  EXPECT_EQ(dataset->size("train", 0), all.of(data::Split::Train, 0).size());
  EXPECT_EQ(feed::Dataset::open(other, second.plan())->size("train", 0), own.of(data::Split::Train, 0).size());
  EXPECT_EQ(all.of(data::Split::Train, 0).size(), own.of(data::Split::Train, 0).size() + 1);
}

TEST_F(Trust, TaskNumbersThatNoPlanHasAreRefused) {
  const auto text = readFile(run->cases()).value();
  const auto with = [&](const std::string& number) {
    auto json = parseJson(text, "x").value();
    for (auto& entry : json["cases"]) entry["tasks"] = Json::array({parseJson(number, "x").value()});
    EXPECT_TRUE(writeJson(run->cases(), json));
    return freezeCases(*run, progress, cancel);
  };
  EXPECT_TRUE(with("0"));
  for (const char* number : {"1", "-1", "1099511627776", "18446744073709551615", "0.5", "\"0\""}) {
    const auto cases = with(number);
    ASSERT_FALSE(cases) << number;
    EXPECT_EQ(cases.error().code, ErrorCode::Format) << number;
    EXPECT_THAT(cases.error().text(), HasSubstr("cases.json")) << number;
  }
}

TEST(Counting, TakesNoMemoryForTheLargestNetwork) {
  const auto plan = test::parsePlan(R"({"data": {"patch": [128, 128, 128]},
    "tasks": {"a": {"classes": {"x": {}}, "rank": 8}, "b": {"classes": {"y": {}}, "rank": 8}},
    "backbone": {"name": "unet3d", "widths": [4096, 4096, 4096, 4096, 4096, 4096, 4096, 4096]}})");
  EXPECT_FALSE(makeNetwork(plan)) << "4 billion parameters do not fit";
  EXPECT_THAT(makeNetwork(plan).error().text(), HasSubstr("GiB"));
  const nn::CountingOnly counting;
  const auto network = makeNetwork(plan);
  ASSERT_TRUE(network) << network.error().text();
  EXPECT_GT((*network)->expertParameters(0), 4'000'000'000);
}

// Once it took minutes: quadratic time in several places.
TEST(Counting, ThousandsOfTasksTakeLinearTime) {
  Json tasks = Json::object();
  for (int t = 0; t < 3000; ++t) tasks["t" + std::to_string(t)] = {{"classes", {{"x", Json::object()}}}};
  const auto plan = test::parsePlan(Json{
      {"data", {{"patch", {16, 16, 16}}}}, {"tasks", tasks}, {"backbone", {{"name", "unet3d"}, {"widths", {2, 4}}}}}
                                        .dump());
  const auto start = std::chrono::steady_clock::now();
  const nn::CountingOnly counting;
  const auto network = makeNetwork(plan).value();
  std::int64_t sum = 0;
  for (int t = 0; t < 3000; ++t) sum += network->expertParameters(t);
  EXPECT_EQ(sum, 3000 * network->expertParameters(0));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Counting, CountsWhatTheNetworkHas) {
  for (const char* backbone : {R"({"name": "unet3d", "widths": [4, 8]})", R"({"name": "unet3d", "preset": "tiny"})"}) {
    const auto plan = test::parsePlan(R"({"data": {"patch": [16, 16, 16]},
      "tasks": {"a": {"classes": {"x": {}, "z": {}}, "rank": 3}, "b": {"classes": {"y": {}}, "rank": 2}}, "backbone": )" +
                                      std::string(backbone) + "}");
    const auto real = makeNetwork(plan).value();
    const nn::CountingOnly counting;
    const auto counted = makeNetwork(plan).value();
    for (int t = 0; t < 2; ++t) {
      EXPECT_EQ(counted->expertParameters(t), real->expertParameters(t));
      EXPECT_EQ(counted->factorParameters(t), real->factorParameters(t));
    }
  }
}

}  // namespace
}  // namespace lorkd::workflow
