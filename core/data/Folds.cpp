#include "core/data/Folds.h"

#include <algorithm>
#include <ranges>

#include "core/base/Random.h"
#include "core/data/PatientSplit.h"

namespace lorkd::data {
namespace {

std::string numberText(std::size_t n, const char* what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); }

/// A share of all as one of what is left beside `held` of them.
double shareOfRest(double share, double held) { return std::min(share / std::max(1 - held, 0.1), 0.9); }

}  // namespace

std::vector<int> foldsOf(const std::vector<std::set<int>>& tasks, int folds, std::uint64_t seed) {
  std::map<int, int> patients;
  for (const auto& set : tasks)
    for (const int t : set) ++patients[t];
  const auto rarest = [&](const std::set<int>& set) {
    std::pair<int, int> least{0, -1};
    for (const int t : set)
      if (least.second < 0 || std::pair(patients[t], t) < least) least = {patients[t], t};
    return least;
  };
  std::map<std::pair<std::pair<int, int>, std::set<int>>, std::vector<std::size_t>> groups;
  for (std::size_t p = 0; p < tasks.size(); ++p) groups[{rarest(tasks[p]), tasks[p]}].push_back(p);
  Random random(seed, {0xf01d});
  std::vector<int> out(tasks.size(), 0);
  int next = 0;
  for (auto& [key, members] : groups) {
    for (std::size_t n = members.size(); n-- > 1;)
      std::swap(members[n], members[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(n) + 1))]);
    for (const auto p : members) out[p] = next++ % folds;
  }
  return out;
}

Result<FoldRule> foldRule(const plan::Split& options, const std::vector<Case>& cases, const std::vector<bool>& counts) {
  FoldRule rule;
  rule.drawn = options.folds >= 2;
  for (std::size_t c = 0; c < cases.size(); ++c) {
    if (!counts[c]) continue;
    rule.tested |= cases[c].split == "test";
    const auto own = static_cast<std::int64_t>(cases[c].folds.size());
    if (own == 0 || cases[c].split == "test") continue;
    rule.given = true;
    const auto where = "data.sources." + cases[c].source;
    if (rule.drawn && own != options.folds)
      return fail(ErrorCode::InvalidArgument,
                  "the data have " + numberText(cases[c].folds.size(), "fold") +
                      " of their own, and data.split.folds is " + std::to_string(options.folds),
                  "set data.split.folds to " + std::to_string(own) + ", or data.split.given to ignore", where);
    if (options.fold >= own)
      return fail(ErrorCode::InvalidArgument,
                  "the data have no fold " + std::to_string(options.fold) + ", only 0 to " + std::to_string(own - 1),
                  "set data.split.fold to one of them", where);
  }
  const auto validated = [&](std::size_t c) {
    const auto& own = cases[c].folds;
    return counts[c] && std::ssize(own) > options.fold && own[static_cast<std::size_t>(options.fold)] == "validation";
  };
  if (rule.given && std::ranges::none_of(std::views::iota(std::size_t(0), cases.size()), validated))
    return fail(ErrorCode::InvalidArgument,
                "of the data's own folds, fold " + std::to_string(options.fold) +
                    " holds out no image that has labels for the tasks",
                "choose another one, or set data.split.given to ignore", "data.split.fold");
  if (!rule.any() && options.fold > 0)
    return fail(ErrorCode::InvalidArgument,
                "the plan holds out fold " + std::to_string(options.fold) + ", but there are no folds",
                "set data.split.folds to their number, or data.split.fold to 0", "data.split.fold");
  const bool validates =
      options.heldOut == plan::SplitHeldOut::Validation || (options.heldOut == plan::SplitHeldOut::Auto && rule.given);
  rule.heldOut = rule.tested || validates ? Split::Validation : Split::Test;
  return rule;
}

std::string foldWord(const plan::Split& options, const FoldRule& rule, const Case& c) {
  if (c.folds[static_cast<std::size_t>(options.fold)] == "validation") return toString(rule.heldOut);
  if (rule.heldOut == Split::Test) return "train or validation";
  return rule.tested ? "train" : "train or test";
}

Result<std::vector<Split>> splitByFold(const plan::Split& options, const FoldRule& rule,
                                       const std::vector<std::set<int>>& tasks, const std::vector<bool>& known,
                                       std::uint64_t seed) {
  const bool strangersOnly = rule.heldOut == Split::Test && std::ranges::count(known, false) > 0;
  std::vector<std::size_t> dealt, rest;
  std::vector<std::set<int>> tasksOfDealt, tasksOfRest;
  for (std::size_t p = 0; p < tasks.size(); ++p)
    if (!strangersOnly || !known[p]) dealt.push_back(p), tasksOfDealt.push_back(tasks[p]);
  if (dealt.size() < static_cast<std::size_t>(options.folds))
    return fail(
        ErrorCode::InvalidArgument,
        numberText(dealt.size(), "patient") + " cannot be dealt into " + std::to_string(options.folds) + " folds",
        "lower data.split.folds", "data.split.folds");
  const auto folds = foldsOf(tasksOfDealt, static_cast<int>(options.folds), seed);
  std::vector<Split> out(tasks.size(), Split::Train);
  for (std::size_t n = 0; n < dealt.size(); ++n)
    if (folds[n] == options.fold) out[dealt[n]] = rule.heldOut;
  for (std::size_t p = 0; p < tasks.size(); ++p)
    if (out[p] != rule.heldOut) rest.push_back(p), tasksOfRest.push_back(tasks[p]);
  const double held = 1 - static_cast<double>(rest.size()) / static_cast<double>(tasks.size());
  const double validation = rule.heldOut == Split::Test ? shareOfRest(options.validation, held) : 0;
  const double test = rule.heldOut == Split::Test || rule.tested ? 0 : shareOfRest(options.test, held);
  const auto splits = splitPatients(tasksOfRest, validation, test, seed);
  for (std::size_t n = 0; n < rest.size(); ++n) {
    // Whom a network has learnt from is no test.
    const bool seen = known[rest[n]] && strangersOnly;
    out[rest[n]] = seen && splits[n] == Split::Test ? Split::Train : splits[n];
  }
  return out;
}

std::string foldText(const plan::Split& options, const std::vector<Case>& cases) {
  std::vector<bool> counts;
  for (const auto& c : cases)
    counts.push_back(c.kind != "picture" && !c.labels.empty() && options.given == plan::SplitGiven::Keep);
  const bool volumes =
      std::ranges::any_of(cases, [](const Case& c) { return c.kind != "picture" && !c.labels.empty(); });
  const auto rule = foldRule(options, cases, counts);
  if (!volumes || !rule || !rule->any()) return {};
  return "fold " + std::to_string(options.fold) +
         (rule->given ? " of the data's own folds" : " of " + std::to_string(options.folds)) + " is held out for " +
         (rule->heldOut == Split::Test ? "testing" : "validation");
}

}  // namespace lorkd::data
