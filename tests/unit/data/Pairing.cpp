#include <gmock/gmock.h>

#include <cmath>

#include "core/base/File.h"
#include "core/io/Images2D.h"
#include "core/io/VolumeFile.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/data/Support.h"

namespace lorkd::data {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

// A ball of 12 mm on a grid of the given spacing about the same middle.
image::SegmentSet ball(double spacing) {
  image::Geometry g;
  const auto side = static_cast<std::int64_t>(std::round(48 / spacing));
  g.size = {side, side, side};
  g.spacing = {spacing, spacing, spacing};
  g.origin = {-24 + spacing / 2, -24 + spacing / 2, 100 - 24 + spacing / 2};
  image::SegmentSet set{g, {}};
  auto& segment = set.segments.emplace_back();
  segment.name = "ball";
  segment.mask.resize(static_cast<std::size_t>(g.voxels()));
  for (std::int64_t n = 0; n < g.voxels(); ++n) {
    const auto p = g.indexToLps({double(n % side), double(n / side % side), double(n / side / side)});
    segment.mask[static_cast<std::size_t>(n)] = std::hypot(p[0], p[1], p[2] - 100) < 12;
  }
  return set;
}

class SegOnAnotherGrid : public testing::Test {
 protected:
  // A CT at 2 mm in `ct`, and beside it a segmentation at 3 mm whose references name the CT's slices.
  void write(const std::string& frameOfReference) {
    io::DicomHeader header;
    header.patientId = "P";
    header.uidSeed = "same";
    header.frameOfReferenceUid = "1.2.3";
    ASSERT_TRUE(io::writeCtSeries(m_data / "ct", image::Volume(ball(2).geometry), header));
    header.frameOfReferenceUid = frameOfReference;
    const auto coarse = io::writeCtSeries(m_elsewhere / "coarse", image::Volume(ball(3).geometry), header);
    ASSERT_TRUE(coarse);
    header.uidSeed = "seg";
    const auto seg = io::writeSeg(m_data / "seg.dcm", ball(3), *coarse, header);
    ASSERT_TRUE(seg) << seg.error().text();
  }
  TemporaryFolder m_data, m_elsewhere;
};

TEST_F(SegOnAnotherGrid, IsResampledInTheSameFrameOfReference) {
  write("1.2.3");
  const auto cases = scanned(m_data.path(), m_elsewhere / "index.sqlite");
  ASSERT_TRUE(cases && cases->size() == 1) << (cases ? "" : cases.error().text());
  EXPECT_THAT(cases->at(0).labels, ElementsAre("ball"));
  const auto rejected = Catalogue::open(m_elsewhere / "index.sqlite")->rejected();
  ASSERT_EQ(rejected->size(), 1u);
  EXPECT_EQ(rejected->front().second.code, "label-grid");
  EXPECT_EQ(rejected->front().second.severity, io::Finding::Severity::Warning);
  const auto set = readSegments(cases->at(0));
  ASSERT_TRUE(set) << set.error().text();
  EXPECT_TRUE(set->geometry.sameGrid(ball(2).geometry));
  EXPECT_GT(dice(set->segments.at(0).mask, ball(2).segments[0].mask), 0.95);
}

TEST_F(SegOnAnotherGrid, IsRefusedInAnother) {
  write("1.2.4");
  const auto cases = scanned(m_data.path(), m_elsewhere / "index.sqlite");
  ASSERT_TRUE(cases && cases->size() == 1);
  EXPECT_TRUE(cases->at(0).labels.empty());
  const auto rejected = Catalogue::open(m_elsewhere / "index.sqlite")->rejected();
  ASSERT_EQ(rejected->size(), 1u);
  EXPECT_EQ(rejected->front().second.code, "frame-of-reference");
}

class NiftiTree : public testing::Test {
 protected:
  NiftiTree() {
    m_geometry.size = {6, 5, 4};
    m_geometry.spacing = {1.5, 1.5, 3};
    m_geometry.origin = {-20, 10, 300};
  }
  void image(const std::string& name) {
    image::Volume v(m_geometry);
    for (std::size_t n = 0; n < v.voxels.size(); ++n) v.voxels[n] = static_cast<float>(n) + 0.5f;
    fs::create_directories((m_data / name).parent_path());
    ASSERT_TRUE(io::writeNifti(m_data / name, v));
  }
  void labels(const std::string& name, double shift = 0) {
    image::LabelMap map(m_geometry);
    map.geometry.origin[0] += shift;
    map.voxels[3] = 2;
    map.voxels[4] = map.voxels[5] = 7;
    fs::create_directories((m_data / name).parent_path());
    ASSERT_TRUE(io::writeNifti(m_data / name, map));
  }
  std::vector<Case> scan() {
    auto cases = scanned(m_data.path(), m_index / "index.sqlite");
    EXPECT_TRUE(cases) << cases.error().text();
    return cases.value_or(std::vector<Case>());
  }
  std::vector<std::pair<fs::path, io::Finding>> rejected() {
    return Catalogue::open(m_index / "index.sqlite")->rejected().value();
  }
  image::Geometry m_geometry;
  TemporaryFolder m_data, m_index;
};

TEST_F(NiftiTree, OnlyImageAndLabelsOfAFolderWithNames) {
  image("one/ct.nii.gz");
  labels("one/labels.nii.gz");
  ASSERT_TRUE(writeFileAtomically(m_data / "one/labels.csv", "label,name\n2,liver\n7,spleen\n9,absent\n"));
  const auto cases = scan();
  ASSERT_EQ(cases.size(), 1u);
  EXPECT_THAT(cases[0].labels, ElementsAre("liver", "spleen"));
  EXPECT_EQ(cases[0].kind, "volume");
  const auto segments = readSegments(cases[0]);
  ASSERT_TRUE(segments) << segments.error().text();
  EXPECT_EQ(segments->find("spleen")->mask[4], 1);
  EXPECT_EQ(segments->find("spleen")->mask[3], 0);
  const auto wanted = readSegments(cases[0], {"LIVER"});
  ASSERT_EQ(wanted->segments.size(), 1u);
  EXPECT_EQ(wanted->segments[0].name, "liver");
  EXPECT_TRUE(readImage(cases[0])->geometry.sameGrid(m_geometry));
}

TEST_F(NiftiTree, LabelsOnAnotherGridWaitForConsent) {
  image("one/ct.nii.gz");
  image::LabelMap map(m_geometry);
  map.geometry.spacing = {3, 1.5, 3};
  map.geometry.size = {3, 5, 4};
  map.geometry.origin[0] += 0.75;
  map.voxels.assign(60, 0);
  map.at(1, 2, 3) = 4;
  ASSERT_TRUE(io::writeNifti(m_data / "one/labels.nii.gz", map));
  auto cases = scan();
  ASSERT_EQ(cases.size(), 1u);
  EXPECT_THAT(cases[0].consent, ElementsAre("label-grid"));
  ASSERT_EQ(rejected().size(), 1u);
  EXPECT_EQ(rejected()[0].second.severity, io::Finding::Severity::Consent);
  const auto segments = readSegments(cases[0]);
  ASSERT_TRUE(segments) << segments.error().text();
  EXPECT_TRUE(segments->geometry.sameGrid(m_geometry));
  // One coarse voxel covers two fine ones along x.
  std::set<std::size_t> inside;
  for (std::size_t n = 0; n < segments->find("4")->mask.size(); ++n)
    if (segments->find("4")->mask[n]) inside.insert(n);
  EXPECT_EQ(inside, (std::set{static_cast<std::size_t>(m_geometry.offset(2, 2, 3)),
                              static_cast<std::size_t>(m_geometry.offset(3, 2, 3))}));
  // Labels of somewhere else are none of this image's.
  map.geometry.origin[0] += 100;
  ASSERT_TRUE(io::writeNifti(m_data / "one/labels.nii.gz", map));
  cases = scan();
  EXPECT_TRUE(cases[0].labels.empty());
  EXPECT_TRUE(cases[0].consent.empty());
  EXPECT_EQ(rejected()[0].second.code, "label-geometry");
}

TEST_F(NiftiTree, NnUnetLayout) {
  for (const std::string id : {"liver_001", "liver_002"}) {
    image("imagesTr/" + id + "_0000.nii.gz");
    labels("labelsTr/" + id + ".nii.gz");
  }
  image("imagesTr/liver_001_0001.nii.gz");
  image("imagesTs/liver_003_0000.nii.gz");
  const auto cases = scan();
  ASSERT_EQ(cases.size(), 3u);
  std::set<std::string> patients;
  for (const auto& c : cases) {
    patients.insert(c.patient);
    const auto stem = c.imageFiles[0].filename().string().substr(0, 9);
    EXPECT_EQ(c.imageFiles.size(), stem == "liver_001" ? 2u : 1u);
    if (stem == "liver_003") {
      EXPECT_TRUE(c.labels.empty());
    } else {
      EXPECT_EQ(c.labelFiles.at(0).filename(), stem + ".nii.gz");
      EXPECT_THAT(c.labels, ElementsAre("2", "7"));
    }
  }
  EXPECT_EQ(patients.size(), 3u);
  EXPECT_TRUE(rejected().empty());
}

TEST_F(NiftiTree, SuffixesAndMirroredFolders) {
  image("flat/a_ct.nii.gz");
  labels("flat/a_seg.nii.gz");
  image("flat/b.nii.gz");
  labels("flat/b_gt.nii.gz");
  image("flat/c.nii.gz");
  image("mirror/images/x.nii");
  labels("mirror/labels/x.nii");
  const auto cases = scan();
  ASSERT_EQ(cases.size(), 4u);
  std::map<std::string, std::string> pairs;
  for (const auto& c : cases)
    pairs[c.imageFiles[0].filename()] = c.labelFiles.empty() ? "" : c.labelFiles[0].filename().string();
  EXPECT_EQ(pairs["a_ct.nii.gz"], "a_seg.nii.gz");
  EXPECT_EQ(pairs["b.nii.gz"], "b_gt.nii.gz");
  EXPECT_EQ(pairs["c.nii.gz"], "");
  EXPECT_EQ(pairs["x.nii"], "x.nii");
  EXPECT_TRUE(rejected().empty());
}

TEST_F(NiftiTree, SeriesOfOnePatientShareThePatient) {
  image("sub-01/anat/sub-01_T1w.nii.gz");
  image("sub-01/ct/sub-01_ct.nii.gz");
  image("sub-02/ct/sub-02_ct.nii.gz");
  const auto cases = scan();
  ASSERT_EQ(cases.size(), 3u);
  std::map<std::string, int> patients;
  for (const auto& c : cases) ++patients[c.patient];
  EXPECT_EQ(patients.size(), 2u);
}

TEST_F(NiftiTree, LabelsThatFitNoImageAreListedWithTheReason) {
  image("moved/ct.nii.gz");
  labels("moved/labels.nii.gz", 6.0);  // 9 mm wide
  image("fractions/ct.nii.gz");
  image("fractions/ct_seg.nii.gz");  // values 0.5, 1.5, ...
  image("two/a.nii.gz");
  image("two/b.nii.gz");
  labels("two/labels.nii.gz");
  const auto cases = scan();
  EXPECT_EQ(cases.size(), 4u);
  for (const auto& c : cases) EXPECT_TRUE(c.labels.empty() || c.consent == std::vector<std::string>{"label-affine"});
  std::map<std::string, std::string> codes;
  for (const auto& [file, finding] : rejected()) codes[file.parent_path().filename()] = finding.code;
  EXPECT_EQ(codes["moved"], "label-affine");
  EXPECT_EQ(codes["fractions"], "label-values");
  EXPECT_EQ(codes["two"], "unpaired-label");

  const auto unlabelled = readSegments(cases[0]);
  ASSERT_FALSE(unlabelled);
  EXPECT_EQ(unlabelled.error().code, ErrorCode::NotFound);
  Case wrong = cases[0];
  wrong.labelFiles = {m_data / "moved/labels.nii.gz"};
  wrong.geometry.origin[2] += 5;
  const auto mismatch = readSegments(wrong);
  ASSERT_FALSE(mismatch);
  EXPECT_EQ(mismatch.error().code, ErrorCode::Mismatch);
  EXPECT_THAT(mismatch.error().text(), HasSubstr("labels.nii.gz"));
}

TEST_F(NiftiTree, OneFileAsSource) {
  image("ct.nii.gz");
  image("other.nii.gz");
  labels("ct_labels.nii.gz");
  const auto cases = scanned(m_data / "ct.nii.gz", m_index / "index.sqlite");
  ASSERT_TRUE(cases) << cases.error().text();
  ASSERT_EQ(cases->size(), 1u);
  EXPECT_EQ(cases->at(0).labelFiles.size(), 1u);
  ASSERT_TRUE(writeFileAtomically(m_data / "notes.txt", "hello"));
  const auto none = scanned(m_data / "notes.txt", m_index / "index.sqlite");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::InvalidArgument);
}

