#include "core/io/VolumeFile.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "core/base/File.h"
#include "core/io/Series.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;

namespace {

TEST(Nifti, VolumeSurvivesARoundTrip) {
  Folder folder;
  for (const char* name : {"a.nii", "a.nii.gz"}) {
    const auto volume = ramp(smallGrid(0.4, 0.7));
    ASSERT_OK(writeNifti(folder / name, volume));
    const auto read = readVolume(folder / name);
    ASSERT_OK(read);
    EXPECT_EQ(read->voxels, volume.voxels);
    EXPECT_TRUE(read->geometry.sameGrid(volume.geometry, 1e-4));
    EXPECT_LT(rampError(*read), 1e-3);
    const auto geometry = readVolumeGeometry(folder / name);
    ASSERT_OK(geometry);
    EXPECT_TRUE(geometry->sameGrid(read->geometry, 1e-9));
  }
}

TEST(Nifti, LeftHandedGridsKeepTheirSide) {
  Folder folder;
  auto g = smallGrid(0.2, 0.1);
  for (auto& row : g.direction) row[0] = -row[0];
  ASSERT_LT(g.handedness(), 0);
  ASSERT_OK(writeNifti(folder / "a.nii", ramp(g)));
  const auto read = readVolume(folder / "a.nii");
  ASSERT_OK(read);
  EXPECT_LT(rampError(*read), 1e-3);
}

TEST(Nifti, NibabelSeesTheAnalyticAffine) {
  Folder folder;
  const auto g = smallGrid(0.4, 0.7);
  ASSERT_OK(writeNifti(folder / "a.nii.gz", ramp(g)));
  const auto seen = judge("nifti " + (folder / "a.nii.gz").string() + " " + kRampText);
  if (seen.code == 77) GTEST_SKIP() << seen.output;
  ASSERT_EQ(seen.code, 0) << seen.output;
  std::istringstream numbers(seen.output);
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 4; ++c) {
      const double lpsToRas = r < 2 ? -1 : 1;
      const double expected = lpsToRas * (c < 3 ? g.direction[r][c] * g.spacing[c] : g.origin[r]);
      double value = 0;
      ASSERT_TRUE(numbers >> value);
      EXPECT_NEAR(value, expected, 1e-4) << r << ' ' << c;
    }
}

TEST(Nifti, LabelsAreWholeNumbers) {
  Folder folder;
  image::LabelMap labels(smallGrid());
  labels.voxels[5] = 65535;
  labels.voxels[6] = 7;
  ASSERT_OK(writeNifti(folder / "l.nii.gz", labels));
  const auto read = readLabelMap(folder / "l.nii.gz");
  ASSERT_OK(read);
  EXPECT_EQ(read->voxels, labels.voxels);
  ASSERT_OK(writeNifti(folder / "v.nii", ramp(smallGrid())));
  EXPECT_EQ(readLabelMap(folder / "v.nii").error().code, ErrorCode::Format);
}

TEST(Nifti, DamageIsAnErrorThatNamesTheFile) {
  Folder folder;
  ASSERT_OK(writeNifti(folder / "a.nii", ramp(smallGrid())));
  ASSERT_OK(writeNifti(folder / "a.nii.gz", ramp(smallGrid())));
  for (const char* name : {"a.nii", "a.nii.gz"}) {
    const auto bytes = *readFile(folder / name);
    for (const std::size_t keep : {std::size_t(0), std::size_t(100), bytes.size() / 2, bytes.size() - 9}) {
      const auto cut = folder / (std::string("cut-") + name);
      put(cut, bytes.substr(0, keep));
      const auto read = readVolume(cut);
      ASSERT_FALSE(read) << name << " cut to " << keep;
      EXPECT_EQ(read.error().code, ErrorCode::Format);
      EXPECT_NE(read.error().text().find("cut-"), std::string::npos);
    }
  }
  // A header that claims a huge image.
  auto bytes = *readFile(folder / "a.nii");
  const std::int16_t extent = 32000;
  for (int a = 0; a < 3; ++a) std::memcpy(bytes.data() + 42 + 2 * a, &extent, 2);
  put(folder / "huge.nii", bytes);
  EXPECT_EQ(readVolume(folder / "huge.nii").error().code, ErrorCode::Format);
  EXPECT_EQ(readVolume(folder / "none.nii").error().code, ErrorCode::NotFound);
  EXPECT_EQ(writeNifti(folder / "empty.nii", image::Volume()).error().code, ErrorCode::InvalidArgument);
}

