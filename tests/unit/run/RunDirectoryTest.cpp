#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "core/run/EventLog.h"
#include "core/run/RunDirectory.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::run {
using testing::HasSubstr;

plan::Plan somePlan(int rank = 4) {
  const auto json = Json{{"tasks", {{"liver", {{"rank", rank}, {"classes", {{"liver", Json::object()}}}}}}}};
  return plan::fromJson(json).value();
}

/// A child that ends at once and has been waited for, so that its number belongs to no one.
pid_t deadProcess() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return pid;
}

TEST(RunDirectory, FreezesTheWholePlan) {
  test::TemporaryFolder folder;
  EXPECT_FALSE(RunDirectory::isRun(folder / "r"));
  const auto run = RunDirectory::create(folder / "r", somePlan());
  ASSERT_TRUE(run) << run.error().text();
  EXPECT_TRUE(RunDirectory::isRun(folder / "r"));
  EXPECT_EQ(readJson(folder / "r/plan.json").value(), plan::toJson(somePlan()));
  EXPECT_EQ(run->status()->state, State::Queued);
  EXPECT_TRUE(std::filesystem::is_directory(folder / "r/checkpoints"));
  EXPECT_EQ(run->planDigest(), plan::digest(somePlan()));
  const auto again = RunDirectory::open(folder / "r");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->plan(), somePlan());
  EXPECT_EQ(again->checkpoint("best"), folder / "r/checkpoints/best.safetensors");
}

TEST(RunDirectory, ARunFrozenBeforeAFieldExistedKeepsItsDigest) {
  test::TemporaryFolder folder;
  const auto run = RunDirectory::create(folder / "r", somePlan());
  auto frozen = readJson(folder / "r/plan.json").value();
  frozen["training"].erase("momentum");
  ASSERT_TRUE(writeJson(folder / "r/plan.json", frozen));
  const auto old = RunDirectory::open(folder / "r");
  ASSERT_TRUE(old) << old.error().text();
  EXPECT_EQ(old->plan(), somePlan());
  EXPECT_EQ(old->planDigest(), sha256(frozen.dump()));
  EXPECT_NE(old->planDigest(), run->planDigest());
}

TEST(RunDirectory, TheSamePlanContinuesAndAnotherIsRefused) {
  test::TemporaryFolder folder;
  const auto run = RunDirectory::create(folder / "r", somePlan());
  ASSERT_TRUE(run->writeStatus({.state = State::Finished, .step = 7}));
  ASSERT_TRUE(RunDirectory::create(folder / "r", somePlan()));
  EXPECT_EQ(run->status()->step, 7);  // not reset
  const auto other = RunDirectory::create(folder / "r", somePlan(5));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::Mismatch);
  EXPECT_EQ(RunDirectory::open(folder / "r")->plan(), somePlan());
}

TEST(RunDirectory, RefusesFoldersItCannotUse) {
  test::TemporaryFolder folder;
  const auto unwritable = RunDirectory::create("/proc/run", somePlan());
  ASSERT_FALSE(unwritable);
  EXPECT_EQ(unwritable.error().code, ErrorCode::Io);
  EXPECT_THAT(unwritable.error().text(), HasSubstr("/proc/run"));
  EXPECT_EQ(RunDirectory::open(folder.path()).error().code, ErrorCode::NotFound);
  EXPECT_EQ(RunDirectory::open(folder / "none").error().code, ErrorCode::NotFound);
  auto faulty = somePlan();
  faulty.tasks[0].second.rank = 0;
  EXPECT_EQ(RunDirectory::create(folder / "r", faulty).error().code, ErrorCode::InvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(folder / "r"));
}

TEST(RunDirectory, WithoutWritePermissionItSaysSo) {
  if (::geteuid() == 0) {
    // The superuser writes everywhere; a child without that right stands in for the ordinary user.
    test::TemporaryFolder folder;
    std::filesystem::create_directory(folder / "r");
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (::setgid(65534) != 0 || ::setuid(65534) != 0) ::_exit(3);
      const auto run = RunDirectory::create(folder / "r", somePlan());
      ::_exit(!run && run.error().code == ErrorCode::Io && run.error().text().find("permission") != std::string::npos
                  ? 0
                  : 1);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_TRUE(std::filesystem::is_empty(folder / "r"));
  } else {
    test::TemporaryFolder folder;
    std::filesystem::create_directory(folder / "r");
    std::filesystem::permissions(folder / "r", std::filesystem::perms(0555));
    EXPECT_EQ(RunDirectory::create(folder / "r", somePlan()).error().code, ErrorCode::Io);
  }
}

