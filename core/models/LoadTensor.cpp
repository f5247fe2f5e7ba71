#include "core/models/LoadTensor.h"

#include <algorithm>
#include <cstring>

#include "core/base/Guard.h"

namespace lorkd::models {
namespace {

struct LoadedType {
  const char* name;
  at::ScalarType type;
};
constexpr LoadedType loadedTypes[] = {
    {"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf}, {"BF16", at::kBFloat16}, {"I64", at::kLong},
    {"I32", at::kInt},    {"I16", at::kShort}, {"I8", at::kChar},  {"U8", at::kByte},       {"BOOL", at::kBool}};

/// Elements from the weight's first to behind its last.
std::int64_t extentOf(const Tensor& tensor) {
  std::int64_t last = 0;
  for (std::size_t d = 0; d < tensor.shape.size(); ++d) last += (tensor.shape[d] - 1) * tensor.stride[d];
  return last + 1;
}

}  // namespace

Result<torch::Tensor> loadTensor(const Weights& weights, const Weight& weight) {
  const auto& tensor = weight.tensor;
  const auto* type = std::ranges::find(loadedTypes, tensor.dtype, &LoadedType::name);
  if (type == std::end(loadedTypes))
    return fail(ErrorCode::Unsupported, weight.name + " is of type " + tensor.dtype + ", which is not read");
  const auto options = torch::TensorOptions().dtype(type->type);
  return guarded(weight.name, [&]() -> Result<torch::Tensor> {
    if (std::ranges::find(tensor.shape, 0) != tensor.shape.end()) return torch::empty(tensor.shape, options);
    LORKD_TRY(storage, weights.storage(weight));
    const auto item = c10::elementSize(type->type);
    auto* first = const_cast<std::byte*>(storage.get()) + tensor.offset * item;
    // Foreign files need not be aligned, and misaligned views are undefined behaviour.
    if (reinterpret_cast<std::uintptr_t>(first) % item != 0) {
      auto copy = torch::empty({extentOf(tensor)}, options);
      std::memcpy(copy.data_ptr(), first, static_cast<std::size_t>(copy.nbytes()));
      return copy.as_strided(tensor.shape, tensor.stride);
    }
    return torch::from_blob(
        first, tensor.shape, tensor.stride, [kept = storage](void*) {}, options);
  });
}

bool isFinite(const torch::Tensor& tensor) {
  return !tensor.is_floating_point() || torch::isfinite(tensor).all().item<bool>();
}

Result<torch::Tensor> loadFinite(const Weights& weights, const std::string& name) {
  const auto* weight = weights.find(name);
  const auto file = weights.files.front().string();
  if (!weight) return fail(ErrorCode::NotFound, "there is no weight " + name, "another network's weights?", file);
  auto tensor = loadTensor(weights, *weight);
  if (!tensor) return fail(tensor.error(), file);
  return guarded(name, [&]() -> Result<torch::Tensor> {
    if (!isFinite(*tensor))
      return fail(ErrorCode::Numeric, name + " holds values that are not finite numbers",
                  "the file is damaged, or the training that wrote it failed", file);
    return tensor->contiguous();
  });
}

}  // namespace lorkd::models
