#include "core/data/Catalogue.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <map>
#include <set>

#include "core/base/File.h"
#include "core/data/Sqlite.h"
#include "tests/unit/data/Support.h"

namespace lorkd::data {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) out[entry.path().lexically_relative(folder).string()] = readFile(entry.path()).value();
  return out;
}

/// A tree with six phantoms, written once.
class PhantomTree : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    m_tree = new TemporaryFolder;
    SilentProgress progress;
    const auto written = writePhantomSet(m_tree->path(), 6, small(), progress, CancelToken());
    ASSERT_TRUE(written) << written.error().text();
  }
  static void TearDownTestSuite() {
    delete m_tree;
    m_tree = nullptr;
  }
  static TemporaryFolder* m_tree;
  TemporaryFolder m_folder;
};
TemporaryFolder* PhantomTree::m_tree = nullptr;

TEST_F(PhantomTree, SameOptionsGiveTheSameFilesByteForByte) {
  SilentProgress progress;
  ASSERT_TRUE(writePhantomSet(m_folder.path(), 2, small(), progress, CancelToken()));
  const auto again = contents(m_folder.path());
  EXPECT_GT(again.size(), 40u);
  for (const auto& [name, bytes] : again) EXPECT_TRUE(bytes == readFile(*m_tree / name).value()) << name;
}

TEST_F(PhantomTree, ScanFindsEveryPatientWithItsLabels) {
  auto cases = scanned(m_tree->path(), m_folder / "index.sqlite");
  ASSERT_TRUE(cases) << cases.error().text();
  ASSERT_EQ(cases->size(), 6u);
  std::set<std::string> ids, patients;
  for (const auto& c : *cases) {
    ids.insert(c.id);
    patients.insert(c.patient);
    EXPECT_EQ(c.kind, "dicom");
    EXPECT_EQ(c.modality, "CT");
    EXPECT_EQ(c.source, "s");
    const auto region = c.bodyPart == "HEAD" ? Region::Head : c.bodyPart == "CHEST" ? Region::Thorax : Region::Abdomen;
    EXPECT_EQ(c.labels, organs(region));
    EXPECT_EQ(c.labelFiles.size(), 1u);
    EXPECT_EQ(c.imageFiles.size(), static_cast<std::size_t>(c.geometry.size[2]));
    EXPECT_THAT(Json(c)["id"].dump() + Json(c)["patient"].dump(), Not(HasSubstr("PHANTOM")));
  }
  EXPECT_EQ(ids.size(), 6u);
  EXPECT_EQ(patients.size(), 6u);
}

TEST_F(PhantomTree, PixelsAndTruthComeBackExactly) {
  auto cases = scanned(m_tree->path(), m_folder / "index.sqlite");
  ASSERT_TRUE(cases);
  for (const int patient : {1, 3}) {  // shuffled order; tilted
    const auto c = std::find_if(cases->begin(), cases->end(), [&](const Case& one) {
      return one.imageFiles.front().string().find("PHANTOM-000" + std::to_string(patient + 1)) != std::string::npos;
    });
    ASSERT_NE(c, cases->end());
    PhantomOptions options = small();
    options.tilted = patient == 3;
    const auto phantom = makePhantom(static_cast<Region>(patient % 3), patient, options);
    const auto image = readImage(*c);
    ASSERT_TRUE(image) << image.error().text();
    EXPECT_TRUE(image->geometry.sameGrid(phantom.volume.geometry, 0.01));
    EXPECT_TRUE(image->geometry.sameGrid(c->geometry, 0.01));
    EXPECT_TRUE(image->voxels == phantom.volume.voxels);
    const auto segments = readSegments(*c);
    ASSERT_TRUE(segments) << segments.error().text();
    for (const auto& truth : phantom.truth.segments) {
      const auto* found = segments->find(truth.name);
      ASSERT_TRUE(found) << truth.name;
      EXPECT_TRUE(found->mask == truth.mask) << truth.name;
    }
  }
}

