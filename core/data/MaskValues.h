// What the values of mask pictures mean, told by all masks of a structure together.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"
#include "core/data/Case.h"

namespace lorkd::data {

/// Which values a mask picture holds.
struct MaskValues {
  std::array<std::int64_t, 2> size{};          ///< width, height
  bool lossy = false, coloured = false;        ///< as io::MaskPicture has them
  std::map<std::uint32_t, std::int64_t> grey;  ///< pixels of each grey value; empty where there are colours
  std::vector<std::uint32_t> colours;          ///< 0xrrggbb, ascending, without black; empty where all is grey
  std::int64_t pixels() const { return size[0] * size[1]; }
  /// Share of the pixels that are nearly black or nearly white.
  double atEnds() const;
  /// One value beside black, or a JPEG that is nearly black and nearly white.
  bool isMask() const;
};
void to_json(Json& j, const MaskValues& values);
void from_json(const Json& j, MaskValues& values);

/// Errors: those of io::readMaskPicture().
Result<MaskValues> readMaskValues(const std::filesystem::path& file);

/// What the masks of one structure mean.
class MaskMeaning {
 public:
  enum class Kind {
    None,     ///< nothing can be told: see words()
    Binary,   ///< what is not black is marked
    Half,     ///< what is at least half as bright as white is marked: soft edges, or a JPEG
    Values,   ///< each grey value is a structure, 0 is background
    Colours,  ///< each colour is a structure, black is background
  };
  /// One mask more.
  void add(const MaskValues& values);
  /// After the last one.
  void decide();
  Kind kind() const { return m_kind; }
  /// Why nothing can be told.
  const std::string& words() const { return m_words; }
  /// What a user should know of how they are read; may be empty.
  const std::string& note() const { return m_note; }
  /// The structures that one of the masks marks, and where (LabelPlace::file is to be filled in; layers as
  /// readMaskLayers() gives them). One that is called `structure` alone is there even where the mask is empty.
  /// Errors: Format (this mask alone is of another kind).
  Result<std::vector<std::pair<image::Label, LabelPlace>>> structuresIn(const std::string& structure,
                                                                        const MaskValues& values) const;

 private:
  std::map<std::uint32_t, std::int64_t> m_grey;
  std::map<std::uint32_t, int> m_colours;
  std::int64_t m_pixels = 0;
  std::int64_t m_files = 0, m_apart = 0;  ///< JPEGs of more than black and white
  bool m_lossy = false, m_lossyColours = false;
  Kind m_kind = Kind::None;
  std::string m_words, m_note;
};

}  // namespace lorkd::data
