// oneDNN's own calls, in float32 on the CPU: convolutions that keep one layout from call to call, and matrix products
// that cost nothing to start. Internal to this room. Builds without a shared oneDNN have none of it: available() is
// false, plans are null and products go through LibTorch.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <vector>

#include "core/nn/kernels/Convolution.h"

namespace lorkd::nn {

/// While alive, what this thread starts runs on this thread alone, OpenMP regions of libraries too. oneDNN must also
/// make its primitives under it: one made for two threads waits for the second for ever.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int m_before;
};

/// C (m, n) = alpha·op(A)·op(B) + beta·C, all row-major with the strides given; float or double. Called from within a
/// parallel region it runs on the calling thread.
template <class T>
void gemm(bool transA, bool transB, std::int64_t m, std::int64_t n, std::int64_t k, T alpha, const T* a,
          std::int64_t lda, const T* b, std::int64_t ldb, T beta, T* c, std::int64_t ldc);

/// One convolution's primitives for one shape; all memory is the caller's. Tensors are dense, x, y and their gradients
/// contiguous or channels-last as the plan says, weights (O, I, k…) row-major. Thread-safe.
class ConvolutionPlan {
 public:
  /// What a plan is made for. `threads` is how many it may use: 1 under OneThread.
  struct Shape {
    std::vector<std::int64_t> x, weight;  ///< sizes (N, I, …), (O, I, k…)
    ConvGeometry geometry;
    bool channelsLast = false, bias = false;
    int threads = 1;
  };
  /// The plan for a shape, made once; null where oneDNN has none for it or this build has no oneDNN.
  static std::shared_ptr<const ConvolutionPlan> of(const Shape& shape);
  static bool available();

  /// `bias` is read only by plans made with one.
  void forward(const float* x, const float* weight, const float* bias, float* y) const;
  /// Writes dx (which needs the weight) and dw; either may be null.
  void backward(const float* dy, const float* x, const float* weight, float* dx, float* dw) const;

  struct State;
  explicit ConvolutionPlan(std::unique_ptr<State> state);
  ~ConvolutionPlan();

 private:
  std::unique_ptr<State> m_state;
};

}  // namespace lorkd::nn