TEST_F(PhantomTree, ReopenedIndexHoldsTheSameAndRescanReplaces) {
  const auto file = m_folder / "deep/er/index.sqlite";
  const auto before = scanned(m_tree->path(), file);
  ASSERT_TRUE(before) << before.error().text();
  auto catalogue = Catalogue::open(file);
  ASSERT_TRUE(catalogue) << catalogue.error().text();
  EXPECT_EQ(Json(*catalogue->cases()), Json(*before));
  EXPECT_EQ(Json(*catalogue->cases("s")), Json(*before));
  EXPECT_TRUE(catalogue->cases("other")->empty());
  const auto series = catalogue->series();
  ASSERT_TRUE(series) << series.error().text();
  ASSERT_EQ(series->size(), 12u);
  for (const auto& s : *series) {
    EXPECT_THAT(s.patientId, testing::StartsWith("PHANTOM-"));
    EXPECT_FALSE(s.instances.empty());
    EXPECT_EQ(s.labels.empty(), s.modality != "SEG");
  }
  EXPECT_TRUE(catalogue->rejected()->empty());
  EXPECT_THAT(*catalogue->sources(), ElementsAre(testing::Pair("s", m_tree->path().lexically_normal())));

  SilentProgress progress;
  ASSERT_TRUE(catalogue->scan("s", m_tree->path(), progress, CancelToken()));
  EXPECT_EQ(Json(*catalogue->cases()), Json(*before)) << "a second scan neither doubles nor renames";
  ASSERT_TRUE(catalogue->scan("t", *m_tree / "PHANTOM-0002", progress, CancelToken()));
  EXPECT_EQ(catalogue->cases()->size(), 7u);
  EXPECT_EQ(catalogue->cases("t")->size(), 1u);
}

TEST_F(PhantomTree, SecondIndexHasOtherPseudonyms) {
  const auto a = scanned(*m_tree / "PHANTOM-0001", m_folder / "a.sqlite");
  const auto b = scanned(*m_tree / "PHANTOM-0001", m_folder / "b.sqlite");
  ASSERT_TRUE(a && b);
  EXPECT_NE(a->at(0).id, b->at(0).id);
  EXPECT_NE(a->at(0).patient, b->at(0).patient);
}

TEST_F(PhantomTree, FailedOrCancelledScanLeavesWhatWasKnown) {
  const auto file = m_folder / "index.sqlite";
  ASSERT_TRUE(scanned(*m_tree / "PHANTOM-0001", file));
  auto catalogue = Catalogue::open(file);
  ASSERT_TRUE(catalogue);
  SilentProgress progress;
  const auto missing = catalogue->scan("s", m_folder / "nowhere", progress, CancelToken());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  CancelToken cancel;
  cancel.cancel();
  const auto cancelled = catalogue->scan("s", m_tree->path(), progress, cancel);
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, ErrorCode::Cancelled);
  EXPECT_EQ(catalogue->cases()->size(), 1u);
}

TEST_F(PhantomTree, SegmentationWithoutItsImageIsListedWithTheReason) {
  fs::copy(*m_tree / "PHANTOM-0001", m_folder / "p1", fs::copy_options::recursive);
  fs::copy(*m_tree / "PHANTOM-0002/SEG.dcm", m_folder / "p1/other.dcm");
  ASSERT_TRUE(scanned(m_folder / "p1", m_folder / "index.sqlite"));
  const auto catalogue = Catalogue::open(m_folder / "index.sqlite");
  const auto rejected = catalogue->rejected();
  ASSERT_EQ(rejected->size(), 1u);
  EXPECT_EQ(rejected->front().first.filename(), "other.dcm");
  EXPECT_EQ(rejected->front().second.code, "unpaired-label");
  EXPECT_EQ(catalogue->cases()->at(0).labelFiles.size(), 1u);
}