TEST(Nifti, TheSecondVersionIsReadToo) {
  Folder folder;
  const auto g = smallGrid(0.3, -0.2);
  ASSERT_OK(writeNifti(folder / "one.nii", ramp(g)));
  const auto made = run("/usr/bin/python3 -c \"import nibabel as n; i = n.load('" + (folder / "one.nii").string() +
                        "'); n.Nifti2Image(i.get_fdata().astype('float32'), i.affine).to_filename('" +
                        (folder / "two.nii.gz").string() + "')\"");
  if (made.code != 0) GTEST_SKIP() << "python3-nibabel is not installed";
  const auto read = readVolume(folder / "two.nii.gz");
  ASSERT_OK(read);
  EXPECT_TRUE(read->geometry.sameGrid(g, 1e-3));
  EXPECT_LE(rampError(*read), 1e-3);
}

// Files written by the words of their formats' definitions.
class Written : public ::testing::Test {
 protected:
  Folder folder;
  image::Geometry grid = smallGrid(0.3, -0.2);
  std::string voxels;

  Written() {
    const auto volume = ramp(grid);
    voxels.assign(reinterpret_cast<const char*>(volume.voxels.data()), 4 * volume.voxels.size());
  }
  // A vector in the space "right-anterior-superior" where `ras`, else "left-posterior-superior".
  std::string vector(std::size_t axis, bool ras, double length) const {
    std::string out = "(";
    for (std::size_t r = 0; r < 3; ++r) {
      const double value = (axis == 3 ? grid.origin[r] : grid.direction[r][axis] * length) * (ras && r < 2 ? -1 : 1);
      char text[40];
      std::snprintf(text, sizeof text, "%.12g", value);
      out += (r ? "," : "") + std::string(text);
    }
    return out + ")";
  }
  std::string nrrd(bool ras, const std::string& more, const std::string& type = "float") const {
    const auto size = [&](std::size_t a) { return std::to_string(grid.size[a]) + " "; };
    return "NRRD0004\ntype: " + type +
           "\ndimension: 3\nspace: " + (ras ? "right-anterior-superior" : "left-posterior-superior") +
           "\nsizes: " + size(0) + size(1) + size(2) + "\nspace directions: " + vector(0, ras, grid.spacing[0]) + " " +
           vector(1, ras, grid.spacing[1]) + " " + vector(2, ras, grid.spacing[2]) +
           "\nspace origin: " + vector(3, ras, 1) + "\nendian: little\n" + more;
  }
  std::string meta(const std::string& file, const std::string& more = "") const {
    std::string matrix, offset, spacing, size;
    char text[40];
    const auto add = [&](std::string& to, double value) {
      std::snprintf(text, sizeof text, "%.12g ", value);
      to += text;
    };
    for (std::size_t a = 0; a < 3; ++a) {
      for (std::size_t r = 0; r < 3; ++r) add(matrix, grid.direction[r][a]);
      add(offset, grid.origin[a]);
      add(spacing, grid.spacing[a]);
      add(size, static_cast<double>(grid.size[a]));
    }
    return "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n" + more +
           "TransformMatrix = " + matrix + "\nOffset = " + offset + "\nElementSpacing = " + spacing +
           "\nDimSize = " + size + "\nElementType = MET_FLOAT\nElementDataFile = " + file + "\n";
  }
  void expectRamp(const std::string& name) {
    const auto geometry = readVolumeGeometry(folder / name);
    ASSERT_OK(geometry);
    EXPECT_TRUE(geometry->sameGrid(grid, 1e-6)) << name;
    const auto volume = readVolume(folder / name);
    ASSERT_OK(volume);
    EXPECT_LE(rampError(*volume), 1e-3) << name;
  }
  void expectRefused(const std::string& name, ErrorCode code, const std::string& words = {}) {
    const auto volume = readVolume(folder / name);
    ASSERT_FALSE(volume) << name;
    EXPECT_EQ(volume.error().code, code) << volume.error().text();
    EXPECT_NE(volume.error().text().find(words), std::string::npos) << volume.error().text();
    EXPECT_NE(volume.error().text().find(name), std::string::npos) << volume.error().text();
  }
};

