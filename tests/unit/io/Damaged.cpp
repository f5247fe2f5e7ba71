// Files of which something is missing, or was changed on the way, where a library would take what is left as the whole.
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/File.h"
#include "core/io/Images2D.h"
#include "core/io/Series.h"
#include "core/io/VolumeFile.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;
namespace fs = std::filesystem;

namespace {

std::string bigEndian(std::uint32_t value, int bytes) {
  std::string out;
  for (int n = bytes - 1; n >= 0; --n) out += static_cast<char>(value >> 8 * n & 255);
  return out;
}

std::string littleEndian(std::uint32_t value, int bytes) {
  auto out = bigEndian(value, bytes);
  return {out.rbegin(), out.rend()};
}

// A zlib stream of one stored block (RFC 1950 and 1951): no change of a byte in it but the checksum tells of.
std::string stored(const std::string& bytes) {
  std::uint32_t a = 1, b = 0;
  for (const char c : bytes) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  const auto length = static_cast<std::uint32_t>(bytes.size());
  return std::string("\x78\x01\x01") + littleEndian(length, 2) + littleEndian(~length & 0xffff, 2) + bytes +
         bigEndian(b << 16 | a, 4);
}

class Damaged : public ::testing::Test {
 protected:
  Folder folder;

  template <class T>
  void expectRefused(const Result<T>& read, const std::string& words, const std::string& name,
                     ErrorCode code = ErrorCode::Format) {
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().code, code) << read.error().text();
    EXPECT_NE(read.error().message.find(words), std::string::npos) << read.error().text();
    EXPECT_NE(read.error().text().find(name), std::string::npos) << read.error().text();
  }

  static std::string meta(const std::string& more, const std::string& place = "LOCAL") {
    return "ObjectType = Image\nNDims = 3\nBinaryData = True\nCompressedData = True\n" + more +
           "TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\nElementSpacing = 1 1 1\nDimSize = 5 4 3\n"
           "ElementType = MET_SHORT\nElementDataFile = " +
           place + "\n";
  }
  static std::string sized(const std::string& packed) {
    return "CompressedDataSize = " + std::to_string(packed.size()) + "\n";
  }
  // The numbers from 300 on, as that many voxels of two bytes.
  static std::string numbers(int count, bool big) {
    std::string out;
    for (int n = 0; n < count; ++n) {
      const auto value = static_cast<std::uint32_t>(300 + n);
      out += big ? bigEndian(value, 2) : littleEndian(value, 2);
    }
    return out;
  }
};

TEST_F(Damaged, CompressedMetaImagesAreReadToTheirChecksum) {
  const auto little = stored(numbers(60, false)), big = stored(numbers(60, true));
  put(folder / "sound.mha", meta(sized(little)) + little);
  put(folder / "unsized.mha", meta("") + little);
  put(folder / "big.mha", meta(sized(big) + "BinaryDataByteOrderMSB = True\n") + big);
  put(folder / "head.mhd", meta("", "head.zraw"));
  put(folder / "head.zraw", little);
  put(folder / "behind.mhd", meta("HeaderSize = 7\n", "behind.zraw"));
  put(folder / "behind.zraw", "7 bytes" + little);
  put(folder / "again.mha", meta(sized(little)) + little + "what nobody asks for");
  for (const char* name : {"sound.mha", "unsized.mha", "big.mha", "head.mhd", "behind.mhd", "again.mha"}) {
    const auto volume = readVolume(folder / name);
    ASSERT_OK(volume);
    ASSERT_EQ(volume->voxels.size(), 60u);
    for (std::size_t n = 0; n < 60; ++n) ASSERT_EQ(volume->voxels[n], 300 + static_cast<float>(n)) << name;
  }
  const auto refused = [&](const std::string& name, const std::string& packed, const std::string& words) {
    put(folder / name, meta(sized(packed)) + packed);
    expectRefused(readVolume(folder / name), words, name);
    EXPECT_FALSE(readLabelMap(folder / name)) << name;
  };
  auto changed = little;
  changed[60] = static_cast<char>(changed[60] ^ 1);
  refused("flipped.mha", changed, "incorrect data check");
  changed = little;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  refused("checksum.mha", changed, "incorrect data check");
  refused("half.mha", little.substr(0, little.size() / 2), "of 120 bytes are there");
  refused("unchecked.mha", little.substr(0, little.size() - 4), "have no end");
  refused("fewer.mha", stored(numbers(59, false)), "118 of 120 bytes are there");
  refused("more.mha", stored(numbers(61, false)), "are more than the header says");
  refused("none.mha", "no deflate stream", "the compressed voxels are damaged");
  // Where the header says how much there should be, no voxel need be read to see it.
  put(folder / "cut.mha", meta(sized(little)) + little.substr(0, little.size() / 2));
  expectRefused(readVolumeGeometry(folder / "cut.mha"), "shorter", "cut.mha");
}

