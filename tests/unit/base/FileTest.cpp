#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <set>
#include <stdexcept>
#include <thread>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd {
namespace fs = std::filesystem;

std::size_t entriesOf(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

// While it lives, no file of this process grows beyond `bytes`: that stands in for a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : m_handler(std::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &m_before), 0);
    const rlimit small{bytes, m_before.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &m_before);
    std::signal(SIGXFSZ, m_handler);
  }

 private:
  void (*m_handler)(int);
  rlimit m_before{};
};

TEST(ReadFile, GivesTheBytes) {
  test::TemporaryFolder folder;
  const std::string bytes("a\0b\r\n\xff", 6);
  std::ofstream(folder / "f", std::ios::binary) << bytes;
  EXPECT_EQ(readFile(folder / "f").value(), bytes);
  EXPECT_EQ(readFile(folder / "f", 6).value(), bytes);
  EXPECT_EQ(readFile(folder / "f", 5).error().code, ErrorCode::InvalidArgument);
  std::ofstream(folder / "empty");
  EXPECT_EQ(readFile(folder / "empty").value(), "");
  const std::string large(200'000, 'q');
  std::ofstream(folder / "large") << large;
  EXPECT_EQ(readFile(folder / "large").value(), large);
}

TEST(ReadFile, ReadsFilesThatStateNoSize) {
  EXPECT_NE(readFile("/proc/self/status").value().find("Pid:"), std::string::npos);
}

TEST(ReadFile, RefusesWhatIsNoOrdinaryFile) {
  test::TemporaryFolder folder;
  EXPECT_EQ(readFile(folder / "missing").error().code, ErrorCode::NotFound);
  EXPECT_EQ(readFile(folder.path()).error().code, ErrorCode::Io);
  EXPECT_EQ(readFile("/dev/zero").error().code, ErrorCode::Io);
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(readFile(folder / "pipe").error().code, ErrorCode::Io);  // would block for ever if opened
  EXPECT_NE(readFile(folder / "missing").error().text().find("missing"), std::string::npos);
}

TEST(WriteAtomically, ReplacesAndMakesParents) {
  test::TemporaryFolder folder;
  const auto file = folder / "a/b/c.txt";
  ASSERT_TRUE(writeFileAtomically(file, "one"));
  ASSERT_TRUE(writeFileAtomically(file, "two"));
  EXPECT_EQ(readFile(file).value(), "two");
  EXPECT_EQ(entriesOf(file.parent_path()), 1u);
}

TEST(WriteAtomically, KeepsTheOldContentWhenTheWriterFails) {
  test::TemporaryFolder folder;
  const auto file = folder / "c.nii.gz";
  ASSERT_TRUE(writeFileAtomically(file, "old"));
  fs::path seen;
  const auto good = [](const fs::path&) -> Result<void> { return {}; };
  const auto outcome = writeAtomically(
      file,
      [&](const fs::path& temporary) -> Result<void> {
        seen = temporary;
        std::ofstream(temporary) << "half";
        return fail(ErrorCode::Numeric, "no");
      },
      good);
  EXPECT_EQ(outcome.error().code, ErrorCode::Numeric);
  EXPECT_TRUE(seen.string().ends_with(".nii.gz"));
  EXPECT_EQ(readFile(file).value(), "old");
  EXPECT_THROW((void)writeAtomically(
                   file,
                   [&](const fs::path& temporary) -> Result<void> {
                     std::ofstream(temporary) << "half";
                     throw std::runtime_error("bug");
                   },
                   good),
               std::runtime_error);
  EXPECT_EQ(readFile(file).value(), "old");
  EXPECT_EQ(entriesOf(folder.path()), 1u) << "a temporary was left behind";
}

TEST(WriteAtomically, KeepsTheOldContentWhenSpaceRunsOut) {
  test::TemporaryFolder folder;
  ASSERT_TRUE(writeFileAtomically(folder / "f", "old"));
  Result<void> outcome;
  {
    const FullDisk full(1000);
    outcome = writeFileAtomically(folder / "f", std::string(5000, 'x'));
  }
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::Io);
  EXPECT_EQ(readFile(folder / "f").value(), "old");
  EXPECT_EQ(entriesOf(folder.path()), 1u);
}

TEST(WriteAtomically, ALibrarysWordIsNotEnough) {
  test::TemporaryFolder folder;
  const auto file = folder / "f";
  ASSERT_TRUE(writeFileAtomically(file, "old"));
  const auto outcome = writeAtomically(
      file,
      [](const fs::path& temporary) -> Result<void> {
        std::ofstream(temporary) << "half";
        return {};  // says that all is well
      },
      [](const fs::path& temporary) -> Result<void> {
        if (readFile(temporary).value_or("") == "whole") return {};
        return fail(ErrorCode::Format, "it has no end");
      });
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::Io);
  EXPECT_NE(outcome.error().text().find("could not be written whole"), std::string::npos);
  EXPECT_EQ(readFile(file).value(), "old");
  EXPECT_EQ(entriesOf(folder.path()), 1u);
}

TEST(WriteAtomically, SaysWhichPlaceCannotBeWritten) {
  test::TemporaryFolder folder;
  ASSERT_TRUE(writeFileAtomically(folder / "file", "x"));
  const auto outcome = writeFileAtomically(folder / "file/below", "y");  // a file where a folder is wanted
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::Io);
  EXPECT_NE(outcome.error().text().find((folder / "file").string()), std::string::npos);
  EXPECT_EQ(readFile(folder / "file").value(), "x");
}

