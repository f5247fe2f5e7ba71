// The file of nodes: strict, and never half-written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/pacs/Node.h"
#include "core/pacs/Uid.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::pacs {

using lorkd::test::TemporaryFolder;
using testing::HasSubstr;

TEST(Nodes, ComeBackAsTheyWereSaved) {
  const TemporaryFolder folder;
  const auto file = folder / "deeper/pacs.json";
  EXPECT_TRUE(readNodes(file)->empty());
  Node plain;
  plain.name = "ward";
  plain.host = "10.0.0.7";
  Node full{"hospital", "pacs.example.org",         2762,     "MAIN PACS", "ME", 12, Retrieve::Move,
            11113,      Tls{"ca", "c", "k", false}, {7, 8, 9}};
  ASSERT_TRUE(saveNode(file, plain));
  ASSERT_TRUE(saveNode(file, full));
  plain.port = 105;
  ASSERT_TRUE(saveNode(file, plain));
  const auto nodes = readNodes(file);
  ASSERT_TRUE(nodes) << nodes.error().text();
  ASSERT_EQ(nodes->size(), 2u);
  EXPECT_EQ((*nodes)[0].place(), "ward (10.0.0.7:105)");
  EXPECT_EQ(toJson((*nodes)[1]), toJson(full));
  EXPECT_EQ((*nodes)[1].tls->key, "k");
  EXPECT_FALSE((*nodes)[1].tls->checkName);
  ASSERT_TRUE(removeNode(file, "ward"));
  const auto gone = findNode(file, "ward");
  EXPECT_EQ(gone.error().code, ErrorCode::NotFound);
  EXPECT_THAT(gone.error().hint, HasSubstr("hospital"));
}

TEST(Nodes, AFaultyFileIsNamedAndKept) {
  const TemporaryFolder folder;
  const auto file = folder / "pacs.json";
  const std::pair<const char*, const char*> faults[] = {
      {R"({"nodes": {"a": {"host": "h", "prot": 4}}})", "prot"},
      {R"({"nodes": {"a": {"host": "h", "port": "104"}}})", "port"},
      {R"({"nodes": {"a": {"host": "h", "port": 70000}}})", "port"},
      {R"({"nodes": {"a": {"port": 104}}})", "host"},
      {R"({"nodes": {"a": {"host": "h", "called": "SEVENTEEN LETTERS"}}})", "called"},
      {R"({"nodes": {"a": {"host": "h", "calling": "A\\B"}}})", "calling"},
      {R"({"nodes": {"a": {"host": "h", "timeout": 0}}})", "timeout"},
      {R"({"nodes": {"a": {"host": "h", "most_answers": 0}}})", "most_answers"},
      {R"({"nodes": {"a": {"host": "h", "most_megabytes": 1000001}}})", "most_megabytes"},
      {R"({"nodes": {"a": {"host": "h", "most_seconds": -1}}})", "most_seconds"},
      {R"({"nodes": {"a": {"host": "h", "retrieve": "push"}}})", "retrieve"},
      {R"({"nodes": {"a": {"host": "h", "tls": {}}}})", "tls.ca"},
      {R"({"nodes": {"a": {"host": "h", "tls": {"ca": "x", "key": "y"}}}})", "tls.key"},
      {R"({"nodes": {"a": {"host": "h", "tls": {"cb": "x"}}}})", "cb"},
      {R"({"nodes": {"a b": {"host": "h"}}})", "name"},
      {R"({"nodes": []})", "nodes"},
      {R"({"nodes": {}, "version": 2})", "nodes"},
      {"{", "JSON"}};
  Node sound;
  sound.name = sound.host = "new";
  for (const auto& [text, field] : faults) {
    ASSERT_TRUE(writeFileAtomically(file, text));
    const auto nodes = readNodes(file);
    ASSERT_FALSE(nodes) << text;
    EXPECT_THAT(nodes.error().text(), HasSubstr(field));
    EXPECT_THAT(nodes.error().text(), HasSubstr("pacs.json"));
    // What cannot be read is not written over.
    EXPECT_FALSE(saveNode(file, sound));
    EXPECT_EQ(*readFile(file), text);
  }
}

TEST(Nodes, TheUsersFileIsWhereTheDesktopStandardSays) {
  ::setenv("XDG_CONFIG_HOME", "/somewhere/config", 1);
  EXPECT_EQ(defaultNodesFile(), "/somewhere/config/lorkd/pacs.json");
  ::setenv("XDG_CONFIG_HOME", "relative", 1);
  ::setenv("HOME", "/home/me", 1);
  EXPECT_EQ(defaultNodesFile(), "/home/me/.config/lorkd/pacs.json");
}

TEST(Uids, AreDigitsAndDots) {
  for (const char* good : {"1", "1.2.840.10008.1.2", "2.25.329800735698586629295641978511506172918"})
    EXPECT_TRUE(isUid(good));
  for (const char* bad : {"", ".", "..", "1..2", "1.", ".1", "../1", "1/2", "1.2 ", "1.a", "*", "1\\2"})
    EXPECT_FALSE(isUid(bad)) << bad;
  EXPECT_TRUE(isUid(std::string(64, '1')));
  EXPECT_FALSE(isUid(std::string(65, '1')));
}

}  // namespace lorkd::pacs
