// Damaged and odd inputs, written by tests/support/odd_inputs.py without our code: each is read right or refused with
// the reason named there.
#include <algorithm>
#include <map>
#include <set>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/io/Series.h"
#include "tests/unit/io/Heap.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;
namespace fs = std::filesystem;

namespace {

struct Disagreement {
  double worst = 0;
  std::int64_t padded = 0, outside = 0;
};

// Against the ramp, beside voxels that have the value of padding or, where slices were moved, of nothing.
Disagreement against(const image::Volume& volume, const Series& series, std::optional<double> padding,
                     const Json& told) {
  auto truth = ramp(volume.geometry);
  const auto ends = told.value("ends", std::vector<double>{-1e9, 1e9});
  for (auto& v : truth.voxels)
    v = static_cast<float>(std::clamp(v + told.value("offset", 0.0), ends.at(0), ends.at(1)));
  const float lowest = std::ranges::min(volume.voxels);
  Disagreement found;
  for (std::size_t n = 0; n < volume.voxels.size(); ++n) {
    const double off = std::abs(volume.voxels[n] - truth.voxels[n]);
    if (padding && volume.voxels[n] == static_cast<float>(*padding))
      ++found.padded;
    else if (!series.origins.empty() && volume.voxels[n] == lowest && off > 1)
      ++found.outside;
    else
      found.worst = std::max(found.worst, off);
  }
  return found;
}

void expectAsTold(const fs::path& folder, const Json& told) {
  SilentProgress silent;
  const auto scan = scanFolder(folder, silent, CancelToken());
  std::set<std::string> codes;
  std::vector<std::int64_t> volumes;
  std::string words;
  if (scan) {
    for (const auto& [file, f] : scan->rejected) codes.insert(f.code);
    for (const auto& series : scan->series) {
      for (const auto& f : series.findings) {
        codes.insert(f.code);
        words += "\n  " + f.code + ": " + f.message;
        EXPECT_GT(f.message.size(), 20u) << "a reason in words";
      }
      if (series.modality == "SEG") continue;
      const auto volume = readSeries(series);
      if (told.contains("error")) {
        ASSERT_FALSE(volume);
        EXPECT_NE(volume.error().text().find(told["error"].get<std::string>()), std::string::npos)
            << volume.error().text();
        EXPECT_FALSE(volume.error().context.empty()) << "the file is named";
        continue;
      }
      if (!series.usable()) continue;
      ASSERT_OK(volume);
      volumes.push_back(volume->geometry.size[2]);
      EXPECT_EQ(volume->unit, told.value("unit", volume->unit));
      std::optional<double> padding;
      if (told.contains("padding")) padding = told["padding"].get<double>();
      const auto found = against(*volume, series, padding, told);
      EXPECT_LE(found.worst, told.value("tolerance", 0.0) + (series.origins.empty() ? 0.501 : 1.4)) << words;
      EXPECT_EQ(found.padded, padding ? 5 * volumes.back() : 0);
      // Under a tilt of 0.3 a quarter of the sheared volume lies outside; never is it most of it.
      EXPECT_LE(found.outside, volume->geometry.voxels() / 2);
    }
  } else {
    ASSERT_TRUE(told.contains("error")) << scan.error().text();
    EXPECT_NE(scan.error().text().find(told["error"].get<std::string>()), std::string::npos) << scan.error().text();
  }
  std::ranges::sort(volumes);
  if (told.contains("error")) return;
  EXPECT_EQ(volumes, told["volumes"].get<std::vector<std::int64_t>>()) << words;
  const auto wanted = told["codes"].get<std::set<std::string>>();
  for (const auto& code : wanted) EXPECT_TRUE(codes.contains(code)) << code << words;
  static const std::set<std::string> harmless{"single-slice", "not-dicom"};
  for (const auto& code : codes) EXPECT_TRUE(harmless.contains(code) || wanted.contains(code)) << code << words;
}

// What lies in headers makes nobody take memory: four times the files or, where they are compressed, the voxels, beside
// tables and buffers.
void expectFrugal(const fs::path& folder) {
  double files = 0, voxels = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files += static_cast<double>(entry.file_size());
  const HeapPeak heap;
  {
    SilentProgress silent;
    const auto scan = scanFolder(folder, silent, CancelToken());
    for (const auto& series : scan ? scan->series : std::vector<Series>())
      if (const auto volume = readSeries(series); volume)
        voxels = std::max(voxels, 4.0 * static_cast<double>(volume->voxels.size()));
  }
  if (!heapIsCounted()) return;
  EXPECT_LE(static_cast<double>(heap.bytes()), 4 * std::max(files, voxels) + (2 << 20)) << files << ", " << voxels;
}

TEST(OddInputs, AreReadRightOrRefusedWithTheReason) {
  Folder folder;
  const auto made =
      run("/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/odd_inputs.py '" + folder.path().string() + "'");
  if (made.code == 77) GTEST_SKIP() << "python3-pydicom is not installed: " << made.output;
  ASSERT_EQ(made.code, 0) << made.output;
  const auto expected = readJson(folder / "expected.json");
  ASSERT_OK(expected);
  EXPECT_GE((*expected)["recipes"].size(), 60u);
  for (std::size_t n = 0; n < kRamp.size(); ++n) ASSERT_EQ((*expected)["ramp"][n].get<double>(), kRamp[n]);
  for (const auto& [name, told] : (*expected)["recipes"].items()) {
    SCOPED_TRACE(name);
    expectFrugal(folder / name);
    expectAsTold(folder / name, told);
  }
}

}  // namespace
