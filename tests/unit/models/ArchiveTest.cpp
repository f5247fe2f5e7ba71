#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zip.h>

#include "core/base/File.h"
#include "core/models/Archive.h"
#include "core/models/Weights.h"
#include "core/models/ZipFile.h"
#include "tests/unit/models/Pickles.h"

namespace lorkd::models {

using testing::HasSubstr;
namespace fs = std::filesystem;

/// An entry to be written by libzip, which takes any name.
struct Packed {
  std::string name, bytes;
  unsigned mode = S_IFREG | 0644;
  bool stored = false;
};

fs::path archive(const lorkd::test::TemporaryFolder& folder, const std::vector<Packed>& entries) {
  const auto path = folder / "model.zip";
  fs::remove(path);
  auto* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  for (const auto& entry : entries) {
    const auto index = entry.name.ends_with('/')
                           ? zip_dir_add(zip, entry.name.c_str(), 0)
                           : zip_file_add(zip, entry.name.c_str(),
                                          zip_source_buffer(zip, entry.bytes.data(), entry.bytes.size(), 0), 0);
    const auto at = static_cast<zip_uint64_t>(index);
    zip_file_set_external_attributes(zip, at, 0, ZIP_OPSYS_UNIX, entry.mode << 16);
    zip_set_file_compression(zip, at, entry.stored ? ZIP_CM_STORE : ZIP_CM_DEFLATE, 1);
  }
  if (zip_close(zip) != 0) std::abort();
  return path;
}

class Unpacking : public testing::Test {
 protected:
  std::string unpacked(const fs::path& path) {
    SilentProgress progress;
    const auto done = unpack(path, m_folder / "out/", progress, {});
    return done ? "no error" : done.error().text();
  }
  std::string of(const std::vector<Packed>& entries) { return unpacked(archive(m_folder, entries)); }
  /// What is in the folder beside the archive; an archive that is refused leaves nothing.
  std::vector<std::string> left() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(m_folder.path()))
      if (entry.path().filename() != "model.zip") names.push_back(entry.path().filename().string());
    return names;
  }
  lorkd::test::TemporaryFolder m_folder;
};

TEST_F(Unpacking, AModelsFolderComesOutAsItWas) {
  EXPECT_EQ(
      of({{"Dataset1_A/", ""}, {"Dataset1_A/plans.json", "{}"}, {"Dataset1_A/fold_0/checkpoint_final.pth", "weights"}}),
      "no error");
  EXPECT_EQ(readFile(m_folder / "out/Dataset1_A/plans.json"), "{}");
  EXPECT_EQ(readFile(m_folder / "out/Dataset1_A/fold_0/checkpoint_final.pth"), "weights");
  EXPECT_THAT(left(), testing::ElementsAre("out"));
  EXPECT_THAT(of({{"a", "b"}}), HasSubstr("there already"));
}

TEST_F(Unpacking, NothingLeavesTheFolder) {
  for (const std::string name :
       {"../a", "a/../../b", "/etc/passwd", "..", "a\\..\\b", "C:/a", "a//b", "./a", "a/./b", "a\x1b[2J", "a/.."}) {
    EXPECT_THAT(of({{"good", "x"}, {name, "y"}}), HasSubstr("entry '")) << name;
    EXPECT_THAT(left(), testing::IsEmpty()) << name;
  }
  EXPECT_THAT(of({{"link", "/etc/passwd", S_IFLNK | 0777}}), HasSubstr("is a link"));
  EXPECT_THAT(of({{"pipe", "", S_IFIFO | 0644}}), HasSubstr("is a link, a pipe or a device"));
  EXPECT_THAT(of({{"a", "x"}, {"a/b", "y"}}), HasSubstr("a file and a folder at once"));
  EXPECT_THAT(left(), testing::IsEmpty());
}

TEST_F(Unpacking, BombsAreRefusedBeforeTheyGrow) {
  EXPECT_THAT(of({{"a", std::string(20'000'000, '\0')}}), HasSubstr("would unpack to 20000000"));
  EXPECT_THAT(left(), testing::IsEmpty());
}

