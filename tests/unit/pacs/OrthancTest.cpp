// Query, retrieve and store against a real PACS.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fstream>

#include "core/pacs/Store.h"
#include "tests/unit/pacs/Peers.h"
#include "tests/unit/pacs/Support.h"

namespace lorkd::pacs::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// Three patients, one with two series in a study; one uploaded as it is in JPEG-LS.
struct Data {
  TemporaryFolder folder;
  io::WrittenSeries thorax, abdomen, head;
  Data() {
    auto first = patient("PAT-1", "Muster^Erika");
    first.studyDate = "20230115";
    first.studyDescription = "Staging";
    first.seriesDescription = "Thorax 1mm";
    first.bodyPart = "CHEST";
    thorax = makeSeries(folder / "a", first, 12);
    auto second = thorax.header;
    second.seriesUid.clear();
    second.seriesNumber = 2;
    second.seriesDescription = "Abdomen";
    abdomen = makeSeries(folder / "b", second, 7);
    auto other = patient("PAT-2", "Jürgens^Jörg");
    other.studyDate = "20240331";
    head = makeSeries(folder / "c", other, 5);
    orthanc()->upload(folder.path());
  }
};

const Data& data() {
  static const Data made;
  return made;
}

StudyFilter with(std::string StudyFilter::*field, const std::string& value) {
  StudyFilter filter;
  filter.*field = value;
  return filter;
}

std::vector<std::string> idsOf(const StudyFilter& filter) {
  const auto found = findStudies(orthanc()->node(), filter, 100, {});
  EXPECT_OK(found);
  std::vector<std::string> ids;
  if (found)
    for (const auto& study : found->items)
      if (study.patientId.starts_with("PAT-")) ids.push_back(study.patientId);
  return ids;
}

std::vector<SeriesOutcome> bring(const Node& node, const std::vector<SeriesRequest>& series, const fs::path& folder) {
  SilentProgress progress;
  auto outcomes = retrieve(node, series, folder, atOnce(), progress, {});
  EXPECT_OK(outcomes);
  return outcomes.value_or(std::vector<SeriesOutcome>{});
}

TEST(Orthanc_, AnswersAnEcho) {
  NEEDS_ORTHANC();
  EXPECT_OK(echo(orthanc()->node(), {}));
}

TEST(Orthanc_, StudiesAreFound) {
  NEEDS_ORTHANC();
  data();
  auto oneDay = with(&StudyFilter::from, "20230115");
  oneDay.to = "20230115";
  EXPECT_THAT(idsOf({}), ElementsAre("PAT-2", "PAT-1"));  // newest first
  EXPECT_THAT(idsOf(with(&StudyFilter::patientName, "muster")), ElementsAre("PAT-1"));
  EXPECT_THAT(idsOf(with(&StudyFilter::patientName, "Jürg")), ElementsAre("PAT-2"));
  EXPECT_THAT(idsOf(with(&StudyFilter::patientId, "PAT-1")), ElementsAre("PAT-1"));
  EXPECT_THAT(idsOf(with(&StudyFilter::patientId, "PAT")), IsEmpty());
  EXPECT_THAT(idsOf(with(&StudyFilter::patientId, "PAT*")), ElementsAre("PAT-2", "PAT-1"));
  EXPECT_THAT(idsOf(with(&StudyFilter::from, "2024-03-31")), ElementsAre("PAT-2"));
  EXPECT_THAT(idsOf(with(&StudyFilter::to, "2024-03-30")), ElementsAre("PAT-1"));
  EXPECT_THAT(idsOf(oneDay), ElementsAre("PAT-1"));
  EXPECT_THAT(idsOf(with(&StudyFilter::modality, "CT")), ElementsAre("PAT-2", "PAT-1"));
  EXPECT_THAT(idsOf(with(&StudyFilter::modality, "MR")), IsEmpty());
  EXPECT_THAT(idsOf(with(&StudyFilter::description, "aging")), ElementsAre("PAT-1"));
  EXPECT_EQ(findStudies(orthanc()->node(), with(&StudyFilter::from, "yesterday"), 9, {}).error().code,
            ErrorCode::InvalidArgument);
  EXPECT_EQ(findStudies(orthanc()->node(), with(&StudyFilter::patientName, "a\\b"), 9, {}).error().code,
            ErrorCode::InvalidArgument);
  const auto one = findStudies(orthanc()->node(), with(&StudyFilter::patientId, "PAT*"), 1, {});
  ASSERT_OK(one);
  EXPECT_EQ(one->items.size(), 1u);
  EXPECT_TRUE(one->more);
  const auto study = findStudies(orthanc()->node(), with(&StudyFilter::patientId, "PAT-1"), 2, {})->items.at(0);
  EXPECT_EQ(study.uid, data().thorax.header.studyUid);
  EXPECT_EQ(study.patientName, "Muster^Erika");
  EXPECT_EQ(study.date, "20230115");
  EXPECT_EQ(study.modalities, "CT");
  EXPECT_EQ(study.series, 2);
  EXPECT_EQ(study.instances, 19);
  EXPECT_EQ(findStudies(orthanc()->node(), with(&StudyFilter::patientId, "PAT-2"), 2, {})->items.at(0).patientName,
            "Jürgens^Jörg");
}