TEST_F(Written, AFourthAxisOfOneAndNegativeSpacingTurnNothing) {
  const auto changed = [](std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    EXPECT_NE(at, text.npos) << from;
    return at == text.npos ? text : text.replace(at, from.size(), to);
  };
  const auto header = meta("LOCAL");
  const auto lineOf = [&](const std::string& name) {
    const auto at = header.find(name + " = ");
    return header.substr(at, header.find('\n', at) - at);
  };
  std::istringstream numbers(lineOf("TransformMatrix").substr(18));
  std::string four = "TransformMatrix =", turned = four;
  for (int n = 0; n < 9; ++n) {
    double value = 0;
    ASSERT_TRUE(numbers >> value);
    char text[40];
    std::snprintf(text, sizeof text, " %.12g", value);
    four += text + std::string(n % 3 == 2 ? " 0" : "");
    std::snprintf(text, sizeof text, " %.12g", n < 3 ? -value : value);
    turned += text;
  }
  auto text = changed(header, lineOf("TransformMatrix"), four + " 0 0 0 1");
  text = changed(text, "NDims = 3", "NDims = 4");
  for (const auto& [name, last] : {std::pair("Offset", " 0"), {"ElementSpacing", " 1"}, {"DimSize", " 1"}})
    text = changed(text, lineOf(name), lineOf(name) + last);
  put(folder / "four.mha", text + voxels);
  expectRamp("four.mha");
  // The first axis backwards twice over.
  text = changed(header, lineOf("TransformMatrix"), turned);
  put(folder / "turned.mha", changed(text, "ElementSpacing = ", "ElementSpacing = -") + voxels);
  expectRamp("turned.mha");
}

TEST_F(Written, AHeaderWithNulInItsNamesIsRefused) {
  // ITK's reader sees a second, longer list of axes in it, and takes its time.
  auto text = meta("LOCAL");
  text.insert(text.find("Offset"), std::string("NDims\0x = 137438953471\n", 23));
  put(folder / "a.mha", text + voxels);
  expectRefused("a.mha", ErrorCode::Format, "Name = value");
}

TEST_F(Written, NrrdAndMetaImageLieWhereTheySay) {
  put(folder / "lps.nrrd", nrrd(false, "encoding: raw\n\n") + voxels);
  put(folder / "ras.NRRD", nrrd(true, "encoding: raw\n\n") + voxels);
  put(folder / "detached.nhdr", nrrd(true, "encoding: raw\ndata file: pixels.raw\n\n"));
  put(folder / "one.mha", meta("LOCAL") + voxels);
  put(folder / "two.mhd", meta("pixels.raw"));
  put(folder / "pixels.raw", voxels);
  for (const char* name : {"lps.nrrd", "ras.NRRD", "detached.nhdr", "one.mha", "two.mhd"}) expectRamp(name);
  SilentProgress silent;
  const auto scan = scanFolder(folder.path(), silent, CancelToken());
  ASSERT_OK(scan);
  EXPECT_EQ(scan->loose.size(), 5u);
  for (const auto& loose : scan->loose) EXPECT_TRUE(loose.geometry.sameGrid(grid, 1e-6)) << loose.file;
}