TEST(RunDirectory, ADamagedPlanIsNamed) {
  test::TemporaryFolder folder;
  ASSERT_TRUE(RunDirectory::create(folder / "r", somePlan()));
  for (const char* text : {"", "{\"tasks\":", "{\"tasks\":{}}", "[]"}) {
    std::ofstream(folder / "r/plan.json") << text;
    const auto run = RunDirectory::open(folder / "r");
    ASSERT_FALSE(run) << text;
    EXPECT_EQ(run.error().code, ErrorCode::Format);
    EXPECT_THAT(run.error().text(), HasSubstr("plan.json"));
  }
}

TEST(RunStatus, ComesBackAsWritten) {
  test::TemporaryFolder folder;
  const auto run = RunDirectory::create(folder / "r", somePlan()).value();
  for (State state :
       {State::Queued, State::Running, State::Paused, State::Finished, State::Failed, State::Interrupted}) {
    ASSERT_TRUE(run.writeStatus(
        {.state = state, .phase = "training", .step = 3, .steps = 9, .secondsLeft = 1.5, .message = "m"}));
    const auto status = run.status();
    ASSERT_TRUE(status);
    EXPECT_EQ(status->state, state);  // this process is alive
    EXPECT_EQ(status->phase, "training");
    EXPECT_EQ(status->step, 3);
    EXPECT_EQ(status->steps, 9);
    EXPECT_EQ(status->secondsLeft, 1.5);
    EXPECT_EQ(status->message, "m");
    EXPECT_NEAR(status->heartbeat, now(), 5);
  }
}

TEST(RunStatus, ADeadTrainerIsInterrupted) {
  test::TemporaryFolder folder;
  const auto run = RunDirectory::create(folder / "r", somePlan()).value();
  const auto stateOf = [&](Status status) {
    EXPECT_TRUE(run.writeStatus(status));
    return run.status()->state;
  };
  const auto dead = deadProcess();
  EXPECT_EQ(stateOf({.state = State::Running, .pid = dead}), State::Interrupted);
  EXPECT_EQ(stateOf({.state = State::Paused, .pid = dead}), State::Interrupted);
  EXPECT_EQ(stateOf({.state = State::Finished, .pid = dead}), State::Finished);
  EXPECT_EQ(stateOf({.state = State::Queued, .pid = dead}), State::Queued);
  EXPECT_EQ(stateOf({.state = State::Running, .pid = ::getpid(), .heartbeat = now() - 600}), State::Running);
  EXPECT_EQ(stateOf({.state = State::Running, .pid = 1, .host = "elsewhere", .heartbeat = now() - 50}), State::Running);
  EXPECT_EQ(stateOf({.state = State::Running, .pid = 1, .host = "elsewhere", .heartbeat = now() - 70}),
            State::Interrupted);
}

TEST(RunStatus, ANumberGivenToAnotherProcessIsNotTheTrainer) {
  test::TemporaryFolder folder;
  const auto run = RunDirectory::create(folder / "r", somePlan()).value();
  ASSERT_TRUE(run.writeStatus({.state = State::Running}));
  ASSERT_EQ(run.status()->state, State::Running);
  auto json = readJson(folder / "r/status.json").value();
  json["started"] = json.at("started").get<std::int64_t>() - 1;
  ASSERT_TRUE(writeJson(folder / "r/status.json", json));
  EXPECT_EQ(run.status()->state, State::Interrupted);
}

