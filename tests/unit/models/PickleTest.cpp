#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/models/Tree.h"
#include "tests/unit/models/Pickles.h"

namespace lorkd::models {

using namespace test;
using testing::HasSubstr;

/// The JSON of a pickle's value, or its error's text.
std::string readAs(const std::string& value) {
  const auto bytes = pickle(value);
  const auto read = unpickle(bytes);
  if (!read) return read.error().text();
  EXPECT_EQ(read->length, bytes.size());
  return toJson(read->tree, read->tree.root).json.dump();
}

TEST(Pickle, ValuesAreThoseThatPythonWrites) {
  EXPECT_EQ(readAs("N"), "null");
  EXPECT_EQ(readAs(tuple({"\x88", "\x89", "K\x05", "M" + raw(std::uint16_t(300)), "J" + raw(std::int32_t(-7))})),
            "[true,false,5,300,-7]");
  EXPECT_EQ(readAs(tuple({integer(-5), std::string("\x8a\x01\xff", 3), std::string("\x8a\0", 2)})), "[-5,-1,0]");
  EXPECT_EQ(readAs(std::string("G\x3f\xe4\0\0\0\0\0\0", 9)), "0.625");
  EXPECT_EQ(readAs(text("ä\x1b[2J")), R"("ä\\x1b[2J")");
  EXPECT_EQ(readAs("](" + text("a") + text("b") + "e"), R"(["a","b"])");
  EXPECT_EQ(readAs(dict({{"a", "K\1"}, {"b", "]"}, {"a", "K\2"}})), R"({"a":2,"b":[]})");
  EXPECT_EQ(readAs(call(global("collections", "OrderedDict"), {"](](" + text("k") + "K\3ee"})), R"({"k":3})");
  EXPECT_EQ(readAs(call(global("torch", "device"), {text("cuda"), "K\1"})), R"("cuda:1")");
  EXPECT_EQ(readAs(call(global("torch", "Size"), {integers({2, 3})})), "[2,3]");
  EXPECT_EQ(readAs(call(global("_codecs", "encode"), {text("\xc3\xbf"), text("latin1")})), R"("1 bytes")");
}

TEST(Pickle, ObjectsOfUnknownClassesStayNamesWithArguments) {
  EXPECT_EQ(readAs(call(global("some.module", "Thing"), {"K\1"}) + dict({{"x", "K\2"}}) + "b"),
            R"({"class":"some.module.Thing","arguments":[1],"state":{"x":2}})");
  EXPECT_EQ(readAs(call(global("code.networks", "Net"), {})), R"({"class":"code.networks.Net"})");
  EXPECT_EQ(readAs(global("torch", "float32")), R"("torch.float32")");
}

TEST(Pickle, WhatRunsCommandsOrCodeEndsTheReadingByName) {
  for (const auto& [module, name] :
       std::vector<std::pair<std::string, std::string>>{{"os", "system"},
                                                        {"posix", "system"},
                                                        {"nt", "system"},
                                                        {"builtins", "eval"},
                                                        {"__builtin__", "exec"},
                                                        {"builtins", "getattr"},
                                                        {"builtins", "open"},
                                                        {"subprocess", "Popen"},
                                                        {"sys", "modules"},
                                                        {"importlib", "import_module"},
                                                        {"runpy", "run_path"},
                                                        {"torch", "load"},
                                                        {"torch.hub", "load"},
                                                        {"operator", "attrgetter"},
                                                        {"numpy.testing._private.utils", "runstring"},
                                                        {"os.path", "join"},
                                                        {"pathlib", "Path.__subclasses__"},
                                                        {"socket", "socket"},
                                                        {"code", "interact"},
                                                        {"shutil", "rmtree"}}) {
    const auto dotted = (module == "__builtin__" ? "builtins" : module) + "." + name;
    for (const auto& named : {global(module, name), text(module) + text(name) + "\x93"})
      EXPECT_THAT(readAs(call(named, {text("touch /tmp/x")})), HasSubstr("asks for " + dotted)) << dotted;
  }
  // Members of enumerations alone are written by getattr.
  const auto member = [](const std::string& of, const std::string& name) {
    return readAs(call(global("builtins", "getattr"), {of, text(name)}));
  };
  EXPECT_EQ(member(global("monai.utils.enums", "MetaKeys"), "AFFINE"), "\"monai.utils.enums.MetaKeys.AFFINE\"");
  for (const std::string name : {"__subclasses__", "eval", "_X"})
    EXPECT_THAT(member(global("some", "Class"), name), HasSubstr("builtins.getattr")) << name;
  EXPECT_THAT(member(text("x"), "AFFINE"), HasSubstr("builtins.getattr"));
  EXPECT_THAT(readAs(global("builtins", "getattr")), HasSubstr("builtins.getattr"));
  // Beside weights, and although nothing uses it.
  EXPECT_THAT(readAs(dict({{"a", "K\1"}, {"b", global("os", "system")}})), HasSubstr("os.system"));
}

TEST(Pickle, WhatIsNoPickleIsRefused) {
  EXPECT_THAT(unpickle("").error().text(), HasSubstr("cut short"));
  for (const std::string wrong : {"R", "a", "]K\1s", "K\1b", "e", "t", "h\1", "K\1Q", "}(K\1u", "K\1K\2", "\x86", "2"})
    EXPECT_THAT(readAs(wrong), HasSubstr("damaged")) << wrong;
  EXPECT_THAT(readAs("I1\n"), HasSubstr("opcode 73"));
  EXPECT_THAT(unpickle("\x80\x09N.").error().text(), HasSubstr("protocol 9"));
  EXPECT_THAT(readAs("\x8d" + raw(std::uint64_t(1) << 63)), HasSubstr("cut short"));
  EXPECT_THAT(readAs(call("K\1", {})), HasSubstr("cannot be called"));
}

TEST(Pickle, EveryCutIsAnError) {
  const auto whole = pickle(dict({{"a", tensor(storage("FloatStorage", "0", 6), 0, {2, 3}, {3, 1})},
                                  {"b", call(global("x", "Y"), {text("z")}) + dict({{"c", "]"}}) + "b"}}));
  ASSERT_TRUE(unpickle(whole));
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(unpickle(std::string_view(whole).substr(0, n))) << n;
}

TEST(Pickle, DeepNestingIsRefused) {
  const auto nested = [](std::size_t depth) { return std::string(depth, ']') + std::string(depth - 1, 'a'); };
  EXPECT_EQ(readAs(nested(3)), "[[[]]]");
  EXPECT_THAT(readAs(nested(deepestPickle + 1)), HasSubstr("deeper than 200"));
  EXPECT_THAT(readAs(nested(100'000)), HasSubstr("deeper than 200"));
}

/// A list of ten times the same list, again and again: 10^60 values when written out.
TEST(Pickle, ValuesThatAreHeldManyTimesTakeNoMore) {
  std::string laughs = "]q\1";
  for (int level = 0; level < 60; ++level) {
    const auto keep = std::string("q") + static_cast<char>(level + 2);
    laughs += "](";
    for (int n = 0; n < 10; ++n) laughs += std::string("h") + static_cast<char>(level + 1);
    laughs += "e" + keep;
  }
  std::string all = "(" + laughs + "t";
  const auto bytes = pickle(all);
  const auto read = unpickle(bytes);
  ASSERT_TRUE(read) << read.error().text();
  const auto written = toJson(read->tree, read->tree.root);
  EXPECT_FALSE(written.whole);
  EXPECT_LT(written.json.dump().size(), 1'000'000u);
}

TEST(Pickle, CirclesEnd) {
  const auto bytes = pickle(std::string("]q\0h\0a", 6));
  const auto read = unpickle(bytes);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_FALSE(toJson(read->tree, read->tree.root).whole);
}

TEST(Pickle, TheSameTextIsNotTurnedIntoBytesWithoutEnd) {
  std::string again = "](" + text(std::string(1000, 'x')) + std::string("q\0", 2);
  for (int n = 0; n < 1000; ++n)
    again += global("_codecs", "encode") + std::string("h\0", 2) + text("latin1") + "\x86R";
  EXPECT_THAT(readAs(again + "e"), HasSubstr("again and again"));
}

TEST(Pickle, TensorsLieInsideTheirStorage) {
  const auto of = [](std::int64_t offset, const std::vector<std::int64_t>& shape,
                     const std::vector<std::int64_t>& stride) {
    return readAs(tensor(storage("FloatStorage", "0", 6), offset, shape, stride));
  };
  EXPECT_EQ(of(0, {2, 3}, {3, 1}), "\"tensor F32 (2, 3)\"");
  EXPECT_EQ(of(1, {5}, {1}), "\"tensor F32 (5)\"");
  EXPECT_EQ(of(0, {3, 2}, {1, 3}), "\"tensor F32 (3, 2)\"");
  EXPECT_EQ(of(6, {0}, {1}), "\"tensor F32 (0)\"");
  EXPECT_EQ(of(0, {}, {}), "\"tensor F32 ()\"");
  EXPECT_THAT(of(1, {2, 3}, {3, 1}), HasSubstr("beyond its storage"));
  EXPECT_THAT(of(7, {0}, {1}), HasSubstr("outside its storage"));
  EXPECT_THAT(of(-1, {2}, {1}), HasSubstr("outside its storage"));
  EXPECT_THAT(of(0, {2}, {-1}), HasSubstr("negative stride"));
  EXPECT_THAT(of(5, {2}, {-1}), HasSubstr("negative stride"));
  EXPECT_THAT(of(0, {-2, 3}, {3, 1}), HasSubstr("negative size"));
  EXPECT_THAT(of(0, {2}, {std::int64_t(1) << 62}), HasSubstr("beyond its storage"));
  EXPECT_THAT(of(0, {std::int64_t(1) << 40, std::int64_t(1) << 40}, {0, 0}), HasSubstr("more elements"));
  EXPECT_THAT(of(0, {2, 2}, {1}), HasSubstr("2 sizes and 1 strides"));
  EXPECT_THAT(of(0, std::vector<std::int64_t>(9, 1), std::vector<std::int64_t>(9, 1)), HasSubstr("at most 8"));
  EXPECT_THAT(readAs(tensor("K\1", 0, {1}, {1})), HasSubstr("no storage"));
}

TEST(Pickle, StoragesSayTheirClassAndLength) {
  EXPECT_THAT(readAs(storage("FloatStorage", "0", -1)), HasSubstr("claims -1 elements"));
  EXPECT_THAT(readAs(storage("DoubleStorage", "0", std::int64_t(1) << 62)), HasSubstr("claims"));
  EXPECT_THAT(readAs(storage("StrangeStorage", "0", 1)), HasSubstr("unknown class torch.StrangeStorage"));
  EXPECT_THAT(readAs(tuple({storage("FloatStorage", "0", 1), storage("FloatStorage", "0", 2)})),
              HasSubstr("two lengths"));
  EXPECT_THAT(readAs(tuple({text("module"), "N", "N", "N", "K\1"}) + "Q"), HasSubstr("not that of a storage"));
}

}  // namespace lorkd::models
