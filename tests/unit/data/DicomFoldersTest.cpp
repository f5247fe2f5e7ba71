// What the folders of DICOM series say of them, and what their patient identifiers cannot say.
#include <fstream>

#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class DicomFolders : public LayoutTree {
 protected:
  void series(const std::string& folder, const io::DicomHeader& header, const std::vector<std::size_t>& marked = {},
              float value = 255, const image::Geometry& where = grid()) {
    image::Volume volume(where);
    for (const auto n : marked) volume.voxels[n] = value;
    auto own = header;
    own.uidSeed = folder;
    const auto written = io::writeCtSeries(m_data / folder, volume, own);
    ASSERT_TRUE(written) << written.error().text();
  }
  std::vector<std::string> codes() {
    auto catalogue = Catalogue::open(m_elsewhere / "index.sqlite");
    EXPECT_TRUE(catalogue);
    std::vector<std::string> out;
    const auto rejected = catalogue->rejected().value();
    for (const auto& [file, finding] : rejected)
      if (finding.severity != io::Finding::Severity::Note) out.push_back(finding.code);
    return out;
  }
  static io::DicomHeader of(const std::string& id, const std::string& name = "") {
    io::DicomHeader header;
    header.patientId = id;
    header.patientName = name;
    return header;
  }
  static std::vector<std::size_t> voxelsOf(const Case& c, const std::string& structure) {
    std::vector<std::size_t> out;
    const auto set = readSegments(c, {structure});
    EXPECT_TRUE(set && set->segments.size() == 1) << (set ? "" : set.error().text());
    for (std::size_t n = 0; set && n < set->segments[0].mask.size(); ++n)
      if (set->segments[0].mask[n]) out.push_back(n);
    return out;
  }
};

TEST_F(DicomFolders, MasksBesideAnImageAreItsStructuresAndNoImages) {
  for (const std::string who : {"one", "two"}) {
    series(who + "/PATIENT_DICOM", of(who), {0, 1, 2}, 40);
    series(who + "/LABELLED_DICOM", of(who), {3, 4}, 17);
    series(who + "/MASKS_DICOM/liver", of(who), {7, 8, 215});
    series(who + "/MASKS_DICOM/portal vein", of(who), {});
  }
  scan();
  ASSERT_EQ(m_cases.size(), 2u);
  for (const auto& c : m_cases) {
    EXPECT_EQ(c.imageFiles.front().parent_path().filename(), "PATIENT_DICOM");
    EXPECT_THAT(c.labels, UnorderedElementsAre("liver", "portal vein"));
    EXPECT_THAT(voxelsOf(c, "liver"), ElementsAre(7, 8, 215));
    EXPECT_THAT(voxelsOf(c, "portal vein"), IsEmpty());
  }
  EXPECT_THAT(codes(), ElementsAre("label-series", "label-series"));
  // What is frozen with a run changes with a mask.
  const auto before = inputDigest(m_cases.front());
  ASSERT_TRUE(before) << before.error().text();
  const auto& folder = m_cases.front().labelFiles.front();
  std::ofstream(fs::directory_iterator(folder)->path(), std::ios::app) << "  ";
  EXPECT_NE(inputDigest(m_cases.front()).value(), *before);
}

TEST_F(DicomFolders, MasksThatFitNoImageOrTwoAreLeftOut) {
  auto moved = grid();
  moved.origin[2] += 1;
  series("a/CT", of("a"), {1}, 40);
  series("a/masks/liver", of("a"), {1}, 255, moved);
  series("b/CT 1", of("b"), {1}, 40);
  series("b/CT 2", of("b"), {2}, 40);
  series("b/masks/liver", of("b"), {1});
  series("c/CT", of("c"), {1}, 40);
  series("c/masks/spleen", of("c"), {1});
  image::Volume several(grid());
  several.voxels[3] = 1, several.voxels[4] = 2;
  auto header = of("c");
  header.uidSeed = "several";
  ASSERT_TRUE(io::writeCtSeries(m_data / "c/masks/all", several, header));
  scan();
  EXPECT_EQ(m_cases.size(), 4u) << "masks are no images";
  for (const auto& c : m_cases)
    EXPECT_THAT(c.labels, c.imageFiles.front().parent_path().parent_path().filename() == "c"
                              ? testing::Matcher<std::vector<std::string>>(ElementsAre("spleen"))
                              : IsEmpty());
  EXPECT_THAT(codes(), UnorderedElementsAre("unpaired-label", "unpaired-label", "label-values"));
}

