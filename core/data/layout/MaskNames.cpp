#include "core/data/layout/MaskNames.h"

#include <algorithm>
#include <cctype>
#include <ranges>
#include <set>

#include "core/base/Composed.h"
#include "core/data/layout/Words.h"
#include "core/io/Csv.h"

namespace lorkd::data::layout {
namespace fs = std::filesystem;
namespace {

using Words = std::vector<std::string>;

bool isDigits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// Words that say who has drawn: the number behind tells one drawing from another, and not parts of one.
bool isMaker(const std::string& word) {
  static const std::set<std::string> makers{"manual",    "manuals",  "reader", "rater",
                                            "annotator", "observer", "expert", "radiologist"};
  return makers.contains(word);
}

bool isMaskWord(const std::string& word) {
  static const std::set<std::string> more{"groundtruths", "gts", "annot", "annots"};
  return isLabelWord(word) || isMaker(word) || more.contains(word);
}

bool isPictureWord(const std::string& word) {
  static const std::set<std::string> more{"input", "inputs", "original", "originals", "raw",
                                          "photo", "photos", "picture",  "pictures",  "frames"};
  return isImageWord(word) || more.contains(word);
}

bool isSplitWord(const std::string& word) {
  static const std::set<std::string> splits{"train", "training", "val", "valid", "validation", "test", "testing"};
  return splits.contains(word);
}

/// Words as they are written, cut at signs and where a capital follows a small letter: "GroundTruth" is two. So is
/// "manual1" where what stands before the number only says what the file is.
Words partsOf(const std::string& written) {
  const auto text = composed(written);
  Words words;
  std::string word;
  const auto end = [&] {
    const auto number = std::ranges::find_if(word, [](unsigned char c) { return std::isdigit(c) != 0; });
    const std::string letters(word.begin(), number), rest(number, word.end());
    const auto low = io::lowered(letters);
    if (isDigits(rest) && !letters.empty() && (isPictureWord(low) || isMaskWord(low))) {
      words.push_back(letters);
      words.push_back(rest);
    } else if (!word.empty()) {
      words.push_back(word);
    }
    word.clear();
  };
  const auto upper = [&](std::size_t n) {
    return n < text.size() && std::isupper(static_cast<unsigned char>(text[n]));
  };
  const auto lower = [&](std::size_t n) {
    return n < text.size() && std::islower(static_cast<unsigned char>(text[n]));
  };
  for (std::size_t n = 0; n < text.size(); ++n) {
    const auto c = static_cast<unsigned char>(text[n]);
    if (std::isalnum(c) == 0 && c < 0x80) {
      end();
      continue;
    }
    if (n > 0 && upper(n) && (lower(n - 1) || (upper(n - 1) && lower(n + 1)))) end();
    word += text[n];
  }
  end();
  // "ground truth" is one thing.
  for (std::size_t n = 0; n + 1 < words.size(); ++n)
    if (io::lowered(words[n]) == "ground" && io::lowered(words[n + 1]).starts_with("truth")) {
      words[n] += words[n + 1];
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(n) + 1);
    }
  return words;
}

std::string joined(const Words& words, const char* between) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

/// The file's own name: words up to the one that says mask, and those behind it; of a name that begins with it, those
/// behind are the picture's.
void takeStem(const Words& own, MaskName& out) {
  const auto isMask = [](const std::string& word) { return isMaskWord(io::lowered(word)); };
  const auto at = static_cast<std::size_t>(std::ranges::find_if(own, isMask) - own.begin());
  Words before, after;
  for (std::size_t n = 0; n < own.size(); ++n) {
    if (n == at) continue;
    if (isPictureWord(io::lowered(own[n])) || (n > at && isMask(own[n]))) continue;
    (n < at ? before : after).push_back(own[n]);
  }
  if (at < own.size()) {
    out.mask = out.own = true;
    out.maker = own[at];
    if (isMaker(io::lowered(own[at])) && !before.empty() && !after.empty() && isDigits(after.front())) {
      out.maker += after.front();
      after.erase(after.begin());
    }
  }
  // "x_mask_old": which of several copies it is.
  if (!before.empty())
    while (!after.empty() && isCopyWord(io::lowered(after.back()))) after.pop_back();
  if (before.empty()) std::swap(before, after);
  for (const auto& word : before) out.stem.push_back(io::lowered(word));
  out.spelled = std::move(before);
  out.after = std::move(after);
}

/// A text of words without the numbers and single letters that only order folders: "1. Microaneurysms".
std::string bare(const std::string& text) {
  Words words = partsOf(text);
  while (words.size() > 1 && (isDigits(words.front()) || words.front().size() == 1)) words.erase(words.begin());
  return joined(words, "_");
}

bool contains(const Words& place, const std::string& part) { return std::ranges::find(place, part) != place.end(); }

}  // namespace

