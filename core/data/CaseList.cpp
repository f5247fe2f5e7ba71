#include "core/data/CaseList.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "core/base/Json.h"
#include "core/data/Annotations.h"
#include "core/data/Folds.h"
#include "core/data/PatientSplit.h"
#include "core/data/PictureCase.h"
#include "core/data/Uses.h"

namespace lorkd::data {

namespace {

constexpr Split everySplit[] = {Split::Train, Split::Validation, Split::Test};

/// Up to 60 names in quotes, each once.
std::string listed(const std::vector<std::string>& names) {
  const std::set<std::string> unique(names.begin(), names.end());
  std::string out;
  std::size_t n = 0;
  for (const auto& name : unique) {
    if (++n > 60) return out + ", and " + std::to_string(unique.size() - 60) + " more";
    out += (n > 1 ? ", \"" : "\"") + name + "\"";
  }
  return out;
}

/// Every task finds a case, and every class one of them.
Result<void> checkFound(const plan::Plan& plan, const std::vector<Case>& cases, const Uses& uses,
                        const std::vector<std::vector<int>>& served) {
  for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
    const auto& [name, task] = plan.tasks[t];
    std::vector<std::string> wanted, there;
    std::vector<const Case*> own;
    for (std::size_t c = 0; c < cases.size(); ++c) {
      const auto& labels = labelsOfImages(task, cases[c]);
      if (mayUse(task, cases[c])) there.insert(there.end(), labels.begin(), labels.end());
      if (std::find(served[c].begin(), served[c].end(), static_cast<int>(t)) != served[c].end())
        own.push_back(&cases[c]);
    }
    for (std::size_t cls = 0; cls < task.classes.size(); ++cls)
      for (const auto& label : classLabels(task, cls)) wanted.push_back(label);
    for (const auto& c : cases)
      if (const auto own = mayUse(task, c) ? bareValue(wanted, c) : std::string(); !own.empty())
        return fail(ErrorCode::InvalidArgument,
                    "the plan has several sources, and a value without a name means something in its own only",
                    "say whose it is, for example " + own + ", in the class's labels", "tasks." + name);
    const std::string hint =
        there.empty() ? "none of its sources has a case with labels" : "the data has: " + listed(there);
    if (own.empty())
      return fail(ErrorCode::InvalidArgument, "no case has any of the labels " + listed(wanted), hint, "tasks." + name);
    for (std::size_t cls = 0; cls < task.classes.size(); ++cls) {
      if (std::none_of(own.begin(), own.end(), [&](const Case* c) { return uses.hasClass(t, cls, *c); }))
        return fail(ErrorCode::InvalidArgument, "no case has a label " + listed(classLabels(task, cls)), hint,
                    "tasks." + name + ".classes." + task.classes[cls].first);
    }
  }
  return {};
}

/// Which cases the data's word about splits counts for: volumes that serve a task, where the plan keeps to it.
std::vector<bool> countsGiven(const plan::Plan& plan, const std::vector<Case>& cases,
                              const std::vector<std::vector<int>>& served) {
  std::vector<bool> out(cases.size());
  for (std::size_t c = 0; c < cases.size(); ++c)
    out[c] = plan.data.split.given == plan::SplitGiven::Keep && !served[c].empty() && cases[c].kind != "picture";
  return out;
}

/// The data's word about a case, and what may be drawn; empty where all may. `parts` are those that its source has.
std::string wordOf(const Case& item, const std::set<std::string>& parts, const plan::Split& split,
                   const FoldRule& folds, bool learnt) {
  if (!item.folds.empty() && item.split != "test") {
    const auto word = foldWord(split, folds, item);
    return learnt && word == "test" ? "train" : word;
  }
  // Whom a network has learnt from is no test, whatever the folder says.
  if (learnt || item.split.empty() || (folds.drawn && item.split != "test")) return {};
  // What the source leaves open is drawn from its training images.
  auto part = item.split;
  if (part == "train" && !parts.contains("validation")) part += parts.contains("test") ? " or validation" : " or any";
  if (part == "train" && !parts.contains("test")) part += " or test";
  return part;
}

/// What two words about one patient leave: of two for training what both leave open; empty where they contradict.
std::string bothWords(const std::string& a, const std::string& b) {
  if (a == b || (b == "train or any" && a.starts_with("train"))) return a;
  if (a == "train or any" && b.starts_with("train")) return b;
  return a.starts_with("train") && b.starts_with("train") ? "train" : std::string();
}

/// What the data say that each patient is for, where the plan keeps to it. Errors: InvalidArgument (one patient, two
/// parts).
Result<std::map<std::string, std::string>> givenSplits(const plan::Plan& plan, const FoldRule& folds,
                                                       const std::vector<Case>& cases, const std::vector<bool>& counts,
                                                       const std::set<std::string>& learnt) {
  std::map<std::string, std::string> said;
  std::map<std::string, std::set<std::string>> partsOf;  // of each source
  for (std::size_t c = 0; c < cases.size(); ++c)
    if (counts[c] && !cases[c].split.empty()) partsOf[cases[c].source].insert(cases[c].split);
  for (std::size_t c = 0; c < cases.size(); ++c) {
    const auto& item = cases[c];
    if (!counts[c]) continue;
    const auto part = wordOf(item, partsOf[item.source], plan.data.split, folds, learnt.contains(item.patient));
    if (part.empty()) continue;
    const auto [at, added] = said.emplace(item.patient, part);
    if (added) continue;
    if (const auto both = bothWords(at->second, part); !both.empty())
      at->second = both;
    else
      return fail(ErrorCode::InvalidArgument,
                  item.patient + " has images in two parts of the data's own split: " + at->second + ", and " + part,
                  "set data.split.given to ignore, or correct the folders" +
                      std::string(item.folds.empty() ? "" : " and splits_final.json"),
                  "data.sources." + item.source);
  }
  return said;
}

/// Split of each patient who serves a task.
Result<std::map<std::string, Split>> divide(const plan::Plan& plan, const std::vector<Case>& cases,
                                            const std::vector<std::vector<int>>& served,
                                            const std::set<std::string>& learnt) {
  const auto counts = countsGiven(plan, cases, served);
  LORKD_TRY(folds, foldRule(plan.data.split, cases, counts));
  LORKD_TRY(given, givenSplits(plan, folds, cases, counts, learnt));
  std::map<std::string, std::string> placeOf;  // patient -> first path: an order that pseudonyms do not disturb
  std::map<std::string, std::set<int>> tasksOf;
  for (std::size_t c = 0; c < cases.size(); ++c) {
    if (served[c].empty() || cases[c].kind == "picture") continue;
    const auto& files = cases[c].imageFiles;
    const std::string place = cases[c].source + "\n" + (files.empty() ? "" : files.front().generic_string());
    const auto [at, added] = placeOf.emplace(cases[c].patient, place);
    if (!added) at->second = std::min(at->second, place);
    tasksOf[cases[c].patient].insert(served[c].begin(), served[c].end());
  }
  std::vector<std::pair<std::string, std::string>> order;
  for (const auto& [patient, place] : placeOf) order.emplace_back(place, patient);
  std::sort(order.begin(), order.end());
  const auto& share = plan.data.split;
  const auto seed = static_cast<std::uint64_t>(plan.seed);
  std::map<std::string, Split> out;
  // Those of one word are divided among themselves, as far as it leaves them open.
  std::map<std::string, std::vector<std::string>> groups;
  for (const auto& [place, patient] : order) {
    const auto word = given.find(patient);
    groups[word == given.end() || word->second == "train or any" ? "" : word->second].push_back(patient);
  }
  for (const auto& [word, patients] : groups) {
    if (const auto fixed = splitFromString(word)) {
      for (const auto& patient : patients) out[patient] = *fixed;
      continue;
    }
    std::vector<std::set<int>> tasks;
    std::vector<bool> known;
    for (const auto& patient : patients) {
      tasks.push_back(tasksOf[patient]);
      known.push_back(learnt.contains(patient));
    }
    if (folds.drawn && word.empty()) {
      LORKD_TRY(splits, splitByFold(share, folds, tasks, known, seed));
      for (std::size_t p = 0; p < patients.size(); ++p) out[patients[p]] = splits[p];
      continue;
    }
    const double validation = word == "train or test" ? 0 : share.validation;
    const double test = word == "train or validation" ? 0 : share.test;
    const bool mixed = std::ranges::count(known, true) > 0 && std::ranges::count(known, false) > 0;
    const auto splits =
        mixed ? splitBesideKnown(tasks, known, validation, test, seed) : splitPatients(tasks, validation, test, seed);
    for (std::size_t p = 0; p < patients.size(); ++p) out[patients[p]] = splits[p];
  }
  return out;
}

/// Whether each class of the task is made of values of one map, no value of two classes, wherever a case has labels for
/// it.
bool excludesByData(const plan::Task& task, const std::vector<Case>& cases, const std::vector<std::vector<int>>& served,
                    int number) {
  if (!plan::marks(task.kind)) return false;
  for (std::size_t c = 0; c < cases.size(); ++c) {
    if (std::ranges::count(served[c], number) == 0) continue;
    std::set<int> taken;
    std::optional<std::pair<int, int>> map;
    for (std::size_t n = 0; n < cases[c].labels.size(); ++n) {
      const auto of = std::ranges::count_if(task.classes, [&](const auto& cls) {
        const auto& wanted = cls.second.labels.empty() ? std::vector{cls.first} : cls.second.labels;
        return hasAny({cases[c].labels[n]}, wanted);
      });
      if (of == 0) continue;
      if (of > 1 || cases[c].places.empty()) return false;
      for (const auto& place : cases[c].places[n]) {
        const std::pair at{place.file, place.layer};
        if (place.value == 0 || (map && *map != at) || !taken.insert(place.value).second) return false;
        map = at;
      }
    }
  }
  return true;
}

}  // namespace

