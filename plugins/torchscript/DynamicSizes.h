// Tracing writes every size that C++ code computed into the graph as a constant. Traces of the same network on inputs
// of other sizes show which constants follow which axis, and by what rule.
#pragma once

#include <torch/script.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace lorkd::torchscript {

/// The same computation traced with one axis of the input changed.
struct Variant {
  std::int64_t axis = 0;
  std::int64_t size = 0;  ///< of that axis, different from the base input's
  std::shared_ptr<torch::jit::Graph> graph;
};

/// Replaces integer constants of `base` (traced on an input of shape `sizes`) by functions floor((p·size + c)/q) of the
/// input's sizes, so that the graph serves inputs of any size along the axes of the variants. The slope p/q comes from
/// the variant farthest away, the rounding c from the others of the axis. `input` is the graph's value of the input.
/// Returns the axes for which such functions were found; the graph stays right for the traced size along the others.
std::vector<std::int64_t> makeSizesDynamic(torch::jit::Graph& base, torch::jit::Value* input,
                                           const std::vector<std::int64_t>& sizes,
                                           const std::vector<Variant>& variants);

}  // namespace lorkd::torchscript