TEST_F(Written, WhatIsNotWholeOrLeadsElsewhereIsRefused) {
  const auto head = nrrd(false, "encoding: raw\n\n");
  put(folder / "cut.nrrd", head + voxels.substr(0, voxels.size() - 8));
  expectRefused("cut.nrrd", ErrorCode::Format);
  put(folder / "cut.mha", meta("LOCAL") + voxels.substr(0, 100));
  expectRefused("cut.mha", ErrorCode::Format);
  put(folder / "head.nrrd", head.substr(0, 60));
  expectRefused("head.nrrd", ErrorCode::Format);
  put(folder / "empty.mhd", "");
  expectRefused("empty.mhd", ErrorCode::Format);
  std::filesystem::create_directories(folder / "deep");
  put(folder / "secret.raw", voxels);
  for (const char* place : {"../secret.raw", "/etc/passwd", "LIST", "slice%03d.raw 1 7 1", "none.raw"}) {
    put(folder / "deep/leads.mhd", meta(place));
    expectRefused("deep/leads.mhd", ErrorCode::Unsupported, place);
    put(folder / "deep/leads.mha", meta(place) + voxels);
    expectRefused("deep/leads.mha", ErrorCode::Unsupported, place);
    put(folder / "deep/leads.nhdr", nrrd(false, std::string("encoding: raw\ndata file: ") + place + "\n\n"));
    expectRefused("deep/leads.nhdr", ErrorCode::Unsupported, place);
  }
  grid.size = {32000, 32000, 32000};
  put(folder / "huge.nrrd", nrrd(false, "encoding: gzip\n\n") + voxels);
  expectRefused("huge.nrrd", ErrorCode::Format);
}

TEST_F(Written, SegmentationsOfSlicerNameTheirSegments) {
  std::string labels(voxels.size() / 4, '\0');
  labels[5] = 3;
  labels[6] = 7;
  put(folder / "case.seg.nrrd",
      nrrd(false,
           "encoding: raw\nSegment0_ID:=Segment_1\nSegment0_LabelValue:=3\nSegment0_Layer:=0\nSegment0_Name:=left "
           "kidney\nSegment0_Color:=0.725490196 0.4 0.301960784\nSegment0_Tags:=Segmentation.Status:inprogress|"
           "TerminologyEntry:Segmentation category and type - 3D Slicer General Anatomy list~SCT^123037004^Anatomical "
           "Structure~SCT^64033007^Kidney~SCT^7771000^Left~Anatomic codes - DICOM master list~^^~^^|\n"
           "Segment1_LabelValue:=7\nSegment1_Name:=liver\nSegment1_Tags:=TerminologyEntry:~^^~^^\n\n",
           "uint8") +
          labels);
  EXPECT_TRUE(namesItsLabels(folder / "case.seg.nrrd"));
  const auto map = readLabelMap(folder / "case.seg.nrrd");
  ASSERT_OK(map);
  const auto set = segmentsFromLabels(*map, folder / "case.seg.nrrd");
  ASSERT_OK(set);
  ASSERT_EQ(set->segments.size(), 2u);
  EXPECT_EQ(set->find("left kidney")->mask[5], 1);
  EXPECT_EQ(set->find("liver")->mask[6], 1);
  const image::Label& kidney = *set->find("left kidney");
  EXPECT_EQ(kidney.number, 3);
  EXPECT_EQ(kidney.color, "#b9664d");
  EXPECT_EQ(kidney.category, (plan::Code{"SCT", "123037004", "Anatomical Structure"}));
  EXPECT_EQ(kidney.code, (plan::Code{"SCT", "64033007", "Kidney"}));
  EXPECT_EQ(kidney.modifier, (plan::Code{"SCT", "7771000", "Left"}));
  EXPECT_EQ(static_cast<const image::Label&>(*set->find("liver")), (image::Label{"liver", "", {}, {}, {}, 7}));
  put(folder / "plain.nrrd", nrrd(false, "encoding: raw\n\n") + voxels);
  EXPECT_FALSE(namesItsLabels(folder / "plain.nrrd"));
}

TEST(Nifti, AnAffineThatIsNotFiniteEndsNoProgram) {
  Folder folder;
  ASSERT_OK(writeNifti(folder / "a.nii", ramp(smallGrid())));
  const auto bytes = *readFile(folder / "a.nii");
  for (const std::size_t at : {256u, 268u, 280u, 300u, 324u})  // of the rotation, its offset and the rows
    for (const float wrong : {INFINITY, -INFINITY, NAN, 3e38f}) {
      auto damaged = bytes;
      std::memcpy(damaged.data() + at, &wrong, sizeof wrong);
      put(folder / "b.nii", damaged);
      const auto read = readVolumeGeometry(folder / "b.nii");
      ASSERT_FALSE(read) << at << " " << wrong;
      EXPECT_EQ(read.error().code, ErrorCode::Format);
    }
}

