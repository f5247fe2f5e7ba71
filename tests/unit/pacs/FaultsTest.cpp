// A PACS that is dead, refuses, is silent or dies half-way: a clear error in time, and nothing half-written.
#include <sys/resource.h>

#include <csignal>

#include "tests/unit/pacs/Peers.h"
#include "tests/unit/pacs/Support.h"

namespace lorkd::pacs::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

Node at(int port, int timeout) {
  Node node;
  node.name = "peer";
  node.host = "127.0.0.1";
  node.port = port;
  node.called = "ORTHANC";
  node.timeout = timeout;
  return node;
}

/// A series in Orthanc, and how many bytes come back until it is here.
struct Uploaded {
  io::WrittenSeries series;
  std::int64_t bytes = 0;
};

const Uploaded& uploaded() {
  static const TemporaryFolder folder;
  static const auto made = [] {
    Uploaded up{makeSeries(folder / "data", patient("P7", "Half^Way"), 20)};
    orthanc()->upload(folder / "data");
    Proxy proxy(orthanc()->port());
    SilentProgress progress;
    EXPECT_OK(retrieve(at(proxy.port(), 10), {requestOf(up.series)}, folder / "first", atOnce(), progress, {}));
    expectWhole(folder / "first", up.series);
    up.bytes = proxy.bytes();
    return up;
  }();
  return made;
}

/// The only outcome of retrieving the series through `port`.
SeriesOutcome bring(int port, int timeout, const fs::path& folder, int retries = 0, const CancelToken& cancel = {}) {
  SilentProgress progress;
  auto outcomes =
      retrieve(at(port, timeout), {requestOf(uploaded().series)}, folder, atOnce(retries), progress, cancel);
  EXPECT_OK(outcomes);
  return outcomes ? outcomes->front() : SeriesOutcome{};
}

/// Whole objects in the hidden folder, and nothing else anywhere.
void expectOnlyWholeObjects(const fs::path& folder, const SeriesOutcome& outcome) {
  const auto hidden = partialFolder(folder, outcome.request.series);
  EXPECT_EQ(namesIn(folder), std::set{hidden.filename().string()});
  EXPECT_EQ(namesIn(hidden).size(), static_cast<std::size_t>(outcome.held));
  for (const auto& name : namesIn(hidden)) {
    const auto& uids = uploaded().series.sopInstanceUids;
    const auto n = std::ranges::find(uids, fs::path(name).stem().string()) - uids.begin();
    ASSERT_LT(n, std::ssize(uids)) << name;
    EXPECT_EQ(dataSetOf(hidden / name), dataSetOf(uploaded().series.files[static_cast<std::size_t>(n)]));
  }
}

TEST(Faults, ADeadPeerIsNamedAtOnce) {
  const auto node = at(freePort(), 5);
  Result<void> outcome;
  EXPECT_LT(secondsOf([&] { outcome = echo(node, {}); }), 1);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::NotFound);
  EXPECT_THAT(outcome.error().text(), AllOf(HasSubstr(node.place()), HasSubstr("nothing listens there")));
}

TEST(Faults, AnUnknownHostIsNamed) {
  auto node = at(104, 5);
  node.host = "no-such-host.invalid";
  const auto outcome = echo(node, {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::NotFound);
  EXPECT_THAT(outcome.error().text(), HasSubstr("no-such-host.invalid"));
}

TEST(Faults, ASilentPeerIsGivenUpInTime) {
  Proxy silent(0);
  Result<void> outcome;
  const auto seconds = secondsOf([&] { outcome = echo(at(silent.port(), 1), {}); });
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().text(), HasSubstr("no sign of life for 1 s"));
  EXPECT_GT(seconds, 0.9);
  EXPECT_LT(seconds, 2);
}

TEST(Faults, CancellingIsPrompt) {
  Proxy silent(0);
  CancelToken cancel;
  Result<void> outcome;
  std::thread asks([&] { outcome = echo(at(silent.port(), 60), cancel); });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LT(secondsOf([&] {
              cancel.cancel();
              asks.join();
            }),
            0.5);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::Cancelled);
}

