#include "core/base/Expression.h"

#include <algorithm>

#include "core/base/ExpressionSyntax.h"

namespace lorkd {
namespace {

using Step = Expression::Step;
using Node = ExpressionNode;

constexpr std::size_t kMostSteps = 5000;

/// Makes steps of nodes.
class Writer {
 public:
  std::vector<Step> steps;

  /// False where there are too many, or too many that come to nothing.
  bool write(const Node& node) {
    if (steps.size() > kMostSteps || ++m_written > 20 * kMostSteps) return false;
    switch (node.kind) {
      case Node::Kind::Byte:
        return add(Step::Kind::Byte, node.value);
      case Node::Kind::Set:
        return add(Step::Kind::Set, node.value);
      case Node::Kind::Begin:
        return add(Step::Kind::Begin);
      case Node::Kind::End:
        return add(Step::Kind::End);
      case Node::Kind::Letter:
        return add(Step::Kind::Letter);
      case Node::Kind::Row:
        return std::ranges::all_of(node.below, [&](const Node& one) { return write(one); });
      case Node::Kind::Group:
        return (node.value < 0 || add(Step::Kind::Save, 2 * node.value)) && write(node.below.front()) &&
               (node.value < 0 || add(Step::Kind::Save, 2 * node.value + 1));
      case Node::Kind::Choice:
        return writeChoice(node);
      case Node::Kind::Repeat:
        return writeRepeat(node);
    }
    return false;
  }

  /// A step; what follows it is the next.
  bool add(Step::Kind kind, int value = 0) {
    steps.push_back({kind, here() + 1, 0, value});
    return true;
  }

 private:
  std::size_t m_written = 0;

  int here() const { return static_cast<int>(steps.size()); }

  bool writeChoice(const Node& node) {
    std::vector<int> ends;
    for (std::size_t n = 0; n < node.below.size(); ++n) {
      const bool last = n + 1 == node.below.size();
      const int fork = here();
      if (!last) add(Step::Kind::Fork);
      if (!write(node.below[n])) return false;
      if (last) break;
      ends.push_back(here());
      add(Step::Kind::Jump);
      steps[static_cast<std::size_t>(fork)].other = here();
    }
    for (const int end : ends) steps[static_cast<std::size_t>(end)].next = here();
    return true;
  }

  bool writeRepeat(const Node& node) {
    const auto& one = node.below.front();
    for (int n = 0; n < node.least; ++n)
      if (!write(one)) return false;
    std::vector<int> forks;
    for (int n = node.least; node.most < 0 ? n == node.least : n < node.most; ++n) {
      forks.push_back(here());
      add(Step::Kind::Fork);
      if (!write(one)) return false;
      if (node.most < 0) {
        add(Step::Kind::Jump);
        steps.back().next = forks.back();
      }
    }
    for (const int at : forks) {
      auto& fork = steps[static_cast<std::size_t>(at)];
      fork.other = here();
      if (!node.greedy) std::swap(fork.next, fork.other);
    }
    return true;
  }
};

/// The ways that are being followed at one place of the text, the preferred first.
struct Ways {
  std::vector<int> steps;
  std::vector<std::ptrdiff_t> saved;  ///< of each step, its places
  std::vector<std::size_t> seen;      ///< of each step, when it was last added
};

/// Follows all ways through the steps at once.
class Machine {
 public:
  Machine(const std::vector<Step>& steps, const std::vector<std::vector<bool>>& sets, std::size_t places,
          std::string_view text)
      : m_steps(steps), m_sets(sets), m_places(places), m_text(text) {
    for (auto* ways : {&m_ways, &m_next}) {
      ways->saved.resize(steps.size() * places);
      ways->seen.assign(steps.size(), 0);
    }
  }

