// Tensors in safetensors files: the meeting of core/base/SafeTensors and LibTorch.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <string>

#include "core/base/Error.h"
#include "core/base/SafeTensors.h"

namespace lorkd::nn {

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

/// Writes atomically; tensors are brought to the CPU and made contiguous. Errors: Io, Unsupported (element type).
Result<void> saveTensors(const std::filesystem::path& path, const NamedTensors& tensors,
                         const std::map<std::string, std::string>& metadata = {});

/// A tensor that views the mapped file (kept alive by the tensor). Do not write to it.
Result<torch::Tensor> mappedTensor(const safetensors::File& file, const std::string& name);

/// The same for weights: Numeric where one of them is no finite number.
Result<torch::Tensor> finiteTensor(const safetensors::File& file, const std::string& name);

/// Parameters and buffers of a module, by dotted name.
NamedTensors stateOf(const torch::nn::Module& module);

/// Copies every parameter and buffer of `module` from the file's tensors named prefix + name.
/// Errors: Mismatch listing what is missing, superfluous under the prefix, or of another shape or type; Numeric where a
/// weight is not finite; nothing is copied then.
Result<void> loadState(torch::nn::Module& module, const safetensors::File& file, const std::string& prefix = {});

}  // namespace lorkd::nn
