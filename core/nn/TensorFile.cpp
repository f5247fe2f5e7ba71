#include "core/nn/TensorFile.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace lorkd::nn {
namespace {

struct Type {
  const char* name;
  at::ScalarType type;
};
constexpr Type types[] = {{"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf},  {"BF16", at::kBFloat16},
                          {"I64", at::kLong},   {"I32", at::kInt},   {"I16", at::kShort}, {"I8", at::kChar},
                          {"U8", at::kByte},    {"BOOL", at::kBool}};

/// "F32" and so on; empty for a type that the format does not know.
std::string nameOf(at::ScalarType type) {
  const auto* known = std::ranges::find(types, type, &Type::type);
  return known == std::end(types) ? "" : known->name;
}

std::string shapeText(at::IntArrayRef shape) {
  std::string text;
  for (const auto n : shape) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return "(" + text + ")";
}

// At most five names, so that a wholly wrong file gives a readable message.
std::string listed(const std::string& what, const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::string text = "; " + what + ": ";
  for (std::size_t i = 0; i < names.size() && i < 5; ++i) text += (i ? ", " : "") + names[i];
  return names.size() > 5 ? text + " and " + std::to_string(names.size() - 5) + " more" : text;
}

}  // namespace

Result<void> saveTensors(const std::filesystem::path& path, const NamedTensors& tensors,
                         const std::map<std::string, std::string>& metadata) {
  try {
    std::vector<torch::Tensor> alive;
    std::vector<safetensors::Entry> entries;
    for (const auto& [name, tensor] : tensors) {
      const auto type = nameOf(tensor.scalar_type());
      if (type.empty())
        return fail(ErrorCode::Unsupported, "tensor " + name + " has an element type the format does not know", {},
                    path.string());
      alive.push_back(tensor.detach().to(torch::kCPU).contiguous());
      const auto& cpu = alive.back();
      entries.push_back({name,
                         type,
                         cpu.sizes().vec(),
                         {static_cast<const std::byte*>(cpu.data_ptr()), static_cast<std::size_t>(cpu.nbytes())}});
    }
    return safetensors::write(path, entries, metadata);
  } catch (const std::exception& e) {
    return fail(ErrorCode::Io, std::string("tensors cannot be written: ") + e.what(), {}, path.string());
  }
}

Result<torch::Tensor> mappedTensor(const safetensors::File& file, const std::string& name) {
  LORKD_TRY(entry, file.tensor(name));
  const auto type =
      std::find_if(std::begin(types), std::end(types), [&](const Type& t) { return entry.dtype == t.name; });
  if (type == std::end(types))
    return fail(ErrorCode::Unsupported, "tensor " + name + " is of type " + entry.dtype, "known are F64 to BOOL",
                file.path().string());
  try {
    const auto options = torch::TensorOptions().dtype(type->type);
    auto* bytes = const_cast<std::byte*>(entry.bytes.data());
    // Foreign files need not be aligned, and misaligned views are undefined behaviour.
    if (entry.bytes.empty() || reinterpret_cast<std::uintptr_t>(bytes) % c10::elementSize(type->type) != 0) {
      auto copy = torch::empty(entry.shape, options);
      if (!entry.bytes.empty()) std::memcpy(copy.data_ptr(), bytes, entry.bytes.size());
      return copy;
    }
    return torch::from_blob(
        bytes, entry.shape, [mapping = file.mapping()](void*) {}, options);
  } catch (const std::exception& e) {
    return fail(ErrorCode::Format, "tensor " + name + " cannot be used: " + e.what(), {}, file.path().string());
  }
}

Result<torch::Tensor> finiteTensor(const safetensors::File& file, const std::string& name) {
  LORKD_TRY(tensor, mappedTensor(file, name));
  if (tensor.is_floating_point() && !torch::isfinite(tensor).all().item<bool>())
    return fail(ErrorCode::Numeric, "tensor " + name + " holds values that are not finite numbers",
                "the file is damaged, or the training that wrote it failed; take an earlier one, or train again",
                file.path().string());
  return tensor;
}

NamedTensors stateOf(const torch::nn::Module& module) {
  NamedTensors state;
  for (const auto& item : module.named_parameters()) state.emplace_back(item.key(), item.value());
  for (const auto& item : module.named_buffers()) state.emplace_back(item.key(), item.value());
  return state;
}

Result<void> loadState(torch::nn::Module& module, const safetensors::File& file, const std::string& prefix) {
  std::vector<std::string> missing, shapes, kinds, superfluous;
  std::vector<std::pair<torch::Tensor, torch::Tensor>> copies;
  std::set<std::string> wanted;
  for (const auto& [name, target] : stateOf(module)) {
    wanted.insert(prefix + name);
    const auto found = file.tensors().find(prefix + name);
    if (found == file.tensors().end()) {
      missing.push_back(prefix + name);
    } else if (target.sizes() != at::IntArrayRef(found->second.shape)) {
      shapes.push_back(prefix + name + " is " + shapeText(found->second.shape) + " where " + shapeText(target.sizes()) +
                       " is wanted");
    } else if (found->second.dtype != nameOf(target.scalar_type())) {
      kinds.push_back(prefix + name + " is " + found->second.dtype + " where " + nameOf(target.scalar_type()) +
                      " is wanted");
    } else {
      LORKD_TRY(source, finiteTensor(file, prefix + name));
      copies.emplace_back(target, source);
    }
  }
  for (const auto& [name, tensor] : file.tensors())
    if (name.starts_with(prefix) && !wanted.contains(name)) superfluous.push_back(name);
  if (!missing.empty() || !shapes.empty() || !kinds.empty() || !superfluous.empty())
    return fail(ErrorCode::Mismatch,
                "the file does not fit this network" + listed("missing", missing) + listed("of another shape", shapes) +
                    listed("of another type", kinds) + listed("superfluous", superfluous),
                "wrong base model, other ranks, or another plan?", file.path().string());
  try {
    torch::NoGradGuard noGrad;
    for (auto& [target, source] : copies) target.copy_(source);
  } catch (const std::exception& e) {
    return fail(ErrorCode::Internal, std::string("weights cannot be copied: ") + e.what(), {}, file.path().string());
  }
  return {};
}

}  // namespace lorkd::nn