TEST(Faults, ARefusalSaysWhichTitleIsWrong) {
  NEEDS_ORTHANC();
  auto node = orthanc()->node();
  node.called = "SOMEBODY";
  const auto outcome = echo(node, {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(outcome.error().text(), AllOf(HasSubstr("SOMEBODY"), HasSubstr("AE title")));
  // Trying again would not help, so nobody waits for it.
  const TemporaryFolder folder;
  SilentProgress progress;
  const auto request = requestOf(uploaded().series);
  const auto seconds = secondsOf([&] {
    const auto outcomes = retrieve(node, {request}, folder.path(), {3, 10}, progress, {});
    ASSERT_OK(outcomes);
    EXPECT_EQ(outcomes->front().state, SeriesState::Failed);
  });
  EXPECT_LT(seconds, 3);
}

TEST(Faults, APeerThatDiesHalfWayLeavesWholeObjectsOnly) {
  NEEDS_ORTHANC();
  for (const double share : {0.01, 0.2, 0.5, 0.9}) {
    const TemporaryFolder folder;
    Proxy proxy(orthanc()->port(), Proxy::Then::Die, static_cast<std::int64_t>(share * double(uploaded().bytes)));
    const auto outcome = bring(proxy.port(), 5, folder.path());
    EXPECT_EQ(outcome.state, SeriesState::Failed) << share;
    ASSERT_TRUE(outcome.error);
    EXPECT_THAT(outcome.error->text(), HasSubstr("peer (127.0.0.1:"));
    expectOnlyWholeObjects(folder.path(), outcome);
    if (share >= 0.2) {
      EXPECT_NEAR(double(outcome.held), 20 * share, 3);
    }
    // The next call brings the rest, and only the rest.
    Proxy counting(orthanc()->port());
    const auto later = bring(counting.port(), 5, folder.path());
    EXPECT_EQ(later.state, SeriesState::Complete);
    expectWhole(folder.path(), uploaded().series);
    EXPECT_LT(double(counting.bytes()), (1.15 - share) * double(uploaded().bytes));
  }
}

TEST(Faults, ABrokenConnectionIsTriedAgain) {
  NEEDS_ORTHANC();
  const TemporaryFolder folder;
  Proxy proxy(orthanc()->port(), Proxy::Then::CutOnce, uploaded().bytes / 2);
  const auto outcome = bring(proxy.port(), 5, folder.path(), 1);
  EXPECT_EQ(outcome.state, SeriesState::Complete);
  expectWhole(folder.path(), uploaded().series);
}

TEST(Faults, APeerThatStallsIsGivenUpInTimeAndCancelledAtOnce) {
  NEEDS_ORTHANC();
  {
    const TemporaryFolder folder;
    Proxy proxy(orthanc()->port(), Proxy::Then::Stall, uploaded().bytes / 2);
    SeriesOutcome outcome;
    EXPECT_LT(secondsOf([&] { outcome = bring(proxy.port(), 1, folder.path()); }), 3);
    EXPECT_EQ(outcome.state, SeriesState::Failed);
    ASSERT_TRUE(outcome.error);
    EXPECT_THAT(outcome.error->text(), HasSubstr("no sign of life for 1 s"));
    expectOnlyWholeObjects(folder.path(), outcome);
  }
  const TemporaryFolder folder;
  Proxy proxy(orthanc()->port(), Proxy::Then::Stall, uploaded().bytes / 2);
  CancelToken cancel;
  SeriesOutcome outcome;
  std::thread brings([&] { outcome = bring(proxy.port(), 60, folder.path(), 5, cancel); });
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  EXPECT_LT(secondsOf([&] {
              cancel.cancel();
              brings.join();
            }),
            0.5);
  EXPECT_EQ(outcome.state, SeriesState::Cancelled);
  expectOnlyWholeObjects(folder.path(), outcome);
}

TEST(Faults, AFullDiskIsNotTakenForAFaultOfThePeer) {
  NEEDS_ORTHANC();
  const TemporaryFolder folder;
  SeriesOutcome outcome;
  uploaded();
  {
    // Files end after 6 kB, as on a disk that is full: less than an object has.
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{6000, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    outcome = bring(orthanc()->port(), 5, folder.path());
    ::setrlimit(RLIMIT_FSIZE, &before);
  }
  EXPECT_EQ(outcome.state, SeriesState::Failed);
  EXPECT_EQ(outcome.held, 0);
  ASSERT_TRUE(outcome.error);
  EXPECT_THAT(outcome.error->text(), HasSubstr("cannot write")) << outcome.error->text();
  expectOnlyWholeObjects(folder.path(), outcome);
}

TEST(Faults, SeriesAfterADeadPeerAreNotWaitedFor) {
  const TemporaryFolder folder;
  const SeriesRequest one{"1.2", "1.2.3", 5, "CT"}, two{"1.2", "1.2.4", 5, "CT"};
  SilentProgress progress;
  const auto seconds = secondsOf([&] {
    const auto outcomes = retrieve(at(freePort(), 5), {one, two, two}, folder.path(), {2, 0.5}, progress, {});
    ASSERT_OK(outcomes);
    ASSERT_EQ(outcomes->size(), 3u);
    for (const auto& outcome : *outcomes) EXPECT_EQ(outcome.error->code, ErrorCode::NotFound);
  });
  EXPECT_LT(seconds, 2);
}

TEST(Faults, WhatIsNoUidNeverBecomesAPath) {
  const TemporaryFolder folder;
  SilentProgress progress;
  for (const char* uid : {"..", "../evil", "", "1/2"})
    EXPECT_EQ(retrieve(at(104, 5), {{"1.2", uid, 1, ""}}, folder.path(), atOnce(), progress, {}).error().code,
              ErrorCode::InvalidArgument);
  EXPECT_THAT(namesIn(folder.path()), IsEmpty());
}

}  // namespace
}  // namespace lorkd::pacs::test
