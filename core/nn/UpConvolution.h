// Doubling of every axis by a transposed convolution. Internal to this room.
#pragma once

#include <torch/torch.h>

namespace lorkd::nn {

/// Transposed convolution with kernel 2 and stride 2, not adapted. Weight (I, O, 2, 2[, 2]) and bias (O) as in torch's
/// ConvTranspose2d/3d. x (N, I, H, W) -> (N, O, 2H, 2W), 3D alike.
class UpConvolutionImpl : public torch::nn::Module {
 public:
  UpConvolutionImpl(int dims, std::int64_t in, std::int64_t out);
  torch::Tensor forward(const torch::Tensor& x);

  torch::Tensor weight, bias;
};
TORCH_MODULE(UpConvolution);

}  // namespace lorkd::nn