std::string toString(Split split) {
  return split == Split::Train ? "train" : split == Split::Validation ? "validation" : "test";
}

Result<Split> splitFromString(const std::string& text) {
  for (auto s : everySplit)
    if (toString(s) == text) return s;
  return fail(ErrorCode::Format, "\"" + text + "\" is no split", "train, validation or test");
}

std::vector<const AssignedCase*> CaseList::of(Split split, int task) const {
  std::vector<const AssignedCase*> out;
  for (const auto& c : cases)
    if (c.split == split && (task < 0 || std::find(c.tasks.begin(), c.tasks.end(), task) != c.tasks.end()))
      out.push_back(&c);
  return out;
}

plan::Plan decided(plan::Plan plan, const CaseList& list) {
  for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
    auto& outputs = plan.tasks[t].second.outputs;
    if (outputs == plan::TaskOutputs::Auto)
      outputs = (marks(plan.tasks[t].second.kind) ? list.exclusive.contains(static_cast<int>(t))
                                                  : !list.overlapping.contains(static_cast<int>(t)))
                    ? plan::TaskOutputs::Exclusive
                    : plan::TaskOutputs::Overlapping;
  }
  return plan;
}

Result<void> save(const CaseList& list, const std::filesystem::path& file) {
  Json out{{"version", 1}, {"cases", Json::array()}};
  if (list.seed) out["seed"] = *list.seed;
  if (!list.learnt.empty()) out["learnt"] = list.learnt;
  if (!list.exclusive.empty()) out["exclusive"] = list.exclusive;
  if (!list.overlapping.empty()) out["overlapping"] = list.overlapping;
  for (const auto& c : list.cases)
    out["cases"].push_back({{"split", toString(c.split)}, {"tasks", c.tasks}, {"digest", c.digest}, {"case", c.item}});
  return writeJson(file, out);
}