TEST_F(Damaged, NiftiAxesThatCannotBeAreNotMadeUp) {
  ASSERT_OK(writeNifti(folder / "a.nii", ramp(smallGrid())));
  const auto bytes = *readFile(folder / "a.nii");
  const auto changed = [&](std::size_t at, auto value) {
    auto out = bytes;
    std::memcpy(out.data() + at, &value, sizeof value);
    put(folder / "b.nii", out);
    return readVolumeGeometry(folder / "b.nii");
  };
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();
  for (std::size_t axis = 1; axis <= 3; ++axis) {
    const auto name = "[" + std::to_string(axis) + "] is ";
    for (const auto& [value, words] : {std::pair(0.0f, "0"), {kNan, "nan"}, {kInfinity, "inf"}, {-1.5f, "-1.5"}})
      expectRefused(changed(76 + 4 * axis, value), "pixdim" + name + words, "b.nii");
    for (const int extent : {0, -9})
      expectRefused(changed(40 + 2 * axis, static_cast<std::int16_t>(extent)), "dim" + name + std::to_string(extent),
                    "b.nii");
  }
  for (const int axes : {0, 8, -3})
    expectRefused(changed(40, static_cast<std::int16_t>(axes)), "dim[0] is " + std::to_string(axes), "b.nii");
  // What no axis uses may be anything.
  EXPECT_OK(changed(76 + 4 * 4, kNan));
  EXPECT_OK(changed(76 + 4 * 7, -1.0f));
  EXPECT_OK(changed(40 + 2 * 5, std::int16_t(0)));
}

TEST_F(Damaged, APackedNiftiSmallerThanABufferSaysThatItIsDamaged) {
  ASSERT_OK(writeNifti(folder / "a.nii.gz", ramp(smallGrid())));
  const auto bytes = *readFile(folder / "a.nii.gz");
  for (const std::size_t fromEnd : {8u, 2u}) {  // checksum, length
    auto changed = bytes;
    auto& byte = changed[changed.size() - fromEnd];
    byte = static_cast<char>(byte ^ 1);
    put(folder / "b.nii.gz", changed);
    expectRefused(readVolume(folder / "b.nii.gz"), "the compressed file is truncated or damaged", "b.nii.gz");
  }
  put(folder / "c.nii.gz", "short");
  expectRefused(readVolume(folder / "c.nii.gz"), "too short for a NIfTI header", "c.nii.gz");
}

// The last fragment of a compressed DICOM file cut to half, as a well-formed file.
std::string halved(const std::string& file) {
  auto at = file.find(std::string("\xe0\x7f\x10\0", 4));
  EXPECT_NE(at, file.npos);
  if (at == file.npos) return file;
  at += 12;  // tag, representation, a length that is not known
  const auto length = [&](std::size_t item) {
    std::uint32_t value = 0;
    std::memcpy(&value, file.data() + item + 4, 4);
    return value;
  };
  auto last = at;
  for (; at + 8 <= file.size() && file.compare(at, 4, std::string("\xfe\xff\0\xe0", 4)) == 0; at += 8 + length(at))
    last = at;
  const auto half = length(last) / 4 * 2;
  return file.substr(0, last + 4) + littleEndian(half, 4) + file.substr(last + 8, half) + file.substr(at);
}

