// Folders with a DICOMDIR, told of by pydicom.
#include <sys/wait.h>

#include <cstdlib>
#include <set>

#include "core/base/Json.h"
#include "tests/unit/data/Support.h"

using namespace lorkd;
using namespace lorkd::data;
namespace fs = std::filesystem;

namespace {

TEST(Media, AreReadByTheirDirectoryOrTheirFolder) {
  TemporaryFolder data, work;
  const std::string command =
      "/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/media.py '" + data.path().string() + "'";
  const int code = WEXITSTATUS(std::system(command.c_str()));
  if (code == 77) GTEST_SKIP() << "python3-pydicom or its test files are not installed";
  ASSERT_EQ(code, 0);
  const auto expected = readJson(data / "expected.json");
  ASSERT_TRUE(expected);
  ASSERT_GE(expected->size(), 25u);
  for (const auto& [name, told] : expected->items()) {
    SCOPED_TRACE(name);
    const auto directory = data / name / told["file"].get<std::string>();
    const auto uids = told["uids"].get<std::set<std::string>>();
    auto catalogue = Catalogue::open(work / (name + ".sqlite"));
    ASSERT_TRUE(catalogue);
    SilentProgress progress;
    const auto read = catalogue->scan("folder", data / name, progress, CancelToken());
    const auto byFile = catalogue->scan("file", directory, progress, CancelToken());
    ASSERT_EQ(read.has_value(), !uids.empty());
    ASSERT_EQ(byFile.has_value(), !uids.empty()) << byFile.error().text();
    if (!read) {
      EXPECT_NE(byFile.error().text().find("a DICOM directory"), std::string::npos) << byFile.error().text();
      continue;
    }
    for (const std::string source : {"folder", "file"}) {
      std::set<std::string> found;
      const auto series = catalogue->series(source);
      ASSERT_TRUE(series);
      for (const auto& s : *series)
        for (const auto& instance : s.instances) found.insert(instance.sopInstanceUid);
      EXPECT_EQ(found, uids) << source;
      const auto missing = told["missing"].get<std::vector<std::string>>();
      const auto rejected = catalogue->rejected(source);
      ASSERT_TRUE(rejected);
      int findings = 0;
      for (const auto& [file, finding] : *rejected) {
        if (file != directory) continue;
        ++findings;
        EXPECT_EQ(finding.code, missing.empty() ? "dicomdir" : "dicomdir-missing");
        if (missing.empty()) continue;
        EXPECT_EQ(finding.severity, io::Finding::Severity::Warning);
        EXPECT_NE(finding.message.find("3 of the " + std::to_string(told["listed"].get<int>())), std::string::npos);
        EXPECT_NE(finding.message.find(missing.front()), std::string::npos) << finding.message;
      }
      EXPECT_EQ(findings, 1) << source;
    }
  }
}

// The files are there again, and nothing of the directory itself has changed.
TEST(Media, SayWhatIsMissingAnewWhenTheFilesAreThere) {
  TemporaryFolder data, work;
  const std::string command =
      "/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/media.py '" + data.path().string() + "'";
  if (WEXITSTATUS(std::system(command.c_str())) == 77) GTEST_SKIP() << "python3-pydicom is not installed";
  auto catalogue = Catalogue::open(work / "index.sqlite");
  ASSERT_TRUE(catalogue);
  SilentProgress progress;
  const auto codeAfterScan = [&]() -> std::string {
    EXPECT_TRUE(catalogue->scan("s", data / "0-missing/DICOMDIR", progress, CancelToken()));
    const auto rejected = catalogue->rejected("s").value();
    for (const auto& [file, finding] : rejected)
      if (file.filename() == "DICOMDIR") return finding.code;
    return {};
  };
  EXPECT_EQ(codeAfterScan(), "dicomdir-missing");
  fs::copy(data / "0-plain", data / "0-missing", fs::copy_options::recursive | fs::copy_options::skip_existing);
  EXPECT_EQ(codeAfterScan(), "dicomdir");
}

}  // namespace