TEST(Orthanc_, SeriesAndObjectsAreFound) {
  NEEDS_ORTHANC();
  const auto series = findSeries(orthanc()->node(), data().thorax.header.studyUid, {});
  ASSERT_OK(series);
  ASSERT_EQ(series->size(), 2u);
  EXPECT_EQ((*series)[0].uid, data().thorax.header.seriesUid);
  EXPECT_EQ((*series)[0].modality, "CT");
  EXPECT_EQ((*series)[0].description, "Thorax 1mm");
  EXPECT_EQ((*series)[0].bodyPart, "CHEST");
  EXPECT_EQ((*series)[0].instances, 12);
  EXPECT_EQ((*series)[1].number, "2");
  const auto instances = findInstances(orthanc()->node(), (*series)[1].study, (*series)[1].uid, {});
  ASSERT_OK(instances);
  std::vector<std::string> uids;
  for (const auto& instance : *instances) {
    uids.push_back(instance.uid);
    EXPECT_EQ(instance.sopClass, "1.2.840.10008.5.1.4.1.1.2");
  }
  EXPECT_THAT(uids, testing::UnorderedElementsAreArray(data().abdomen.sopInstanceUids));
  EXPECT_EQ(findSeries(orthanc()->node(), "no uid", {}).error().code, ErrorCode::InvalidArgument);
}

TEST(Orthanc_, SeriesAreRetrievedBothWays) {
  NEEDS_ORTHANC();
  for (const auto way : {Retrieve::Get, Retrieve::Move}) {
    const TemporaryFolder folder;
    // One that is not there stands between those that are.
    const auto outcomes =
        bring(orthanc()->node(way), {requestOf(data().thorax), {"1.2.3", "1.2.3.4", 5, ""}, requestOf(data().head)},
              folder.path());
    ASSERT_EQ(outcomes.size(), 3u);
    EXPECT_EQ(outcomes[0].state, SeriesState::Complete) << outcomes[0].error->text();
    EXPECT_EQ(outcomes[0].held, 12);
    EXPECT_EQ(outcomes[1].state, SeriesState::Failed);
    ASSERT_TRUE(outcomes[1].error);
    EXPECT_THAT(outcomes[1].error->text(), HasSubstr("0 of 5 images"));
    EXPECT_EQ(outcomes[2].state, SeriesState::Complete);
    expectWhole(folder.path(), data().thorax);
    expectWhole(folder.path(), data().head);
    EXPECT_EQ(bring(orthanc()->node(way), {requestOf(data().thorax)}, folder.path())[0].state, SeriesState::Present);
    auto grown = requestOf(data().thorax);
    grown.instances = 13;
    const auto old = bring(orthanc()->node(way), {grown}, folder.path())[0];
    EXPECT_EQ(old.state, SeriesState::Failed);
    EXPECT_THAT(old.error->text(), HasSubstr("older copy"));
    expectWhole(folder.path(), data().thorax);
  }
}

TEST(Orthanc_, NamesSayNothingOfThePatient) {
  NEEDS_ORTHANC();
  const TemporaryFolder folder;
  bring(orthanc()->node(), {requestOf(data().thorax)}, folder.path());
  for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
    EXPECT_TRUE(entry.path().filename().string().find_first_not_of("0123456789.dcm") == std::string::npos) << entry;
}

