// Small files that claim, or unpack to, far more than they are (tests/support/hostile.py). Each is read by a process of
// its own that has little memory and little time: it must come back with an error that says why.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "core/io/Csv.h"
#include "core/io/Images2D.h"
#include "core/io/Series.h"
#include "core/io/VolumeFile.h"
#include "tests/unit/io/Heap.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;
namespace fs = std::filesystem;

namespace {

constexpr rlim_t kMemory = rlim_t(1) << 30;  // more than the process has
constexpr unsigned kSeconds = 30;            // of computing

// What `work` says where it runs with little memory and time; how the process ended where it did not live to say it.
std::string underLimits(const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  const auto child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    double pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const auto most = static_cast<rlim_t>(pages) * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + kMemory;
    const rlimit memory{most, most}, time{kSeconds, kSeconds}, none{0, 0};
    ::setrlimit(RLIMIT_AS, &memory);
    ::setrlimit(RLIMIT_CPU, &time);
    ::setrlimit(RLIMIT_CORE, &none);
    std::string said;
    try {
      said = work();
    } catch (const std::exception& e) {
      said = std::string("an exception: ") + e.what();
    }
    const bool written = ::write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size());
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) said.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return "ended by signal " + std::to_string(WTERMSIG(status)) + " " + said;
  return said;
}

template <class T>
std::string wordsOf(const Result<T>& result) {
  return result ? "read" : result.error().text();
}

// A series, as a scan of the file's folder finds it: what the scan says against it, or what reading it says.
std::string scanned(const fs::path& file) {
  SilentProgress silent;
  const auto scan = scanFolder(file.parent_path(), silent, CancelToken());
  if (!scan) return scan.error().text();
  std::string words;
  for (const auto& [place, finding] : scan->rejected) words += finding.message + "; ";
  for (const auto& series : scan->series) {
    for (const auto& finding : series.findings) words += finding.message + "; ";
    if (series.usable()) words += wordsOf(readSeries(series));
  }
  return words;
}

class Hostile : public ::testing::Test {
 protected:
  Folder folder;

  void SetUp() override {
    if (!heapIsCounted()) GTEST_SKIP() << "a sanitizer takes more memory than there is for this";
  }
  fs::path made(const std::string& name) {
    const auto place = folder / name.substr(0, name.find('.'));
    fs::create_directories(place);
    const auto written =
        run("/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/hostile.py " + place.string() + " " + name);
    EXPECT_EQ(written.code, 0) << written.output;
    return place / name;
  }
  template <class Read>
  void expectRefused(const std::string& name, const std::string& words, const Read& read) {
    const auto file = made(name);
    const auto said = underLimits([&] { return std::string(read(file)); });
    EXPECT_NE(said.find(words), std::string::npos) << name << ": " << said;
  }
};

TEST_F(Hostile, Pictures) {
  const auto read = [](const fs::path& file) { return wordsOf(readPicture(file)); };
  expectRefused("bomb.png", "3,072,000,000 samples, more than 268,435,456", read);
  for (const char* name : {"bomb.jpg", "bomb.bmp", "bomb.tif"})
    expectRefused(name, "30,000 by 30,000 pixels and 3 channel(s), more than 268,435,456 samples", read);
  expectRefused("rle.dcm", "4,294,836,225 samples, more than", read);
}

TEST_F(Hostile, Volumes) {
  const auto read = [](const fs::path& file) { return wordsOf(readVolume(file)); };
  for (const char* name : {"claim.nii.gz", "claim.nrrd", "claim.mha"})
    expectRefused(name, "8,589,934,592 voxels, more than 1,073,741,824", read);
  for (const char* name : {"wide.nii.gz", "wide.nrrd"})
    expectRefused(name, "not enough memory: reading the file takes 11.7 GiB", read);
  expectRefused("behind.nii.gz", "holds far more than its header says", read);
  expectRefused("layers.seg.nrrd", "not enough memory",
                [](const fs::path& file) { return wordsOf(readLabelLayers(file)); });
}