bool isForeignPicture(const fs::path& file) {
  static const std::set<std::string> endings{".webp", ".ppm", ".pgm", ".pbm", ".jp2", ".heic", ".svg"};
  return endings.contains(io::lowered(file.extension().string()));
}

bool isFormatFolder(const std::string& folder) {
  static const std::set<std::string> formats{"png", "tif", "tiff", "jpg", "jpeg", "gif", "bmp"};
  return formats.contains(io::lowered(folder));
}

fs::path bareName(const fs::path& relative) {
  fs::path bare;
  for (const auto& folder : relative.parent_path())
    if (!isFormatFolder(folder.string())) bare /= folder;
  return bare / relative.stem();
}

std::optional<NumberedPicture> numberedPicture(const fs::path& relative) {
  const auto stem = relative.stem().string();
  if (stem.size() < 6 || stem[stem.size() - 5] != '_' || !isDigits(std::string_view(stem).substr(stem.size() - 4)))
    return std::nullopt;
  const auto name = stem.substr(0, stem.size() - 5) + relative.extension().string();
  return NumberedPicture{relative.parent_path() / name, std::stoul(stem.substr(stem.size() - 4))};
}

bool inFolderOfNnunet(const fs::path& relative) {
  static const std::set<std::string> folders{"imagestr", "imagests", "imagesval"};
  return folders.contains(io::lowered(relative.parent_path().filename().string()));
}

MaskName maskNameOf(const fs::path& relative) {
  MaskName out;
  takeStem(partsOf(relative.stem().string()), out);
  const auto above = relative.parent_path();
  std::vector<fs::path> folders(above.begin(), above.end());
  std::vector<std::string> place;
  bool known = out.mask;
  for (const auto& folder : folders | std::views::reverse) {
    bool mask = false, image = false;
    Words rest;
    for (const auto& word : partsOf(folder.string())) {
      const auto low = io::lowered(word);
      mask |= isMaskWord(low);
      image |= isPictureWord(low);
      if (!isMaskWord(low) && !isPictureWord(low)) rest.push_back(low);
    }
    if (!mask && !image) {
      place.push_back(io::lowered(folder.string()));
      continue;
    }
    // "Original Images" beside "Segmentation of images": what speaks of masks is of masks. The nearest folder counts.
    if (!known) {
      out.mask = mask;
      out.image = !mask;
      if (mask) out.maker = folder.string();
      known = true;
    }
    // Numbers only order such folders, or say whose masks they are ("1st_manual").
    std::erase_if(rest, [](const auto& word) {
      return std::isdigit(static_cast<unsigned char>(word.front())) != 0 || word.size() == 1 || word == "all";
    });
    if (!rest.empty()) place.push_back(joined(rest, " "));
  }
  out.place.assign(place.rbegin(), place.rend());
  return out;
}

std::string keyOf(const MaskName& picture) {
  auto words = picture.stem;
  while (words.size() > 1 && isSplitWord(words.back())) words.pop_back();
  return joined(words, " ");
}

std::optional<Belongs> belongs(const MaskName& mask, const MaskName& picture) {
  // image.png and mask.png of one folder.
  if (picture.stem.empty() != mask.stem.empty() || (mask.stem.empty() && mask.place != picture.place))
    return std::nullopt;
  const auto common = std::ranges::mismatch(mask.stem, picture.stem);
  const auto more = std::ranges::subrange(common.in1, mask.stem.end());
  const auto lacking = std::ranges::subrange(common.in2, picture.stem.end());
  // A picture may say besides for what it is: 21_training and 21_manual1.
  if (!lacking.empty() && (!more.empty() || !std::ranges::all_of(lacking, isSplitWord))) return std::nullopt;
  Belongs out;
  Words structure(mask.spelled.end() - std::ssize(more), mask.spelled.end());
  structure.insert(structure.end(), mask.after.begin(), mask.after.end());
  std::erase_if(structure, [&](const auto& word) {
    if (isSplitWord(io::lowered(word))) return true;
    if (!isDigits(word)) return false;
    out.numbered = true;
    return true;
  });
  // A number is another picture's, unless something stands before it that says mask.
  if (!more.empty() && isDigits(*more.begin())) return std::nullopt;
  out.structure = joined(structure, "_");
  int missing = 0, own = 0;
  std::string folder;
  for (const auto& part : picture.place) missing += contains(mask.place, part) ? 0 : 1;
  for (const auto& part : mask.place)
    if (!contains(picture.place, part)) ++own, folder = part;
  if (out.structure.empty() && !folder.empty() && missing == 0) out.structure = bare(folder);
  // What is called just so comes before what is called so and more; then the nearer folder.
  out.rank = 1000 - 100 * static_cast<int>(more.size() + lacking.size()) - 10 * missing - own;
  return out;
}

}  // namespace lorkd::data::layout
