#include "core/io/Images2D.h"

#include "core/base/File.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;

namespace {

Picture gradient(std::int64_t width, std::int64_t height, std::int64_t channels, int start = 0) {
  Picture p{width, height, channels, {}};
  for (std::int64_t n = 0; n < width * height * channels; ++n)
    p.pixels.push_back(static_cast<std::uint8_t>(start + n * 7));
  return p;
}

PictureSet smallSet() {
  PictureSet set;
  set.classes = {"0", "1", "2"};
  for (int n = 0; n < 5; ++n)
    set.examples.push_back({"", {}, gradient(4, 3, 3, n), {n % 3}, n < 3 ? "train" : "test", ""});
  return set;
}

TEST(Images2D, PngSurvivesARoundTrip) {
  Folder folder;
  for (const std::int64_t channels : {1, 3}) {
    const auto picture = gradient(7, 5, channels);
    ASSERT_OK(writePng(folder / "a.png", picture));
    const auto read = readPicture(folder / "a.png");
    ASSERT_OK(read);
    EXPECT_EQ(read->width, 7);
    EXPECT_EQ(read->height, 5);
    EXPECT_EQ(read->channels, channels);
    EXPECT_EQ(read->pixels, picture.pixels);
  }
}

TEST(Images2D, OtherFormatsReadByTheirBytes) {
  Folder folder;
  // A 2 x 1 BMP with 24 bits: blue, red; rows padded to four bytes.
  std::string bmp = "BM";
  const auto u32 = [&](unsigned v) {
    for (int n = 0; n < 4; ++n) bmp += static_cast<char>(v >> (8 * n) & 255);
  };
  u32(54 + 8), u32(0), u32(54), u32(40), u32(2), u32(1), u32(1 | 24u << 16), u32(0), u32(8), u32(2835), u32(2835),
      u32(0), u32(0);
  bmp += std::string("\xff\0\0\0\0\xff\0\0", 8);
  put(folder / "named-wrongly.png", bmp);
  const auto read = readPicture(folder / "named-wrongly.png");
  ASSERT_OK(read);
  EXPECT_EQ(read->pixels, (std::vector<std::uint8_t>{0, 0, 255, 255, 0, 0}));
}

TEST(Images2D, DamagedPicturesAreErrors) {
  Folder folder;
  ASSERT_OK(writePng(folder / "a.png", gradient(64, 64, 3)));
  const auto bytes = *readFile(folder / "a.png");
  for (const std::size_t keep : {std::size_t(0), std::size_t(8), std::size_t(40), bytes.size() / 2}) {
    put(folder / "b.png", bytes.substr(0, keep));
    const auto read = readPicture(folder / "b.png");
    ASSERT_FALSE(read) << keep;
    EXPECT_EQ(read.error().code, ErrorCode::Format) << keep;
  }
  EXPECT_EQ(readPicture(folder / "none.png").error().code, ErrorCode::NotFound);
  EXPECT_EQ(writePng(folder / "c.png", {2, 2, 1, {1}}).error().code, ErrorCode::InvalidArgument);
}

TEST(Images2D, NpzSurvivesARoundTripAndNumpyReadsIt) {
  Folder folder;
  const auto set = smallSet();
  ASSERT_OK(writeNpz(folder / "a.npz", set));
  const auto read = readNpz(folder / "a.npz");
  ASSERT_OK(read);
  EXPECT_EQ(read->classes, set.classes);
  ASSERT_EQ(read->examples.size(), 5u);
  for (std::size_t n = 0; n < 5; ++n) {
    const auto picture = pictureOf(read->examples[n]);
    ASSERT_OK(picture);
    EXPECT_EQ(picture->pixels, set.examples[n].picture.pixels);
    EXPECT_EQ(read->examples[n].labels, set.examples[n].labels);
    EXPECT_EQ(read->examples[n].split, set.examples[n].split);
  }
  const auto seen = run(
      "/usr/bin/python3 -c \"import numpy, sys; d = numpy.load('" + (folder / "a.npz").string() +
      "'); print(d['train_images'].shape, d['test_labels'].ravel().tolist(), d['train_images'][1, 0, 0].tolist())\"");
  if (seen.output.find("No module") != std::string::npos || seen.code == 127) GTEST_SKIP() << seen.output;
  EXPECT_EQ(seen.output, "(3, 3, 4, 3) [0, 1] [1, 8, 15]\n");
}

TEST(Images2D, NpzOfNumpyIsRead) {
  Folder folder;
  const auto made =
      run("/usr/bin/python3 -c \"import numpy as n; n.savez_compressed('" + (folder / "a.npz").string() +
          "', train_images=n.arange(24, dtype='u1').reshape(2, 3, 4), train_labels=n.array([[1], [300]], 'i8'))\"");
  if (made.code != 0) GTEST_SKIP() << made.output;
  const auto read = readNpz(folder / "a.npz");
  ASSERT_OK(read);
  EXPECT_EQ(read->classes.size(), 301u);
  EXPECT_EQ(read->examples[1].labels, std::vector{300});
  const auto picture = pictureOf(read->examples[1]);
  ASSERT_OK(picture);
  EXPECT_EQ(picture->pixels[0], 12);
  EXPECT_EQ(picture->width, 4);
  const auto wrong = run("/usr/bin/python3 -c \"import numpy as n; n.savez('" + (folder / "b.npz").string() +
                         "', train_images=n.zeros((2, 3, 4), 'f4'), train_labels=n.zeros(2, 'u1'))\"");
  ASSERT_EQ(wrong.code, 0);
  const auto bad = readNpz(folder / "b.npz");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().text().find("train_images"), std::string::npos);
}

