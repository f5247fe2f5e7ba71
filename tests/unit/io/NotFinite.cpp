// Voxels that are no numbers, and headers that lead beside their voxels: refused in every format alike, and never
// turned into something else.
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

constexpr std::size_t kBegin = 352;  // of the voxels that writeNifti() writes
constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinite = std::numeric_limits<float>::infinity();

class NotFinite : public ::testing::Test {
 protected:
  Folder folder;
  image::Geometry grid = smallGrid();  // 11 by 9 by 7
  std::string nifti, voxels;           // of floats

  NotFinite() {
    EXPECT_OK(writeNifti(folder / "good.nii", ramp(grid)));
    nifti = *readFile(folder / "good.nii");
    voxels = nifti.substr(kBegin);
  }
  static void set(std::string& bytes, std::size_t at, auto value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
  }
  // Two voxels that are none: the first at (3, 4, 5).
  std::string spoilt(float wrong) const {
    auto out = voxels;
    set(out, 4 * static_cast<std::size_t>(grid.offset(3, 4, 5)), wrong);
    set(out, 4 * static_cast<std::size_t>(grid.offset(0, 0, 6)), wrong);
    return out;
  }
  fs::path packed(const fs::path& file) const {
    EXPECT_EQ(run("gzip -kf '" + file.string() + "'").code, 0);
    return file.string() + ".gz";
  }
  void expectRefused(const fs::path& file, ErrorCode code, const std::string& words) const {
    const auto volume = readVolume(file);
    ASSERT_FALSE(volume) << file << " gives " << volume->voxels[0];
    EXPECT_EQ(volume.error().code, code) << volume.error().text();
    EXPECT_NE(volume.error().text().find(words), std::string::npos) << volume.error().text();
    EXPECT_NE(volume.error().text().find(file.filename().string()), std::string::npos) << volume.error().text();
    EXPECT_FALSE(readLabelMap(file)) << file;
  }
  void expectCounted(const fs::path& file, const std::string& count = "2") const {
    expectRefused(file, ErrorCode::Numeric, count + " voxel(s) hold no finite number, the first at (3, 4, 5)");
  }
};

TEST_F(NotFinite, NiftiOfFloats) {
  for (const float wrong : {kNan, kInfinite, -kInfinite}) {
    put(folder / "a.nii", nifti.substr(0, kBegin) + spoilt(wrong));
    expectCounted(folder / "a.nii");
    expectCounted(packed(folder / "a.nii"));
  }
}

TEST_F(NotFinite, NiftiOfDoublesThatNoFloatCanHold) {
  auto head = nifti.substr(0, kBegin);
  set(head, 70, std::int16_t(64));
  set(head, 72, std::int16_t(64));
  std::string values;
  for (std::int64_t n = 0; n < grid.voxels(); ++n) {
    const double value = n == grid.offset(3, 4, 5) ? 1e300 : n == grid.offset(1, 0, 6) ? std::nan("") : 1.0;
    values.append(reinterpret_cast<const char*>(&value), 8);
  }
  put(folder / "a.nii", head + values);
  expectCounted(folder / "a.nii");
}

TEST_F(NotFinite, NiftiOfTheOtherByteOrder) {
  const auto script = R"(
import sys, numpy as n, nibabel
i = nibabel.load(sys.argv[1])
d = i.get_fdata().astype('>f4')
j = nibabel.Nifti1Image(d, i.affine, i.header.as_byteswapped('>'))
j.to_filename(sys.argv[2])
d[3, 4, 5] = d[0, 0, 6] = float('nan')
nibabel.Nifti1Image(d, i.affine, i.header.as_byteswapped('>')).to_filename(sys.argv[3])
nibabel.Nifti2Image(d.astype('<f4'), i.affine).to_filename(sys.argv[4])
)";
  put(folder / "make.py", script);
  const auto made =
      run("cd " + folder.path().string() + " && /usr/bin/python3 make.py good.nii big.nii a.nii two.nii.gz");
  if (made.code != 0) GTEST_SKIP() << made.output;
  const auto good = readVolume(folder / "big.nii");
  ASSERT_OK(good);
  EXPECT_LT(rampError(*good), 1e-3);
  expectCounted(folder / "a.nii");
  expectCounted(folder / "two.nii.gz");
}

