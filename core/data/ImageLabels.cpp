#include "core/data/ImageLabels.h"

#include <algorithm>

#include "core/base/Truth.h"
#include "core/data/ClassMasks.h"
#include "core/io/Csv.h"

namespace lorkd::data {
namespace {

enum class Flag { None, There, Absent, Uncertain };

/// What a value says in a column that holds such values alone.
Flag flagOf(const std::string& value) {
  static const std::map<std::string, Flag> words{
      {"1", Flag::There},        {"true", Flag::There},      {"yes", Flag::There},          {"y", Flag::There},
      {"positive", Flag::There}, {"present", Flag::There},   {"0", Flag::Absent},           {"false", Flag::Absent},
      {"no", Flag::Absent},      {"n", Flag::Absent},        {"negative", Flag::Absent},    {"absent", Flag::Absent},
      {"-1", Flag::Uncertain},   {"maybe", Flag::Uncertain}, {"uncertain", Flag::Uncertain}};
  const auto at = words.find(io::lowered(value));
  return at == words.end() ? Flag::None : at->second;
}

/// The column of a label and its value there.
std::pair<std::string, std::string> parted(const std::string& label) {
  const auto at = label.find('=');
  return at == label.npos ? std::pair(std::string(), label) : std::pair(label.substr(0, at), label.substr(at + 1));
}

}  // namespace

ClassLabels::ClassLabels(const plan::Task& task, const std::vector<std::string>& known)
    : m_classes(task.classes.size()), m_uncertain(task.uncertain) {
  std::map<std::string, bool> flags;  // columns, and whether they hold flags alone
  for (const auto& label : known) {
    const auto [column, value] = parted(label);
    const auto at = flags.emplace(column, !column.empty()).first;
    at->second = at->second && flagOf(value) != Flag::None;
  }
  for (std::size_t cls = 0; cls < m_classes.size(); ++cls) {
    auto& own = m_classes[cls];
    const auto wanted = classLabels(task, cls);
    const auto asked = [&](const std::string& name) {
      return std::ranges::any_of(wanted, [&](const auto& other) { return sameLabel(name, other); });
    };
    const auto isMeant = [&](const std::string& label) {
      const auto [column, value] = parted(label);
      return asked(label) || (flags.at(column) && flagOf(value) == Flag::There && asked(column));
    };
    // Of sets that number their classes alone, the plan's order is that of the numbers.
    const bool numbered = followsOrder(known, task) && std::ranges::none_of(known, isMeant);
    for (const auto& label : known) {
      if (numbered ? label != std::to_string(cls) : !isMeant(label)) continue;
      const auto column = parted(label).first;
      own.labels[label] = {Says::There, column};
      own.columns.insert(column);
    }
    for (const auto& label : known) {
      const auto [column, value] = parted(label);
      if (own.labels.contains(label) || !own.columns.contains(column)) continue;
      const bool uncertain = flags.at(column) && flagOf(value) == Flag::Uncertain;
      own.labels[label] = {uncertain ? Says::Uncertain : Says::Absent, column};
    }
  }
}

bool ClassLabels::means(std::size_t cls, const std::string& label) const {
  const auto at = m_classes[cls].labels.find(label);
  return at != m_classes[cls].labels.end() && at->second.first == Says::There;
}

int ClassLabels::exclusive(const std::vector<std::string>& labels) const {
  int found = -1;
  for (std::size_t cls = 0; cls < m_classes.size(); ++cls) {
    if (std::ranges::none_of(labels, [&](const auto& label) { return means(cls, label); })) continue;
    if (found >= 0) return -2;
    found = static_cast<int>(cls);
  }
  return found;
}

std::vector<std::uint8_t> ClassLabels::overlapping(const std::vector<std::string>& labels) const {
  std::vector<std::uint8_t> out;
  for (const auto& own : m_classes) {
    bool there = false, uncertain = false;
    std::set<std::string> said;
    for (const auto& label : labels) {
      const auto at = own.labels.find(label);
      if (at == own.labels.end()) continue;
      there = there || at->second.first == Says::There;
      uncertain = uncertain || at->second.first == Says::Uncertain;
      said.insert(at->second.second);
    }
    if (!there && uncertain && m_uncertain == plan::TaskUncertain::LeftOut)
      out.push_back(notKnown);
    else if (there || (uncertain && m_uncertain == plan::TaskUncertain::Present))
      out.push_back(1);
    else
      out.push_back(!said.empty() && said == own.columns ? 0 : notKnown);
  }
  return out;
}

const std::vector<std::string>& labelsOfImages(const plan::Task& task, const Case& c) {
  return task.kind == plan::TaskKind::Classification3d ? c.imageLabels : c.labels;
}

bool isLabelled(const plan::Plan& plan, const Case& c) {
  return !(plan.tasks.empty() ? c.labels : labelsOfImages(plan.tasks.front().second, c)).empty();
}

std::map<std::string, std::vector<std::string>> imageLabelsOf(const std::vector<const Case*>& cases) {
  std::map<std::string, std::set<std::string>> all;
  for (const auto* c : cases) all[c->source].insert(c->imageLabels.begin(), c->imageLabels.end());
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& [source, labels] : all) out[source].assign(labels.begin(), labels.end());
  return out;
}

std::set<std::pair<int, int>> labelsTogether(const std::vector<std::string>& names,
                                             const std::vector<std::vector<int>>& labels) {
  constexpr std::ptrdiff_t most = 256;
  std::vector<bool> counts;
  for (const auto& name : names) {
    const auto [column, value] = parted(name);
    const auto flag = column.empty() ? Flag::None : flagOf(value);
    counts.push_back(flag != Flag::Absent && flag != Flag::Uncertain);
  }
  std::set<std::pair<int, int>> out;
  if (std::ranges::count(counts, true) > most) return out;
  for (const auto& own : labels)
    for (const int a : own)
      for (const int b : own)
        if (a < b && counts[static_cast<std::size_t>(a)] && counts[static_cast<std::size_t>(b)]) out.emplace(a, b);
  return out;
}

bool overlapsByData(const plan::Task& task, const std::vector<const Case*>& served) {
  const auto known = imageLabelsOf(served);
  for (const auto* c : served) {
    if (task.kind == plan::TaskKind::Classification3d) {
      if (ClassLabels(task, known.at(c->source)).exclusive(c->imageLabels) == -2) return true;
      continue;
    }
    const ClassLabels classes(task, c->labels);
    for (const auto& [a, b] : c->counts.together)
      if (static_cast<std::size_t>(b) < c->labels.size() && a >= 0 &&
          classes.exclusive({c->labels[static_cast<std::size_t>(a)], c->labels[static_cast<std::size_t>(b)]}) == -2)
        return true;
  }
  return false;
}

}  // namespace lorkd::data