TEST(Orthanc_, ObjectsComeAsTheyAreStored) {
  NEEDS_ORTHANC();
  const TemporaryFolder folder;
  // JPEG-LS, RLE and JPEG, each by DCMTK's own tools.
  const std::pair<const char*, const char*> ways[] = {
      {"dcmcjpls", "=JPEGLSLossless"},
      {"dcmcrle", "=RLELossless"},
      {"dcmcjpeg", "=JPEGLossless:Non-hierarchical-1stOrderPrediction"}};
  for (const auto& [tool, syntax] : ways) {
    SCOPED_TRACE(tool);
    const auto series = makeSeries(folder / tool, patient("PACKED"), 3);
    for (const auto& file : series.files)
      ASSERT_EQ(run(std::string(tool) + " '" + file.string() + "' '" + file.string() + "'").code, 0);
    SilentProgress progress;
    const auto stored = store(orthanc()->node(), series.files, progress, {});
    ASSERT_OK(stored);
    ASSERT_EQ(stored->stored.size(), 3u);
    for (const auto way : {Retrieve::Get, Retrieve::Move}) {
      const TemporaryFolder out;
      const auto outcome = bring(orthanc()->node(way), {requestOf(series)}, out.path())[0];
      ASSERT_EQ(outcome.state, SeriesState::Complete) << outcome.error->text();
      expectWhole(out.path(), series);
      const auto meta = run("dcmdump +P 0002,0010 '" +
                            (out / series.header.seriesUid / (series.sopInstanceUids[0] + ".dcm")).string() + "'");
      EXPECT_THAT(meta.output, HasSubstr(syntax));
    }
  }
}

TEST(Orthanc_, LabelMapsComeToo) {
  NEEDS_ORTHANC();
  // Newer than the lists of storage classes that DCMTK has.
  Orthanc pacs("\"UnknownSopClassAccepted\": true");
  ASSERT_TRUE(pacs.running());
  const TemporaryFolder folder;
  const auto series = makeSeries(folder.path(), patient("MAPS"), 2);
  for (const auto& file : series.files)
    ASSERT_EQ(run("dcmodify -nb -nmu -m 0008,0016=1.2.840.10008.5.1.4.1.1.66.7 '" + file.string() + "'").code, 0);
  SilentProgress progress;
  const auto stored = store(pacs.node(), series.files, progress, {});
  ASSERT_OK(stored);
  ASSERT_EQ(stored->stored.size(), 2u);
  for (const auto way : {Retrieve::Get, Retrieve::Move}) {
    const TemporaryFolder out;
    const auto outcome = bring(pacs.node(way), {requestOf(series)}, out.path())[0];
    ASSERT_EQ(outcome.state, SeriesState::Complete) << outcome.error->text();
    expectWhole(out.path(), series);
  }
}

TEST(Orthanc_, OnlyWhatIsMissingIsAskedFor) {
  NEEDS_ORTHANC();
  const TemporaryFolder all, folder;
  bring(orthanc()->node(), {requestOf(data().thorax)}, all.path());
  const auto hidden = partialFolder(folder.path(), data().thorax.header.seriesUid);
  fs::create_directories(hidden);
  for (std::size_t n = 0; n < 10; ++n) {
    const auto name = data().thorax.sopInstanceUids[n] + ".dcm";
    fs::copy(all / data().thorax.header.seriesUid / name, hidden / name);
  }
  std::ofstream(hidden / ".1.2-0.part.dcm") << "the rest of a process that was killed";
  Proxy proxy(orthanc()->port());
  auto node = orthanc()->node();
  node.port = proxy.port();
  EXPECT_EQ(bring(node, {requestOf(data().thorax)}, folder.path())[0].state, SeriesState::Complete);
  expectWhole(folder.path(), data().thorax);
  EXPECT_LT(proxy.bytes(), 3 * 64 * 64 * 2 + 8000);
}

TEST(Orthanc_, TwoProcessesDoNotMixOneSeries) {
  NEEDS_ORTHANC();
  const TemporaryFolder folder;
  const auto hidden = partialFolder(folder.path(), data().head.header.seriesUid);
  fs::create_directories(hidden);
  const int fd = ::open(hidden.c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(fd, LOCK_EX), 0);
  const auto outcome = bring(orthanc()->node(), {requestOf(data().head)}, folder.path())[0];
  ::close(fd);
  EXPECT_EQ(outcome.state, SeriesState::Failed);
  EXPECT_THAT(outcome.error->text(), HasSubstr("another process"));
}

