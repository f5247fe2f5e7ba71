// Names that different programs write with different bytes and that people cannot tell apart.
#pragma once

#include <string>
#include <string_view>

namespace lorkd {

/// Text in UTF-8 whose letters with marks are one character each (Unicode's form NFC, UAX #15), for Latin, Greek and
/// Cyrillic letters, kana and Hangul: "u" and U+0308 become "ü". macOS and some archives write names in the other form.
/// Bytes that are no UTF-8 stay. To compare names by, never to open files by.
std::string composed(std::string_view text);

}  // namespace lorkd
