#include "core/data/layout/Rule.h"

#include <algorithm>
#include <set>

#include "core/data/layout/Words.h"
#include "core/io/Csv.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data::layout {
namespace {

constexpr std::string_view kVolumeEndings[] = {".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha",
                                               ".mhd",    ".hdr", ".mgz",  ".mgh"};

std::string_view withoutEnding(std::string_view path) {
  const auto small = io::lowered(std::string(path));
  for (const auto ending : kVolumeEndings)
    if (small.ends_with(ending)) return path.substr(0, path.size() - ending.size());
  return path;
}

/// What a file is by the parts of its name.
Assigned assigned(Assigned::Use use, const std::map<std::string, std::string>& parts, int rank) {
  Assigned out;
  out.use = use;
  out.rank = rank;
  for (const auto& [name, value] : parts) {
    if (name == "channel")
      out.channel = value;
    else if (name == "label" && use == Assigned::Use::Labels)
      out.structure = value;
    else if (name == "reader" && use == Assigned::Use::Labels)
      out.reader = value;
    else
      out.key[name] = value;
    if (name == "patient") out.patient = value;
    if (name == "split") out.split = splitOfWord(io::lowered(value));
  }
  return out;
}

}  // namespace

Result<std::vector<Rule::One>> Rule::compiled(const std::vector<std::string>& patterns,
                                              const PathPattern::Restrictions& known) {
  std::vector<One> out;
  for (const auto& text : patterns) {
    LORKD_TRY(pattern, PathPattern::compile(text, known));
    out.push_back({std::move(pattern), withoutEnding(text).size() == text.size() && !text.ends_with('/')});
  }
  return out;
}

Result<Rule> Rule::compile(const std::vector<std::string>& images, const std::vector<std::string>& labels) {
  Rule out;
  LORKD_TRY(imagePatterns, compiled(images, {}));
  PathPattern::Restrictions known;
  std::set<std::string> several;
  for (const auto& one : imagePatterns)
    for (const auto& [name, expression] : one.pattern.restrictions())
      if (known.emplace(name, expression).first->second != expression) several.insert(name);
  for (const auto& name : several) known.erase(name);
  LORKD_TRY(labelPatterns, compiled(labels, known));
  out.m_images = std::move(imagePatterns);
  out.m_labels = std::move(labelPatterns);
  return out;
}

bool Rule::mayFit(const std::vector<std::string>& paths) const {
  const auto among = [&](const std::vector<One>& patterns) {
    return std::ranges::any_of(patterns, [&](const One& one) {
      return std::ranges::any_of(paths, [&](const auto& path) { return path.find(one.pattern.fixed()) != path.npos; });
    });
  };
  return among(m_labels) && among(m_images);
}

Assignment Rule::assign(const std::vector<std::string>& paths, std::vector<LeftOut>* left) const {
  struct Fit {
    std::size_t number = 0;
    PathPattern::Match match;
  };
  const auto closest = [](const std::vector<One>& patterns, const std::string& path) {
    std::optional<Fit> best;
    for (std::size_t n = 0; n < patterns.size(); ++n) {
      const auto& one = patterns[n];
      auto match = one.pattern.match(one.anyEnding ? withoutEnding(path) : std::string_view(path));
      if (!match && one.anyEnding) match = one.pattern.match(path);
      if (match && (!best || match->open < best->match.open)) best = Fit{n, std::move(*match)};
    }
    return best;
  };
  Assignment out;
  for (const auto& path : paths) {
    const auto image = closest(m_images, path), labels = closest(m_labels, path);
    if (!image && !labels) continue;
    if (image && labels && image->match.open == labels->match.open) {
      if (left)
        left->push_back({path, "two-rules",
                         "it fits " + m_images[image->number].pattern.text() + " and " +
                             m_labels[labels->number].pattern.text() +
                             " alike: say more in one of them, such as {channel:t1|t2}"});
      continue;
    }
    const bool isImage = image && (!labels || image->match.open < labels->match.open);
    const auto& fit = isImage ? *image : *labels;
    out.emplace(path, assigned(isImage ? Assigned::Use::Image : Assigned::Use::Labels, fit.match.parts,
                               static_cast<int>(fit.number)));
  }
  return out;
}

}  // namespace lorkd::data::layout