TEST_F(PhantomTree, MissingSlicesNeedConsentAndLabelsStayRight) {
  const auto whole = scanned(*m_tree / "PHANTOM-0001", m_folder / "whole.sqlite");
  ASSERT_TRUE(whole && whole->size() == 1);
  EXPECT_THAT(whole->at(0).consent, testing::IsEmpty());
  fs::copy(*m_tree / "PHANTOM-0001", m_folder / "p1", fs::copy_options::recursive);
  const auto& gone = whole->at(0).imageFiles[9];
  fs::remove(m_folder / "p1" / gone.lexically_relative(*m_tree / "PHANTOM-0001"));
  const auto cases = scanned(m_folder / "p1", m_folder / "index.sqlite");
  ASSERT_TRUE(cases) << cases.error().text();
  ASSERT_EQ(cases->size(), 1u);
  const auto& c = cases->at(0);
  EXPECT_THAT(c.consent, ElementsAre("missing-slice"));
  EXPECT_EQ(c.origins.size(), c.imageFiles.size());
  EXPECT_TRUE(c.geometry.sameGrid(whole->at(0).geometry, 0.01));
  const auto image = readImage(c), truth = readImage(whole->at(0));
  ASSERT_TRUE(image && truth) << (image ? "" : image.error().text());
  const auto plane = static_cast<std::size_t>(c.geometry.size[0] * c.geometry.size[1]);
  for (std::size_t n = 0; n < plane; ++n) {
    // A moved volume is interpolated in float.
    EXPECT_NEAR(image->voxels[8 * plane + n], truth->voxels[8 * plane + n], 0.01);
    EXPECT_NEAR(image->voxels[9 * plane + n], (truth->voxels[8 * plane + n] + truth->voxels[10 * plane + n]) / 2, 0.01);
  }
  const auto segments = readSegments(c), all = readSegments(whole->at(0));
  ASSERT_TRUE(segments && all) << (segments ? "" : segments.error().text());
  for (const auto& segment : all->segments) EXPECT_EQ(segments->find(segment.name)->mask, segment.mask) << segment.name;
}

TEST(Catalogue, VolumesInOneFileAreCasesOfTheirOwn) {
  TemporaryFolder folder;
  const std::string make = "/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/odd_inputs.py '" +
                           folder.path().string() + "' enhanced-mr-of-two-echoes >/dev/null";
  if (WEXITSTATUS(std::system(make.c_str())) == 77) GTEST_SKIP() << "python3-pydicom is not installed";
  const auto cases = scanned(folder / "enhanced-mr-of-two-echoes", folder / "index.sqlite");
  ASSERT_TRUE(cases) << cases.error().text();
  ASSERT_EQ(cases->size(), 2u);
  EXPECT_NE(cases->at(0).id, cases->at(1).id);
  EXPECT_EQ(cases->at(0).patient, cases->at(1).patient);
  std::set<int> frames;
  for (const auto& c : *cases) {
    EXPECT_EQ(c.imageFiles.size(), 1u);
    ASSERT_EQ(c.slices.size(), 7u);
    for (const auto& [file, frame] : c.slices) frames.insert(frame);
    const auto image = readImage(c);
    ASSERT_TRUE(image) << image.error().text();
    // The script's ramp at the first pixel: 1.5·-12.5 - 2.25·31 + 3·-77 + 40, rounded.
    EXPECT_EQ(image->voxels.front(), -280);
    EXPECT_TRUE(inputDigest(c));
  }
  EXPECT_EQ(frames.size(), 14u);
  EXPECT_EQ(Json(Json(*cases).get<std::vector<Case>>()), Json(*cases));
}

