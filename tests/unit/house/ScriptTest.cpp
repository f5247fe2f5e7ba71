// The words that ./run and ./test find when something is wrong: tried with stand-ins for the system's commands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/Command.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd {
namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string root = LORKD_SOURCE_DIR;

using Outcome = test::Verdict;

class Script : public testing::Test {
 protected:
  /// Puts a command of this name in front of the system's.
  void stand(const std::string& name, const std::string& body) {
    const auto file = m_folder / ("bin/" + name);
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "#!/bin/bash\n" << body << "\n";
    fs::permissions(file, fs::perms(0755));
  }
  /// Output (both streams) and exit code of a bash script in which $root is this project.
  Outcome bash(const std::string& script, const std::string& path = "") {
    const auto file = m_folder / "script";
    std::ofstream(file) << "set -euo pipefail\nroot='" << root << "'\n. \"$root/installer/setup.sh\"\n" << script;
    const auto bin = (m_folder / "bin").string();
    const auto command = "PATH='" + (path.empty() ? bin + ":'\"$PATH\"" : path + "'");
    return test::run(command + " /bin/bash '" + file.string() + "'");
  }
  /// apt-get whose `install` says `words` and fails.
  void failingApt(const std::string& words) {
    stand("dpkg-query", "exit 1");
    stand("id", "echo 0");
    stand("df", "echo header; echo x x x 99999 x");
    stand("apt-get", "[[ $* == *install* ]] || exit 0; cat <<'END'\n" + words + "\nEND\nexit 100");
  }
  Outcome install() { return bash("install_packages \"$root/installer/packages.txt\"\n"); }

  test::TemporaryFolder m_folder;
};

TEST_F(Script, NothingIsInstalledWhenNothingIsMissing) {
  stand("dpkg-query", "shift 2; for p in \"$@\"; do echo \"installed $p:amd64\"; done");
  stand("apt-get", "echo called; exit 1");
  const auto outcome = install();
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.output, "");
}

TEST_F(Script, MissingPackagesAreNamedWithTheirPurpose) {
  failingApt("E: something new");
  stand("dpkg-query",
        "shift 2; for p in \"$@\"; do case $p in libzip-dev) echo \"config-files $p\";; cmake) ;;"
        " *) echo \"installed $p\";; esac; done; exit 1");
  const auto outcome = install();
  EXPECT_NE(outcome.code, 0);
  EXPECT_THAT(outcome.output, HasSubstr("  cmake - build description\n  libzip-dev - .npz files\n"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("libtorch-dev")));
  EXPECT_THAT(outcome.output, HasSubstr("E: something new"));
}

TEST_F(Script, OrthancsServiceDoesNotStartWithItsPackage) {
  failingApt("the end");
  stand("systemctl", "echo \"systemctl $*\"");
  const auto outcome = bash("install_packages \"$root/installer/packages-test.txt\"\n");
  const auto masked = outcome.output.find("systemctl mask orthanc.service\n");
  EXPECT_LT(masked, outcome.output.find("the end")) << outcome.output;
  EXPECT_THAT(install().output, Not(HasSubstr("mask")));
}

TEST_F(Script, EachFaultOfAptIsSaidInWords) {
  const std::pair<const char*, const char*> cases[] = {
      {"E: Unable to locate package libtorch-dev", "cannot be had from this machine's package sources: libtorch-dev"},
      {"E: Package 'libzip-dev' has no installation candidate", "package sources: libzip-dev"},
      {"E: Failed to fetch http://x/y.deb  Temporary failure resolving 'x'", "Is the network there?"},
      {"E: You don't have enough free space in /var/cache/apt/archives/. not have enough free space",
       "disk became full"},
      {"dpkg: error: cannot copy: failed to write (No space left on device)", "disk became full"},
      {"E: Could not get lock /var/lib/dpkg/lock-frontend", "another program is installing"}};
  for (const auto& [words, expected] : cases) {
    failingApt(words);
    const auto outcome = install();
    EXPECT_EQ(outcome.code, 1) << words;
    EXPECT_THAT(outcome.output, HasSubstr(expected)) << words;
  }
}

TEST_F(Script, AFullDiskIsFoundBeforeAnythingIsInstalledOrBuilt) {
  failingApt("not reached");
  stand("df", "echo header; echo x x x 900 x");
  const auto outcome = install();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("too full to install them: 900 MiB are free"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("not reached")));
  const auto built = bash("build=" + (m_folder / "not/there").string() + "\nbuild_target programs\n");
  EXPECT_EQ(built.code, 1);
  EXPECT_THAT(built.output, HasSubstr("too full to build"));
  EXPECT_FALSE(fs::exists(m_folder / "not"));
}

