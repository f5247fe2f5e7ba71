// An index that is brought up to date says what a new index would say, and reads no more than it must.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/data/Sqlite.h"
#include "core/io/VolumeFile.h"
#include "tests/unit/data/Support.h"

namespace lorkd::data {
namespace {

namespace fs = std::filesystem;

/// How many files were read; stops the scan after some.
class Counting final : public Progress {
 public:
  void report(const std::string& what, std::int64_t done, std::int64_t total) override {
    if (what == "reading headers") read = done;
    (void)total;
    if (stopAfter > 0 && read >= stopAfter) cancel.cancel();
  }
  void note(const std::string&) override {}
  std::int64_t read = 0, stopAfter = 0;
  CancelToken cancel;
};

std::int64_t filesRead(const fs::path& index, const fs::path& folder, const std::string& source = "s") {
  auto catalogue = Catalogue::open(index);
  Counting counting;
  const auto scanned = catalogue->scan(source, folder, counting, counting.cancel);
  EXPECT_TRUE(scanned) << scanned.error().text();
  return counting.read;
}

/// All that an index says, without what its secret makes of it.
Json said(const fs::path& index) {
  auto catalogue = Catalogue::open(index);
  Json out = Json::array();
  const auto cases = catalogue->cases();
  EXPECT_TRUE(cases) << cases.error().text();
  for (Json c : *cases) {
    c.erase("id");
    c.erase("patient");
    c.erase("space");  // a pseudonym, too
    out.push_back(c);
  }
  const auto series = catalogue->series();
  EXPECT_TRUE(series) << series.error().text();
  for (const auto& s : *series) {
    Json files = Json::array();
    for (const auto& i : s.instances) files.push_back({i.file, i.sopInstanceUid, i.position, i.frame});
    Json findings = Json::array();
    for (const auto& f : s.findings) findings.push_back({f.code, f.message});
    out.push_back({s.seriesUid, s.patientName, s.geometry.size, s.labels, files, findings});
  }
  const auto rejected = catalogue->rejected();
  EXPECT_TRUE(rejected) << rejected.error().text();
  for (const auto& [file, f] : *rejected) out.push_back({file, f.code, f.message});
  return out;
}

constexpr int kPatients = 6;

class Rescanning : public testing::Test {
 protected:
  void SetUp() override {
    SilentProgress progress;
    ASSERT_TRUE(writePhantomSet(m_data, kPatients, small(), progress, CancelToken()));
    for (const auto& entry : fs::recursive_directory_iterator(m_data))
      if (entry.is_regular_file()) m_files.push_back(entry.path());
    std::ranges::sort(m_files);
  }
  std::int64_t count() const { return static_cast<std::int64_t>(m_files.size()); }
  TemporaryFolder m_folder;
  fs::path m_data = m_folder / "project/data", m_index = m_folder / "project/index.sqlite";
  std::vector<fs::path> m_files;
};

TEST_F(Rescanning, ReadsOnlyWhatIsNewOrChanged) {
  EXPECT_EQ(filesRead(m_index, m_data), count());
  const auto first = said(m_index);
  EXPECT_EQ(filesRead(m_index, m_data), 0);
  EXPECT_EQ(said(m_index), first);

  // One gone, one cut short, one that is no DICOM any more, one new, one touched.
  fs::remove(m_files[3]);
  fs::resize_file(m_files[7], fs::file_size(m_files[7]) / 2);
  std::ofstream(m_files[40]) << "not an image";
  fs::copy_file(m_files[50], m_data / "copy.dcm");
  fs::last_write_time(m_files[60], fs::last_write_time(m_files[60]) + std::chrono::seconds(5));
  EXPECT_EQ(filesRead(m_index, m_data), 4);
  const auto second = said(m_index);
  EXPECT_NE(second, first);
  ASSERT_EQ(filesRead(m_folder / "fresh.sqlite", m_data), count());
  EXPECT_EQ(second, said(m_folder / "fresh.sqlite"));
  EXPECT_EQ(filesRead(m_index, m_data), 0);
}

TEST_F(Rescanning, WhatCouldNotBeReadIsToldUntilItIsMended) {
  const auto unread = [&] {
    const auto rejected = Catalogue::open(m_index)->rejected();
    return rejected && std::ranges::any_of(*rejected, [&](const auto& r) {
             return r.first == m_data / "pipe.dcm" && io::leavesUnread(r.second);
           });
  };
  EXPECT_EQ(filesRead(m_index, m_data), count());
  EXPECT_FALSE(unread());
  // No file is new or changed now, but for what is none.
  ASSERT_EQ(::mkfifo((m_data / "pipe.dcm").c_str(), 0600), 0);
  for (int n = 0; n < 2; ++n) {
    EXPECT_EQ(filesRead(m_index, m_data), 0);
    EXPECT_TRUE(unread());
  }
  fs::remove(m_data / "pipe.dcm");
  EXPECT_EQ(filesRead(m_index, m_data), 0);
  EXPECT_FALSE(unread());
}

TEST_F(Rescanning, ACancelledScanGoesOnWhereItWasAndTheOldAnswerStays) {
  ASSERT_EQ(filesRead(m_index, m_data / "PHANTOM-0001"), 26);
  const auto before = said(m_index);
  auto catalogue = Catalogue::open(m_index);
  Counting counting;
  counting.stopAfter = 64;
  const auto cancelled = catalogue->scan("s", m_data, counting, counting.cancel);
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code, ErrorCode::Cancelled);
  // How many had been read when the wish to stop was met is up to the threads; none of them is read again.
  EXPECT_GE(counting.read, 64);
  EXPECT_EQ(said(m_index), before);
  const auto rest = filesRead(m_index, m_data);
  EXPECT_LE(rest, count() - counting.read);
  ASSERT_EQ(filesRead(m_folder / "fresh.sqlite", m_data), count());
  EXPECT_EQ(said(m_index), said(m_folder / "fresh.sqlite"));
}

TEST_F(Rescanning, AKilledScanLosesNothing) {
  ASSERT_EQ(filesRead(m_folder / "fresh.sqlite", m_data), count());
  const auto truth = said(m_folder / "fresh.sqlite");
  for (int attempt = 0; attempt < 12; ++attempt) {
    const auto index = m_folder / ("killed" + std::to_string(attempt / 6) + ".sqlite");
    const auto child = ::fork();
    if (child == 0) {
      auto catalogue = Catalogue::open(index);
      SilentProgress silent;
      if (catalogue) (void)catalogue->scan("s", m_data, silent, CancelToken());
      ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2 + 4 * attempt));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const auto after = Catalogue::open(index);
    ASSERT_TRUE(after) << after.error().text();
    const auto cases = after->cases();
    ASSERT_TRUE(cases) << cases.error().text();
    EXPECT_TRUE(cases->empty() || cases->size() == kPatients) << "all or nothing";
    if (attempt % 6 == 5) {
      (void)filesRead(index, m_data);
      EXPECT_EQ(said(index), truth);
    }
  }
}

