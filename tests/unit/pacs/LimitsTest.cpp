// Peers that never come to an end: each limit of a node ends them, says which it was, and keeps what is whole.
#include <fstream>

#include "tests/unit/pacs/Endless.h"
#include "tests/unit/pacs/Support.h"

namespace lorkd::pacs::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Node withLimits(int port, Limits limits) {
  Node node;
  node.name = "endless";
  node.host = "127.0.0.1";
  node.port = port;
  node.timeout = 1;
  node.limits = limits;
  return node;
}

/// What retrieving a series of which one object is here already comes to, and that nothing else is there then.
Error failureOf(const Node& node, double seconds) {
  const TemporaryFolder folder;
  const SeriesRequest request{"1.2.3", "1.2.3.4", 2, "CT"};
  const auto hidden = partialFolder(folder.path(), request.series);
  fs::create_directories(hidden);
  std::ofstream(hidden / "1.2.3.4.1.dcm") << "held";
  SilentProgress progress;
  Result<std::vector<SeriesOutcome>> outcomes;
  EXPECT_LT(secondsOf([&] { outcomes = retrieve(node, {request}, folder.path(), atOnce(2), progress, {}); }), seconds);
  EXPECT_OK(outcomes);
  if (!outcomes || !outcomes->front().error) return {};
  EXPECT_EQ(outcomes->front().state, SeriesState::Failed);
  EXPECT_EQ(outcomes->front().held, 1);
  EXPECT_EQ(namesIn(folder.path()), std::set{hidden.filename().string()});
  EXPECT_EQ(namesIn(hidden), std::set<std::string>{"1.2.3.4.1.dcm"});
  return *outcomes->front().error;
}

TEST(Limits, AnswersWithoutEndAreAnError) {
  Endless peer(Endless::Kind::Answers);
  const auto node = withLimits(peer.port(), {500, 1000, 1000});
  Result<Found<Study>> studies;
  EXPECT_LT(secondsOf([&] { studies = findStudies(node, {}, 100, {}); }), 10);
  ASSERT_FALSE(studies);
  EXPECT_THAT(studies.error().text(), AllOf(HasSubstr("500 answers"), HasSubstr("most_answers")));
  // A list of a series' objects cut off would pass for the whole. Another peer is asked: the first may still be busy
  // with its answers.
  Endless another(Endless::Kind::Answers);
  Result<std::vector<Series>> series;
  EXPECT_LT(secondsOf([&] { series = findSeries(withLimits(another.port(), node.limits), "1.2", {}); }), 10);
  ASSERT_FALSE(series);
  EXPECT_THAT(series.error().text(), HasSubstr("500 answers"));
}

TEST(Limits, PendingsWithoutEndAreAnErrorThatIsNotRepeated) {
  Endless peer(Endless::Kind::Pendings);
  const auto error = failureOf(withLimits(peer.port(), {500, 1000, 1000}), 10);
  EXPECT_THAT(error.text(), AllOf(HasSubstr("500 answers"), HasSubstr("most_answers")));
}

TEST(Limits, AnObjectThatDribblesEndsWithTheTime) {
  Endless peer(Endless::Kind::Dribble);
  const auto error = failureOf(withLimits(peer.port(), {500, 1000, 2}), 5);
  EXPECT_THAT(error.text(), AllOf(HasSubstr("2 s"), HasSubstr("most_seconds")));
}

TEST(Limits, AnObjectWithoutEndEndsWithTheBytes) {
  Endless peer(Endless::Kind::Flood);
  const auto error = failureOf(withLimits(peer.port(), {500, 20, 1000}), 10);
  EXPECT_THAT(error.text(), AllOf(HasSubstr("20 MB"), HasSubstr("most_megabytes")));
}

}  // namespace
}  // namespace lorkd::pacs::test
