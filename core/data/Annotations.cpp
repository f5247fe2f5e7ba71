// What the labels of a source's cases speak of.
#include <algorithm>
#include <map>

#include "core/data/Pairing.h"

namespace lorkd::data {

void findUnannotated(std::vector<Case>& cases) {
  const auto counts = [](const Case& c) { return c.kind != "picture" && !c.labels.empty(); };
  std::map<std::string, std::string> spoken;  // by folded name, as written
  for (const auto& c : cases)
    if (counts(c))
      for (const auto& label : c.labels) spoken.emplace(image::folded(label), label);
  for (auto& c : cases) {
    if (!counts(c)) continue;
    std::vector<std::string> own;
    for (const auto& label : c.labels) own.push_back(image::folded(label));
    std::ranges::sort(own);
    for (const auto& [folded, label] : spoken)
      if (!std::ranges::binary_search(own, folded)) c.unannotated.push_back(label);
  }
}

void takeAnnotated(Case& c, const std::vector<std::string>& names) {
  if (c.kind == "picture" || c.labelFiles.empty()) return;
  for (const auto& name : names) {
    const auto same = [&](const std::string& other) { return image::sameLabel(other, name); };
    std::erase_if(c.unannotated, same);
    if (std::ranges::any_of(c.labels, same) || std::ranges::any_of(c.damaged, same)) continue;
    c.labels.push_back(name);
    if (!c.places.empty()) c.places.emplace_back();
    if (!c.labelInfo.empty()) c.labelInfo.push_back({.name = name});
  }
}

}  // namespace lorkd::data
