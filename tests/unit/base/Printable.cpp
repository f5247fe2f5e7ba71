#include "core/base/Printable.h"

#include <gtest/gtest.h>

namespace lorkd {
namespace {

TEST(Printable, WhatCommandsATerminalIsWrittenOut) {
  using std::literals::operator""s;
  EXPECT_EQ(printable("\x1b]0;owned\x07 \x1b[2J"), "\\x1b]0;owned\\x07 \\x1b[2J");
  EXPECT_EQ(printable("a\0b\x7f\r"s), "a\\x00b\\x7f\\x0d");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\x9b31m");  // C1 as UTF-8
  EXPECT_EQ(printable("\x9b"
                      "31m"),
            "\\x9b31m");  // and as the byte that it is
  EXPECT_EQ(printable("exe.\u202egnp\u2066\u200f"), "exe.\\u202egnp\\u2066\\u200f");
  EXPECT_EQ(printable("\u2028\ufeff\U000e0041"), "\\u2028\\ufeff\\ue0041");
}

TEST(Printable, TextStaysText) {
  for (const char* text : {"", "Jürgens^Jörg", "肝臓 – 😀", "a\nb\tc"}) EXPECT_EQ(printable(text), text);
  EXPECT_EQ(printable("a\nb\tc", false), "a\\x0ab\\x09c");
}

TEST(Printable, WhatIsNoUtf8IsWrittenOutByteByByte) {
  EXPECT_EQ(printable("\xff"
                      "a\xc3"),
            "\\xffa\\xc3");
  EXPECT_EQ(printable("\xc0\x80\xe0\x80\x80\xed\xa0\x80\xf4\x90\x80\x80"),
            "\\xc0\\x80\\xe0\\x80\\x80\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80");
}

}  // namespace
}  // namespace lorkd