TEST_F(Rescanning, FoldersMayBeMoved) {
  ASSERT_EQ(filesRead(m_index, m_data), count());
  const auto ids = [&](const fs::path& index) {
    std::vector<std::string> out;
    const auto cases = Catalogue::open(index)->cases();
    for (const auto& c : *cases) {
      out.push_back(c.id + c.patient);
      EXPECT_TRUE(readImage(c)) << c.imageFiles.front();
    }
    return out;
  };
  const auto before = ids(m_index);
  // The data alone: told where it is, the index reads nothing again.
  fs::rename(m_data, m_folder / "project/elsewhere");
  EXPECT_EQ(filesRead(m_index, m_folder / "project/elsewhere"), 0);
  EXPECT_EQ(ids(m_index), before);
  // The project with its data: nobody needs to be told.
  fs::rename(m_folder / "project", m_folder / "moved");
  EXPECT_EQ(ids(m_folder / "moved/index.sqlite"), before);
  EXPECT_EQ(Catalogue::open(m_folder / "moved/index.sqlite")->sources()->front().second, m_folder / "moved/elsewhere");
}

TEST_F(Rescanning, OtherDataWithTheSameNamesSizesAndTimesAreSeen) {
  ASSERT_EQ(filesRead(m_index, m_data), count());
  const auto twin = m_folder / "twin";
  for (const auto& file : m_files) {
    auto bytes = readFile(file).value();
    for (std::size_t at = 0; (at = bytes.find("PHANTOM-0", at)) != bytes.npos; ++at) bytes[at + 8] = '7';
    const auto copy = twin / file.lexically_relative(m_data);
    fs::create_directories(copy.parent_path());
    std::ofstream(copy, std::ios::binary) << bytes;
    fs::last_write_time(copy, fs::last_write_time(file));
  }
  EXPECT_EQ(filesRead(m_index, twin), count());
  const auto series = Catalogue::open(m_index)->series();
  ASSERT_TRUE(series);
  for (const auto& s : *series) EXPECT_TRUE(s.patientId.starts_with("PHANTOM-7")) << s.patientId;
}

