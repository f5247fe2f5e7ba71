#include "core/data/Audit.h"

#include <gmock/gmock.h>

#include <set>

#include "core/base/Json.h"
#include "core/data/AuditJson.h"
#include "core/io/Images2D.h"
#include "core/io/VolumeFile.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/data/Support.h"

namespace lorkd::data {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

/// Six phantoms as DICOM, one of them a second time under another name, one copied as NIfTI, one constant CT.
class Audited : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    m_folder = new TemporaryFolder;
    SilentProgress progress;
    ASSERT_TRUE(writePhantomSet(*m_folder / "data", 6, small(), progress, CancelToken()));
    io::DicomHeader header;
    header.patientId = "SOMEBODY-ELSE";
    header.bodyPart = "HEAD";
    ASSERT_TRUE(io::writeCtSeries(*m_folder / "data/again", makePhantom(Region::Head, 0, small()).volume, header));
    image::Volume flat(image::Geometry{{8, 8, 4}, {1, 1, 1}, {0, 0, 0}, {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}});
    std::ranges::fill(flat.voxels, 7.0F);
    header.patientId = "FLAT";
    ASSERT_TRUE(io::writeCtSeries(*m_folder / "data/flat", flat, header));
  }
  static void TearDownTestSuite() { delete m_folder; }

  static plan::Plan planOf() {
    Json tasks = Json::object();
    for (const auto region : {Region::Head, Region::Thorax, Region::Abdomen}) {
      Json classes = Json::object();
      for (const auto& organ : organs(region)) classes[organ] = Json::object();
      const char* parts[] = {"HEAD", "CHEST", "ABDOMEN"};  // some structures are seen in several
      const auto n = static_cast<std::size_t>(region);
      tasks["task" + std::to_string(n)] = {{"classes", classes}, {"body_parts", {parts[n]}}};
    }
    auto plan = plan::fromJson({{"name", "a"},
                                {"tasks", tasks},
                                {"data",
                                 {{"sources", {{"s", {{"path", (*m_folder / "data").string()}}}}},
                                  {"split", {{"validation", 0}, {"test", 0.5}}}}}},
                               "plan");
    EXPECT_TRUE(plan) << plan.error().text();
    return *plan;
  }

  static Result<Audit> audited(const plan::Plan* plan, bool voxels, const fs::path& index) {
    LORKD_TRY(catalogue, Catalogue::open(index));
    SilentProgress progress;
    LORKD_CHECK(catalogue.scan("s", *m_folder / "data", progress, CancelToken()));
    AuditRequest request;
    request.plan = plan;
    request.voxels = voxels;
    return audit(catalogue, request, progress, CancelToken());
  }
  static TemporaryFolder* m_folder;
};
TemporaryFolder* Audited::m_folder = nullptr;

std::set<std::string> codes(const AuditedImage& image) {
  std::set<std::string> out;
  for (const auto& [f, done] : image.findings) {
    out.insert(f.code);
    EXPECT_FALSE(done.empty()) << f.code;
  }
  return out;
}