// What numpy writes into a.npz by this code, where `f` is the file's name.
bool numpyWrites(const Folder& folder, const std::string& code) {
  const auto made =
      run("/usr/bin/python3 -c \"import numpy as n; f = '" + (folder / "a.npz").string() + "'; " + code + "\"");
  return made.code == 0;
}

TEST(Images2D, EveryLayoutOfMedMnistIsRead) {
  Folder folder;
  for (const int side : {28, 64, 128, 224})
    for (const std::string channels : {"", ", 3"}) {
      const auto shape = "(2, " + std::to_string(side) + ", " + std::to_string(side) + channels + ")";
      if (!numpyWrites(folder, "i = n.arange(n.prod(" + shape + ")).reshape(" + shape +
                                   ").astype('u1'); n.savez_compressed(f, train_images=i, train_labels=[[0], [1]], "
                                   "val_images=i, val_labels=[[1], [1]], test_images=i, test_labels=[[2], [0]])"))
        GTEST_SKIP() << "numpy is not there";
      const auto set = readNpz(folder / "a.npz");
      ASSERT_OK(set);
      ASSERT_EQ(set->examples.size(), 6u);
      EXPECT_EQ(set->classes, (std::vector<std::string>{"0", "1", "2"}));
      EXPECT_EQ(set->examples[4].split, "test");
      EXPECT_EQ(set->examples[4].labels, std::vector{2});
      const auto read = pictureOf(set->examples[1]);
      ASSERT_OK(read);
      const auto& picture = *read;
      EXPECT_EQ(picture.width, side);
      EXPECT_EQ(picture.channels, channels.empty() ? 1 : 3);
      ASSERT_EQ(picture.pixels.size(), static_cast<std::size_t>(side * side * picture.channels));
      for (std::size_t n = 0; n < picture.pixels.size(); n += 97)
        ASSERT_EQ(picture.pixels[n], (picture.pixels.size() + n) & 255) << n;
    }
}

TEST(Images2D, EachColumnOfSeveralLabelsHasClassesOfItsOwn) {
  Folder folder;
  if (!numpyWrites(folder, "n.savez(f, train_images=n.zeros((2, 3, 4), 'u1'), train_labels=[[0, 1, 0], [1, 1, 2]])"))
    GTEST_SKIP() << "numpy is not there";
  const auto set = readNpz(folder / "a.npz");
  ASSERT_OK(set);
  EXPECT_EQ(set->classes, (std::vector<std::string>{"0=0", "0=1", "1=0", "1=1", "2=0", "2=1", "2=2"}));
  EXPECT_EQ(set->examples[0].labels, (std::vector{0, 3, 4}));
  EXPECT_EQ(set->examples[1].labels, (std::vector{1, 3, 6}));
}

