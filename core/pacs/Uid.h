// Unique identifiers: what a peer sends becomes a file name only when it is one.
#pragma once

#include <algorithm>
#include <string_view>

namespace lorkd::pacs {

/// At most 64 digits and dots, beginning and ending with a digit, no two dots side by side (PS3.5 section 9.1; leading
/// zeros, which some devices write, are let pass).
inline bool isUid(std::string_view text) {
  if (text.empty() || text.size() > 64 || text.front() == '.' || text.back() == '.') return false;
  return text.find("..") == text.npos &&
         std::ranges::all_of(text, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

}  // namespace lorkd::pacs
