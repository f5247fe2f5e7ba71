#include "core/data/PatientSplit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/base/Random.h"

namespace lorkd::data {

namespace {

constexpr std::array<Split, 3> splits{Split::Train, Split::Validation, Split::Test};
std::size_t index(Split s) { return static_cast<std::size_t>(s); }

/// How many patients each task has in each split, and how much is wanting.
class Coverage {
 public:
  Coverage(const std::vector<std::set<int>>& tasks, double validation, double test) : m_tasks(tasks) {
    std::map<int, int> patients;
    for (const auto& set : tasks)
      for (int t : set) ++patients[t];
    for (const auto& [t, n] : patients) {
      auto& need = m_needed[t];
      need[index(Split::Train)] = true;
      need[index(Split::Test)] = test > 0 && n >= 2;
      need[index(Split::Validation)] = validation > 0 && (n >= 3 || (n == 2 && test <= 0));
      m_count[t] = {0, 0, 0};
    }
  }
  void add(std::size_t patient, Split s, int n) {
    for (int t : m_tasks[patient]) m_count[t][index(s)] += n;
  }
  void move(std::size_t patient, Split from, Split to) {
    add(patient, from, -1);
    add(patient, to, 1);
  }
  /// A task missing from train weighs most: it could not be learnt at all.
  int missing() const {
    int sum = 0;
    for (const auto& [t, need] : m_needed)
      for (auto s : splits)
        if (need[index(s)] && m_count.at(t)[index(s)] == 0) sum += s == Split::Train ? 1000 : 1;
    return sum;
  }
  bool lacks(int task, Split s) const { return m_needed.at(task)[index(s)] && m_count.at(task)[index(s)] == 0; }
  const std::map<int, std::array<bool, 3>>& needed() const { return m_needed; }

 private:
  const std::vector<std::set<int>>& m_tasks;
  std::map<int, std::array<bool, 3>> m_needed;
  std::map<int, std::array<int, 3>> m_count;
};

/// One exchange or move that leaves less missing; false if there is none. Exchanges keep the shares, so they go first.
bool improve(const std::vector<std::set<int>>& tasks, std::vector<Split>& out, Coverage& coverage) {
  const int before = coverage.missing();
  for (const auto& [task, need] : coverage.needed())
    for (auto s : splits) {
      if (!coverage.lacks(task, s)) continue;
      for (std::size_t p = 0; p < out.size(); ++p) {
        if (!tasks[p].contains(task)) continue;
        const Split from = out[p];
        coverage.move(p, from, s);
        for (std::size_t q = 0; q < out.size(); ++q) {
          if (out[q] != s) continue;
          coverage.move(q, s, from);
          if (coverage.missing() < before) {
            std::swap(out[p], out[q]);
            return true;
          }
          coverage.move(q, from, s);
        }
        if (coverage.missing() < before) {
          out[p] = s;
          return true;
        }
        coverage.move(p, s, from);
      }
    }
  return false;
}

template <class T>
void shuffle(std::vector<T>& items, Random& random) {
  for (std::size_t n = items.size(); n-- > 1;)
    std::swap(items[n], items[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(n) + 1))]);
}

/// A first division, group by group.
std::vector<Split> divide(const std::vector<std::set<int>>& tasks, double validation, double test, Random& random) {
  std::map<std::set<int>, std::vector<std::size_t>> groups;
  for (std::size_t p = 0; p < tasks.size(); ++p) groups[tasks[p]].push_back(p);
  std::vector<Split> out(tasks.size(), Split::Train);
  double owedTest = 0, owedValidation = 0;  // what rounding left over goes to the next group
  std::vector<std::vector<std::size_t>> order;
  for (auto& [set, patients] : groups) order.push_back(std::move(patients));
  shuffle(order, random);
  for (auto& patients : order) {
    shuffle(patients, random);
    const auto n = static_cast<std::int64_t>(patients.size());
    const auto take = [&](double share, double& owed, std::int64_t left) {
      const double wanted = static_cast<double>(n) * share + owed;
      const auto count =
          std::clamp<std::int64_t>(std::llround(wanted), share > 0 && n >= 3 ? 1 : 0, std::max<std::int64_t>(left, 0));
      owed = std::clamp(wanted - static_cast<double>(count), -1.0, 1.0);
      return count;
    };
    const bool room = n >= 3 && validation > 0;
    const auto tests = take(test, owedTest, n - 1 - room);
    const auto validations = take(validation, owedValidation, n - 1 - tests);
    for (std::int64_t i = 0; i < tests + validations; ++i)
      out[patients[static_cast<std::size_t>(i)]] = i < tests ? Split::Test : Split::Validation;
  }
  return out;
}

}  // namespace

std::vector<Split> splitPatients(const std::vector<std::set<int>>& tasks, double validation, double test,
                                 std::uint64_t seed) {
  std::vector<Split> best;
  int least = 0;
  // Overlapping tasks can leave the exchange stuck; another start often is not.
  for (std::uint64_t attempt = 0; attempt < 100; ++attempt) {
    Random random(seed, {0x5b117, attempt});
    auto out = divide(tasks, validation, test, random);
    if (attempt >= 20) {  // and then from anywhere
      std::vector<Split> open{Split::Train};
      if (validation > 0) open.push_back(Split::Validation);
      if (test > 0) open.push_back(Split::Test);
      for (auto& split : out)
        split = open[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(open.size())))];
    }
    Coverage coverage(tasks, validation, test);
    for (std::size_t p = 0; p < out.size(); ++p) coverage.add(p, out[p], 1);
    while (coverage.missing() > 0 && improve(tasks, out, coverage)) {
    }
    if (best.empty() || coverage.missing() < least) {
      best = std::move(out);
      least = coverage.missing();
    }
    if (least == 0) break;
  }
  return best;
}

std::vector<Split> splitBesideKnown(const std::vector<std::set<int>>& tasks, const std::vector<bool>& known,
                                    double validation, double test, std::uint64_t seed) {
  std::vector<std::size_t> strangers;
  for (std::size_t p = 0; p < tasks.size(); ++p)
    if (!known[p]) strangers.push_back(p);
  Random random(seed, {0x57a9});
  shuffle(strangers, random);
  const auto wanted = static_cast<std::size_t>(std::llround(test * static_cast<double>(tasks.size())));
  strangers.resize(std::min(strangers.size(), test > 0 ? std::max<std::size_t>(wanted, 1) : 0));
  std::vector<Split> out(tasks.size(), Split::Train);
  for (const auto p : strangers) out[p] = Split::Test;
  std::vector<std::set<int>> rest;
  for (std::size_t p = 0; p < tasks.size(); ++p)
    if (out[p] != Split::Test) rest.push_back(tasks[p]);
  const auto splits = splitPatients(rest, std::min(validation / (1 - test), 0.9), 0, seed);
  for (std::size_t p = 0, next = 0; p < tasks.size(); ++p)
    if (out[p] != Split::Test) out[p] = splits[next++];
  return out;
}

}  // namespace lorkd::data