TEST_F(Unpacking, WhatAnEntryClaimsIsChecked) {
  auto bytes =
      readFile(archive(m_folder, {{"aaaa", "first", S_IFREG | 0644, true}, {"aaab", "other", S_IFREG | 0644, true}}))
          .value();
  const auto damaged = [&](const std::function<void(std::string&)>& change) {
    auto copy = bytes;
    change(copy);
    return unpacked(test::put(m_folder, "model.zip", copy));
  };
  EXPECT_THAT(damaged([](std::string& b) {
                for (auto at = b.find("aaab"); at != b.npos; at = b.find("aaab")) b[at + 3] = 'a';
              }),
              HasSubstr("two of its entries have the name 'aaaa'"));
  EXPECT_THAT(damaged([](std::string& b) { b[b.find("first")] = 'F'; }), HasSubstr("CRC"));
  // The uncompressed size in the central directory: a stored entry has no other size than its bytes.
  EXPECT_THAT(damaged([](std::string& b) { b[b.find("PK\1\2") + 24] = 9; }), HasSubstr("not believable"));
  for (std::size_t n = 0; n + 1 < bytes.size(); n += 5)
    EXPECT_NE(damaged([&](std::string& b) { b.resize(n); }), "no error") << n;
  EXPECT_THAT(left(), testing::IsEmpty());
}

TEST_F(Unpacking, CancellingLeavesNothing) {
  SilentProgress progress;
  CancelToken cancel;
  cancel.cancel();
  const auto path = archive(m_folder, {{"a", "x"}});
  EXPECT_EQ(unpack(path, m_folder / "out", progress, cancel).error().code, ErrorCode::Cancelled);
  EXPECT_THAT(left(), testing::IsEmpty());
}

TEST_F(Unpacking, FilesOfTorchAreToldFromFolders) {
  EXPECT_EQ(isFolderArchive(test::fixture("types.pth")), false);
  EXPECT_EQ(isFolderArchive(test::fixture("types-legacy.pth")), false);
  EXPECT_EQ(isFolderArchive(archive(m_folder, {{"a/plans.json", "{}"}})), true);
}

/// The zip form by hand: what torch.save() never writes.
TEST_F(Unpacking, ZipFormsThatAreNotTorchs) {
  using namespace test;
  const auto value = pickle(dict({{"a", tensor(storage("FloatStorage", "0", 2), 0, {2}, {1})}}));
  const auto numbers = raw(1.0f) + raw(2.0f);
  const auto read = [&](const std::vector<Packed>& entries) {
    const auto weights = readWeights(archive(m_folder, entries));
    return weights ? "no error" : weights.error().text();
  };
  EXPECT_EQ(read({{"x/data.pkl", value}, {"x/data/0", numbers, S_IFREG, true}}), "no error");
  EXPECT_THAT(read({{"x/data.pkl", value}}), HasSubstr("storage 0 is missing"));
  EXPECT_THAT(read({{"x/data.pkl", value}, {"x/data/0", numbers + "more", S_IFREG, true}}),
              HasSubstr("12 bytes where 8"));
  EXPECT_THAT(read({{"x/data.pkl", value}, {"x/data/0", std::string(8, 'a'), S_IFREG, false}}),
              HasSubstr("compressed"));
  EXPECT_THAT(read({{"x/data.pkl", value}, {"y/data.pkl", value}}), HasSubstr("two files data.pkl"));
  EXPECT_THAT(read({{"x/data.pkl", value}, {"x/byteorder", "big"}, {"x/data/0", numbers, S_IFREG, true}}),
              HasSubstr("lowest byte first"));
  EXPECT_THAT(read({{"x/data.pkl", pickle(call(global("os", "system"), {text("ls")}))}}), HasSubstr("os.system"));
  EXPECT_THAT(read({{"plans.json", "{}"}}), HasSubstr("no data.pkl"));
}

}  // namespace lorkd::models
