#include "core/data/layout/PicturePeople.h"

#include <algorithm>
#include <map>
#include <ranges>
#include <set>

#include "core/data/layout/PeopleWords.h"

namespace lorkd::data::layout {

People peopleOfPictures(const std::vector<PictureName>& pictures) {
  NamedImages images;
  std::map<std::string, Identity> classes;
  for (const auto& picture : pictures) {
    const auto [cls, fresh] = classes.try_emplace(picture.cls);
    if (fresh) cls->second = identityOf(picture.cls);
    Name name;
    name.stem = identityOf(picture.stem);
    const auto& own = cls->second;
    if (name.stem.size() > own.size() && std::ranges::equal(own, name.stem | std::views::take(own.size())))
      name.stem.erase(name.stem.begin(), name.stem.begin() + static_cast<std::ptrdiff_t>(own.size()));
    images.emplace_back(picture.stem, std::move(name));
  }
  auto out = peopleOf(images, ImageKind::Pictures);
  // "covid-19-7" is not of a person called covid-19: nobody is the whole of each class.
  std::map<std::string, std::set<std::string>> ofClass;
  for (std::size_t n = 0; n < pictures.size(); ++n) ofClass[pictures[n].cls].insert(out.who[n]);
  const bool whole = std::ranges::all_of(ofClass, [](const auto& cls) { return cls.second.size() == 1; });
  std::map<std::string, std::set<std::string>> stems;
  for (std::size_t n = 0; n < pictures.size(); ++n) stems[out.who[n]].insert(pictures[n].stem);
  const bool nothing = !out.joined || (pictures.size() > 2 && whole);
  // "1" of one class and "1" of another are pictures that are numbered alike.
  for (auto& who : out.who)
    if (nothing || stems.at(who).size() < 2) who.clear();
  if (nothing) out.joined.reset(), out.images = out.people = 0;
  return out;
}

}  // namespace lorkd::data::layout