TEST(Images2D, VolumesStandAsTheirMiddleSliceWithConsent) {
  Folder folder;
  if (!numpyWrites(folder,
                   "n.savez(f, train_images=n.arange(240).reshape(2, 5, 4, 6).astype('u1'), "
                   "train_labels=[[0], [1]])"))
    GTEST_SKIP() << "numpy is not there";
  const auto set = readNpz(folder / "a.npz");
  ASSERT_OK(set);
  ASSERT_EQ(set->findings.size(), 1u);
  EXPECT_EQ(set->findings[0].severity, Finding::Severity::Consent);
  EXPECT_EQ(set->findings[0].code, "middle-slice");
  const auto picture = pictureOf(set->examples[1]);
  ASSERT_OK(picture);
  EXPECT_EQ(picture->width, 6);
  EXPECT_EQ(picture->height, 4);
  EXPECT_EQ(picture->pixels.front(), 120 + 2 * 24);
  EXPECT_EQ(picture->pixels.back(), 120 + 3 * 24 - 1);
}

TEST(Images2D, NpzThatLiesAboutItsSizesIsRefusedBeforeItIsReadIntoMemory) {
  Folder folder;
  ASSERT_OK(writeNpz(folder / "a.npz", smallSet()));
  auto bytes = *readFile(folder / "a.npz");
  // The first entry of the central directory claims a gigabyte, packed and unpacked.
  const auto entry = bytes.find("PK\x01\x02");
  ASSERT_NE(entry, bytes.npos);
  bytes.replace(entry + 20, 8, std::string("\0\0\0\x40\0\0\0\x40", 8));
  put(folder / "a.npz", bytes);
  const auto read = readNpz(folder / "a.npz");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("not believable"), std::string::npos) << read.error().text();
}

TEST(Images2D, EmptyArraysOfAbsurdShapeAreNoPictures) {
  Folder folder;
  if (!numpyWrites(folder, "n.savez(f, train_images=n.zeros((0, 2**31, 2**31), 'u1'), train_labels=n.zeros(0, 'u1'))"))
    GTEST_SKIP() << "numpy is not there";
  const auto read = readNpz(folder / "a.npz");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::Format);
}

TEST(Images2D, DamagedNpzIsAnError) {
  Folder folder;
  ASSERT_OK(writeNpz(folder / "a.npz", smallSet()));
  const auto bytes = *readFile(folder / "a.npz");
  for (std::size_t keep = 0; keep < bytes.size(); keep += 13) {
    put(folder / "b.npz", bytes.substr(0, keep));
    EXPECT_FALSE(readNpz(folder / "b.npz")) << keep;
  }
  // A flipped byte in stored data fails the checksum or the header, and is never read as an image.
  for (std::size_t at = 40; at < bytes.size() / 2; at += 7) {
    auto broken = bytes;
    broken[at] = static_cast<char>(broken[at] ^ 0x55);
    put(folder / "b.npz", broken);
    const auto read = readNpz(folder / "b.npz");
    if (!read) continue;
    ASSERT_EQ(read->examples.size(), 5u) << at;
    // A picture that is another is found out at the latest behind the last.
    bool same = true;
    const auto all =
        eachPicture(read->examples, {0, 1, 2, 3, 4}, [&](std::size_t n, const Picture& picture) -> Result<void> {
          same = same && picture.pixels == smallSet().examples[n].picture.pixels;
          return {};
        });
    EXPECT_TRUE(same || !all) << at;
  }
}

TEST(Images2D, ArraysOfOtherOrdersAreReadOrRefusedByName) {
  Folder folder;
  for (const char* how : {"savez", "savez_compressed"}) {
    if (!numpyWrites(folder, std::string("n.") + how +
                                 "(f, train_images=n.arange(24, dtype='u1').reshape(2, 3, 4), "
                                 "train_labels=n.array([[1], [300]], '>i8'))"))
      GTEST_SKIP() << "numpy is not there";
    const auto read = readNpz(folder / "a.npz");
    ASSERT_OK(read);
    EXPECT_EQ(read->examples[1].labels, std::vector{300});
    std::vector<int> firsts;
    // Backwards as well.
    ASSERT_OK(eachPicture(read->examples, {1, 0}, [&](std::size_t, const Picture& picture) -> Result<void> {
      firsts.push_back(picture.pixels.at(0));
      return {};
    }));
    EXPECT_EQ(firsts, (std::vector{12, 0}));
  }
  ASSERT_TRUE(
      numpyWrites(folder, "n.savez(f, train_images=n.asfortranarray(n.zeros((2, 3, 4), 'u1')), train_labels=[0, 1])"));
  const auto bad = readNpz(folder / "a.npz");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::Unsupported);
  EXPECT_NE(bad.error().text().find("train_images: the array is in Fortran order"), std::string::npos)
      << bad.error().text();
}

}  // namespace