TEST_F(Damaged, ASliceWithHalfItsDataIsNoSlice) {
  auto grid = smallGrid();
  grid.size = {64, 48, 3};
  DicomHeader header;
  header.uidSeed = "damaged";
  const auto written = writeCtSeries(folder / "plain", ramp(grid), header);
  ASSERT_OK(written);
  for (const std::string tool : {"dcmcrle", "dcmcjpeg +e1", "dcmcjpls", "gdcmconv --j2k"}) {
    const auto coded = folder / tool.substr(0, tool.find(' '));
    fs::create_directories(coded);
    for (const auto& file : written->files) {
      const auto made = run(tool + " '" + file.string() + "' '" + (coded / file.filename()).string() + "'");
      if (made.code == 127) GTEST_SKIP() << tool << " is not installed";
      ASSERT_EQ(made.code, 0) << made.output;
    }
    SilentProgress silent;
    const auto scan = scanFolder(coded, silent, CancelToken());
    ASSERT_OK(scan);
    ASSERT_EQ(scan->series.size(), 1u);
    ASSERT_OK(readSeries(scan->series[0]));
    const auto victim = scan->series[0].instances[1].file;
    ASSERT_OK(readPicture(victim));
    put(victim, halved(*readFile(victim)));
    const auto name = victim.filename().string();
    expectRefused(readSeries(scan->series[0]), "", name);
    expectRefused(readPicture(victim), "", name);
    if (tool == "dcmcrle") {
      expectRefused(readSeries(scan->series[0]), "the compressed pixels are truncated", name);
      expectRefused(readPicture(victim), "the compressed pixels are truncated", name);
    }
  }
}

std::string segment(char marker, const std::string& body) {
  return std::string("\xff") + marker + bigEndian(static_cast<std::uint32_t>(body.size() + 2), 2) + body;
}

// A grey JPEG of 8 by 8 pixels in scans: the first of its mean, the others of its rest, which is nothing; in front a
// smaller one, as cameras put it there.
std::string jpeg(int scans) {
  using namespace std::string_literals;
  auto out = "\xff\xd8"s + segment('\xe1', "Exif\0\0\xff\xd8\xff\xda\0\4\0\0\xff\xd9"s);
  out += segment('\xdb', '\0' + std::string(64, '\1'));
  out += segment('\xc2', "\x08\0\x08\0\x08\1\1\x11\0"s);
  const auto table = [](char kind) {  // one code, a zero of one bit, that stands for 0
    return segment('\xc4', kind + "\1"s + std::string(16, '\0'));
  };
  out += table('\0') + table('\x10');
  for (int n = 0; n < scans; ++n) out += segment('\xda', n == 0 ? "\1\1\0\0\0\0"s : "\1\1\0\1\x3f\0"s) + '\x7f';
  return out + "\xff\xd9";
}

TEST_F(Damaged, JpegPicturesHaveAnEndAndNoScansWithoutEnd) {
  for (const int scans : {2, 100}) {
    put(folder / "a.jpg", jpeg(scans));
    const auto read = readPicture(folder / "a.jpg");
    ASSERT_OK(read);
    EXPECT_EQ(read->pixels, std::vector<std::uint8_t>(64, 128));
  }
  const auto whole = jpeg(2);
  put(folder / "b.jpg", whole + "what cameras add");
  EXPECT_OK(readPicture(folder / "b.jpg"));
  for (const std::size_t missing : {1u, 2u, 3u, 14u}) {
    put(folder / "c.jpg", whole.substr(0, whole.size() - missing));
    expectRefused(readPicture(folder / "c.jpg"), "truncated", "c.jpg");
  }
  put(folder / "d.jpg", jpeg(101));
  expectRefused(readPicture(folder / "d.jpg"), "101 scans, more than 100", "d.jpg", ErrorCode::Unsupported);
}

TEST_F(Damaged, BmpPicturesHaveAllTheirRows) {
  const auto bmp = [](int height, std::uint32_t compression) {
    std::string out = "BM" + littleEndian(54 + 8 * 3, 4) + littleEndian(0, 4) + littleEndian(54, 4);
    for (const std::uint32_t value :
         {40u, 2u, static_cast<std::uint32_t>(height), 1 | 24u << 16, compression, 24u, 0u, 0u, 0u, 0u})
      out += littleEndian(value, 4);
    for (char n = 0; n < 24; ++n) out += n;
    return out;
  };
  for (const int height : {3, -3}) {
    put(folder / "a.bmp", bmp(height, 0));
    const auto read = readPicture(folder / "a.bmp");
    ASSERT_OK(read);
    EXPECT_EQ(read->pixels.size(), 18u);
    EXPECT_EQ(read->pixels[0], height > 0 ? 18 : 2);
    for (const std::size_t missing : {1u, 8u, 20u}) {
      const auto whole = bmp(height, 0);
      put(folder / "b.bmp", whole.substr(0, whole.size() - missing));
      expectRefused(readPicture(folder / "b.bmp"), "truncated", "b.bmp");
    }
  }
  // ITK would write where its run lengths lead.
  put(folder / "c.bmp", bmp(3, 1));
  expectRefused(readPicture(folder / "c.bmp"), "run lengths", "c.bmp", ErrorCode::Unsupported);
}

}  // namespace
