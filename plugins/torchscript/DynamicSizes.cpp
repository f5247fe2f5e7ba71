#include "plugins/torchscript/DynamicSizes.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <optional>

namespace lorkd::torchscript {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

std::vector<Node*> nodesOf(Graph& graph) { return {graph.nodes().begin(), graph.nodes().end()}; }

std::optional<c10::IValue> constantOf(Node* node) {
  if (node->kind() != torch::jit::prim::Constant) return std::nullopt;
  auto value = torch::jit::toIValue(node->output());
  return value ? std::optional(*value) : std::nullopt;
}

/// Where integer constants of two traces differ, and their values in the other; nothing if they are not the same
/// computation, or differ in more than integers.
std::optional<std::map<std::size_t, std::int64_t>> differences(const std::vector<Node*>& base,
                                                               const std::vector<Node*>& other) {
  if (base.size() != other.size()) return std::nullopt;
  std::map<std::size_t, std::int64_t> found;
  for (std::size_t i = 0; i < base.size(); ++i) {
    Node *a = base[i], *b = other[i];
    if (a->kind() != b->kind() || a->inputs().size() != b->inputs().size() || !a->blocks().empty()) return std::nullopt;
    const auto x = constantOf(a), y = constantOf(b);
    if (!x || !y) continue;
    if (x->isInt() && y->isInt()) {
      if (x->toInt() != y->toInt()) found[i] = y->toInt();
    } else if (x->isTensor() && y->isTensor()) {
      if (!x->toTensor().equal(y->toTensor())) return std::nullopt;
    } else if (*x != *y) {
      return std::nullopt;
    }
  }
  return found;
}

/// floor((numerator·size + offset) / denominator)
struct Rule {
  std::int64_t numerator = 0, offset = 0, denominator = 1;
  std::int64_t operator()(std::int64_t size) const {
    const auto top = numerator * size + offset;
    return top >= 0 ? top / denominator : -((-top + denominator - 1) / denominator);
  }
};

/// The rule through (size, value) pairs, the first being the base.
std::optional<Rule> ruleThrough(const std::vector<std::pair<std::int64_t, std::int64_t>>& points) {
  const auto [size, value] = points.front();
  const auto far = *std::ranges::max_element(points, {}, [&](const auto& p) { return std::abs(p.first - size); });
  const auto rise = far.second - value, run = far.first - size, divisor = std::gcd(rise, run) * (run < 0 ? -1 : 1);
  if (divisor == 0) return std::nullopt;
  Rule rule{rise / divisor, 0, run / divisor};
  const auto exact = value * rule.denominator - rule.numerator * size;
  for (std::int64_t rounding = 0; rounding < rule.denominator; ++rounding) {
    rule.offset = exact + rounding;
    if (std::ranges::all_of(points, [&](const auto& p) { return rule(p.first) == p.second; })) return rule;
  }
  return std::nullopt;
}

/// The rules of the constants that follow one axis; nothing if some constant follows no rule.
std::optional<std::map<std::size_t, Rule>> rulesOf(const std::vector<Node*>& nodes, std::int64_t axis,
                                                   std::int64_t size, const std::vector<Variant>& variants) {
  std::vector<std::pair<std::int64_t, std::map<std::size_t, std::int64_t>>> samples;
  std::map<std::size_t, Rule> rules;
  for (const auto& variant : variants) {
    if (variant.axis != axis) continue;
    auto found = differences(nodes, nodesOf(*variant.graph));
    if (!found) return std::nullopt;
    for (const auto& [at, value] : *found) rules[at] = {};
    samples.emplace_back(variant.size, std::move(*found));
  }
  for (auto& [at, rule] : rules) {
    const auto value = constantOf(nodes[at])->toInt();
    std::vector<std::pair<std::int64_t, std::int64_t>> points{{size, value}};
    for (const auto& [other, found] : samples) points.emplace_back(other, found.contains(at) ? found.at(at) : value);
    const auto through = ruleThrough(points);
    if (!through) return std::nullopt;
    rule = *through;
  }
  return rules;
}

/// The rule as nodes in front of `node`.
Value* insert(Graph& graph, Node* node, Value* input, std::int64_t axis, const Rule& rule) {
  torch::jit::WithInsertPoint here(node);
  auto* value = graph.insert(c10::aten::size, {input, axis});
  if (rule.numerator != 1) value = graph.insert(c10::aten::mul, {value, rule.numerator});
  if (rule.offset != 0) value = graph.insert(c10::aten::add, {value, rule.offset});
  if (rule.denominator != 1) value = graph.insert(c10::aten::floordiv, {value, rule.denominator});
  return value;
}

}  // namespace

std::vector<std::int64_t> makeSizesDynamic(Graph& base, Value* input, const std::vector<std::int64_t>& sizes,
                                           const std::vector<Variant>& variants) {
  const auto nodes = nodesOf(base);
  std::map<std::int64_t, std::map<std::size_t, Rule>> byAxis;
  std::map<std::size_t, int> seen;  // how many axes a constant follows
  for (const auto& variant : variants) {
    if (byAxis.contains(variant.axis)) continue;
    auto rules = rulesOf(nodes, variant.axis, sizes[static_cast<std::size_t>(variant.axis)], variants);
    if (!rules) continue;
    for (const auto& [at, rule] : *rules) ++seen[at];
    byAxis[variant.axis] = std::move(*rules);
  }
  // A constant that follows two axes (a product of sizes) is no function of one: those axes stay as traced.
  std::erase_if(byAxis, [&](const auto& entry) {
    return std::ranges::any_of(entry.second, [&](const auto& change) { return seen[change.first] > 1; });
  });
  std::vector<std::int64_t> axes;
  for (const auto& [axis, rules] : byAxis) {
    axes.push_back(axis);
    for (const auto& [at, rule] : rules)
      nodes[at]->output()->replaceAllUsesWith(insert(base, nodes[at], input, axis, rule));
  }
  return axes;
}

}  // namespace lorkd::torchscript
