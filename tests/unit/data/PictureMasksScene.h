// A tree of pictures and mask pictures, painted here.
#pragma once

#include <algorithm>
#include <fstream>

#include "core/data/PictureCase.h"
#include "core/io/Images2D.h"
#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {

inline constexpr std::int64_t kWide = 12, kHigh = 8;

class PictureMasks : public LayoutTree {
 protected:
  static io::Picture blank(std::int64_t channels, std::int64_t width = kWide, std::int64_t height = kHigh) {
    io::Picture p{width, height, channels, {}};
    p.pixels.resize(static_cast<std::size_t>(width * height * channels));
    return p;
  }
  /// Without the note that nothing tells whose pictures are: numbers and letters do not.
  std::vector<std::string> refused() const {
    auto codes = LayoutTree::refused();
    std::erase(codes, "people-unknown");
    return codes;
  }
  /// A picture in colours, like no other.
  void picture(const std::string& path, std::int64_t width = kWide, std::int64_t height = kHigh) {
    auto p = blank(3, width, height);
    for (std::size_t n = 0; n < p.pixels.size(); ++n)
      p.pixels[n] = static_cast<std::uint8_t>((n * 7 + static_cast<std::size_t>(m_made) * 13) % 251);
    ++m_made;
    ASSERT_TRUE(io::writePng(made(path), p));
  }
  /// Grey, whose first pixels have `values`, and the others 0.
  void mask(const std::string& path, const std::vector<int>& values, std::int64_t width = kWide,
            std::int64_t height = kHigh) {
    auto p = blank(1, width, height);
    std::ranges::transform(values, p.pixels.begin(), [](int v) { return static_cast<std::uint8_t>(v); });
    ASSERT_TRUE(io::writePng(made(path), p));
  }
  void bytes(const std::string& path, const std::string& content) {
    std::ofstream(made(path), std::ios::binary) << content;
  }
  /// Pictures with masks.
  std::ptrdiff_t labelled() const {
    return std::ranges::count_if(m_cases, [](const auto& c) { return c.kind == kPictureCase && !c.labels.empty(); });
  }

 private:
  int m_made = 0;
};

}  // namespace lorkd::data
