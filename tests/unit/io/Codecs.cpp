// Transfer syntaxes, written by DCMTK's own tools.
#include <algorithm>

#include "core/base/File.h"
#include "core/io/Series.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;
namespace fs = std::filesystem;

namespace {

class Codec : public ::testing::TestWithParam<const char*> {};

TEST_P(Codec, LosslessSyntaxesGiveTheSameVoxels) {
  Folder folder;
  auto grid = smallGrid(0.3, -0.2);
  grid.size = {64, 48, 3};
  DicomHeader header;
  header.uidSeed = "codec";
  const auto written = writeCtSeries(folder / "plain", ramp(grid), header);
  ASSERT_OK(written);
  fs::create_directories(folder / "coded");
  for (const auto& file : written->files) {
    const auto out = folder / "coded" / file.filename();
    const auto made = run(std::string(GetParam()) + " '" + file.string() + "' '" + out.string() + "'");
    if (made.code == 127) GTEST_SKIP() << "DCMTK's tools (package dcmtk) are not installed";
    ASSERT_EQ(made.code, 0) << made.output;
  }
  SilentProgress silent;
  const auto plain = scanFolder(folder / "plain", silent, CancelToken());
  const auto coded = scanFolder(folder / "coded", silent, CancelToken());
  ASSERT_OK(plain);
  ASSERT_OK(coded);
  ASSERT_EQ(coded->series.size(), 1u);
  EXPECT_TRUE(coded->series[0].findings.empty()) << coded->series[0].findings[0].message;
  EXPECT_NE(coded->series[0].transferSyntax, plain->series[0].transferSyntax);
  const auto a = readSeries(plain->series[0]), b = readSeries(coded->series[0]);
  ASSERT_OK(a);
  ASSERT_OK(b);
  EXPECT_EQ(a->voxels, b->voxels);
  EXPECT_TRUE(a->geometry.sameGrid(b->geometry, 1e-9));

  // Half a file is an error or a finding, never a volume.
  const auto& victim = coded->series[0].instances[1].file;
  const auto bytes = *readFile(victim);
  put(victim, bytes.substr(0, bytes.size() * 3 / 4));
  const auto half = readSeries(coded->series[0]);
  ASSERT_FALSE(half);
  EXPECT_EQ(half.error().code, ErrorCode::Format) << half.error().text();
}

INSTANTIATE_TEST_SUITE_P(Syntaxes, Codec,
                         ::testing::Values("dcmconv +ti", "dcmconv +tb", "dcmconv +td", "dcmcrle", "dcmcjpeg +e1",
                                           "dcmcjpeg +el", "dcmcjpls"));

TEST(Codecs, Jpeg2000ComesOutAsOpenJpegDecodesIt) {
  const fs::path samples = "/usr/lib/python3/dist-packages/pydicom/data/test_files";
  if (!fs::exists(samples / "693_J2KI.dcm")) GTEST_SKIP() << "python3-pydicom's test files are not installed";
  Folder folder;
  fs::copy_file(samples / "693_J2KI.dcm", folder / "a");
  SilentProgress silent;
  const auto found = scanFolder(folder.path(), silent, CancelToken());
  ASSERT_OK(found);
  const auto volume = readSeries(found->series.at(0));
  ASSERT_OK(volume);
  // Stored -2971..2836 by ImageMagick's OpenJPEG, rescale intercept -1024.
  EXPECT_EQ(std::ranges::min(volume->voxels), -3995);
  EXPECT_EQ(std::ranges::max(volume->voxels), 1812);
}

}  // namespace