TEST(Pictures, ArchiveAndFolderAreOneCaseEach) {
  TemporaryFolder folder;
  const auto set = makePictureSet(4, 1);
  ASSERT_TRUE(io::writeNpz(folder / "shapes.npz", set));
  for (const auto& e : set.examples) {
    const auto place = folder / "png" / set.classes[static_cast<std::size_t>(e.labels.front())];
    fs::create_directories(place);
    ASSERT_TRUE(io::writePng(place / (e.id + ".png"), e.picture));
  }
  const auto archive = scanned(folder / "shapes.npz", folder / "index.sqlite");
  ASSERT_TRUE(archive) << archive.error().text();
  ASSERT_EQ(archive->size(), 1u);
  EXPECT_EQ(archive->at(0).id, "pictures-s");
  EXPECT_EQ(archive->at(0).kind, "picture");
  EXPECT_EQ(archive->at(0).labels.size(), 3u);
  const auto pictures = scanned(folder / "png", folder / "index.sqlite");
  ASSERT_TRUE(pictures) << pictures.error().text();
  ASSERT_EQ(pictures->size(), 1u);
  EXPECT_THAT(pictures->at(0).labels, ElementsAre("disc", "square", "triangle"));
  EXPECT_EQ(readImage(pictures->at(0)).error().code, ErrorCode::Unsupported);
}

}  // namespace
}  // namespace lorkd::data