Result<CaseList> loadCaseList(const std::filesystem::path& file) {
  constexpr auto largest = std::uintmax_t(256) << 20;
  LORKD_TRY(json, readJson(file, largest));
  CaseList list;
  try {
    if (json.at("version").get<int>() != 1)
      return fail(ErrorCode::Format, "the case list is of a newer program", "update the program", file.string());
    if (json.contains("seed")) list.seed = json.at("seed").get<std::int64_t>();
    if (json.contains("learnt")) json.at("learnt").get_to(list.learnt);
    if (json.contains("exclusive")) json.at("exclusive").get_to(list.exclusive);
    if (json.contains("overlapping")) json.at("overlapping").get_to(list.overlapping);
    for (const auto& entry : json.at("cases")) {
      AssignedCase c;
      const auto split = splitFromString(entry.at("split").get<std::string>());
      if (!split) return fail(split.error(), file.string());
      c.split = *split;
      for (const auto& number : entry.at("tasks")) {
        const auto task = number.get<std::int64_t>();
        if (!number.is_number_integer() || task < 0 || task > std::numeric_limits<int>::max())
          return fail(ErrorCode::Format, number.dump() + " is the number of no task", "", file.string());
        c.tasks.push_back(static_cast<int>(task));
      }
      entry.at("digest").get_to(c.digest);
      entry.at("case").get_to(c.item);
      list.cases.push_back(std::move(c));
    }
  } catch (const Json::exception& e) {
    return fail(ErrorCode::Format, std::string("not a case list: ") + e.what(), "", file.string());
  }
  return list;
}

