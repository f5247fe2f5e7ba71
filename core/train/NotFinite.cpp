#include "core/train/NotFinite.h"

#include <ATen/record_function.h>

#include <algorithm>
#include <map>

#include "core/nn/TensorFile.h"
#include "core/nn/kernels/Convolution.h"

namespace lorkd::train {
namespace {

bool finite(const torch::Tensor& tensor) { return !tensor.is_floating_point() || tensor.isfinite().all().item<bool>(); }

/// The layer a parameter or buffer belongs to.
std::string layerOf(const nn::Network& network, const std::string& name) {
  for (const auto& layer : network->adaptedLayers())
    if (name.starts_with(layer.name + ".")) return layer.name;
  return name.substr(0, name.rfind('.'));
}

/// Follows the operators of a forward pass: the layer whose parameters were used last, and the first result that is not
/// finite. Callbacks of LibTorch are plain functions, so the watching object of a thread is found through `current`.
class Watch {
 public:
  explicit Watch(const nn::Network& network) {
    for (const auto& [name, tensor] : nn::stateOf(*network))
      m_layers[tensor.unsafeGetTensorImpl()] = layerOf(network, name);
    current = this;
    m_handle = at::addThreadLocalCallback(at::RecordFunctionCallback(&begin, &end)
                                              .needsInputs(true)
                                              .needsOutputs(true)
                                              .scopes({at::RecordScope::FUNCTION}));
  }
  ~Watch() {
    at::removeCallback(m_handle);
    current = nullptr;
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  const std::string& found() const { return m_found; }

 private:
  struct Storages : at::ObserverContext {
    std::vector<const void*> of;
  };

  static std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& call) {
    auto storages = std::make_unique<Storages>();
    for (const auto& value : call.inputs()) {
      if (!value.isTensor() || !value.toTensor().defined()) continue;
      const auto& tensor = value.toTensor();
      if (const auto it = current->m_layers.find(tensor.unsafeGetTensorImpl()); it != current->m_layers.end())
        current->m_layer = it->second;
      if (tensor.has_storage()) storages->of.push_back(tensor.storage().unsafeGetStorageImpl());
    }
    return storages;
  }

  static void end(const at::RecordFunction& call, at::ObserverContext* context) {
    const at::DisableRecordFunctionGuard quiet;
    const std::string name = call.name();
    // Fresh memory holds anything.
    if (!current->m_found.empty() || current->m_layer.empty() || name.find("empty") != std::string::npos ||
        name.find("resize") != std::string::npos)
      return;
    const auto& inputs = static_cast<Storages*>(context)->of;
    for (const auto& value : call.outputs()) {
      if (!value.isTensor() || !value.toTensor().defined() || !value.toTensor().has_storage()) continue;
      const auto& tensor = value.toTensor();
      // So may a view of it, before it is filled.
      if (std::ranges::find(inputs, tensor.storage().unsafeGetStorageImpl()) != inputs.end()) continue;
      if (tensor.numel() > 0 && !finite(tensor)) current->m_found = current->m_layer;
    }
  }

  static thread_local Watch* current;
  std::map<const void*, std::string> m_layers;
  std::string m_layer, m_found;
  at::CallbackHandle m_handle;
};

thread_local Watch* Watch::current = nullptr;

}  // namespace

std::string weightNotFinite(const nn::Network& network) {
  const torch::NoGradGuard guard;
  for (const auto& [name, tensor] : nn::stateOf(*network))
    if (!finite(tensor)) return "the weights of layer '" + layerOf(network, name) + "'";
  return {};
}

std::string activationNotFinite(const nn::Network& network, const std::function<void()>& forward) {
  const torch::NoGradGuard guard;
  const nn::StockKernels observable;
  const Watch watch(network);
  forward();
  return watch.found().empty() ? "" : "the activations of layer '" + watch.found() + "'";
}

std::string gradientNotFinite(const nn::Network& network) {
  const torch::NoGradGuard guard;
  std::string last;
  for (const auto& item : network->named_parameters())
    if (const auto& gradient = item.value().grad(); gradient.defined() && !finite(gradient)) last = item.key();
  return last.empty() ? "" : "the gradient of layer '" + layerOf(network, last) + "'";
}

}  // namespace lorkd::train