TEST_F(Rescanning, ASourceMayBecomeOneFileAndAFolderAgain) {
  ASSERT_EQ(filesRead(m_index, m_data), count());
  const auto before = said(m_index);
  const auto file = m_folder / "one.nii.gz";
  ASSERT_TRUE(io::writeNifti(file, makePhantom(Region::Head, 0, small()).volume));
  (void)filesRead(m_index, file);
  EXPECT_EQ(Catalogue::open(m_index)->cases()->size(), 1u);
  (void)filesRead(m_index, m_data);
  EXPECT_EQ(said(m_index), before);
}

/// The numbers of the headers that the index keeps for several files each.
std::vector<std::int64_t> headers(const fs::path& index) {
  auto database = Database::open(index);
  EXPECT_TRUE(database);
  auto rows = database->prepare("SELECT id FROM header ORDER BY id");
  EXPECT_TRUE(rows);
  std::vector<std::int64_t> ids;
  while (rows->step().value_or(false)) ids.push_back(rows->integer(0));
  return ids;
}

TEST_F(Rescanning, HeadersGoWithTheLastFileThatHasThem) {
  const auto last = m_data / "PHANTOM-0006", away = m_folder / "away";
  ASSERT_EQ(filesRead(m_index, m_data), count());
  const auto before = headers(m_index);
  ASSERT_EQ(before.size(), std::size_t(kPatients));  // one for the slices of each volume
  const auto whole = said(m_index);
  fs::rename(last, away);
  ASSERT_EQ(filesRead(m_index, m_data), 0);
  EXPECT_EQ(headers(m_index).size(), before.size() - 1);
  fs::rename(away, last);
  (void)filesRead(m_index, m_data);
  // A program that still knows the old number must not find another header under it.
  EXPECT_GT(headers(m_index).back(), before.back());
  EXPECT_EQ(said(m_index), whole);
}

TEST_F(Rescanning, AFileWhoseHeaderIsLostIsReadAgain) {
  ASSERT_EQ(filesRead(m_index, m_data), count());
  const auto before = said(m_index);
  ASSERT_TRUE(Database::open(m_index)->execute("DELETE FROM header; UPDATE source SET state = 1"));
  EXPECT_GT(filesRead(m_index, m_data), 0);
  EXPECT_EQ(said(m_index), before);
  EXPECT_EQ(filesRead(m_index, m_data), 0);
}

TEST_F(Rescanning, WhatCouldNotBeOpenedIsTriedAgain) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may open everything";
  fs::permissions(m_files[0], fs::perms::none);
  ASSERT_EQ(filesRead(m_index, m_data), count());
  fs::permissions(m_files[0], fs::perms::owner_read);
  EXPECT_EQ(filesRead(m_index, m_data), 1);
}

TEST_F(Rescanning, SeveralProgramsAtOnceDoNoHarm) {
  ASSERT_EQ(filesRead(m_folder / "fresh.sqlite", m_data), count());
  {
    std::vector<std::jthread> programs;
    for (int n = 0; n < 4; ++n)
      programs.emplace_back([&, n] { (void)filesRead(m_index, m_data, n % 2 == 0 ? "s" : "t"); });
  }
  auto catalogue = Catalogue::open(m_index);
  EXPECT_EQ(catalogue->cases("s")->size(), std::size_t(kPatients));
  EXPECT_EQ(catalogue->cases("t")->size(), std::size_t(kPatients));
  EXPECT_EQ(filesRead(m_index, m_data, "s"), 0);
  EXPECT_EQ(filesRead(m_index, m_data, "t"), 0);
}

}  // namespace
}  // namespace lorkd::data
