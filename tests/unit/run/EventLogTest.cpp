#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <limits>
#include <thread>

#include "core/base/File.h"
#include "core/run/EventLog.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::run {

void raw(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::app | std::ios::binary) << bytes;
}

TEST(EventLog, ComesBackAsWritten) {
  test::TemporaryFolder folder;
  const EventWriter writer(folder / "e");
  EventReader reader(folder / "e");
  EXPECT_TRUE(reader.poll().empty());  // no file yet
  const double before = now();
  ASSERT_TRUE(writer.append("step", {{"step", 1}, {"losses", {{"liver", {{"dice", 0.5}}}}}}));
  ASSERT_TRUE(writer.append("log", {{"message", "line\nbreak"}, {"bad", std::numeric_limits<double>::infinity()}}));
  bool restarted = true;
  const auto events = reader.poll(&restarted);
  EXPECT_FALSE(restarted);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].begin().key(), "t");
  EXPECT_EQ(events[0].at("kind"), "step");
  EXPECT_EQ(events[0].at("losses").at("liver").at("dice"), 0.5);
  EXPECT_GE(events[0].at("t").get<double>(), before - 1e-3);
  EXPECT_LE(events[0].at("t").get<double>(), now() + 1e-3);
  EXPECT_EQ(events[1].at("message"), "line\nbreak");
  EXPECT_TRUE(events[1].at("bad").is_null());
  EXPECT_TRUE(reader.poll().empty());
}

TEST(EventLog, ATornLastLineIsKeptForLater) {
  test::TemporaryFolder folder;
  const std::string line = R"({"t":1,"kind":"step","step":12})";
  for (std::size_t cut = 0; cut <= line.size(); ++cut) {
    const auto file = folder / ("e" + std::to_string(cut));
    raw(file, "{\"kind\":\"a\"}\n" + line.substr(0, cut));
    EventReader reader(file);
    EXPECT_EQ(reader.poll().size(), 1u);
    EXPECT_TRUE(reader.poll().empty());
    raw(file, line.substr(cut) + "\n");
    const auto rest = reader.poll();
    ASSERT_EQ(rest.size(), 1u) << cut;
    EXPECT_EQ(rest[0].at("step"), 12);
  }
}

TEST(EventLog, AnInvalidLineIsSkippedAndSpoilsNoOther) {
  test::TemporaryFolder folder;
  raw(folder / "e", "{\"kind\":\"a\"}\n{\"kind\":\n[1]\n\n7\n{\"kind\":\"b\"}\n{\"kind\":\"torn");
  ASSERT_TRUE(EventWriter(folder / "e").append("c", {}));
  EventReader reader(folder / "e");
  const auto events = reader.poll();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[1].at("kind"), "b");
  EXPECT_EQ(events[2].at("kind"), "c");
}

TEST(EventLog, ATruncatedLogIsReadFromTheStart) {
  test::TemporaryFolder folder;
  raw(folder / "e", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
  EventReader reader(folder / "e");
  EXPECT_EQ(reader.poll().size(), 3u);
  std::filesystem::resize_file(folder / "e", 8);
  bool restarted = false;
  EXPECT_EQ(reader.poll(&restarted).size(), 1u);
  EXPECT_TRUE(restarted);
  EXPECT_TRUE(reader.poll(&restarted).empty());
  EXPECT_FALSE(restarted);
}

TEST(EventLog, AReplacedLogIsReadFromTheStartEvenIfLonger) {
  test::TemporaryFolder folder;
  raw(folder / "e", "{\"n\":1}\n{\"n\":2}\n");
  EventReader reader(folder / "e");
  EXPECT_EQ(reader.poll().size(), 2u);
  ASSERT_TRUE(writeFileAtomically(folder / "e", "{\"n\":5}\n{\"n\":6}\n{\"n\":7}\n"));
  bool restarted = false;
  const auto events = reader.poll(&restarted);
  EXPECT_TRUE(restarted);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].at("n"), 5);
  // The same inode with other bytes, as when a number is used again.
  std::ofstream(folder / "e") << "{\"n\":8}\n{\"n\":8}\n{\"n\":8}\n{\"n\":8}\n";
  EXPECT_EQ(reader.poll(&restarted).size(), 4u);
  EXPECT_TRUE(restarted);
}

TEST(EventLog, AReaderBesideAWriterSeesEachEventOnceInOrder) {
  test::TemporaryFolder folder;
  constexpr int count = 5000;
  std::atomic<bool> done = false;
  std::thread thread([&] {
    const EventWriter writer(folder / "e");
    for (int i = 0; i < count; ++i) (void)writer.append("step", {{"step", i}, {"text", std::string(i % 300, 'x')}});
    done = true;
  });
  EventReader reader(folder / "e");
  int next = 0;
  bool restarted = false;
  for (bool last = false; !last;) {
    last = done;
    for (const auto& event : reader.poll(&restarted)) ASSERT_EQ(event.at("step"), next++);
    ASSERT_FALSE(restarted);
  }
  thread.join();
  EXPECT_EQ(next, count);
}