TEST(WriteAtomically, AReaderSeesOldOrNewButNeverAPart) {
  test::TemporaryFolder folder;
  const auto file = folder / "f";
  const std::string a(20'000, 'a'), b(10'000, 'b');
  ASSERT_TRUE(writeFileAtomically(file, a));
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; i < 100; ++i) (void)writeFileAtomically(file, i % 2 ? a : b);
    stop = true;
  });
  while (!stop) {
    const auto seen = readFile(file);
    ASSERT_TRUE(seen && (*seen == a || *seen == b));
  }
  writer.join();
}

TEST(AppendLine, ClosesATornLineFirst) {
  test::TemporaryFolder folder;
  ASSERT_TRUE(appendLine(folder / "log", "one"));
  std::ofstream(folder / "log", std::ios::app) << "to";
  ASSERT_TRUE(appendLine(folder / "log", "two"));
  ASSERT_TRUE(appendLine(folder / "log", "three"));
  EXPECT_EQ(readFile(folder / "log").value(), "one\nto\ntwo\nthree\n");
  EXPECT_EQ(appendLine(folder / "no/log", "x").error().code, ErrorCode::Io);
}

TEST(AppendLine, WhatFailsIsTakenBack) {
  test::TemporaryFolder folder;
  ASSERT_TRUE(appendLine(folder / "log", "one"));
  Result<void> outcome;
  {
    const FullDisk full(10);  // a part of the next line fits
    outcome = appendLine(folder / "log", "a longer line");
  }
  EXPECT_FALSE(outcome.has_value());
  EXPECT_EQ(readFile(folder / "log").value(), "one\n");
}

TEST(OpenToRead, WaitsForNoPipe) {
  test::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(openToRead(folder / "pipe").error().code, ErrorCode::Io);
  EXPECT_EQ(sha256File(folder / "pipe").error().code, ErrorCode::Io);
  EXPECT_EQ(appendLine(folder / "pipe", "x").error().code, ErrorCode::Io);
  EXPECT_EQ(openToRead(folder / "none").error().code, ErrorCode::NotFound);
}

// A process that is killed while it writes leaves its temporary; whoever writes in that folder next removes it.
TEST(Temporaries, OfDeadProcessesAreCleared) {
  test::TemporaryFolder folder;
  const auto own = temporaryBeside(folder / "b");
  std::ofstream(own) << "being written";
  const auto child = ::fork();
  if (child == 0) {
    std::ofstream(temporaryBeside(folder / "a.nii.gz")) << "half";
    fs::create_directory(temporaryBeside(folder / "expert"));
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  std::ofstream(folder / ".notes.part") << "of somebody else";
  ASSERT_EQ(entriesOf(folder.path()), 4u);
  clearAbandoned(folder.path());
  EXPECT_EQ(entriesOf(folder.path()), 2u);
  EXPECT_TRUE(fs::exists(own)) << "of a process that lives";
  EXPECT_TRUE(fs::exists(folder / ".notes.part"));
  EXPECT_TRUE(own.filename().string().starts_with(".b."));
}

TEST(Temporaries, KeepTheExtensionAndFitIntoAName) {
  EXPECT_TRUE(temporaryBeside("/x/a.nii.gz").string().ends_with(".part.nii.gz"));
  EXPECT_LT(temporaryBeside("/x/" + std::string(250, 'n')).filename().string().size(), 256u);
  EXPECT_LT(temporaryBeside("/x/n." + std::string(100, 'e') + ".nii.gz").filename().string().size(), 256u);
}

TEST(FileNameOf, KeepsGoodNamesAndTamesOthers) {
  for (const char* name : {"liver", "liver 2", "a.b", "Über", "run-1"}) EXPECT_EQ(fileNameOf(name), name);
  std::set<std::string> seen;
  for (const std::string& name : {std::string(), std::string("."), std::string(".."), std::string("../../x"),
                                  std::string("/tmp/x"), std::string("a/b"), std::string("a_b/"), std::string("a\nb"),
                                  std::string("a\\b"), std::string("x "), std::string("..."), std::string("-rf"),
                                  std::string("nul\0l", 5), std::string(300, 'n'), std::string(301, 'n')}) {
    const auto file = fileNameOf(name);
    EXPECT_EQ(fs::path(file).filename(), file) << name;
    EXPECT_EQ(file.find_first_of(std::string("/\\\n\0", 4)), file.npos) << name;
    EXPECT_NE(file.front(), '.');
    EXPECT_NE(file.front(), '-');
    EXPECT_LE(file.size(), 120u);
    EXPECT_TRUE(seen.insert(file).second) << name << " and another become " << file;
  }
}

TEST(MakeWritableFolder, NamesTheFolderThatIsNot) {
  test::TemporaryFolder folder;
  EXPECT_TRUE(makeWritableFolder(folder / "x/y"));
  EXPECT_TRUE(makeWritableFolder(folder / "x/y"));
  EXPECT_EQ(entriesOf(folder / "x/y"), 0u);
  EXPECT_EQ(makeWritableFolder("/proc/lorkd").error().code, ErrorCode::Io);
  std::ofstream(folder / "file");
  const auto outcome = makeWritableFolder(folder / "file");
  ASSERT_FALSE(outcome.has_value());
  EXPECT_NE(outcome.error().text().find("file"), std::string::npos);
}

}  // namespace lorkd