TEST_F(Audited, SeesValuesLabelsDoublesAndFindings) {
  const auto plan = planOf();
  const auto found = audited(&plan, true, *m_folder / "a.sqlite");
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_EQ(found->images.size(), 8u);
  EXPECT_EQ(found->refusal, "");
  EXPECT_EQ(found->leftOut(), 0);
  int constant = 0, seen = 0;
  for (const auto& image : found->images) {
    ASSERT_TRUE(image.reading);
    constant += codes(image).contains("constant");
    const auto file = image.item.imageFiles.front().string();
    if (file.find("PHANTOM-0003") == std::string::npos) continue;
    ++seen;
    const auto phantom = makePhantom(Region::Abdomen, 2, small());
    for (const auto& truth : phantom.truth.segments)
      EXPECT_EQ(image.reading->labelVoxels.at(truth.name), std::ranges::count(truth.mask, 1)) << truth.name;
    auto values = phantom.volume.voxels;
    std::ranges::sort(values);
    EXPECT_EQ(image.reading->lowest, values.front());
    EXPECT_EQ(image.reading->highest, values.back());
    const double shares[] = {0.005, 0.5, 0.995};
    for (std::size_t n = 0; n < 3; ++n)
      EXPECT_NEAR(image.reading->percentiles[n], values[static_cast<std::size_t>(shares[n] * double(values.size()))],
                  1.01);
    EXPECT_EQ(image.reading->thumbnail.substr(1, 3), "PNG");
  }
  EXPECT_EQ(constant, 1);
  EXPECT_EQ(seen, 1);
  // The copy under another name is found by its voxels alone: nothing in its header is like the other's.
  ASSERT_EQ(found->doubles.size(), 1u);
  EXPECT_EQ(found->doubles[0].what, "pixels");
  EXPECT_FALSE(found->doubles[0].leak) << "the copy has no labels and serves no task";

  ASSERT_EQ(found->tasks.size(), 3u);
  for (const auto& task : found->tasks) {
    EXPECT_EQ(task.images[0] + task.images[2], 2);
    EXPECT_EQ(task.patients[0], 1);
    for (const auto& cls : task.classes) {
      EXPECT_EQ(cls.images, 2) << cls.name;
      EXPECT_EQ(cls.patients, 2);
      EXPECT_GT(cls.medianMl, 0);
    }
    EXPECT_EQ(task.spacings[0].size(), 2u);
  }
}

TEST_F(Audited, PatientsDivideAsInTheRunThatIsMeant) {
  auto index = Catalogue::open(":memory:");
  ASSERT_TRUE(index);
  SilentProgress progress;
  ASSERT_TRUE(index->scan("s", *m_folder / "data", progress, CancelToken()));
  const auto plan = planOf();
  AuditRequest request;
  request.plan = &plan;
  request.voxels = false;
  const auto splitsOf = [&] {
    std::map<std::string, std::optional<Split>> splits;
    const auto found = audit(*index, request, progress, CancelToken());
    EXPECT_TRUE(found);
    for (const auto& image : found ? found->images : std::vector<AuditedImage>())
      if (!image.tasks.empty()) splits[image.item.patient] = image.split;
    return splits;
  };
  const auto alone = splitsOf();
  ASSERT_EQ(alone.size(), 6u);
  // Whoever would be tested has been learnt from: then the others are.
  for (const auto& [patient, split] : alone)
    if (split == Split::Test) request.learnt.insert(patient);
  ASSERT_EQ(request.learnt.size(), 3u);
  for (const auto& [patient, split] : splitsOf())
    EXPECT_EQ(split == Split::Test, !request.learnt.contains(patient)) << patient;
  // A run has divided already.
  const auto cases = index->cases();
  ASSERT_TRUE(cases);
  auto list = assign(plan, *cases);
  ASSERT_TRUE(list);
  for (auto& entry : list->cases) entry.split = Split::Validation;
  request.division = *list;
  for (const auto& [patient, split] : splitsOf()) EXPECT_EQ(split, Split::Validation) << patient;
  // Not of these data: nothing would be divided, and so nothing leak.
  for (auto& entry : request.division->cases) entry.item.id = "case-gone";
  const auto gone = audit(*index, request, progress, CancelToken());
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::Mismatch);
}