TEST(Nifti, ANegativeSizeOfVoxelsIsAnError) {
  Folder folder;
  std::string header(544 + 64, '\0');
  const auto set = [&](std::size_t at, auto value) { std::memcpy(header.data() + at, &value, sizeof value); };
  set(0, std::int32_t(540));
  header.replace(4, 8, std::string("n+2\0\r\n\x1a\n", 8));
  set(12, std::int16_t(4));
  set(14, std::int16_t(-16));
  for (std::size_t n = 0; n < 8; ++n) set(16 + 8 * n, std::int64_t(n == 0 ? 3 : n < 4 ? 30000 : 1));
  set(168, std::int64_t(544));
  put(folder / "a.nii", header);
  const auto read = readVolume(folder / "a.nii");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::Format) << read.error().text();
  EXPECT_NE(read.error().message.find("shorter"), std::string::npos) << read.error().text();
}

TEST(MetaImage, ClaimsNoMorePackedBytesThanTheFileHas) {
  Folder folder;
  for (const char* size : {"18446744056529682431", "8000000000", "-5", "nan"}) {
    put(folder / "a.mha", std::string("ObjectType = Image\nNDims = 3\nBinaryData = True\nCompressedData = True\n"
                                      "DimSize = 2 3 4\nElementType = MET_UCHAR\nCompressedDataSize = ") +
                              size + "\nElementDataFile = LOCAL\nxxxxxxxxxxxxx");
    const auto read = readVolume(folder / "a.mha");
    ASSERT_FALSE(read) << size;
    EXPECT_NE(read.error().message.find("shorter"), std::string::npos) << size << read.error().text();
  }
}

TEST(MetaImage, IsReadByLinesAlone) {
  Folder folder;
  // ITK takes each of these for a hundred dimensions, or a gigabyte, and has room for ten.
  for (const char* line :
       {"NDims\n= 100", "NDims =\n100", "NDims : = 100", "NDims 100 = 3", " = NDims = 100", "NDims 100", "NDims\v= 100",
        "CompressedDataSize =\n 1000000000", "CompressedDataSize : = 1000000000"}) {
    put(folder / "a.mha", std::string("ObjectType = Image\nNDims = 3\n") + line +
                              "\nCompressedData = True\nDimSize = 2 3 4\nElementType = MET_UCHAR\n"
                              "ElementDataFile = LOCAL\n" +
                              std::string(24, 'x'));
    const auto read = readVolume(folder / "a.mha");
    ASSERT_FALSE(read) << line;
    EXPECT_TRUE(read.error().message.find("Name = value") != std::string::npos ||
                read.error().message.find("dimensions") != std::string::npos ||
                read.error().message.find("shorter") != std::string::npos)
        << line << ": " << read.error().text();
  }
}

TEST(Nifti, SegmentsAreNamedByTheCsv) {
  Folder folder;
  image::LabelMap labels(smallGrid());
  labels.voxels[3] = 2;
  labels.voxels[4] = 9;
  put(folder / "n.csv", "\"Label\";Name;voxels\r\n2;\"spleen\";1\r\n5;liver;0\r\n\r\n");
  const auto set = segmentsFromLabels(labels, folder / "n.csv");
  ASSERT_OK(set);
  ASSERT_EQ(set->segments.size(), 2u);
  ASSERT_NE(set->find("spleen"), nullptr);
  ASSERT_NE(set->find("9"), nullptr);
  EXPECT_EQ(set->find("spleen")->mask[3], 1);
  EXPECT_EQ(set->find("spleen")->mask[4], 0);
  EXPECT_EQ(set->find("liver"), nullptr);
  put(folder / "bad.csv", "value,name\n2,a\nx,b\n");
  const auto bad = segmentsFromLabels(labels, folder / "bad.csv");
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().message.find("line 3"), std::string::npos);
  put(folder / "none.csv", "a,b\n");
  EXPECT_EQ(segmentsFromLabels(labels, folder / "none.csv").error().code, ErrorCode::Format);
}

}  // namespace