TEST_F(DicomFolders, PatientIdentifiersThatCannotBeRightAreSaid) {
  series("a", of("ANON", "Doe^Jane"));
  series("b", of("ANON", "DOE^JANE^^"));
  scan();
  EXPECT_THAT(codes(), IsEmpty()) << "one person, written in two ways";
  series("c", of("ANON", "Roe^Richard"));
  scan();
  EXPECT_THAT(codes(), ElementsAre("patient-id-shared"));
}

TEST_F(DicomFolders, OnePatientIdentifierForAllStudiesIsSaid) {
  for (const std::string folder : {"a", "b", "c"}) series(folder, of("0"));
  scan();
  EXPECT_THAT(codes(), ElementsAre("patient-id-shared"));
  series("d", of("1"));
  scan();
  EXPECT_THAT(codes(), IsEmpty());
}

TEST_F(DicomFolders, SeveralPatientIdentifiersInOneStudyAreSaid) {
  auto first = of("1"), second = of("2");
  first.studyUid = second.studyUid = "1.2.3";
  series("a", first);
  series("b", second);
  scan();
  EXPECT_THAT(codes(), ElementsAre("patient-ids-in-study"));
}

/// NIfTI whose sform lies 40 mm to the right of its qform.
class TwoPlaces : public LayoutTree {
 protected:
  std::string m_choice;
  void twoPlaces(const std::string& path) {
    std::fstream file(m_data / path, std::ios::in | std::ios::out | std::ios::binary);
    float offset = 0;
    constexpr int kSrowX = 280;  // nifti1.h; its fourth number is the offset towards right
    file.seekg(kSrowX + 12).read(reinterpret_cast<char*>(&offset), sizeof offset);
    offset += 40;
    file.seekp(kSrowX + 12).write(reinterpret_cast<const char*>(&offset), sizeof offset);
    ASSERT_TRUE(file.good());
  }
  void scanAs(const std::optional<std::string>& choice) {
    auto catalogue = Catalogue::open(m_elsewhere / "index.sqlite");
    ASSERT_TRUE(catalogue);
    SilentProgress progress;
    const auto done =
        catalogue->scan("s", m_data.path(), progress, CancelToken(), layout::Chosen{.niftiPlace = choice});
    ASSERT_TRUE(done) << done.error().text();
    m_cases = catalogue->cases().value();
    ASSERT_EQ(m_cases.size(), 1u);
  }
  /// Where the first voxel lies, in LPS, for all that reads the case.
  void expectAt(double x) const {
    const auto& c = m_cases.front();
    EXPECT_NEAR(c.geometry.origin[0], x, 1e-4);
    const auto volume = readImage(c);
    ASSERT_TRUE(volume) << volume.error().text();
    EXPECT_NEAR(volume->geometry.origin[0], x, 1e-4);
    const auto kept = Json(c).get<Case>();
    EXPECT_NEAR(readImage(kept)->geometry.origin[0], x, 1e-4) << "what a run freezes reads the same";
    const auto set = readSegments(c);
    ASSERT_TRUE(set) << set.error().text();
    EXPECT_TRUE(set->geometry.sameGrid(c.geometry, 1e-3));
  }
};

TEST_F(TwoPlaces, OfAnImageAreAskedAboutAndChosenByThePlan) {
  image("p1/ct.nii");
  labels("p1/label.nii", {0, 1, 1});
  twoPlaces("p1/ct.nii");
  twoPlaces("p1/label.nii");
  scanAs({});
  EXPECT_THAT(m_cases.front().consent, ElementsAre("two-places"));
  expectAt(-40);  // towards right is against LPS
  for (const auto& choice : {std::optional<std::string>("qform"), std::optional<std::string>()}) {
    scanAs(choice);
    EXPECT_THAT(m_cases.front().consent, IsEmpty()) << "a scan without a plan keeps the choice";
    expectAt(0);
  }
  scanAs("sform");
  EXPECT_THAT(m_cases.front().consent, IsEmpty());
  expectAt(-40);
  scanAs("ask");
  EXPECT_THAT(m_cases.front().consent, ElementsAre("two-places"));
}

TEST_F(TwoPlaces, OfAnImageDecideWhichLabelsFit) {
  image("p1/ct.nii");
  labels("p1/label.nii", {0, 1, 1});
  twoPlaces("p1/ct.nii");
  scanAs("sform");
  EXPECT_THAT(m_cases.front().consent, ElementsAre("label-affine"));
  scanAs("qform");
  EXPECT_THAT(m_cases.front().consent, IsEmpty());
  expectAt(0);
}

}  // namespace
}  // namespace lorkd::data
