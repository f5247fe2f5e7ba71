// The index where nothing can be written, and beside someone who writes.
#include <sqlite3.h>

#include <chrono>

#include "core/base/File.h"
#include "tests/support/ReadOnly.h"
#include "tests/unit/data/Support.h"

namespace lorkd::data {
namespace fs = std::filesystem;

/// A scanned phantom in PROJECT/index.sqlite, and what the index says of it.
struct ScannedProject : testing::Test {
  void SetUp() override {
    fs::permissions(folder.path(), fs::perms(0755));
    SilentProgress progress;
    ASSERT_TRUE(writePhantomSet(project / "data", 1, small(), progress, CancelToken()));
    const auto known = scanned(project / "data", file);
    ASSERT_TRUE(known) << known.error().text();
    for (const auto& item : *known) ids.push_back(item.id);
    ASSERT_FALSE(ids.empty());
  }
  std::vector<std::string> idsOf(const Catalogue& index) {
    std::vector<std::string> out;
    const auto known = index.cases();
    for (const auto& item : *known) out.push_back(item.id);
    return out;
  }
  TemporaryFolder folder;
  fs::path project = folder.path() / "pro%ject #1?", file = project / "index.sqlite";
  std::vector<std::string> ids;
};

TEST_F(ScannedProject, IsReadWhereNothingCanBeWritten) {
  const test::ReadOnly locked(project);
  ASSERT_FALSE(writeFileAtomically(project / "probe", "x"));
  const auto index = Catalogue::openToRead(file);
  ASSERT_TRUE(index) << index.error().text();
  EXPECT_EQ(idsOf(*index), ids);
  EXPECT_EQ(index->sources()->size(), 1u);
  EXPECT_TRUE(index->series());
  EXPECT_TRUE(index->rejected());
}

TEST_F(ScannedProject, IsReadInAProjectThatCanBeWritten) {
  const auto index = Catalogue::openToRead(file);
  ASSERT_TRUE(index) << index.error().text();
  EXPECT_EQ(idsOf(*index), ids);
  EXPECT_EQ(index->pseudonym("x"), Catalogue::open(file)->pseudonym("x"));
}

TEST_F(ScannedProject, DoesNotWaitForWhoWrites) {
  sqlite3* writer = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &writer), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(writer, "BEGIN IMMEDIATE; DELETE FROM item", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto began = std::chrono::steady_clock::now();
  const auto index = Catalogue::openToRead(file);
  ASSERT_TRUE(index) << index.error().text();
  EXPECT_EQ(idsOf(*index), ids);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  sqlite3_close(writer);
}

TEST_F(ScannedProject, SaysWhenItsLastChangesCannotBeRead) {
  // What a program that was killed has left: changes that are not in the file yet.
  sqlite3* writer = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &writer), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(writer, "DELETE FROM item", nullptr, nullptr, nullptr), SQLITE_OK);
  auto ahead = file;
  ahead += "-wal";
  const auto left = readFile(ahead).value();
  ASSERT_FALSE(left.empty());
  const auto before = readFile(file).value();
  sqlite3_close(writer);
  ASSERT_TRUE(writeFileAtomically(file, before) && writeFileAtomically(ahead, left));
  const test::ReadOnly locked(project);
  const auto index = Catalogue::openToRead(file);
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code, ErrorCode::Io);
  EXPECT_NE(index.error().text().find("last changes"), std::string::npos) << index.error().text();
}

TEST(OpenToRead, MakesNoIndex) {
  const TemporaryFolder folder;
  const auto index = Catalogue::openToRead(folder.path() / "index.sqlite");
  ASSERT_FALSE(index);
  EXPECT_EQ(index.error().code, ErrorCode::NotFound);
  EXPECT_TRUE(fs::is_empty(folder.path()));
  ASSERT_TRUE(writeFileAtomically(folder.path() / "other", std::string(4096, 'x')));
  EXPECT_EQ(Catalogue::openToRead(folder.path() / "other").error().code, ErrorCode::Format);
}

}  // namespace lorkd::data
