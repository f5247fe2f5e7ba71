#include "core/data/MaskClasses.h"

#include <algorithm>

#include "core/data/MaskValues.h"

namespace lorkd::data {
namespace {

constexpr int kLooks = 8;                  // pictures of a class
constexpr std::size_t kFewShades = 8;      // no photograph or radiograph has so few
constexpr std::size_t kMostLooked = 1000;  // classes: no set for segmentation has as many

enum class PictureLook { Mask, Picture, Nothing };

PictureLook pictureLook(const std::filesystem::path& file) {
  const auto values = readMaskValues(file);
  if (!values) return PictureLook::Picture;  // more colours than masks have, or not to be read: then reading it says so
  const auto shades = values->coloured ? values->colours.size() + 1 : values->grey.size();
  if (shades < 2) return PictureLook::Nothing;  // an empty mask, or an empty picture
  return values->isMask() || (!values->lossy && shades <= kFewShades) ? PictureLook::Mask : PictureLook::Picture;
}

}  // namespace

std::optional<io::Finding> classesMayBeMasks(const io::PictureSet& set) {
  const auto classes = set.classes.size();
  if (classes < 2 || classes > kMostLooked) return std::nullopt;
  std::vector<PictureLook> looks(classes, PictureLook::Nothing);
  std::vector<int> looked(classes, 0);
  for (const auto& example : set.examples) {
    if (example.labels.empty() || example.file.empty()) continue;
    const auto cls = static_cast<std::size_t>(example.labels.back());
    if (looks[cls] == PictureLook::Picture || looked[cls]++ >= kLooks) continue;
    if (const auto look = pictureLook(example.file); look != PictureLook::Nothing) looks[cls] = look;
  }
  if (std::ranges::count(looks, PictureLook::Picture) == 0) return std::nullopt;
  std::string names;
  for (std::size_t cls = 0; cls < classes; ++cls)
    if (looks[cls] == PictureLook::Mask) names += (names.empty() ? "" : ", ") + set.classes[cls].substr(0, 60);
  if (names.empty()) return std::nullopt;
  return io::Finding{io::Finding::Severity::Consent, "class-folders",
                     "the pictures of " + names +
                         " hold few values, as masks do: if they mark what others show, call their folder \"masks\" "
                         "and the others' \"images\"; with consent the folders are taken as classes"};
}

}  // namespace lorkd::data