bool accepts(plan::SourceKind source, const Case& item) {
  switch (source) {
    case plan::SourceKind::Auto:
      return true;
    case plan::SourceKind::Dicom:
      return item.kind == "dicom";
    case plan::SourceKind::Nifti:
      return item.kind == "volume";
    case plan::SourceKind::Npz:
      return item.kind == "picture";
    case plan::SourceKind::Images:
      return item.kind == "picture" || item.kind == kPictureCase;
  }
  return true;
}

Result<CaseList> assign(const plan::Plan& plan, const std::vector<Case>& cases, const std::set<std::string>& learnt) {
  const Uses uses(plan, cases);
  std::vector<std::vector<int>> served(cases.size());
  for (std::size_t c = 0; c < cases.size(); ++c)
    for (std::size_t t = 0; t < plan.tasks.size(); ++t)
      if (uses.serves(t, cases[c])) served[c].push_back(static_cast<int>(t));
  LORKD_CHECK(checkFound(plan, cases, uses, served));

  const bool slab = plan.data.split.slab != plan::SplitSlab::None;
  std::map<std::string, Split> splitOf;
  if (!slab) {
    LORKD_TRY(divided, divide(plan, cases, served, learnt));
    splitOf = std::move(divided);
  }
  CaseList list;
  for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
    if (excludesByData(plan.tasks[t].second, cases, served, static_cast<int>(t)))
      list.exclusive.insert(static_cast<int>(t));
    if (uses.overlapping(t)) list.overlapping.insert(static_cast<int>(t));
  }
  for (const auto& [patient, split] : splitOf)
    if (learnt.contains(patient)) list.learnt.insert(patient);
  for (std::size_t c = 0; c < cases.size(); ++c) {
    if (served[c].empty()) {
      const bool wanted = std::ranges::any_of(plan.tasks, [&](const auto& t) {
        return mayUse(t.second, cases[c]) && labelsOfImages(t.second, cases[c]).empty();
      });
      if (!wanted) continue;
      const auto patient = splitOf.find(cases[c].patient);
      list.cases.push_back({cases[c], patient == splitOf.end() ? Split::Test : patient->second, {}, {}});
    } else if (slab || cases[c].kind == "picture") {
      const auto& share = plan.data.split;
      for (auto s : everySplit) {
        const bool empty = (s == Split::Validation && share.validation <= 0) || (s == Split::Test && share.test <= 0);
        if (cases[c].kind == "picture" || !empty) list.cases.push_back({cases[c], s, served[c], {}});
      }
    } else {
      list.cases.push_back({cases[c], splitOf.at(cases[c].patient), served[c], {}});
    }
  }
  for (std::size_t t = 0; t < plan.tasks.size(); ++t)
    if (list.of(Split::Train, static_cast<int>(t)).empty())
      return fail(ErrorCode::InvalidArgument, "no case is left to train on",
                  plan.data.split.folds >= 2 ? "the held-out fold has all of its patients: scan more, or hold out less"
                                             : "lower the shares of validation and test",
                  "tasks." + plan.tasks[t].first);
  return list;
}

}  // namespace lorkd::data
