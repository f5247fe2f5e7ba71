#include <gtest/gtest.h>

#include "core/base/Composed.h"

namespace lorkd {
namespace {

// Both forms as Python's unicodedata.normalize gives them.
TEST(Composed, LettersWithMarksAreOneCharacter) {
  EXPECT_EQ(composed("Mu\xcc\x88ller"), "Müller");
  EXPECT_EQ(composed("Müller"), "Müller");
  EXPECT_EQ(composed("e\xcc\x82\xcc\x81"), "ế") << "two marks";
  EXPECT_EQ(composed("\xd0\xb8\xcc\x86"), "й");
  EXPECT_EQ(composed("\xe3\x81\x8b\xe3\x82\x99"), "が");
  EXPECT_EQ(composed("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"), "한");
  EXPECT_EQ(composed("a1-\xe1\x84\x92_B"), "a1-\xe1\x84\x92_B");
}

TEST(Composed, WhatIsNoTextStays) {
  for (const std::string bytes :
       {"", "plain_1.nii", "\xcc\x88", "M\xfcller", "\xe1\x84", "u\xcc", "\xff\xcc\x88", "7\xcc\x88"})
    EXPECT_EQ(composed(bytes), bytes);
}

}  // namespace
}  // namespace lorkd