TEST_F(NotFinite, NiftiWhoseScaleMakesThem) {
  auto head = nifti.substr(0, kBegin);
  set(head, 70, std::int16_t(4));
  set(head, 72, std::int16_t(16));
  std::string values(static_cast<std::size_t>(2 * grid.voxels()), '\0');
  set(values, 2 * static_cast<std::size_t>(grid.offset(3, 4, 5)), std::int16_t(30000));
  const auto scaled = [&](float slope, float intercept) {
    set(head, 112, slope);
    set(head, 116, intercept);
    put(folder / "a.nii", head + values);
    return folder / "a.nii";
  };
  expectCounted(scaled(1e36f, 0), "1");
  for (const auto& [slope, intercept] :
       {std::pair(kInfinite, 0.0f), {2.0f, kNan}, {2.0f, kInfinite}, {-kInfinite, 1.0f}})
    expectRefused(scaled(slope, intercept), ErrorCode::Numeric, "scl_slope");
  // Not-a-number and 0 as slope are the format's ways to say that there is no scale.
  for (const float none : {kNan, 0.0f}) {
    const auto read = readVolume(scaled(none, none));
    ASSERT_OK(read);
    EXPECT_EQ(read->at(3, 4, 5), 30000);
  }
  const auto read = readVolume(scaled(1e-20f, 2));
  ASSERT_OK(read);
  EXPECT_FLOAT_EQ(read->at(3, 4, 5), 2);
}

TEST_F(NotFinite, NiftiVoxelsBeginBehindTheHeaderAndEndInTheFile) {
  const auto at = [&](float offset, const char* name = "a.nii") {
    auto bytes = nifti;
    set(bytes, 108, offset);
    put(folder / name, bytes);
    return folder / name;
  };
  for (const float inside : {0.0f, 8.0f, 348.0f, -352.0f, kNan, kInfinite, 1e30f})
    expectRefused(at(inside), ErrorCode::Format, "vox_offset");
  for (const float beyond : {353.0f, 400.0f, 1e6f}) {
    expectRefused(at(beyond), ErrorCode::Format, "shorter than its header says");
    EXPECT_FALSE(readVolumeGeometry(folder / "a.nii")) << "a scan says so as well";
    const auto file = packed(at(beyond));
    expectRefused(file, ErrorCode::Format, beyond < 1e5f ? "bytes of voxels are there" : "");
  }
  // Behind an extension, where they truly are.
  auto bytes = nifti;
  set(bytes, 108, 368.0f);
  bytes.insert(kBegin, 16, '\1');
  put(folder / "extended.nii", bytes);
  const auto read = readVolume(folder / "extended.nii");
  ASSERT_OK(read);
  EXPECT_LT(rampError(*read), 1e-3);
}

TEST_F(NotFinite, Nrrd) {
  const auto head = [&](const std::string& encoding, const std::string& sizes = "11 9 7",
                        const std::string& origin = "(0,0,0)", const std::string& axis = "(1,0,0)") {
    return "NRRD0004\ntype: float\ndimension: 3\nspace: left-posterior-superior\nsizes: " + sizes +
           "\nspace directions: " + axis + " (0,1,0) (0,0,1)\nspace origin: " + origin +
           "\nendian: little\nencoding: " + encoding + "\n\n";
  };
  put(folder / "good.nrrd", head("raw") + voxels);
  EXPECT_OK(readVolume(folder / "good.nrrd"));
  for (const float wrong : {kNan, kInfinite}) {
    put(folder / "a.nrrd", head("raw") + spoilt(wrong));
    expectCounted(folder / "a.nrrd");
    put(folder / "raw", spoilt(wrong));
    put(folder / "b.nrrd", head("gzip") + *readFile(packed(folder / "raw")));
    expectCounted(folder / "b.nrrd");
  }
  std::string text;
  for (int n = 0; n < 11 * 9 * 7; ++n) text += n == grid.offset(3, 4, 5) || n == 11 * 9 * 6 ? "nan " : "1 ";
  put(folder / "c.nrrd", head("ascii") + text);
  expectCounted(folder / "c.nrrd");
  for (const char* sizes : {"-11 9 7", "nan 9 7", "inf 9 7", "11 9 0", "11.5 9 7"}) {
    put(folder / "a.nrrd", head("raw", sizes) + voxels);
    expectRefused(folder / "a.nrrd", ErrorCode::Format, "sizes");
  }
  put(folder / "a.nrrd", head("raw", "11 9 7", "(0,nan,0)") + voxels);
  expectRefused(folder / "a.nrrd", ErrorCode::Format, "space origin");
  put(folder / "a.nrrd", head("raw", "11 9 7", "(0,0,0)", "(inf,0,0)") + voxels);
  expectRefused(folder / "a.nrrd", ErrorCode::Format, "space directions");
}

