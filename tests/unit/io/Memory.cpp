// Reading takes no more than four times what is read: the file or, where that is more (compressed, or of a smaller
// type), the voxels that come out of it.
#include "core/base/Progress.h"
#include "core/io/Images2D.h"
#include "core/io/Series.h"
#include "core/io/VolumeFile.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/io/Heap.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;
namespace fs = std::filesystem;

namespace {

constexpr double kMost = 4, kSmall = 1 << 20;  // tables, buffers and dictionaries

class Memory : public ::testing::Test {
 protected:
  Folder folder;
  image::Geometry grid;

  Memory() {
    grid.size = {256, 256, 64};
    grid.spacing = {0.7, 0.7, 2.5};
  }
  void SetUp() override {
    if (!heapIsCounted()) GTEST_SKIP() << "a sanitizer's allocator is not counted";
  }
  // Runs `read`, which returns the bytes of what it read.
  template <class Read>
  void expectFrugal(const std::string& name, Read read) {
    double files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
      if (entry.is_regular_file() && entry.path().lexically_relative(folder.path()).string().starts_with(name))
        files += static_cast<double>(entry.file_size());
    const HeapPeak heap;
    const auto result = static_cast<double>(read());
    const auto peak = static_cast<double>(heap.bytes()), size = std::max(files, result);
    EXPECT_GE(peak, result) << name << ": not counted";
    EXPECT_LE(peak, kMost * size + kSmall) << name << ": " << peak / size << " times";
    std::printf("%-16s files %6.2f MB  voxels %6.2f MB  at most %6.2f MB  %.2f times\n", name.c_str(), files / 1e6,
                result / 1e6, peak / 1e6, peak / size);
  }
  std::size_t volumeOf(const fs::path& file) const {
    const auto volume = readVolume(file);
    EXPECT_OK(volume);
    return volume ? 4 * volume->voxels.size() : 0;
  }
  std::size_t labelsOf(const fs::path& file) const {
    const auto layers = readLabelLayers(file);
    EXPECT_OK(layers);
    return layers ? 2 * layers->size() * layers->front().voxels.size() : 0;
  }
  image::SegmentSet balls() const {
    image::SegmentSet set{grid, {}};
    for (int n = 0; n < 3; ++n) {
      auto& s = set.segments.emplace_back();
      s.number = n + 1;
      s.name = "ball " + std::to_string(n);
      for (std::int64_t k = 0; k < grid.size[2]; ++k)
        for (std::int64_t j = 0; j < grid.size[1]; ++j)
          for (std::int64_t i = 0; i < grid.size[0]; ++i)
            s.mask.push_back(std::hypot(i - 100 - 20 * n, j - 128, 4 * (k - 32)) < 60);
    }
    return set;
  }
};

TEST_F(Memory, OfVolumesInOneFile) {
  ASSERT_OK(writeNifti(folder / "float.nii", ramp(grid)));
  ASSERT_OK(writeNifti(folder / "byte.nii", image::Mask(grid, 1)));
  ASSERT_OK(writeNifti(folder / "word.nii.gz", image::LabelMap(grid, 7)));
  const auto nrrd = [&](const std::string& type, const std::string& layers, const std::string& more) {
    const std::string none = layers.empty() ? "" : "none ", list = layers.empty() ? "" : "list ";
    return "NRRD0004\ntype: " + type + "\ndimension: " + (layers.empty() ? "3" : "4") +
           "\nspace: left-posterior-superior\nsizes: " + layers + "256 256 64\nspace directions: " + none +
           "(1,0,0) (0,1,0) (0,0,1)\nkinds: " + list + "domain domain domain\nspace origin: (0,0,0)\nendian: little\n" +
           more + "encoding: raw\n\n";
  };
  const auto voxels = static_cast<std::size_t>(grid.voxels());
  put(folder / "short.nrrd", nrrd("short", "", "") + std::string(2 * voxels, '\1'));
  put(folder / "layers.seg.nrrd",
      nrrd("unsigned char", "4 ", "Segment0_ID:=a\nSegment0_Name:=a\nSegment0_LabelValue:=1\nSegment0_Layer:=0\n") +
          std::string(4 * voxels, '\1'));
  put(folder / "short.mha",
      "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nElementSpacing = 1 1 1\n"
      "DimSize = 256 256 64\nElementType = MET_SHORT\nElementDataFile = LOCAL\n" +
          std::string(2 * voxels, '\1'));
  for (const std::string name : {"float.nii", "byte.nii", "word.nii.gz", "short.nrrd", "short.mha"})
    expectFrugal(name, [&] { return volumeOf(folder / name); });
  for (const std::string name : {"byte.nii", "word.nii.gz", "layers.seg.nrrd"})
    expectFrugal(name, [&] { return labelsOf(folder / name); });
}

TEST_F(Memory, OfDicomSeriesAndTheirSegmentations) {
  image::Volume volume(grid, 40);
  volume.at(3, 4, 5) = 900;
  DicomHeader header;
  header.patientId = "memory";
  const auto written = writeCtSeries(folder / "ct", volume, header);
  ASSERT_OK(written);
  ASSERT_OK(writeSeg(folder / "seg.dcm", balls(), *written, written->header));
  std::vector<Series> series;
  expectFrugal("ct", [&] {
    SilentProgress silent;
    auto scan = scanFolder(folder / "ct", silent, CancelToken());
    EXPECT_OK(scan);
    series = scan ? std::move(scan->series) : std::vector<Series>();
    return std::size_t(0);
  });
  ASSERT_EQ(series.size(), 1u);
  expectFrugal("ct", [&] {
    const auto read = readSeries(series.front());
    EXPECT_OK(read);
    return read ? 4 * read->voxels.size() : 0;
  });
  expectFrugal("seg.dcm", [&] {
    const auto read = readSeg(folder / "seg.dcm");
    EXPECT_OK(read);
    return read ? read->segments.size() * read->segments.front().mask.size() : 0;
  });
}

TEST_F(Memory, OfPictures) {
  Picture picture;
  picture.width = 2000;
  picture.height = 1500;
  picture.channels = 3;
  picture.pixels.assign(2000u * 1500u * 3u, 0);
  for (std::size_t n = 0; n < picture.pixels.size(); ++n)
    picture.pixels[n] = static_cast<std::uint8_t>(n * 2654435761u >> 24);
  ASSERT_OK(writePng(folder / "colour.png", picture));
  expectFrugal("colour.png", [&] {
    const auto read = readPicture(folder / "colour.png");
    EXPECT_OK(read);
    return read ? read->pixels.size() * sizeof read->pixels[0] : 0;
  });
}

}  // namespace