TEST_F(Script, WithoutRootAndSudoTheCommandIsTold) {
  stand("dpkg-query", "exit 1");
  stand("apt-get", "echo called");
  stand("id", "echo 1000");
  stand("df", "echo header; echo x x x 99999 x");
  for (const char* tool : {"bash", "sed", "sort", "comm", "cut", "awk", "dirname", "mktemp", "tr"})
    stand(tool, std::string("PATH=/usr/bin:/bin exec ") + tool + " \"$@\"");
  const auto outcome =
      bash("install_packages \"$root/installer/packages.txt\"\n", (m_folder / "bin").string());  // no sudo on the path
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("installing needs root, and sudo is not there"));
  EXPECT_THAT(outcome.output, HasSubstr("apt-get install --no-install-recommends build-essential cmake"));
  EXPECT_THAT(outcome.output, Not(HasSubstr("called")));
}

TEST_F(Script, ElsewhereThanOnDebianItSaysSo) {
  fs::create_directories(m_folder / "bin");
  const auto outcome = bash("install_packages \"$root/installer/packages.txt\"\n", (m_folder / "bin").string());
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("neither Debian nor Ubuntu"));
  EXPECT_THAT(outcome.output, HasSubstr("installer/packages.txt"));
}

TEST_F(Script, AFailedBuildKeepsItsExitCodeThroughTheLog) {
  stand("df", "echo header; echo x x x 99999 x");
  stand("cmake", "echo 'fatal error: No space left on device'; exit 1");
  fs::create_directories(m_folder / "build");
  const auto prefix = "build=" + (m_folder / "build").string() + "\n";
  EXPECT_THAT(bash(prefix + "build_target all\n").output, HasSubstr("disk became full during the build"));
  stand("cmake", "echo 'c++: fatal error: Killed signal terminated program cc1plus'; exit 1");
  EXPECT_THAT(bash(prefix + "build_target all\n").output, HasSubstr("ran out of memory"));
  stand("cmake", "echo 'x.cpp:1: error'; exit 1");
  const auto outcome = bash(prefix + "build_target all\n");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("the build failed"));
}

TEST_F(Script, JobsFollowProcessorsAndMemory) {
  stand("nproc", "echo 16");
  const auto jobs = [&](const std::string& kilobytes) {
    stand("awk", "sed 's/^MemAvailable:.*/MemAvailable: " + kilobytes +
                     " kB/' /proc/meminfo | PATH=/usr/bin:/bin exec awk \"$1\"");
    return bash("build_jobs\n").output;
  };
  EXPECT_EQ(jobs("64000000"), "16\n");
  EXPECT_EQ(jobs("9000000"), "4\n");
  EXPECT_EQ(jobs("500000"), "1\n");
}

TEST_F(Script, TestsAreCountedOneByOne) {
  std::ofstream(m_folder / "log") << R"(Start testing: Nov 23 15:00 UTC
1/5 Testing: unit.a
1/5 Test: unit.a
Output:
[  PASSED  ] 39 tests.
<end of output>
Test Passed.
2/5 Testing: unit.b
2/5 Test: unit.b
[  PASSED  ] 1 test.
[  SKIPPED ] 2 tests, listed below:
[  SKIPPED ] B.one
[  FAILED  ] 1 test, listed below:
[  FAILED  ] B.two
Test Failed.
3/5 Test: gui.c
Totals: 12 passed, 3 failed, 1 skipped, 0 blacklisted, 9ms
Test Failed.
4/5 Test: e2e.crashes
[  PASSED  ] nothing
Test Failed.
5/5 Test: e2e.plain
Test Passed.
)";
  const auto count = [&] {
    return test::run("awk -f '" + root + "/installer/count-tests.awk' '" + (m_folder / "log").string() + "'");
  };
  const auto outcome = count();
  EXPECT_EQ(outcome.output, "53 passed, 5 failed, 3 skipped\n");
  EXPECT_EQ(outcome.code, 1);
  std::ofstream(m_folder / "log") << "1/1 Test: unit.a\n[  PASSED  ] 2 tests.\nTest Passed.\n";
  EXPECT_EQ(count().output, "2 passed, 0 failed\n");
  EXPECT_EQ(count().code, 0);
  std::ofstream(m_folder / "log") << "1/1 Test: unit.a\n[ RUN      ] cut off";
  EXPECT_EQ(count().output, "0 passed, 1 failed\n");
}

TEST_F(Script, HelpChangesNothing) {
  for (const char* script : {"run", "test"}) {
    const auto outcome = test::run("cd / && '" + root + "/" + script + "' --help");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.output, HasSubstr(std::string("usage: ./") + script));
  }
  EXPECT_EQ(test::run("'" + root + "/run' --out").code, 1);
}

}  // namespace lorkd
