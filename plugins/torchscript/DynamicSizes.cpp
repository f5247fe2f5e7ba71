#include "plugins/torchscript/DynamicSizes.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

namespace lorkd::torchscript {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

/// Differences of integer constants between two traces: (position of the node, value there minus value in the base).
using Differences = std::map<std::size_t, std::int64_t>;

std::vector<Node*> nodesOf(Graph& graph) { return {graph.nodes().begin(), graph.nodes().end()}; }

std::optional<c10::IValue> constantOf(Node* node) {
  if (node->kind() != torch::jit::prim::Constant) return std::nullopt;
  auto value = torch::jit::toIValue(node->output());
  return value ? std::optional(*value) : std::nullopt;
}

/// Where the constants of two traces differ; nothing if they are not the same computation, or differ in more than
/// integers.
std::optional<Differences> differences(const std::vector<Node*>& base, const std::vector<Node*>& other) {
  if (base.size() != other.size()) return std::nullopt;
  Differences found;
  for (std::size_t i = 0; i < base.size(); ++i) {
    Node *a = base[i], *b = other[i];
    if (a->kind() != b->kind() || a->inputs().size() != b->inputs().size() || !a->blocks().empty()) return std::nullopt;
    const auto x = constantOf(a), y = constantOf(b);
    if (!x || !y) continue;
    if (x->isInt() && y->isInt()) {
      if (x->toInt() != y->toInt()) found[i] = y->toInt() - x->toInt();
    } else if (x->isTensor() && y->isTensor()) {
      if (!x->toTensor().equal(y->toTensor())) return std::nullopt;
    } else if (*x != *y) {
      return std::nullopt;
    }
  }
  return found;
}

/// (size · numerator + offset) / denominator, as nodes in front of `node`.
Value* affine(Graph& graph, Node* node, Value* input, std::int64_t axis, std::int64_t numerator, std::int64_t offset,
              std::int64_t denominator) {
  torch::jit::WithInsertPoint here(node);
  auto* value = graph.insert(c10::aten::size, {input, axis});
  if (numerator != 1) value = graph.insert(c10::aten::mul, {value, numerator});
  if (offset != 0) value = graph.insert(c10::aten::add, {value, offset});
  if (denominator != 1) value = graph.insert(c10::aten::floordiv, {value, denominator});
  return value;
}

}  // namespace

std::vector<std::int64_t> makeSizesDynamic(Graph& base, Value* input, const std::vector<std::int64_t>& sizes,
                                           const std::vector<Variant>& variants) {
  const auto nodes = nodesOf(base);
  std::vector<std::pair<const Variant*, Differences>> usable;
  std::map<std::size_t, int> seen;  // how many axes a constant follows
  for (const auto& variant : variants)
    if (auto found = differences(nodes, nodesOf(*variant.graph))) {
      for (const auto& [at, delta] : *found) ++seen[at];
      usable.emplace_back(&variant, std::move(*found));
    }
  // A constant that follows two axes (a product of sizes) is no affine function of one: those axes stay as traced.
  std::erase_if(usable, [&](const auto& entry) {
    return std::ranges::any_of(entry.second, [&](const auto& change) { return seen[change.first] > 1; });
  });
  std::vector<std::int64_t> axes;
  for (const auto& [variant, found] : usable) {
    axes.push_back(variant->axis);
    const auto from = sizes[static_cast<std::size_t>(variant->axis)], step = variant->size - from;
    for (const auto& [at, delta] : found) {
      Node* node = nodes[at];
      const auto divisor = std::gcd(delta, step);
      const auto numerator = delta / divisor, denominator = step / divisor;
      const auto offset = constantOf(node)->toInt() * denominator - from * numerator;
      auto* value = affine(base, node, input, variant->axis, numerator, offset, denominator);
      node->output()->replaceAllUsesWith(value);
    }
  }
  return axes;
}

}  // namespace lorkd::torchscript