TEST_F(NotFinite, MetaImage) {
  const auto head = [&](const std::string& more, const std::string& field = "", const std::string& value = "") {
    std::string out = "ObjectType = Image\nNDims = 3\n" + more;
    for (const auto& [name, usual] : {std::pair("TransformMatrix", "1 0 0 0 1 0 0 0 1"),
                                      {"Offset", "0 0 0"},
                                      {"ElementSpacing", "1 1 1"},
                                      {"DimSize", "11 9 7"}})
      out += std::string(name) + " = " + (field == name ? value : usual) + "\n";
    return out + "ElementType = MET_FLOAT\nElementDataFile = LOCAL\n";
  };
  const std::string raw = "BinaryData = True\nBinaryDataByteOrderMSB = False\n";
  put(folder / "good.mha", head(raw) + voxels);
  EXPECT_OK(readVolume(folder / "good.mha"));
  for (const float wrong : {kNan, -kInfinite}) {
    put(folder / "a.mha", head(raw) + spoilt(wrong));
    expectCounted(folder / "a.mha");
  }
  // ITK's reader takes the first word that is no number, and all behind it, for zeros.
  std::string text;
  for (int n = 0; n < 11 * 9 * 7; ++n) text += n == grid.offset(3, 4, 5) ? "nan " : std::to_string(n) + " ";
  put(folder / "b.mha", head("BinaryData = False\n") + text);
  expectRefused(folder / "b.mha", ErrorCode::Numeric, "voxel 542 is 'nan'");
  put(folder / "b.mha", head("BinaryData = False\n") + text.substr(0, text.find("nan")));
  expectRefused(folder / "b.mha", ErrorCode::Format, "shorter");
  text.replace(text.find("nan"), 3, "542");
  put(folder / "b.mha", head("BinaryData = False\n") + text);
  const auto read = readVolume(folder / "b.mha");
  ASSERT_OK(read);
  EXPECT_EQ(read->at(3, 4, 5), 542);
  EXPECT_EQ(read->voxels.back(), 692);
  for (const char* sizes : {"-11 9 7", "nan 9 7", "inf 9 7", "11 9 0"}) {
    put(folder / "a.mha", head(raw, "DimSize", sizes) + voxels);
    expectRefused(folder / "a.mha", ErrorCode::Format, "DimSize");
  }
  for (const char* field : {"Offset", "ElementSpacing"})
    for (const char* wrong : {"nan 1 1", "1 inf 1", "1 1 word"}) {
      put(folder / "a.mha", head(raw, field, wrong) + voxels);
      expectRefused(folder / "a.mha", ErrorCode::Format, field);
    }
  put(folder / "a.mha", head(raw, "TransformMatrix", "nan 0 0 0 1 0 0 0 1") + voxels);
  expectRefused(folder / "a.mha", ErrorCode::Format, "TransformMatrix");
}

TEST_F(NotFinite, DicomWhoseRescaleMakesThem) {
  DicomHeader header;
  header.patientId = "P";
  const auto written = writeCtSeries(folder / "ct", ramp(grid), header);
  ASSERT_OK(written);
  const auto rescaledTo = [&](const std::string& tag, const std::string& value) -> Result<image::Volume> {
    const auto changed = run("dcmodify -nb -m '" + tag + "=" + value + "' '" + written->files[3].string() + "'");
    EXPECT_EQ(changed.code, 0) << changed.output;
    SilentProgress silent;
    const auto scan = scanFolder(folder / "ct", silent, CancelToken());
    EXPECT_OK(scan);
    return readSeries(scan->series.at(0));
  };
  const auto before = rescaledTo("RescaleSlope", "1");
  ASSERT_OK(before);
  for (const auto& [tag, value, words] : {std::tuple("RescaleSlope", "nan", "RescaleSlope is no finite number"),
                                          {"RescaleSlope", "inf", "RescaleSlope is no finite number"},
                                          {"RescaleSlope", "one", "RescaleSlope is no finite number"},
                                          {"RescaleSlope", "1e38", "hold no finite number once they are rescaled"}}) {
    const auto read = rescaledTo(tag, value);
    ASSERT_FALSE(read) << value << " gives " << read->voxels[4 * 99];
    EXPECT_EQ(read.error().code, ErrorCode::Numeric);
    EXPECT_NE(read.error().text().find(words), std::string::npos) << read.error().text();
    EXPECT_NE(read.error().text().find(written->files[3].filename().string()), std::string::npos);
  }
}

}  // namespace