TEST_F(PhantomTree, AnOlderIndexKeepsItsPseudonymsAndIsScannedAgain) {
  const auto file = m_folder / "index.sqlite";
  const auto before = scanned(*m_tree / "PHANTOM-0001", file);
  ASSERT_TRUE(before);
  {
    auto old = Database::open(file);
    ASSERT_TRUE(old && old->execute("DROP TABLE item; CREATE TABLE item(id INTEGER PRIMARY KEY, source INTEGER, "
                                    "case_id TEXT); CREATE TABLE label(item INTEGER REFERENCES item ON DELETE "
                                    "CASCADE, name TEXT); INSERT INTO item VALUES(1, 1, 'x'); INSERT INTO label "
                                    "VALUES(1, 'liver'); PRAGMA user_version = 1"));
  }
  {
    const auto renewed = Catalogue::open(file);
    ASSERT_TRUE(renewed) << renewed.error().text();
    EXPECT_TRUE(renewed->sources()->empty());
    EXPECT_TRUE(renewed->cases()->empty());
  }
  const auto after = scanned(*m_tree / "PHANTOM-0001", file);
  ASSERT_TRUE(after) << after.error().text();
  EXPECT_EQ(Json(*after), Json(*before));
}

TEST_F(PhantomTree, FoldersOfAnyBytesAreFoundAgain) {
  const auto place = m_folder / "M\xfcller";  // Latin-1, as old archives have it
  fs::copy(*m_tree / "PHANTOM-0001", place, fs::copy_options::recursive);
  ASSERT_TRUE(scanned(place, m_folder / "index.sqlite"));
  const auto cases = Catalogue::open(m_folder / "index.sqlite")->cases();
  ASSERT_TRUE(cases) << cases.error().text();
  const auto image = readImage(cases->at(0));
  EXPECT_TRUE(image) << image.error().text();
  EXPECT_TRUE(inputDigest(cases->at(0)));
}

TEST(Catalogue, ARawFileBelongsToTheDigestOfItsHeader) {
  TemporaryFolder folder;
  const std::string head =
      "ObjectType = Image\nNDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile = x.raw\n";
  ASSERT_TRUE(writeFileAtomically(folder / "x.mhd", head));
  ASSERT_TRUE(writeFileAtomically(folder / "x.raw", "12345678"));
  const auto cases = scanned(folder.path(), folder / "index.sqlite");
  ASSERT_TRUE(cases && cases->size() == 1) << (cases ? "" : cases.error().text());
  const auto before = inputDigest(cases->at(0));
  ASSERT_TRUE(writeFileAtomically(folder / "x.raw", "12345679"));
  EXPECT_NE(*inputDigest(cases->at(0)), *before);
  // A grid that cannot be is refused at once, not when the index is read.
  ASSERT_TRUE(writeFileAtomically(folder / "x.mhd", head + "x"));
  ASSERT_TRUE(writeFileAtomically(folder / "long.mha",
                                  "ObjectType = Image\nNDims = 3\nDimSize = 2000000 1 1\nElementType "
                                  "= MET_UCHAR\nElementDataFile = LOCAL\n" +
                                      std::string(2000000, '\0')));
  const auto again = scanned(folder.path(), folder / "index.sqlite");
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(again->size(), 1u);
}

TEST(Catalogue, RefusesWhatIsNoIndex) {
  TemporaryFolder folder;
  ASSERT_TRUE(writeFileAtomically(folder / "text", std::string(5000, 'x')));
  auto opened = Catalogue::open(folder / "text");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::Format);
  EXPECT_THAT(opened.error().text(), HasSubstr("text"));
  EXPECT_EQ(readFile(folder / "text")->size(), 5000u) << "left as it was";

  {
    auto foreign = Database::open(folder / "foreign");
    ASSERT_TRUE(foreign);
    ASSERT_TRUE(foreign->execute("CREATE TABLE recipes(name TEXT)"));
  }
  opened = Catalogue::open(folder / "foreign");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::Format);

  ASSERT_TRUE(Catalogue::open(folder / "index"));
  {
    auto database = Database::open(folder / "index");
    ASSERT_TRUE(database->execute("PRAGMA user_version = 99"));
  }
  opened = Catalogue::open(folder / "index");
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().text(), HasSubstr("newer program"));

  opened = Catalogue::open("/proc/nowhere/index");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::Io);
}

}  // namespace
}  // namespace lorkd::data
