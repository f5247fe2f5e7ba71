#include "core/data/PictureSplit.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/Random.h"

namespace lorkd::data {
namespace {

/// Examples that stay together: those of a patient, where the set says whose they are, else each alone.
std::vector<std::vector<std::size_t>> unitsOf(const io::PictureSet& set) {
  std::vector<std::vector<std::size_t>> units;
  std::map<std::string, std::size_t> known;
  for (std::size_t n = 0; n < set.examples.size(); ++n) {
    const auto& patient = set.examples[n].patient;
    const auto [at, added] = known.emplace(patient.empty() ? "#" + std::to_string(n) : "p" + patient, units.size());
    if (added) units.emplace_back();
    units[at->second].push_back(n);
  }
  return units;
}

}  // namespace

std::vector<Split> splitsOf(const io::PictureSet& set, const plan::Split& options, std::uint64_t seed) {
  std::vector<Split> out(set.examples.size(), Split::Train);
  const bool given = options.given != plan::SplitGiven::Ignore;
  const auto saidOf = [&](std::size_t n) { return given ? set.examples[n].split : std::string(); };
  bool validation = false, test = false;
  const bool folds = options.folds >= 2;  // they divide what is not for testing, by the set's word for validation, too
  const bool byClass = std::ranges::all_of(set.examples, [](const auto& e) { return e.labels.size() == 1; });
  std::map<int, std::vector<std::vector<std::size_t>>> open;  // units that may be drawn from, by class
  for (auto& unit : unitsOf(set)) {
    const auto said = std::ranges::find_if(unit, [&](auto n) { return !saidOf(n).empty(); });
    const auto first = said == unit.end() ? unit.front() : *said;
    bool drawn = true;
    for (const auto n : unit) {
      const auto split = saidOf(n).empty() ? saidOf(first) : saidOf(n);
      if (!folds && (split == "val" || split == "validation"))
        out[n] = Split::Validation, validation = true, drawn = false;
      else if (split == "test")
        out[n] = Split::Test, test = true, drawn = false;
    }
    if (drawn) open[byClass ? set.examples[first].labels.front() : 0].push_back(std::move(unit));
  }
  const auto heldOut = test || options.heldOut == plan::SplitHeldOut::Validation ? Split::Validation : Split::Test;
  std::int64_t dealt = 0;
  for (auto& [label, members] : open) {
    Random random(seed, {0x91c7, static_cast<std::uint64_t>(label)});
    for (std::size_t n = members.size(); n-- > 1;)
      std::swap(members[n], members[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(n) + 1))]);
    const auto total = static_cast<double>(members.size());
    if (folds)
      std::erase_if(members, [&](const auto& unit) {
        if (dealt++ % options.folds != options.fold) return false;
        for (const auto example : unit) out[example] = heldOut;
        return true;
      });
    const auto tests =
        test || (folds && heldOut == Split::Test) ? 0 : static_cast<std::size_t>(std::llround(options.test * total));
    const auto validations = validation || (folds && heldOut == Split::Validation)
                                 ? 0
                                 : static_cast<std::size_t>(std::llround(options.validation * total));
    for (std::size_t n = 0; n < std::min(members.size(), tests + validations); ++n)
      for (const auto example : members[n]) out[example] = n < tests ? Split::Test : Split::Validation;
  }
  return out;
}

}  // namespace lorkd::data
