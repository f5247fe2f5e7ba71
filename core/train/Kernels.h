// How kernels compute while one of these lives.
#pragma once

#include <torch/torch.h>

namespace lorkd::train {

/// Keeps kernels to those that give the same bits in every run.
class DeterministicKernels {
 public:
  explicit DeterministicKernels(torch::Device device);
  ~DeterministicKernels();
  DeterministicKernels(const DeterministicKernels&) = delete;
  DeterministicKernels& operator=(const DeterministicKernels&) = delete;

 private:
  bool m_cuda, m_algorithms, m_warnOnly, m_cudnn;
};

/// Autocast to bfloat16 on this thread, for forward passes; nothing if not `wanted`. Weights stay float32: their casts
/// are kept while this lives, so it must end before they change.
class Bfloat16Kernels {
 public:
  Bfloat16Kernels(torch::Device device, bool wanted);
  ~Bfloat16Kernels();
  Bfloat16Kernels(const Bfloat16Kernels&) = delete;
  Bfloat16Kernels& operator=(const Bfloat16Kernels&) = delete;

 private:
  torch::DeviceType m_device;
  bool m_wanted, m_enabled = false;
  at::ScalarType m_type = at::kBFloat16;
};

}  // namespace lorkd::train