  std::optional<std::vector<std::ptrdiff_t>> run(bool whole) {
    std::optional<std::vector<std::ptrdiff_t>> found;
    std::size_t round = 1;
    for (std::size_t at = 0; at <= m_text.size(); ++at, ++round) {
      if (!found && (at == 0 || !whole)) {
        std::vector<std::ptrdiff_t> none(m_places, -1);
        add(m_ways, 0, at, none, round);
      }
      if (m_ways.steps.empty()) break;
      for (const int step : m_ways.steps) {
        const auto& s = m_steps[static_cast<std::size_t>(step)];
        const auto* saved = &m_ways.saved[static_cast<std::size_t>(step) * m_places];
        if (s.kind == Step::Kind::Done) {
          if (whole && at != m_text.size()) continue;
          found.emplace(saved, saved + m_places);
          break;  // ways behind this one count less
        }
        if (at == m_text.size()) continue;
        const auto byte = static_cast<unsigned char>(m_text[at]);
        if (s.kind == Step::Kind::Byte ? s.value == byte : bool(m_sets[static_cast<std::size_t>(s.value)][byte])) {
          std::vector<std::ptrdiff_t> places(saved, saved + m_places);
          add(m_next, s.next, at + 1, places, round + 1);
        }
      }
      m_ways.steps.clear();
      std::swap(m_ways, m_next);
    }
    return found;
  }

 private:
  /// A step to go on with, or a place to put back.
  struct Task {
    int step;
    std::ptrdiff_t place = -1, before = 0;
  };

  /// Adds a step, and in its stead those that it leads to without a byte of the text.
  void add(Ways& ways, int first, std::size_t at, std::vector<std::ptrdiff_t>& places, std::size_t round) {
    m_tasks.assign(1, {first});
    while (!m_tasks.empty()) {
      const auto task = m_tasks.back();
      m_tasks.pop_back();
      if (task.place >= 0) {
        places[static_cast<std::size_t>(task.place)] = task.before;
        continue;
      }
      const auto number = static_cast<std::size_t>(task.step);
      if (ways.seen[number] == round) continue;
      ways.seen[number] = round;
      const auto& s = m_steps[number];
      switch (s.kind) {
        case Step::Kind::Jump:
          m_tasks.push_back({s.next});
          break;
        case Step::Kind::Fork:
          m_tasks.push_back({s.other});
          m_tasks.push_back({s.next});
          break;
        case Step::Kind::Save:
          m_tasks.push_back({0, s.value, places[static_cast<std::size_t>(s.value)]});
          places[static_cast<std::size_t>(s.value)] = static_cast<std::ptrdiff_t>(at);
          m_tasks.push_back({s.next});
          break;
        case Step::Kind::Begin:
          if (at == 0) m_tasks.push_back({s.next});
          break;
        case Step::Kind::End:
          if (at == m_text.size()) m_tasks.push_back({s.next});
          break;
        case Step::Kind::Letter:  // no letter of several bytes goes on here
          if (at == m_text.size() || (m_text[at] & 0xc0) != 0x80) m_tasks.push_back({s.next});
          break;
        default:
          ways.steps.push_back(task.step);
          std::ranges::copy(places, ways.saved.begin() + static_cast<std::ptrdiff_t>(number * m_places));
      }
    }
  }

  const std::vector<Step>& m_steps;
  const std::vector<std::vector<bool>>& m_sets;
  std::size_t m_places;
  std::string_view m_text;
  Ways m_ways, m_next;
  std::vector<Task> m_tasks;
};

}  // namespace

Result<Expression> Expression::compile(std::string_view text) {
  LORKD_TRY(syntax, parseExpression(text));
  Writer writer;
  writer.add(Step::Kind::Save, 0);
  const bool fits = writer.write(syntax.node) && writer.steps.size() <= kMostSteps;
  writer.add(Step::Kind::Save, 1);
  writer.add(Step::Kind::Done);
  if (!fits) return fail(ErrorCode::InvalidArgument, "it repeats too much", "use smaller counts");
  Expression out;
  out.m_steps = std::move(writer.steps);
  out.m_sets = std::move(syntax.sets);
  out.m_names = std::move(syntax.names);
  return out;
}

std::optional<Expression::Groups> Expression::run(std::string_view text, bool whole) const {
  Machine machine(m_steps, m_sets, 2 * m_names.size(), text);
  const auto places = machine.run(whole);
  if (!places) return std::nullopt;
  Groups out;
  for (std::size_t n = 0; n < m_names.size(); ++n) {
    const auto begin = (*places)[2 * n], end = (*places)[2 * n + 1];
    out.push_back(begin < 0 || end < begin
                      ? std::nullopt
                      : std::optional(std::string(
                            text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)))));
  }
  return out;
}

}  // namespace lorkd
