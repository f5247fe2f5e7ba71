// Folders that no source knows, read as the plan says of its sources how files are called.
#include <gmock/gmock.h>

#include "core/base/File.h"
#include "core/io/VolumeFile.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/unit/workflow/TrainedRun.h"

namespace lorkd::workflow {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Two contrasts that names do not tell: only the pattern says what alpha and beta are.
plan::Plan twoContrasts(const std::string& sources) {
  return test::parsePlan(R"({"data": {"patch": [8, 8, 8], "spacing": [2, 2, 2], "inputs": {"alpha": {}, "beta": {}},
      "sources": )" + sources +
                         R"(}, "tasks": {"trunk": {"rank": 2, "classes": {"liver": {}}}},
      "backbone": {"name": "unet3d", "widths": [4, 8]}})");
}
constexpr const char* kPattern = R"({"path": "/", "layout": {"images": ["{patient}/in/{channel}.nii"]}})";

class PredictLayout : public testing::Test {
 protected:
  test::TemporaryFolder m_folder;

  PredictLayout() {
    for (const std::string who : {"anna", "bert"})
      for (const std::string name : {"in/alpha", "in/beta", "prediction_of_old"}) {
        const auto file = m_folder / "new" / who / (name + ".nii");
        fs::create_directories(file.parent_path());
        image::Volume volume(image::Geometry{{16, 16, 16}});
        for (std::size_t n = 0; n < volume.voxels.size(); ++n)
          volume.voxels[n] = static_cast<float>(n % 13 + name.size());
        EXPECT_TRUE(io::writeNifti(file, volume));
      }
  }
  Result<std::vector<fs::path>> predicted(const std::string& sources, const std::string& layout) {
    const auto plan = twoContrasts(sources);
    auto network = makeNetwork(plan).value();
    test::plantRanks(network, {2});
    const auto name = "run" + std::to_string(m_runs++);
    const auto run = test::trainedRun(m_folder / name, plan, network);
    PredictRequest request;
    request.input = m_folder / "new";
    request.output = m_folder / (name + "-out");
    request.layout = layout;
    SilentProgress progress;
    return predict(run, request, progress, CancelToken());
  }

 private:
  int m_runs = 0;
};

TEST_F(PredictLayout, IsThatOfThePlansSources) {
  const auto written = predicted(R"({"a": )" + std::string(kPattern) + "}", "");
  ASSERT_TRUE(written) << written.error().text();
  ASSERT_EQ(written->size(), 2u);
  const auto sources = readJson(written->front().parent_path().parent_path() / "cases.json");
  ASSERT_TRUE(sources);
  EXPECT_THAT((*sources)["input-1"]["file"].get<std::string>(), HasSubstr("anna/in/"));
  EXPECT_FALSE(predicted(R"({"a": )" + std::string(kPattern) + "}", "auto")) << "names do not tell the contrasts";
}

TEST_F(PredictLayout, IsChosenWhereSourcesDoNotAgree) {
  const auto two = R"({"a": )" + std::string(kPattern) + R"(, "b": {"path": "/"}})";
  const auto open = predicted(two, "");
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(open.error().text(), HasSubstr("--layout"));
  const auto chosen = predicted(two, "a");
  ASSERT_TRUE(chosen) << chosen.error().text();
  EXPECT_EQ(chosen->size(), 2u);
  EXPECT_FALSE(predicted(two, "b"));
  const auto unknown = predicted(two, "c");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().text(), HasSubstr("it has: a, b"));
}

TEST_F(PredictLayout, ATableOfOtherImagesIsNotTakenForTheirs) {
  const std::string table = R"({"a": {"path": "/", "layout": {"table": "list.csv"}}})";
  EXPECT_FALSE(predicted(table, "")) << "by names, the contrasts are unknown";
  std::string list = "image,channel,patient\n";
  for (const std::string who : {"anna", "bert"})
    list += who + "/in/alpha.nii,alpha," + who + "\n" + who + "/in/beta.nii,beta," + who + "\n";
  ASSERT_TRUE(writeFileAtomically(m_folder / "new/list.csv", list));
  const auto written = predicted(table, "");
  ASSERT_TRUE(written) << written.error().text();
  EXPECT_EQ(written->size(), 2u);
}

}  // namespace
}  // namespace lorkd::workflow