// ITK keeps a voxel's values in 32 bits, so that 2^32 of them are none and 2^32 + 1 are one.
TEST_F(Hostile, MoreValuesAVoxelThanITKCounts) {
  for (const char* values : {"4294967296", "4294967297", "6291456"})
    for (const char* name : {"a.nrrd", "a.seg.nrrd"}) {
      put(folder / name,
          "NRRD0005\ntype: unsigned char\ndimension: 4\nspace: left-posterior-superior\nsizes: " + std::string(values) +
              " 2 2 2\nspace directions: none (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\n"
              "kinds: vector domain domain domain\nencoding: raw\nSegment0_ID:=a\nSegment0_Name:=a\n"
              "Segment0_LabelValue:=1\nSegment0_Layer:=0\n\naaaaaaaa");
      const auto said = underLimits([&] {
        return wordsOf(readVolume(folder / name)) + "; " + wordsOf(readLabelMap(folder / name)) + "; " +
               wordsOf(readLabelLayers(folder / name));
      });
      EXPECT_EQ(said.find("read;"), std::string::npos) << said;
      EXPECT_EQ(said.find("signal"), std::string::npos) << said;
      EXPECT_EQ(said.find("not enough memory"), std::string::npos) << said;
    }
}

TEST_F(Hostile, LabelsWithoutEnd) {
  image::LabelMap labels(image::Geometry{{256, 256, 64}});
  for (std::size_t n = 0; n < labels.voxels.size(); ++n) labels.voxels[n] = static_cast<std::uint16_t>(n);
  const auto said = underLimits([&] { return wordsOf(segmentsFromLabels(labels)); });
  EXPECT_NE(said.find("not enough memory"), std::string::npos) << said;
}

TEST_F(Hostile, Dicom) {
  for (const auto& [name, words] :
       {std::pair("rle.dcm", "the series has 4,294,836,225 voxels, more than 1,073,741,824"),
        {"jpeg.dcm", "the compressed slice is larger than the header says"},
        {"jpeg2000.dcm", "the compressed pixels have another size than the header says"},
        {"deflated.dcm", "the deflated data set has more than 536,870,912 bytes"},
        {"frames.dcm", "does not say where the slice lies"}})
    expectRefused(name, words, scanned);
}

TEST_F(Hostile, Segmentations) {
  const auto read = [](const fs::path& file) { return wordsOf(readSeg(file)); };
  expectRefused("claim.seg.dcm", "a frame has 4,294,836,225 pixels, more than 268,435,456", read);
  expectRefused("sparse.seg.dcm", "more than 64 GiB", read);
}

TEST_F(Hostile, Tables) {
  const auto read = [](const fs::path& file) { return wordsOf(readCsv(file)); };
  for (const char* name : {"cells.csv", "rows.csv"}) expectRefused(name, "more than 8,388,608 cells", read);
}

TEST_F(Hostile, Archives) {
  const auto read = [](const fs::path& file) { return wordsOf(readNpz(file)); };
  expectRefused("pictures.npz", "pictures of 4,294,967,296 samples, more than", read);
  expectRefused("count.npz", "2,147,483,648 pictures, more than 4,194,304", read);
  expectRefused("names.npz", "1000 columns have 10,000,000 classes together, more than 65,536", read);
  expectRefused("labels.npz", "268,000,000 labels, more than 33,554,432", read);
}

TEST_F(Hostile, AnHonestArchiveAbove4GiBIsScannedAndReadInLittleMemory) {
  const auto file = made("large.npz");
  const auto said = underLimits([&]() -> std::string {
    const auto set = readNpz(file);
    if (!set) return set.error().text();
    if (set->examples.size() != 70000 || set->examples.back().labels != std::vector{3}) return "not what was written";
    const auto last = pictureOf(set->examples.back());
    if (!last) return last.error().text();
    const auto at = last->pixels.size() - 256;
    for (std::size_t n = 0; n < 256; ++n)
      if (last->pixels[at + n] != (n < 200 ? n : 0)) return "pixel " + std::to_string(n) + " is another";
    return "as written";
  });
  EXPECT_EQ(said, "as written");
}

}  // namespace