TEST_F(Audited, ACopyInAnotherSplitIsALeak) {
  // The same head twice with its labels, as two NIfTI patients.
  TemporaryFolder folder;
  const auto phantom = makePhantom(Region::Head, 0, small());
  fs::create_directories(folder / "data/imagesTr");
  fs::create_directories(folder / "data/labelsTr");
  image::LabelMap labels(phantom.volume.geometry);
  for (std::size_t n = 0; n < labels.voxels.size(); ++n) labels.voxels[n] = phantom.truth.segments[0].mask[n];
  for (const char* name : {"a", "b"}) {
    ASSERT_TRUE(io::writeNifti(folder / (std::string("data/imagesTr/") + name + "_0000.nii.gz"), phantom.volume));
    ASSERT_TRUE(io::writeNifti(folder / (std::string("data/labelsTr/") + name + ".nii.gz"), labels));
  }
  auto catalogue = Catalogue::open(folder / "i.sqlite");
  SilentProgress progress;
  ASSERT_TRUE(catalogue->scan("s", folder / "data", progress, CancelToken()));
  const auto plan = plan::fromJson(
      {{"tasks", {{"head", {{"classes", {{"x", {{"labels", {"label 1", "1"}}}}}}}}}},
       {"data",
        {{"sources", {{"s", {{"path", (folder / "data").string()}}}}}, {"split", {{"validation", 0}, {"test", 0.5}}}}}},
      "plan");
  ASSERT_TRUE(plan) << plan.error().text();
  AuditRequest request;
  request.plan = &*plan;
  const auto found = audit(*catalogue, request, progress, CancelToken());
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->refusal, "");
  EXPECT_EQ(found->leaks(), 1);
  ASSERT_EQ(found->doubles.size(), 1u);
  EXPECT_NE(found->doubles[0].splitA, found->doubles[0].splitB);
}

TEST_F(Audited, IsRememberedAndComesBackFromJson) {
  const auto plan = planOf();
  const auto index = *m_folder / "b.sqlite";
  const auto first = audited(&plan, true, index);
  ASSERT_TRUE(first) << first.error().text();
  const auto again = audited(&plan, true, index);
  ASSERT_TRUE(again);
  EXPECT_EQ(auditToJson(*again), auditToJson(*first));
  const auto back = auditFromJson(auditToJson(*first));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(auditToJson(*back), auditToJson(*first));
  EXPECT_EQ(auditFromJson(Json::object()).error().code, ErrorCode::Format);
  // Headers alone know no voxels; no plan, no tasks.
  const auto headers = audited(nullptr, false, *m_folder / "c.sqlite");
  ASSERT_TRUE(headers);
  EXPECT_FALSE(headers->images.front().reading);
  EXPECT_TRUE(headers->tasks.empty());
}

TEST_F(Audited, APlanWithoutCasesIsRefusedButTheRestIsThere) {
  auto plan = planOf();
  plan.tasks[0].second.classes[0].second.labels = {"no such thing"};
  const auto found = audited(&plan, false, *m_folder / "d.sqlite");
  ASSERT_TRUE(found);
  EXPECT_THAT(found->refusal, HasSubstr("no such thing"));
  EXPECT_EQ(found->images.size(), 8u);
}

TEST(Advice, FollowsTheMedianAndTheBudget) {
  const image::Mat3 straight{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  const auto grid = [&](double inPlane, double between, std::int64_t columns, std::int64_t slices) {
    return image::Geometry{{columns, columns, slices}, {inPlane, inPlane, between}, {0, 0, 0}, straight};
  };
  // 400 mm wide, 300 mm high.
  const auto even = adviseGrid({grid(1, 1, 400, 300), grid(0.8, 1, 500, 300), grid(1, 1.5, 400, 200)}, 1 << 21);
  EXPECT_EQ(even.spacing, (image::Vec3{1, 1, 1}));
  EXPECT_LE(even.patch[0] * even.patch[1] * even.patch[2], 1 << 21);
  EXPECT_GT(even.patch[0] * even.patch[1] * even.patch[2], (1 << 21) * 3 / 4);
  for (const auto side : even.patch) EXPECT_EQ(side % 8, 0);
  // Thick slices: the finer ones of them set the spacing.
  const auto thick = adviseGrid({grid(0.5, 5, 512, 40), grid(0.5, 2, 512, 100), grid(0.5, 6, 512, 30)}, 1 << 21);
  EXPECT_EQ(thick.spacing, (image::Vec3{0.5, 0.5, 2}));
  // A coronal stack is thick from front to back.
  auto coronal = grid(0.5, 3, 256, 60);
  coronal.direction = {{{1, 0, 0}, {0, 0, 1}, {0, -1, 0}}};
  EXPECT_EQ(adviseGrid({coronal}, 1 << 21).spacing, (image::Vec3{0.5, 3, 0.5}));
}

}  // namespace
}  // namespace lorkd::data
