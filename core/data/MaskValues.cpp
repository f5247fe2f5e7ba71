#include "core/data/MaskValues.h"

#include <algorithm>
#include <cstdio>

#include "core/data/Pairing.h"
#include "core/io/MaskPicture.h"

namespace lorkd::data {
namespace {

constexpr std::uint32_t kNear = 31;       ///< how far from black or white the coding of a JPEG leaves most pixels
constexpr double kMostAtEnds = 0.95;      ///< share of the pixels that are so, in a mask of two values
constexpr std::size_t kMostValues = 64;   ///< structures of one map of values
constexpr std::size_t kSoftValues = 16;   ///< more than these between black and white are soft edges
constexpr std::size_t kMostColours = 32;  ///< structures of one set of colours

double endsOf(const std::map<std::uint32_t, std::int64_t>& grey, std::int64_t pixels, std::uint32_t near) {
  std::int64_t ends = 0;
  for (const auto& [value, count] : grey) ends += value <= near || value >= 255 - near ? count : 0;
  return pixels > 0 ? static_cast<double>(ends) / static_cast<double>(pixels) : 0;
}

std::string colourText(std::uint32_t colour) {
  char text[16];
  std::snprintf(text, sizeof text, "#%06x", colour & 0xffffff);
  return text;
}

std::string listed(const std::map<std::uint32_t, std::int64_t>& grey) {
  std::string out;
  for (const auto& [value, count] : grey) out += (out.empty() ? "" : ", ") + std::to_string(value);
  return out;
}

}  // namespace

double MaskValues::atEnds() const { return endsOf(grey, pixels(), kNear); }

bool MaskValues::isMask() const {
  if (coloured) return false;
  if (!lossy) return grey.size() == 2 && grey.contains(0);
  const bool bright = std::ranges::any_of(grey, [](const auto& one) { return one.first >= 255 - kNear; });
  return bright && atEnds() >= kMostAtEnds;
}

void to_json(Json& j, const MaskValues& values) {
  j = {{"size", values.size}, {"lossy", values.lossy}, {"coloured", values.coloured}, {"colours", values.colours}};
  j["grey"] = std::vector<std::pair<std::uint32_t, std::int64_t>>(values.grey.begin(), values.grey.end());
}

void from_json(const Json& j, MaskValues& values) {
  j.at("size").get_to(values.size);
  j.at("lossy").get_to(values.lossy);
  j.at("coloured").get_to(values.coloured);
  j.at("colours").get_to(values.colours);
  for (const auto& [value, count] : j.at("grey").get<std::vector<std::pair<std::uint32_t, std::int64_t>>>())
    values.grey[value] = count;
}

Result<MaskValues> readMaskValues(const std::filesystem::path& file) {
  LORKD_TRY(mask, io::readMaskPicture(file));
  MaskValues out;
  out.size = {mask.width, mask.height};
  out.lossy = mask.lossy;
  out.coloured = mask.coloured;
  out.colours = mask.colours;
  if (mask.coloured) return out;
  std::array<std::int64_t, 256> counts{};
  for (const auto value : mask.values) ++counts[value & 255];
  for (std::uint32_t value = 0; value < counts.size(); ++value)
    if (counts[value] > 0) out.grey[value] = counts[value];
  return out;
}

void MaskMeaning::add(const MaskValues& values) {
  m_lossy |= values.lossy;
  ++m_files;
  m_apart += values.lossy && values.atEnds() < kMostAtEnds ? 1 : 0;
  m_lossyColours |= values.lossy && values.coloured;
  for (const auto& [value, count] : values.grey) m_grey[value] += count;
  for (const auto colour : values.colours) ++m_colours[colour];
  if (!values.coloured) m_pixels += values.pixels();
}

void MaskMeaning::decide() {
  auto marked = m_grey;
  marked.erase(0);
  if (m_lossyColours) {
    m_words = "they are coloured JPEGs, whose colours are not exact; write them as PNG";
  } else if (!m_colours.empty()) {
    for (const auto& [value, count] : marked) m_colours.emplace(value * 0x10101, 1);
    if (m_colours.size() == 1) {
      m_kind = Kind::Binary;
    } else if (m_colours.size() <= kMostColours) {
      m_kind = Kind::Colours;
      m_note = "each of their " + std::to_string(m_colours.size()) +
               " colours is a structure, and black is background; classes of a task can be made of several";
    } else {
      m_words = "they have " + std::to_string(m_colours.size()) +
                " colours, which are too many to be structures; write them as PNG with one colour a structure";
    }
  } else if (marked.empty()) {
    m_words = "all of them are black";
  } else if (m_lossy) {
    if (marked.rbegin()->first <= kNear)
      m_words = "they are JPEGs of nearly black pixels, whose values are not exact; write them as PNG";
    else if (m_apart * 10 > m_files)  // else those few are refused one by one
      m_words = "they are JPEGs of more than black and white, whose values are not exact; write them as PNG";
    else
      m_kind = Kind::Half,
      m_note = "they are JPEGs, which blur edges: what is at least half as bright as white is marked";
  } else if (marked.size() == 1) {
    m_kind = Kind::Binary;
  } else if (marked.size() > kSoftValues && marked.contains(255) && endsOf(m_grey, m_pixels, 0) >= 0.9) {
    m_kind = Kind::Half;
    m_note = "they have soft edges: what is at least half as bright as white is marked";
  } else if (marked.size() <= kMostValues) {
    m_kind = Kind::Values;
    m_note = "each of their values " + listed(marked) + " is a structure, and 0 is background";
  } else {
    m_words = "they hold " + std::to_string(marked.size()) +
              " values, which are too many to be structures; numbers of single objects cannot be used";
  }
}

Result<std::vector<std::pair<image::Label, LabelPlace>>> MaskMeaning::structuresIn(const std::string& structure,
                                                                                   const MaskValues& values) const {
  std::vector<std::pair<image::Label, LabelPlace>> out;
  const auto add = [&](const std::string& value, const std::string& color, int number) {
    image::Label label;
    label.name = structure == kUnnamedMask ? value : structure + "_" + value;
    label.color = color;
    label.number = number;
    out.emplace_back(std::move(label), LabelPlace{0, 0, number});
  };
  switch (m_kind) {
    case Kind::None:
      break;
    case Kind::Half:
      if (values.lossy && values.atEnds() < kMostAtEnds)
        return fail(ErrorCode::Format, "the mask is a JPEG of more than black and white, unlike the others",
                    "write it anew as a PNG of black and white");
      [[fallthrough]];
    case Kind::Binary:
      out.emplace_back(image::Label{.name = structure}, LabelPlace{0, m_kind == Kind::Half ? 1 : 0, 0});
      break;
    case Kind::Values:
      for (const auto& [value, count] : values.grey)
        if (value != 0) add(std::to_string(value), "", static_cast<int>(value));
      break;
    case Kind::Colours:
      for (std::size_t n = 0; n < values.colours.size(); ++n) {
        const auto colour = colourText(values.colours[n]);
        add(colour, colour, static_cast<int>(n) + 1);
      }
      for (const auto& [value, count] : values.grey)
        if (value != 0) {
          const auto colour = colourText(value * 0x10101);
          add(colour, colour, static_cast<int>(value));
        }
      break;
  }
  return out;
}

}  // namespace lorkd::data