TEST(RunStatus, RubbishIsAClearError) {
  test::TemporaryFolder folder;
  const auto run = RunDirectory::create(folder / "r", somePlan()).value();
  for (const char* text :
       {"", "{}", "[]", "{\"state\":\"dancing\"}", "{\"state\":7}", R"({"state":"running","pid":"x"})"}) {
    std::ofstream(folder / "r/status.json") << text;
    const auto status = run.status();
    ASSERT_FALSE(status) << text;
    EXPECT_EQ(status.error().code, ErrorCode::Format);
    EXPECT_THAT(status.error().text(), HasSubstr("status.json"));
  }
}

TEST(RunCommands, AreNumberedAndEachSeenOnce) {
  test::TemporaryFolder folder;
  const auto run = RunDirectory::create(folder / "r", somePlan()).value();
  EXPECT_TRUE(run.commands(0)->empty());
  for (Command c : {Command::Pause, Command::Resume, Command::Checkpoint, Command::Stop}) ASSERT_TRUE(run.send(c));
  EXPECT_EQ(readJson(folder / "r/control.json")->dump(),
            R"({"commands":[{"number":1,"command":"pause"},{"number":2,"command":"resume"},)"
            R"({"number":3,"command":"checkpoint"},{"number":4,"command":"stop"}]})");
  const auto rest = run.commands(2).value();
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[0].number, 3);
  EXPECT_EQ(rest[1].command, Command::Stop);
  EXPECT_TRUE(run.commands(4)->empty());
}

TEST(RunCommands, FromManySendersNoneIsLost) {
  test::TemporaryFolder folder;
  const auto run = RunDirectory::create(folder / "r", somePlan()).value();
  std::vector<std::thread> senders;
  for (int i = 0; i < 4; ++i)
    senders.emplace_back([&] {
      for (int k = 0; k < 10; ++k) EXPECT_TRUE(run.send(Command::Checkpoint));
    });
  for (auto& sender : senders) sender.join();
  const auto all = run.commands(0).value();
  ASSERT_EQ(all.size(), 40u);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].number, static_cast<std::int64_t>(i) + 1);
}

TEST(RunCommands, RubbishIsAClearError) {
  test::TemporaryFolder folder;
  const auto run = RunDirectory::create(folder / "r", somePlan()).value();
  for (const char* text : {"{}", "{\"commands\":7}", R"({"commands":[{"number":1,"command":"dance"}]})",
                           R"({"commands":[{"number":"1","command":"stop"}]})"}) {
    std::ofstream(folder / "r/control.json") << text;
    const auto commands = run.commands(0);
    ASSERT_FALSE(commands) << text;
    EXPECT_EQ(commands.error().code, ErrorCode::Format);
  }
}

TEST(RunLock, OnlyOneTrainerAtATime) {
  test::TemporaryFolder folder;
  const auto run = RunDirectory::create(folder / "r", somePlan()).value();
  {
    const auto first = run.lock();
    ASSERT_TRUE(first);
    const auto second = RunDirectory::open(folder / "r")->lock();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::Mismatch);
    EXPECT_THAT(second.error().text(), HasSubstr("process " + std::to_string(::getpid())));
  }
  EXPECT_TRUE(run.lock());
}

TEST(RunLock, IsFreeAgainWhenItsHolderIsKilled) {
  test::TemporaryFolder folder;
  const auto run = RunDirectory::create(folder / "r", somePlan()).value();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto held = run.lock();
    const char byte = held ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) == 1) ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  EXPECT_FALSE(run.lock());
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_TRUE(run.lock());
}

TEST(RunDirectory, TheLogOfAnotherRunIsRefused) {
  test::TemporaryFolder folder;
  const auto one = RunDirectory::create(folder / "one", somePlan(4));
  const auto two = RunDirectory::create(folder / "two", somePlan(5));
  ASSERT_TRUE(one && two);
  EXPECT_TRUE(one->readEvents()->empty());  // none yet
  ASSERT_TRUE(EventWriter(one->events()).append("phase", {{"phase", "preparing"}, {"plan", one->planDigest()}}));
  EXPECT_EQ(one->readEvents()->size(), 1u);
  EXPECT_TRUE(one->checkEvents());
  std::filesystem::copy_file(one->events(), two->events());
  const auto read = two->readEvents();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::Mismatch);
  EXPECT_EQ(read.error().context, two->events().string());
  EXPECT_FALSE(two->checkEvents());
}

}  // namespace lorkd::run
