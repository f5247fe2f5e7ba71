// DICOM series of one study as channels of one image: only where it is certain which is which.
#include "core/data/Channels.h"
#include "core/data/JoinSeries.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What was noted.
struct Notes final : Progress {
  std::vector<std::string> all;
  void report(const std::string&, std::int64_t, std::int64_t) override {}
  void note(const std::string& text) override { all.push_back(text); }
};

class JoinedSeries : public LayoutTree {
 protected:
  Notes m_notes;
  plan::Data m_options;

  io::WrittenSeries series(const std::string& patient, const std::string& description, float value,
                           const std::string& frame = "1.2.3.4", double spacing = 2) {
    auto where = grid();
    where.spacing[0] = spacing;
    where.size[0] = static_cast<std::int64_t>(2 * kSide / spacing);
    image::Volume volume(where);
    std::ranges::fill(volume.voxels, value);
    io::DicomHeader header;
    header.patientId = patient;
    header.studyUid = "1.2." + std::to_string(patient.size());
    header.frameOfReferenceUid = frame;
    header.seriesDescription = description;
    header.uidSeed = patient + description;
    auto written = io::writeCtSeries(m_data / patient / description, volume, header);
    EXPECT_TRUE(written) << written.error().text();
    return written.value_or(io::WrittenSeries());
  }
  void label(const io::WrittenSeries& of, const std::string& description) {
    image::SegmentSet set{grid(), {}};
    image::Segment lesion;
    lesion.name = "lesion";
    lesion.mask.assign(static_cast<std::size_t>(grid().voxels()), 0);
    lesion.mask[5] = 1;
    set.segments.push_back(lesion);
    auto header = of.header;
    header.seriesUid.clear();
    header.uidSeed = "labels " + description;
    const auto written = io::writeSeg(m_data / ("seg " + description + ".dcm"), set, of, header);
    ASSERT_TRUE(written) << written.error().text();
  }
  void input(const std::string& name, const std::vector<std::string>& names = {}, bool fill = false) {
    plan::Input one;
    one.names = names;
    one.fill = fill;
    m_options.inputs.emplace_back(name, one);
  }
  void join() {
    scan();
    joinSeries(m_cases, m_options, m_notes);
  }
  static double valueOf(const image::Volume& volume) { return volume.voxels.empty() ? -1 : volume.voxels.front(); }
};

TEST_F(JoinedSeries, AreTheInputsInThePlansOrderOnTheGridOfTheLabels) {
  series("one", "AX T1 post", 11);
  const auto flair = series("one", "AX FLAIR", 22);
  label(flair, "flair");
  series("one", "AX T2", 33, "1.2.3.4", 1);
  input("T2"), input("flair"), input("T1");
  join();
  EXPECT_THAT(m_notes.all, IsEmpty());
  ASSERT_EQ(m_cases.size(), 1u) << "the others are no images of their own";
  const auto& c = m_cases.front();
  EXPECT_THAT(channelNames(c), ElementsAre("T2", "flair", "T1"));
  EXPECT_THAT(c.labels, ElementsAre("lesion"));
  EXPECT_TRUE(c.geometry.sameGrid(grid(), 1e-3));
  for (const auto& read : {c, Json(c).get<Case>()}) {
    const auto inputs = readInputs(m_options, read);
    ASSERT_TRUE(inputs) << inputs.error().text();
    ASSERT_EQ(inputs->size(), 3u);
    EXPECT_EQ(valueOf((*inputs)[0]), 33);
    EXPECT_EQ((*inputs)[0].geometry.spacing[0], 1);
    EXPECT_EQ(valueOf((*inputs)[1]), 22);
    EXPECT_EQ(valueOf((*inputs)[2]), 11);
  }
  EXPECT_TRUE(readSegments(c));
  auto without = c;
  without.others.pop_back();
  EXPECT_NE(inputDigest(c).value(), inputDigest(without).value()) << "a run sees when a channel changes";
}

TEST_F(JoinedSeries, StayApartWhereItIsNotCertainWhichIsWhich) {
  series("one", "T1", 1), series("one", "T2 a", 2), series("one", "T2 b", 3);
  input("T1"), input("T2");
  join();
  EXPECT_EQ(m_cases.size(), 3u);
  ASSERT_EQ(m_notes.all.size(), 1u);
  EXPECT_THAT(m_notes.all[0], HasSubstr("several series are called 'T2'"));
  m_options.inputs[1].second.names = {"T2 b"};
  join();
  ASSERT_EQ(m_cases.size(), 2u);
  const auto joined = std::ranges::find_if(m_cases, [](const auto& c) { return !c.channels.empty(); });
  ASSERT_NE(joined, m_cases.end());
  EXPECT_EQ(valueOf((*readInputs(m_options, *joined))[1]), 3);
}

TEST_F(JoinedSeries, StayApartWithLabelsOfTheirOwnOrInAnotherSpace) {
  label(series("one", "T1", 1), "t1");
  label(series("one", "T2", 2), "t2");
  series("other", "T1", 1), series("other", "T2", 2, "1.2.3.5");
  input("T1"), input("T2");
  join();
  EXPECT_EQ(m_cases.size(), 4u);
  ASSERT_EQ(m_notes.all.size(), 1u);
  EXPECT_THAT(m_notes.all[0], HasSubstr("labels of their own"));
}

TEST_F(JoinedSeries, AreOfferedByTheScan) {
  series("one", "T1", 1), series("one", "T2", 2), series("other", "T1", 3), series("other", "T2", 4);
  scan();
  auto catalogue = Catalogue::open(m_elsewhere / "index.sqlite");
  ASSERT_TRUE(catalogue);
  const auto found = catalogue->rejected().value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].second.code, "several-series");
  EXPECT_EQ(found[0].second.severity, io::Finding::Severity::Note);
  EXPECT_THAT(found[0].second.message, HasSubstr("in 2 studies"));
  EXPECT_EQ(m_cases.size(), 4u);
}

TEST_F(JoinedSeries, MayLackWhatThePlanFills) {
  series("one", "T1", 1), series("one", "localiser", 2);
  input("T1"), input("T2", {}, true);
  join();
  ASSERT_EQ(m_cases.size(), 2u);
  const auto joined = std::ranges::find_if(m_cases, [](const auto& c) { return !c.channels.empty(); });
  ASSERT_NE(joined, m_cases.end());
  const auto inputs = readInputs(m_options, *joined);
  ASSERT_TRUE(inputs) << inputs.error().text();
  EXPECT_EQ(valueOf((*inputs)[0]), 1);
  EXPECT_TRUE((*inputs)[1].voxels.empty());
}

}  // namespace
}  // namespace lorkd::data