// Neither held nor read again at every look.
TEST(EventLog, AnEndlessLineIsPassedOver) {
  test::TemporaryFolder folder;
  raw(folder / "e", "{\"n\":1}\n");
  const std::string block(std::size_t(1) << 20, 'x');
  {
    std::ofstream out(folder / "e", std::ios::app | std::ios::binary);
    for (int i = 0; i < 200; ++i) out << block;
  }
  EventReader reader(folder / "e");
  rusage before{}, after{};
  ::getrusage(RUSAGE_SELF, &before);
  EXPECT_EQ(reader.poll().size(), 1u);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i) EXPECT_TRUE(reader.poll().empty());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  ::getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 120 * 1024) << "KiB";
  raw(folder / "e", "\n{\"n\":2}\n");
  const auto rest = reader.poll();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].at("n"), 2);
  EXPECT_EQ(reader.damaged(), 1u);
  ASSERT_TRUE(EventWriter(folder / "e").rewindTo(5));
  EXPECT_EQ(readFile(folder / "e").value(), "{\"n\":1}\n{\"n\":2}\n");
}

TEST(EventLog, APipeInItsPlaceIsNotWaitedFor) {
  test::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "e").c_str(), 0600), 0);
  EXPECT_TRUE(EventReader(folder / "e").poll().empty());
  EXPECT_FALSE(EventWriter(folder / "e").append("step", {}));
  EXPECT_FALSE(EventWriter(folder / "e").rewindTo(1));
}

TEST(EventLog, RewindDropsWhatCameAfterTheStep) {
  test::TemporaryFolder folder;
  const EventWriter writer(folder / "e");
  ASSERT_TRUE(writer.rewindTo(5));  // nothing there, nothing to do
  for (int step = 1; step <= 10; ++step) {
    ASSERT_TRUE(writer.append("step", {{"step", step}}));
    if (step % 5 == 0) {
      ASSERT_TRUE(writer.append("validation", {{"step", step}}));
    }
    if (step % 4 == 0) {
      ASSERT_TRUE(writer.append("conflict", {{"step", step}}));
    }
  }
  ASSERT_TRUE(writer.append("log", {{"message", "said again"}, {"step", 10}}));
  ASSERT_TRUE(writer.append("phase", {{"phase", "of no step"}}));
  raw(folder / "e", "{\"kind\":\"step\",\"st");
  ASSERT_TRUE(writer.rewindTo(6));
  std::string seen;
  EventReader reader(folder / "e");
  for (const auto& event : reader.poll())
    seen += event.at("kind").get<std::string>() + event.value("step", Json("")).dump() + " ";
  EXPECT_EQ(seen, "step1 step2 step3 step4 conflict4 step5 validation5 step6 phase\"\" ");
  const auto once = readFile(folder / "e").value();
  ASSERT_TRUE(writer.rewindTo(6));
  EXPECT_EQ(readFile(folder / "e").value(), once);
  ASSERT_TRUE(writer.append("step", {{"step", 7}}));
  EXPECT_EQ(reader.poll().at(0).at("step"), 7);
  // A checkpoint from the middle of a validation: what it found is found again.
  ASSERT_TRUE(writer.append("validation", {{"step", 7}}));
  ASSERT_TRUE(writer.append("log", {{"message", "no better"}, {"step", 7}}));
  ASSERT_TRUE(writer.rewindTo(7, true));
  EXPECT_EQ(readFile(folder / "e").value().find("\"validation\",\"step\":7"), std::string::npos);
  EXPECT_TRUE(EventReader(folder / "e").poll().back().value("kind", "") == "step");
  ASSERT_TRUE(writer.rewindTo(7, true));
}

TEST(EventLog, WhatARunOfAnotherPlanHasWrittenIsNotGiven) {
  test::TemporaryFolder folder;
  const EventWriter writer(folder / "e");
  const auto phase = [&](const char* plan) { return writer.append("phase", {{"phase", "training"}, {"plan", plan}}); };
  const auto step = [&](int n) { return writer.append("step", {{"step", n}}); };
  ASSERT_TRUE(phase("own") && step(1) && phase("other") && step(2));
  EventReader own(folder / "e", "own");
  auto events = own.poll();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events.back().at("step"), 1);
  EXPECT_TRUE(own.foreign());
  ASSERT_TRUE(step(3) && phase("own") && step(4));
  events = own.poll();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events.back().at("step"), 4);
  EXPECT_TRUE(own.foreign());

  EventReader anyone(folder / "e");
  EXPECT_EQ(anyone.poll().size(), 7u);
  EXPECT_FALSE(anyone.foreign());
}

}  // namespace lorkd::run
