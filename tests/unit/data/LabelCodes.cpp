// What a segmentation says of its structures, from the scan through a plan and back into a segmentation, written and
// judged by pydicom.
#include <gmock/gmock.h>

#include "core/base/File.h"
#include "core/data/ClassMasks.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/data/Support.h"
#include "tests/unit/io/Support.h"

namespace lorkd::data {
namespace {

using io::test::judge;

TEST(LabelCodes, GoRoundFromSegToPlanToSeg) {
  TemporaryFolder folder, elsewhere;
  const auto volume = io::test::ramp(io::test::smallGrid());
  io::DicomHeader header;
  const auto ct = io::writeCtSeries(folder / "ct", volume, header);
  ASSERT_TRUE(ct);
  image::SegmentSet set{volume.geometry, {}};
  for (const char* name : {"first", "second"})
    set.segments.push_back({{name}, std::vector<std::uint8_t>(volume.voxels.size(), 1)});
  const auto plain = io::writeSeg(elsewhere / "plain.dcm", set, *ct, header);
  ASSERT_TRUE(plain);
  const auto recoded = judge("recode '" + plain->string() + "' '" + (folder / "seg.dcm").string() + "'");
  if (recoded.code == 77) GTEST_SKIP() << recoded.output;
  ASSERT_EQ(recoded.code, 0) << recoded.output;

  const auto cases = scanned(folder.path(), elsewhere / "index.sqlite");
  ASSERT_TRUE(cases && cases->size() == 1) << (cases ? "" : cases.error().text());
  // As it stands in the index, and in the case list of a run.
  const Case item = Json::parse(Json(cases->at(0)).dump()).get<Case>();
  ASSERT_EQ(item.labels, (std::vector<std::string>{"kidney left", "Läsion"}));
  ASSERT_EQ(item.labelInfo.size(), 2u);
  EXPECT_EQ(item.labelInfo, cases->at(0).labelInfo);
  EXPECT_EQ(item.labelInfo[0].number, 1);
  EXPECT_EQ(item.labelInfo[0].modifier, (plan::Code{"SCT", "7771000", "Left"}));
  EXPECT_EQ(item.labelInfo[1].code, (plan::Code{"99HAUS", "L-1", "Läsion, 肝"}));
  EXPECT_TRUE(item.labelInfo[1].modifier == plan::Code());

  Json classes = Json::object();
  for (const auto& label : item.labelInfo)
    classes[label.name] = plan::Class{.labels = {label.name},
                                      .color = label.color,
                                      .code = label.code,
                                      .category = label.category,
                                      .modifier = label.modifier};
  const auto made = plan::fromJson({{"tasks", {{"all", {{"classes", classes}}}}}});
  ASSERT_TRUE(made) << made.error().text();
  image::SegmentSet predicted{volume.geometry, {}};
  for (std::size_t cls = 0; cls < 2; ++cls)
    predicted.segments.push_back({classLabel(*made, 0, cls), set.segments[cls].mask});
  const auto written = io::writeSeg(elsewhere / "again.dcm", predicted, *ct, header);
  ASSERT_TRUE(written) << written.error().text();
  const auto before = judge("codes '" + (folder / "seg.dcm").string() + "'"),
             after = judge("codes '" + written->string() + "'");
  EXPECT_EQ(after.code, 0) << after.output;
  EXPECT_EQ(after.output, before.output);
  EXPECT_EQ(after.output,
            "1|kidney left|SCT^123037004^Anatomical Structure|SCT^64033007^Kidney|SCT^7771000^Left|#b9664d\n"
            "2|Läsion|SCT^49755003^Morphologically Altered Structure|99HAUS^L-1^Läsion, 肝||#90ee90\n");
  const auto verdict = io::test::dciodvfyErrors(*written);
  if (verdict.code != 127) {
    EXPECT_EQ(verdict.output, "");
  }
}

TEST(LabelCodes, CodesThatNoSegmentationMayHoldAreLeft) {
  const Json older = {"liver", {{"name", "spleen"}, {"color", "#112233"}, {"number", 7}}};
  const auto labels = older.get<std::vector<image::Label>>();
  EXPECT_EQ(labels[0].name, "liver");
  EXPECT_EQ(labels[1].number, 7);
  EXPECT_EQ(Json(labels[0]), (Json{{"name", "liver"}}));
  Json plan{
      {"tasks", {{"a", {{"classes", {{"x", {{"code", {{"scheme", "SCT"}, {"value", "12345678901234567"}}}}}}}}}}}};
  const auto faulty = plan::fromJson(plan);
  ASSERT_FALSE(faulty);
  EXPECT_THAT(faulty.error().text(), testing::HasSubstr("tasks.a.classes.x.code.value"));
}

}  // namespace
}  // namespace lorkd::data
