// Experts on disk: the network of one task, fused, in one or more formats.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Progress.h"
#include "core/expert/Manifest.h"
#include "core/nn/Network.h"
#include "core/nn/TensorFile.h"

namespace lorkd::expert {

/// A format. Plugins add others. `network` is fused to `task` while called.
class Exporter {
 public:
  virtual ~Exporter() = default;
  virtual std::string name() const = 0;      ///< "safetensors", "torchscript", ...
  virtual std::string fileName() const = 0;  ///< "expert.safetensors", "expert.ts", ...
  /// Writes the fused expert to `file` (a temporary that the caller renames). `example` (n, C, ...) is a real input.
  virtual Result<void> write(const std::filesystem::path& file, nn::Network& network, int task,
                             const torch::Tensor& example, const Manifest& manifest) = 0;
  /// Logits of the file read back on `input`, for the parity check; undefined if the format cannot be run here.
  virtual Result<torch::Tensor> readBack(const std::filesystem::path& file, nn::Network& network, int task,
                                         const torch::Tensor& input) = 0;
};

/// Every tensor of one expert as the network holds it now (fused while exporting, no factors, no other task's head):
/// parameters and buffers, "backbone.<module path>" and "head.<name>". Handles, not copies.
nn::NamedTensors expertState(const nn::Network& network, int task);

/// The built-in safetensors format: expertState() by name, and the manifest as metadata "manifest".
std::unique_ptr<Exporter> safetensorsExporter();

/// The format "factors" (factors.safetensors): per adapted layer "<layer>.a" and "<layer>.b", the scale multiplied into
/// b so that the update is b·a viewed as the weight, and "head.<name>". Small, but worth something only beside the
/// shared weights of the checkpoint that the manifest names. Not registered: written when asked for. Networks with
/// norms of their own for each task are not for it, since it holds no norms.
std::unique_ptr<Exporter> factorsExporter();

/// Exports one task into `folder` with every exporter: files written to a temporary folder, read back, compared with
/// the unfused network on `inputs`, and the folder renamed into place only when all agree to 1e-5 (relative to the
/// largest logit when that is above 1). The network comes back unfused, on its device and in its mode. What stood in
/// `folder` before is replaced only then, and only if it is an expert. `manifest` comes back with parameters, parity,
/// files and the LibTorch version filled in. Errors: InvalidArgument (task, no inputs, no exporters, a foreign folder),
/// Mismatch (parity), Io, Internal (LibTorch), those of exporters.
Result<Manifest> exportExpert(const std::filesystem::path& folder, nn::Network& network, int task,
                              const std::vector<torch::Tensor>& inputs, Manifest manifest,
                              const std::vector<std::shared_ptr<Exporter>>& exporters, Progress& progress);

}  // namespace lorkd::expert
