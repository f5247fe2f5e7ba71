// What cannot be read in a folder does not vanish from its scan, and nobody waits for what is no file.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "core/io/Csv.h"
#include "core/io/FileKind.h"
#include "core/io/Images2D.h"
#include "core/io/Series.h"
#include "core/io/VolumeFile.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;
namespace fs = std::filesystem;

namespace {

class Unread : public ::testing::Test {
 protected:
  Folder folder;

  Unread() {
    EXPECT_OK(writeNifti(folder / "data/a.nii", ramp(smallGrid())));
    ::alarm(60);  // whoever waits for a pipe ends the program
  }
  ~Unread() override { ::alarm(0); }
  fs::path data() const { return folder / "data"; }
  std::map<std::string, Finding> rejected() const {
    SilentProgress silent;
    const auto scan = scanFolder(data(), silent, CancelToken());
    EXPECT_OK(scan);
    std::map<std::string, Finding> out;
    if (!scan) return out;
    EXPECT_EQ(scan->loose.size(), 1u) << "what can be read is read";
    for (const auto& [file, finding] : scan->rejected) out.emplace(file.lexically_relative(data()).string(), finding);
    return out;
  }
};

TEST_F(Unread, PipesSocketsAndLinksAreFindings) {
  ASSERT_EQ(::mkfifo((data() / "pipe.dcm").c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo((data() / "pipe.nii.gz").c_str(), 0600), 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", (data() / "socket.png").c_str());
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(socket);
  fs::create_symlink("nowhere.nii", data() / "broken.nii");
  fs::create_symlink("circle.nii", data() / "circle.nii");
  fs::create_directory_symlink(data(), data() / "again");
  const auto found = rejected();
  ASSERT_EQ(found.size(), 6u);
  for (const char* name : {"pipe.dcm", "pipe.nii.gz", "socket.png"}) EXPECT_EQ(found.at(name).code, "special-file");
  for (const char* name : {"broken.nii", "circle.nii"}) EXPECT_EQ(found.at(name).code, "broken-link");
  EXPECT_NE(found.at("circle.nii").message.find("symbolic links"), std::string::npos) << found.at("circle.nii").message;
  EXPECT_EQ(found.at("again").code, "linked-folder");
  for (const auto& [name, finding] : found) EXPECT_EQ(leavesUnread(finding), name != "again") << name;
}

TEST_F(Unread, WhatWasNotFetchedSaysHowToFetchIt) {
  fs::create_symlink("../.git/annex/objects/a/b/MD5E-s1--c.nii/MD5E-s1--c.nii", data() / "link.nii");
  put(data() / "pointer.nii", "/annex/objects/MD5E-s1--c.nii\n");
  put(data() / "large.dcm", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n");
  const auto found = rejected();
  ASSERT_EQ(found.size(), 3u);
  for (const auto& [name, finding] : found) {
    EXPECT_EQ(finding.code, "not-fetched") << name;
    EXPECT_TRUE(leavesUnread(finding) && !mayHideImages(finding)) << name;
    EXPECT_NE(finding.message.find(name == "large.dcm" ? "git lfs pull" : "datalad get"), std::string::npos);
  }
}

TEST_F(Unread, AFolderWithoutPermissionIsAFinding) {
  fs::create_directories(data() / "closed");
  put(data() / "closed/b.nii", *readFile(data() / "a.nii"));
  // Permissions do not bind the administrator, so a child becomes nobody.
  for (const auto& place : {folder.path(), data()}) fs::permissions(place, fs::perms(0755));
  fs::permissions(data() / "closed", fs::perms(0700));
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const auto child = ::fork();
  if (child == 0) {
    std::string said = "not root";
    if (::geteuid() != 0 || ::setuid(65534) == 0) {
      if (::geteuid() != 65534) fs::permissions(data() / "closed", fs::perms(0));
      said.clear();
      for (const auto& [name, finding] : rejected())
        said += name + " " + finding.code + (leavesUnread(finding) ? " unread: " : ": ") + finding.message;
    }
    (void)!::write(ends[1], said.data(), said.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  char buffer[1024];
  std::string said;
  for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) said.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  fs::permissions(data() / "closed", fs::perms(0700));
  EXPECT_NE(said.find("closed unreadable-folder unread: "), std::string::npos) << said;
  EXPECT_NE(said.find("Permission denied"), std::string::npos) << said;
}

TEST_F(Unread, WhatLiesTooDeepIsAFinding) {
  // Deeper than the longest path, step by step.
  const std::string name(200, 'd');
  int at = ::open(data().c_str(), O_RDONLY | O_DIRECTORY);
  for (int n = 0; n < 25; ++n) {
    ASSERT_EQ(::mkdirat(at, name.c_str(), 0700), 0);
    const int next = ::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY);
    ::close(at);
    at = next;
  }
  ::close(at);
  const auto found = rejected();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.begin()->second.code, "unreadable-folder");
  EXPECT_TRUE(leavesUnread(found.begin()->second));
  // std::filesystem cannot remove it either.
  EXPECT_EQ(run("rm -rf '" + (data() / name).string() + "'").code, 0);
}

TEST_F(Unread, AReadThatFailsIsNoFaultOfTheFile) {
  // Opens, and reading its beginning is an input/output error.
  fs::create_symlink("/proc/self/mem", data() / "bad.dcm");
  const auto found = rejected();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found.at("bad.dcm").code, "unreadable");
  EXPECT_NE(found.at("bad.dcm").message.find("Input/output error"), std::string::npos) << found.at("bad.dcm").message;
  EXPECT_TRUE(leavesUnread(found.at("bad.dcm")));
  EXPECT_FALSE(examine(data() / "bad.dcm").stored()) << "a later scan would go by it";
}

TEST_F(Unread, NoReaderWaitsForAPipe) {
  for (const char* name : {"a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.npz", "a.png", "a.dcm", "a.csv", "plain"}) {
    const auto pipe = folder / name;
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_FALSE(readVolume(pipe)) << name;
    EXPECT_FALSE(readVolumeGeometry(pipe)) << name;
    EXPECT_FALSE(readLabelLayers(pipe)) << name;
    EXPECT_FALSE(readPicture(pipe)) << name;
    EXPECT_FALSE(readNpz(pipe)) << name;
    EXPECT_FALSE(readCsv(pipe)) << name;
    EXPECT_FALSE(isTable(pipe)) << name;
    EXPECT_FALSE(readSeg(pipe)) << name;
    EXPECT_FALSE(namesItsLabels(pipe)) << name;
    EXPECT_FALSE(sha256File(pipe)) << name;
    EXPECT_TRUE(readHead(pipe, 100).empty()) << name;
    EXPECT_EQ(fileKind(pipe), FileKind::Unreadable) << name;
    (void)examine(pipe);
  }
}

}  // namespace
