// Predictions as DICOM segmentations beside the NIfTI ones.
#include "core/workflow/PredictedSeg.h"

#include <gmock/gmock.h>

#include "core/base/File.h"
#include "core/io/VolumeFile.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/unit/io/Support.h"
#include "tests/unit/workflow/TrainedRun.h"

namespace lorkd::workflow {
namespace {

plan::Plan coded() {
  return test::parsePlan(R"({"data": {"patch": [8, 8, 8], "spacing": [2, 2, 2]}, "evaluation": {"threshold": 0.3},
      "tasks": {"trunk": {"rank": 2, "classes": {
        "left kidney": {"labels": ["KIDNEY_L"], "color": "#b9664d",
                        "category": {"scheme": "SCT", "value": "123037004", "meaning": "Anatomical Structure"},
                        "code": {"scheme": "SCT", "value": "64033007", "meaning": "Kidney"},
                        "modifier": {"scheme": "SCT", "value": "7771000", "meaning": "Left"}},
        "other": {"color": "#90ee90"}}}},
      "backbone": {"name": "unet3d", "widths": [4, 8]}})");
}

TEST(PredictedSeg, CarriesThePlansCodesAndTheMasks) {
  test::TemporaryFolder folder;
  const auto plan = coded();
  auto network = makeNetwork(plan).value();
  test::plantRanks(network, {2});
  const auto run = test::trainedRun(folder / "run", plan, network);
  io::DicomHeader header;
  header.patientId = "P-1";
  header.patientName = "Somebody^Else";
  const auto volume = io::test::ramp(io::test::smallGrid(0.3, -0.2));
  ASSERT_TRUE(io::writeCtSeries(folder / "ct", volume, header));
  PredictRequest request;
  request.input = folder / "ct";
  request.output = folder / "out";
  request.segmentations = folder / "segs";
  SilentProgress progress;
  EXPECT_EQ(predict(run, request, progress, CancelToken()).error().code, ErrorCode::NotFound) << "no index, no key";
  EXPECT_FALSE(std::filesystem::exists(run.project() / "index.sqlite"));
  ASSERT_TRUE(data::Catalogue::open(run.project() / "index.sqlite"));
  const auto files = predict(run, request, progress, CancelToken());
  ASSERT_TRUE(files) << files.error().text();
  const auto seg = folder / "segs/input-1/trunk.dcm";
  EXPECT_THAT(*files, testing::ElementsAre(folder / "out/input-1/trunk.nii.gz", seg));

  const auto codes = io::test::judge("codes '" + seg.string() + "'");
  if (codes.code == 77) GTEST_SKIP() << codes.output;
  EXPECT_EQ(codes.output,
            "1|left kidney|SCT^123037004^Anatomical Structure|SCT^64033007^Kidney|SCT^7771000^Left|#b9664d\n"
            "2|other|SCT^123037004^Anatomical Structure|SCT^85756007^Tissue||#90ee90\n");
  // The voxels that a second reader counts are those of the NIfTI file, where classes do not overlap.
  const auto read = io::readLabelMap(folder / "out/input-1/trunk.nii.gz");
  ASSERT_TRUE(read);
  const auto own = io::readSeg(seg, &volume.geometry);
  ASSERT_TRUE(own) << own.error().text();
  std::size_t apart = 0;
  for (std::size_t n = 0; n < read->voxels.size(); ++n)
    apart += (read->voxels[n] != 0) != (own->segments[0].mask[n] || own->segments[1].mask[n]);
  EXPECT_EQ(apart, 0u);
  request.segmentations = folder / "named";
  request.identified = true;
  ASSERT_TRUE(predict(run, request, progress, CancelToken()));
  const auto named = folder / "named/input-1/trunk.dcm";
  for (const auto& file : {seg, named}) {
    const auto verdict = io::test::dciodvfyErrors(file);
    if (verdict.code != 127) {
      EXPECT_EQ(verdict.output, "");
    }
  }
  // Patient and study as in the series, or nothing of it.
  SilentProgress silent;
  const auto scan = io::scanFolder(folder / "ct", silent, CancelToken());
  ASSERT_TRUE(scan);
  const auto& series = scan->series.front();
  const auto hidden = readFile(seg).value(), open = readFile(named).value();
  for (const auto& word : {std::string("P-1"), std::string("Somebody"), series.studyUid, series.seriesUid,
                           series.frameOfReferenceUid, series.instances.front().sopInstanceUid}) {
    EXPECT_FALSE(hidden.contains(word)) << word;
    EXPECT_TRUE(open.contains(word)) << word;
  }
}

TEST(PredictedSeg, NamesNoPatientInARun) {
  test::TemporaryFolder folder;
  const auto plan = coded();
  const auto run = run::RunDirectory::create(folder / "run", plan);
  ASSERT_TRUE(run);
  ASSERT_TRUE(run::RunDirectory::create(folder / "other", plan));
  for (const char* place : {"run", "run/predictions/seg", "run/../run/x", "other/y"}) {
    const auto refused = checkOutside(folder / place);
    ASSERT_FALSE(refused) << place;
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidArgument);
  }
  for (const char* place : {"run-seg", "elsewhere", "."}) EXPECT_TRUE(checkOutside(folder / place)) << place;
}

}  // namespace
}  // namespace lorkd::workflow
