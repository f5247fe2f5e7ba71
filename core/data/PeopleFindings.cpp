#include "core/data/PeopleFindings.h"

#include <algorithm>
#include <map>

#include "core/data/layout/PeopleWords.h"

namespace lorkd::data {
namespace fs = std::filesystem;
namespace {

using io::Finding;

std::string belowSource(const Case& c, const fs::path& folder) {
  return c.imageFiles.front().lexically_relative(folder).generic_string();
}

bool isSplit(const Case& c) { return c.kind != "picture" && !c.split.empty() && !c.imageFiles.empty(); }

}  // namespace

std::optional<Finding> joinedPeople(const layout::People& people) {
  if (!people.joined) return std::nullopt;
  return Finding{Finding::Severity::Note, "patients-by-name",
                 "by their names, " + std::to_string(people.images) + " images are taken for those of " +
                     (people.people == 1 ? "one person" : std::to_string(people.people) + " people") +
                     ", for example " + people.joined->first.generic_string() + " and " +
                     people.joined->second.generic_string() +
                     "; if they are not, data.sources.NAME.layout.patients can say so"};
}

std::optional<Finding> unknownPeople(const layout::People& people) {
  if (people.joined || people.told || people.who.size() < 2) return std::nullopt;
  return Finding{Finding::Severity::Note, "people-unknown",
                 "nothing says whose these images are: each counts as one of another person, and images of one may be "
                 "learnt from and tested on; data.sources.NAME.layout.patients can say whose they are"};
}

std::optional<Finding> tornPeople(const std::vector<Case>& cases, const fs::path& folder) {
  std::map<std::string, std::map<std::string, const Case*>> parts;  // by patient and part
  for (const auto& c : cases)
    if (isSplit(c)) parts[c.patient].try_emplace(c.split, &c);
  std::erase_if(parts, [](const auto& one) { return one.second.size() < 2; });
  if (parts.empty()) return std::nullopt;
  // The first by name: pseudonyms differ from project to project.
  const auto& example = std::ranges::min_element(parts, {}, [&](const auto& one) {
                          return belowSource(*one.second.begin()->second, folder);
                        })->second;
  const auto first = example.begin(), second = std::next(first);
  return Finding{Finding::Severity::Warning, "patient-in-splits",
                 std::to_string(parts.size()) + " patient(s) have images in several of the given parts, for example " +
                     belowSource(*first->second, folder) + " and " + belowSource(*second->second, folder) +
                     ": no training begins like this; data.split.given: ignore divides anew, by patient, and "
                     "data.sources.NAME.layout.patients can say that they are different people"};
}

std::optional<Finding> alikeInSplits(const std::vector<Case>& cases, const fs::path& folder) {
  struct Seen {
    std::map<std::string, const Case*> parts;
    std::set<std::string> patients;
    std::set<std::pair<std::string, std::string>> inParts;
    /// Several of one part called so are not called after a person.
    bool alike() const { return parts.size() > 1 && patients.size() > 1 && inParts.size() == parts.size(); }
  };
  std::map<std::string, Seen> people;
  for (const auto& c : cases) {
    if (!isSplit(c)) continue;
    const auto who = layout::personCalled(belowSource(c, folder));
    if (who.empty()) continue;
    people[who].parts.try_emplace(c.split, &c);
    people[who].patients.insert(c.patient);
    people[who].inParts.emplace(c.split, c.patient);
  }
  std::erase_if(people, [](const auto& one) { return !one.second.alike(); });
  if (people.empty()) return std::nullopt;
  const auto& parts = people.begin()->second.parts;
  return Finding{Finding::Severity::Warning, "alike-in-splits",
                 std::to_string(people.size()) +
                     " name(s) of people stand in several of the given parts, for example " +
                     belowSource(*parts.begin()->second, folder) + " and " +
                     belowSource(*std::next(parts.begin())->second, folder) +
                     ": they count as different people; if they are the same, data.sources.NAME.layout.patients can "
                     "say so"};
}

}  // namespace lorkd::data
