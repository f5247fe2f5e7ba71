// DICOM pictures against what pydicom wrote and the standard says of them, in every photometric interpretation.
#include <set>

#include "core/base/File.h"
#include "core/io/Images2D.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;

namespace {

class DicomPicture : public testing::Test {
 protected:
  void SetUp() override {
    const auto made =
        run("/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/dicom_pictures.py " + m_folder.path().string());
    if (made.code != 0) GTEST_SKIP() << made.output;
  }

  // Largest difference between the picture of a file and the truth of `name`; 1000 where they differ in size.
  int error(const std::filesystem::path& file, const std::string& name) {
    const auto read = readPicture(file);
    EXPECT_OK(read);
    const auto truth = readFile(m_folder / (name + ".raw")).value();
    if (!read || read->width != 64 || read->height != 48 || read->pixels.size() != truth.size()) return 1000;
    int worst = 0;
    for (std::size_t n = 0; n < truth.size(); ++n)
      worst = std::max(worst, std::abs(read->pixels[n] - static_cast<unsigned char>(truth[n])));
    return worst;
  }

  Folder m_folder;
};

TEST_F(DicomPicture, EveryPhotometricInterpretationIsShownAsItIsMeant) {
  for (const std::string exact : {"monochrome2", "monochrome1", "rgb", "rgb-planes", "palette"})
    EXPECT_EQ(error(m_folder / (exact + ".dcm"), exact), 0) << exact;
  for (const std::string rounded : {"deep", "deep-inverse", "windowed"})
    EXPECT_LE(error(m_folder / (rounded + ".dcm"), rounded), 1) << rounded;
  // Colours were rounded on their way there, and are on their way back.
  for (const std::string turned : {"ybr", "ybr-422"})
    EXPECT_LE(error(m_folder / (turned + ".dcm"), turned), 3) << turned;
}

TEST_F(DicomPicture, PackedOnesAreTheSame) {
  const auto packed = [&](const std::string& command, const std::string& name) {
    const auto in = (m_folder / (name + ".dcm")).string(), out = (m_folder / "packed.dcm").string();
    std::filesystem::remove(out);
    const auto made = run(command + " '" + in + "' '" + out + "'");
    return std::filesystem::exists(out) ? error(out, name) : made.code == 127 ? -1 : 2000;
  };
  for (const std::string name : {"monochrome1", "rgb", "palette"}) {
    EXPECT_LE(packed("dcmcrle", name), 0) << name;
    EXPECT_LE(packed("dcmcjpls", name), 0) << name;
    EXPECT_LE(packed("dcmcjpeg +e1", name), 0) << name;
    if (name != "palette") {
      EXPECT_LE(packed("gdcmconv --j2k", name), 0) << name;
    }
  }
  EXPECT_LE(packed("dcmcjpeg +eb +q 100 +s4", "rgb"), 4);  // lossy, as YBR_FULL
  EXPECT_LE(packed("dcmcjpeg +eb +q 100", "rgb"), 8);      // and as YBR_FULL_422
}

TEST_F(DicomPicture, DamagedAndOtherObjectsAreErrors) {
  const auto bytes = *readFile(m_folder / "rgb.dcm");
  for (const std::size_t keep : {std::size_t(0), std::size_t(140), bytes.size() / 2, bytes.size() - 20}) {
    put(m_folder / "cut.dcm", bytes.substr(0, keep));
    EXPECT_FALSE(readPicture(m_folder / "cut.dcm")) << keep;
  }
}

TEST_F(DicomPicture, IsReadAsEveryOtherKindIs) {
  const auto made =
      run("/usr/bin/python3 -c \"from PIL import Image; i = Image.new('L', (8, 6), 77)\nfor e in 'png jpg "
          "bmp tif'.split(): i.save('" +
          m_folder.path().string() + "/x.' + e)\"");
  if (made.code != 0) GTEST_SKIP() << made.output;
  for (const char* name : {"x.png", "x.jpg", "x.bmp", "x.tif"}) {
    EXPECT_TRUE(isPicture(m_folder / name)) << name;
    const auto picture = readPicture(m_folder / name);
    ASSERT_OK(picture);
    EXPECT_EQ(std::set<int>(picture->pixels.begin(), picture->pixels.end()), std::set{77}) << name;
  }
  for (const char* name : {"rgb", "monochrome1"}) {
    EXPECT_TRUE(isPicture(m_folder / (std::string(name) + ".dcm"))) << name;
    EXPECT_EQ(error(m_folder / (std::string(name) + ".dcm"), name), 0);
  }
}

}  // namespace
