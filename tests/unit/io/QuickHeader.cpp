// The short way through a header against the whole parse by DCMTK: the same in every field, or no answer.
#include "core/io/dicom/QuickHeader.h"

#include <map>

#include "core/base/Json.h"
#include "core/io/SeriesJson.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;
namespace fs = std::filesystem;

namespace {

Json described(const Scan& scan) {
  Json rejected = Json::array();
  for (const auto& [file, finding] : scan.rejected) rejected.push_back({file.native(), finding});
  return {scan.series, scan.loose, rejected, scan.filesSeen};
}

TEST(QuickHeader, AgreesWithTheWholeParseOnEveryOddInput) {
  Folder folder;
  const auto made =
      run("/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/odd_inputs.py '" + folder.path().string() + "'");
  if (made.code == 77) GTEST_SKIP() << "python3-pydicom is not installed: " << made.output;
  ASSERT_EQ(made.code, 0) << made.output;
  std::map<std::string, int> quick, slow;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    if (!entry.is_regular_file()) continue;
    const auto recipe = entry.path().parent_path().filename().string();
    auto header = quickHeader(entry.path());
    if (!header) {
      ++slow[recipe];
      continue;
    }
    ++quick[recipe];
    const auto loaded = dicom::load(entry.path());
    ASSERT_OK(loaded) << entry.path();
    const auto whole = describe(*loaded, entry.path());
    header->file = entry.path();
    EXPECT_EQ(*header, whole) << entry.path();
    EXPECT_EQ(framesOf(*loaded, whole), std::vector{whole}) << entry.path();
  }
  // What a hundred thousand files look like goes the short way, compressed or not ...
  for (const auto* name : {"explicit-little", "implicit", "dcmcrle", "dcmcjpeg-e1", "dcmcjpls", "gdcmconv-j2k"})
    EXPECT_TRUE(quick.contains(name)) << name;
  EXPECT_GT(quick.size(), 40u);
  // ... and what is cut off or nests strangely does not.
  for (const auto* name : {"deflated", "big-endian", "no-preamble-implicit"})
    EXPECT_FALSE(quick.contains(name)) << name;
}

TEST(FileContent, ComesBackFromWhatIsStored) {
  Folder folder;
  const auto made =
      run("/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/odd_inputs.py '" + folder.path().string() + "'");
  if (made.code == 77) GTEST_SKIP() << "python3-pydicom is not installed: " << made.output;
  std::vector<FileContent> direct, stored;
  for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
    if (!entry.is_regular_file()) continue;
    auto content = examine(entry.path());
    const auto kept = content.stored();
    ASSERT_TRUE(kept) << entry.path();
    auto again = FileContent::restored(kept->own, kept->shared ? *kept->shared : "", entry.path());
    ASSERT_OK(again);
    direct.push_back(std::move(content));
    stored.push_back(std::move(*again));
  }
  EXPECT_GT(direct.size(), 300u);
  EXPECT_EQ(described(assemble(std::move(direct))), described(assemble(std::move(stored))));
  EXPECT_EQ(FileContent::restored("", "", "f").error().code, ErrorCode::Format);
  EXPECT_EQ(FileContent::restored("rubbish", "", "f").error().code, ErrorCode::Format);
}

}  // namespace