TEST(Orthanc_, AnUnknownDestinationIsExplained) {
  NEEDS_ORTHANC();
  const TemporaryFolder folder;
  auto node = orthanc()->node(Retrieve::Move);
  node.calling = "STRANGER";
  const auto outcome = bring(node, {requestOf(data().head)}, folder.path())[0];
  EXPECT_EQ(outcome.state, SeriesState::Failed);
  EXPECT_THAT(outcome.error->text(), HasSubstr("images"));
  // The port that it would come to may be taken.
  node = orthanc()->node(Retrieve::Move);
  Proxy taken(0);
  node.receivePort = taken.port();
  const auto blocked = bring(node, {requestOf(data().head)}, folder.path())[0];
  EXPECT_THAT(blocked.error->text(), HasSubstr("port " + std::to_string(taken.port())));
}

TEST(Orthanc_, AnObjectOfAnInvalidNameStaysOutside) {
  NEEDS_ORTHANC();
  const TemporaryFolder data, folder;
  const auto series = makeSeries(data / "x", patient("HOSTILE"), 3);
  const auto evil = run("dcmodify -nb -nrc -imt -m '(0008,0018)=../../../evil' '" + series.files[1].string() + "'");
  ASSERT_EQ(evil.code, 0) << evil.output;
  orthanc()->upload(data / "x");
  const auto outcome = bring(orthanc()->node(), {requestOf(series)}, folder / "inner")[0];
  for (const auto& entry : fs::recursive_directory_iterator(folder.path()))
    EXPECT_EQ(entry.path().string().find("evil"), std::string::npos) << entry;
  EXPECT_EQ(namesIn(folder.path()), std::set<std::string>{"inner"});
  EXPECT_EQ(outcome.held, 2);
}

TEST(Orthanc_, PredictionsAreStored) {
  NEEDS_ORTHANC();
  const TemporaryFolder folder;
  const auto series = makeSeries(folder / "ct", patient("SEG-1"), 4);
  orthanc()->upload(folder / "ct");
  image::SegmentSet segments;
  segments.geometry.size = {64, 64, 4};
  segments.geometry.spacing = {0.8, 0.8, 2.5};
  image::Segment liver;
  liver.name = "liver";
  liver.mask.assign(static_cast<std::size_t>(64 * 64 * 4), 0);
  for (std::size_t n = 5000; n < 9000; ++n) liver.mask[n] = 1;
  segments.segments.push_back(liver);
  auto header = series.header;
  header.seriesUid.clear();
  header.seriesNumber = 9;
  header.seriesDescription = "liver by an expert";
  ASSERT_OK(io::writeSeg(folder / "out/SEG.dcm", segments, series, header));
  std::ofstream(folder / "out/broken.dcm") << std::string(128, '\0') << "DICM rubbish";
  std::ofstream(folder / "out/notes.txt") << "no DICOM";
  const auto files = dicomFiles({folder / "out"});
  ASSERT_OK(files);
  EXPECT_THAT(*files, UnorderedElementsAre(folder / "out/SEG.dcm", folder / "out/broken.dcm"));
  SilentProgress progress;
  const auto outcome = store(orthanc()->node(), *files, progress, {});
  ASSERT_OK(outcome);
  EXPECT_THAT(outcome->stored, ElementsAre(folder / "out/SEG.dcm"));
  ASSERT_EQ(outcome->failed.size(), 1u);
  EXPECT_THAT(outcome->failed[0].second.text(), HasSubstr("broken.dcm"));
  const auto found = findSeries(orthanc()->node(), series.header.studyUid, {});
  ASSERT_OK(found);
  ASSERT_EQ(found->size(), 2u);
  EXPECT_EQ((*found)[1].modality, "SEG");
  EXPECT_EQ((*found)[1].description, "liver by an expert");
  EXPECT_EQ(dicomFiles({folder / "none"}).error().code, ErrorCode::NotFound);
  EXPECT_EQ(dicomFiles({folder / "out/notes.txt"}).has_value(), true);  // named by hand: sending says what is wrong
}

}  // namespace
}  // namespace lorkd::pacs::test
