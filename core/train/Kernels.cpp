#include "core/train/Kernels.h"

#include <ATen/autocast_mode.h>
#include <torch/version.h>

namespace lorkd::train {
namespace {

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
bool castEnabled(torch::DeviceType device) { return at::autocast::is_autocast_enabled(device); }
void enableCast(torch::DeviceType device, bool on) { at::autocast::set_autocast_enabled(device, on); }
at::ScalarType castType(torch::DeviceType device) { return at::autocast::get_autocast_dtype(device); }
void setCastType(torch::DeviceType device, at::ScalarType type) { at::autocast::set_autocast_dtype(device, type); }
#else
bool castEnabled(torch::DeviceType device) {
  return device == torch::kCPU ? at::autocast::is_cpu_enabled() : at::autocast::is_enabled();
}
void enableCast(torch::DeviceType device, bool on) {
  device == torch::kCPU ? at::autocast::set_cpu_enabled(on) : at::autocast::set_enabled(on);
}
at::ScalarType castType(torch::DeviceType device) {
  return device == torch::kCPU ? at::autocast::get_autocast_cpu_dtype() : at::autocast::get_autocast_gpu_dtype();
}
void setCastType(torch::DeviceType device, at::ScalarType type) {
  device == torch::kCPU ? at::autocast::set_autocast_cpu_dtype(type) : at::autocast::set_autocast_gpu_dtype(type);
}
#endif

}  // namespace

DeterministicKernels::DeterministicKernels(torch::Device device) : m_cuda(device.is_cuda()) {
  auto& context = at::globalContext();
  m_algorithms = context.deterministicAlgorithms();
  m_warnOnly = context.deterministicAlgorithmsWarnOnly();
  m_cudnn = context.deterministicCuDNN();
  // CUDA would warn at every kernel without a deterministic form; its convolutions are what matters there.
  if (m_cuda)
    context.setDeterministicCuDNN(true);
  else
    context.setDeterministicAlgorithms(true, true);
}

DeterministicKernels::~DeterministicKernels() {
  at::globalContext().setDeterministicCuDNN(m_cudnn);
  at::globalContext().setDeterministicAlgorithms(m_algorithms, m_warnOnly);
}

Bfloat16Kernels::Bfloat16Kernels(torch::Device device, bool wanted) : m_device(device.type()), m_wanted(wanted) {
  if (!m_wanted) return;
  m_enabled = castEnabled(m_device);
  m_type = castType(m_device);
  at::autocast::increment_nesting();
  setCastType(m_device, at::kBFloat16);
  enableCast(m_device, true);
}

Bfloat16Kernels::~Bfloat16Kernels() {
  if (!m_wanted) return;
  // Only the outermost scope clears: casts of weights outlive it no longer than the weights' values do.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  setCastType(m_device, m_type);
  enableCast(m_device, m_enabled);
}

}  // namespace lorkd::train
