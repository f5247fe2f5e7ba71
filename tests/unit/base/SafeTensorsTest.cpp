#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/base/Random.h"
#include "core/base/SafeTensors.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::safetensors {

/// A file laid out by hand as the format's description says.
std::string handmade(const std::string& header, std::size_t dataBytes) {
  const std::uint64_t size = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &size, 8);
  return bytes + header + std::string(dataBytes, '\x2a');
}

Result<File> openBytes(const std::string& bytes) {
  test::TemporaryFolder folder;
  std::ofstream(folder / "t.safetensors", std::ios::binary) << bytes;
  return File::open(folder / "t.safetensors");
}

TEST(SafeTensors, ReadsTheExampleOfTheFormat) {
  const auto file = openBytes(handmade(
      R"({"__metadata__":{"by":"hand"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[],"data_offsets":[8,9]}})",
      9));
  ASSERT_TRUE(file) << file.error().text();
  EXPECT_EQ(file->metadata().at("by"), "hand");
  EXPECT_EQ(file->tensor("a")->shape, (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(file->tensor("b")->bytes.size(), 1u);
  EXPECT_EQ(file->tensor("b")->bytes[0], std::byte{0x2a});
  EXPECT_EQ(file->tensor("c").error().code, ErrorCode::NotFound);
}

TEST(SafeTensors, RandomFilesComeBackAsWritten) {
  test::TemporaryFolder folder;
  const char* types[] = {"F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"};
  for (std::uint64_t round = 0; round < 60; ++round) {
    Random random(11, {round});
    std::vector<std::string> contents;
    std::vector<Entry> entries;
    const auto count = random.below(8);
    for (std::int64_t i = 0; i < count; ++i) {
      Entry entry{.name = "täsk " + std::to_string(i), .dtype = types[random.below(10)], .shape = {}, .bytes = {}};
      std::size_t n = elementSize(entry.dtype);
      for (auto d = random.below(4); d > 0; --d) {
        entry.shape.push_back(random.below(6));
        n *= static_cast<std::size_t>(entry.shape.back());
      }
      std::string bytes(n, '\0');
      for (auto& c : bytes) c = static_cast<char>(random.below(256));
      contents.push_back(bytes);
      entries.push_back(entry);
    }
    for (std::size_t i = 0; i < entries.size(); ++i) entries[i].bytes = std::as_bytes(std::span(contents[i]));
    const std::map<std::string, std::string> metadata{{"round", std::to_string(round)}, {"quote", "\"\n"}};
    const auto path = folder / "r.safetensors";
    const auto written = write(path, entries, metadata);
    ASSERT_TRUE(written) << written.error().text();
    const auto file = File::open(path);
    ASSERT_TRUE(file) << file.error().text();
    EXPECT_EQ(file->metadata(), metadata);
    ASSERT_EQ(file->tensors().size(), entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto tensor = file->tensor(entries[i].name).value();
      EXPECT_EQ(tensor.dtype, entries[i].dtype);
      EXPECT_EQ(tensor.shape, entries[i].shape);
      EXPECT_EQ(std::string(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()), contents[i]);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % elementSize(tensor.dtype), 0u) << "unaligned";
    }
  }
}

TEST(SafeTensors, ASpanOutlivesTheFileThroughItsMapping) {
  test::TemporaryFolder folder;
  const std::string bytes(64, 'v');
  ASSERT_TRUE(write(folder / "a", {{"a", "U8", {64}, std::as_bytes(std::span(bytes))}}));
  std::shared_ptr<const void> mapping;
  std::span<const std::byte> span;
  {
    const auto file = File::open(folder / "a");
    ASSERT_TRUE(file);
    mapping = file->mapping();
    span = file->tensor("a")->bytes;
  }
  std::filesystem::remove(folder / "a");
  EXPECT_EQ(std::memcmp(span.data(), bytes.data(), 64), 0);
}

struct Hostile {
  const char* what;
  std::string bytes;
};

TEST(SafeTensors, RefusesHostileFiles) {
  const auto one = [](const std::string& shape, const std::string& offsets, std::size_t data,
                      const std::string& dtype = "F32") {
    return handmade("{\"a\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}",
                    data);
  };
  const auto two = [](const std::string& first, const std::string& second, std::size_t data) {
    return handmade("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" + first +
                        "},\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" + second + "}}",
                    data);
  };
  ASSERT_TRUE(openBytes(one("[2]", "[0,8]", 8)));  // the pattern itself is good
  ASSERT_TRUE(openBytes(two("[4,8]", "[0,4]", 8)));
  const std::string empty8(8, '\0');
  const Hostile files[] = {
      {"empty", ""},
      {"shorter than the length", "1234567"},
      {"header length 0", empty8},
      {"header length beyond the file", handmade("{}", 0).replace(0, 1, "\x03")},
      {"header length of all ones", std::string(8, '\xff') + "{}"},
      {"header is a list", handmade("[]", 0)},
      {"header is not JSON", handmade("{\"a\":", 0)},
      {"header nested deeply", handmade(std::string(100'000, '['), 0)},
      {"data cut short", one("[2]", "[0,8]", 7)},
      {"bytes after the last", one("[2]", "[0,8]", 9)},
      {"offsets beyond the file", one("[200]", "[0,800]", 8)},
      {"offsets backwards", one("[2]", "[8,0]", 8)},
      {"offsets negative", one("[2]", "[-8,0]", 8)},
      {"offsets fractional", one("[2]", "[0,8.0]", 8)},
      {"offset beyond 64 bits", one("[2]", "[0,18446744073709551624]", 8)},
      {"three offsets", one("[2]", "[0,8,8]", 8)},
      {"shape smaller than the bytes", one("[1]", "[0,8]", 8)},
      {"shape negative", one("[-2]", "[0,8]", 8)},
      {"shape twice negative", one("[-1,-2]", "[0,8]", 8)},
      {"shape beyond int64", one("[18446744073709551615]", "[0,8]", 8)},
      {"product of shape overflows to the right size", one("[4294967296,4294967296]", "[0,0]", 0)},
      {"bytes of shape overflow to the right size", one("[4611686018427387904]", "[0,0]", 0)},
      {"shape of text", one("[\"2\"]", "[0,8]", 8)},
      {"shape no list", one("2", "[0,8]", 8)},
      {"unknown type", one("[2]", "[0,8]", 8, "F33")},
      {"hole", two("[0,4]", "[5,9]", 9)},
      {"hole at the start", two("[1,5]", "[5,9]", 9)},
      {"overlap", two("[0,4]", "[3,7]", 7)},
      {"the same bytes twice", two("[0,4]", "[0,4]", 4)},
      {"tensor is text", handmade(R"({"a":"b"})", 0)},
      {"no type", handmade(R"({"a":{"shape":[1],"data_offsets":[0,1]}})", 1)},
      {"metadata of numbers", handmade(R"({"__metadata__":{"a":1}})", 0)},
      {"metadata no object", handmade(R"({"__metadata__":"a"})", 0)},
      {"name twice", handmade(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                              R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
                              4)},
  };
  for (const auto& [what, bytes] : files) {
    const auto file = openBytes(bytes);
    ASSERT_FALSE(file) << what;
    EXPECT_EQ(file.error().code, ErrorCode::Format) << what;
    EXPECT_NE(file.error().text().find("t.safetensors"), std::string::npos) << what;
  }
  EXPECT_EQ(File::open("/nowhere/at/all").error().code, ErrorCode::NotFound);
}

TEST(SafeTensors, CutAtEveryLengthAndFlippedAtEveryHeaderByteNeverCrashes) {
  test::TemporaryFolder folder;
  const std::string data(24, 'd');
  const auto bytes = std::as_bytes(std::span(data));
  ASSERT_TRUE(write(folder / "g", {{"a", "F32", {2, 3}, bytes}, {"b", "I8", {3, 8}, bytes}}, {{"k", "v"}}));
  const auto good = readFile(folder / "g").value();
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(openBytes(good.substr(0, n))) << n;
  std::size_t read = 0;
  for (std::size_t i = 0; i < good.size() - 48; ++i) {
    auto bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 7)));
    if (const auto file = openBytes(bad))  // a changed name or metadata is still a valid file
      for (const auto& [name, tensor] : file->tensors()) read += tensor.bytes.size();
  }
  EXPECT_GT(read, 0u);
}

// No change of a file that this program has written is overlooked, wherever it is; one that only changes a type or a
// name neither.
TEST(SafeTensors, AnyFlippedBitOfAnOwnFileIsFound) {
  test::TemporaryFolder folder;
  const std::string data(24, 'd');
  const auto bytes = std::as_bytes(std::span(data));
  ASSERT_TRUE(write(folder / "g", {{"a", "F32", {2, 3}, bytes}, {"b", "I8", {3, 8}, bytes}}, {{"k", "v"}}));
  const auto good = readFile(folder / "g").value();
  const auto opens = [&](const std::string& content) {
    std::ofstream(folder / "t", std::ios::binary) << content;
    return File::open(folder / "t", Digest::Required).has_value();
  };
  ASSERT_TRUE(opens(good));
  for (std::size_t i = 0; i < good.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      auto bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      ASSERT_FALSE(opens(bad)) << "bit " << bit << " of byte " << i;
    }
  auto relabelled = good;
  relabelled.replace(relabelled.find("F32"), 3, "I32");
  EXPECT_FALSE(opens(relabelled));
}

TEST(SafeTensors, FilesOfOthersNeedNoDigestUnlessItIsAskedFor) {
  const auto file = openBytes(handmade(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4));
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->hasDigest());
  test::TemporaryFolder folder;
  ASSERT_TRUE(writeFileAtomically(folder / "t", handmade("{}", 0)));
  EXPECT_EQ(File::open(folder / "t", Digest::Required).error().code, ErrorCode::Format);
}

// That a file was found whole is remembered, but not longer than it stays as it is.
TEST(SafeTensors, AFileThatChangesAfterItWasOpenedIsReadAgain) {
  test::TemporaryFolder folder;
  const std::string data(1000, 'd');
  ASSERT_TRUE(write(folder / "g", {{"a", "U8", {1000}, std::as_bytes(std::span(data))}}));
  ASSERT_TRUE(File::open(folder / "g"));
  ASSERT_TRUE(File::open(folder / "g"));
  {
    std::fstream file(folder / "g", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-1, std::ios::end).put('!');
  }
  EXPECT_EQ(File::open(folder / "g").error().code, ErrorCode::Format);
}

TEST(SafeTensors, AHeaderOfManyTensorsTakesLinearTime) {
  std::string header = "{\"t\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
  for (int i = 0; i < 80'000; ++i)
    header += ",\"" + std::to_string(i) + R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(openBytes(handmade(header + "}", 0)));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(15));
}

// What a process does that reads beyond the end of a file that became shorter: a word on stderr and in the file that it
// was to leave, and an exit code.
TEST(Mappings, AFileThatBecomesShorterEndsTheProcessWithAWord) {
  test::TemporaryFolder folder;
  const std::string data(100'000, 'd');
  ASSERT_TRUE(write(folder / "cache.safetensors", {{"a", "U8", {100'000}, std::as_bytes(std::span(data))}}));
  const auto shorten = [&] {
    watchMappings();
    LastWord word(folder / "status");
    word.set("{\"lost\": \"", "\"}");
    const auto file = File::open(folder / "cache.safetensors");
    std::filesystem::resize_file(folder / "cache.safetensors", 5000);
    volatile auto last = file->tensor("a")->bytes.back();
    (void)last;
  };
  EXPECT_EXIT(shorten(), testing::ExitedWithCode(1), "cache.safetensors: the file became shorter");
  EXPECT_EQ(readFile(folder / "status").value_or(""), "{\"lost\": \"cache.safetensors\"}");
}

TEST(SafeTensors, WriterRefusesContradictionsAndWritesNothing) {
  test::TemporaryFolder folder;
  const std::string data(8, 'd');
  const auto bytes = std::as_bytes(std::span(data));
  const std::vector<std::vector<Entry>> bad{{{"a", "F32", {3}, bytes}},
                                            {{"a", "F33", {2}, bytes}},
                                            {{"a", "F32", {-2}, bytes}},
                                            {{"a", "F32", {2}, bytes}, {"a", "U8", {8}, bytes}},
                                            {{"__metadata__", "F32", {2}, bytes}},
                                            {{"\xff", "F32", {2}, bytes}},
                                            {{"a", "F64", {std::int64_t(1) << 61}, {}}}};
  for (const auto& entries : bad) EXPECT_FALSE(write(folder / "x", entries)) << entries[0].name;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace lorkd::safetensors
