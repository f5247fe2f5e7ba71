// A backbone with one head per task.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/nn/LowRank.h"
#include "core/nn/TensorFile.h"

namespace lorkd::nn {

/// The shared trunk. Every adapted layer is a LowRankConv or LowRankLinear registered under its module path.
class Backbone : public torch::nn::Module {
 public:
  /// Segmentation trunks: decoder output (N, C, D, H, W) at input resolution. Classification trunks: pooled (N, C).
  virtual torch::Tensor forward(const torch::Tensor& x, const Routing& routing) = 0;
  /// The same, and the outputs of the coarser decoder levels appended to `coarser`: channels as coarserChannels(), each
  /// level half the size of the one before, finest first. Deeply supervised trunks only.
  virtual torch::Tensor forwardLevels(const torch::Tensor& x, const Routing& routing,
                                      [[maybe_unused]] std::vector<torch::Tensor>& coarser) {
    return forward(x, routing);
  }
  /// Channels of the levels that deep supervision sees beside the finest; empty without it.
  virtual std::vector<std::int64_t> coarserChannels() const { return {}; }
  virtual int dims() const = 0;                      ///< 2 or 3
  virtual std::int64_t featureChannels() const = 0;  ///< C above
  virtual std::int64_t inputChannels() const = 0;
  virtual bool dense() const = 0;                 ///< true: features per voxel; false: pooled
  virtual std::int64_t sizeMultiple() const = 0;  ///< spatial sizes must be multiples of this
};

/// One task's head.
struct HeadSpec {
  std::string task;
  std::int64_t classes = 1;  ///< output channels: structures, or diagnoses
  bool segmentation = true;
};

/// What a forward pass yields.
struct Outputs {
  std::vector<torch::Tensor> logits;  ///< one per slice of the routing: (n, classes, ...) or (n, classes)
  torch::Tensor features;             ///< the backbone's output for the whole batch
  /// In training mode of a deeply supervised network: per slice the logits of the coarser levels, the finest of them
  /// first, level l of half the size of level l − 1. Empty for tasks without segmentation. Otherwise no slices.
  std::vector<std::vector<torch::Tensor>> coarser;
};

/// Rank r and scale s of a task's factors in a layer.
struct LayerFactors {
  AdaptedLayer layer;
  std::int64_t rank = 0;
  double scale = 0;
};

class NetworkImpl : public torch::nn::Module {
 public:
  NetworkImpl(std::shared_ptr<Backbone> backbone, std::vector<HeadSpec> heads);
  Outputs forward(const torch::Tensor& x, const Routing& routing);
  /// Logits of one task for a whole batch of it.
  torch::Tensor predict(const torch::Tensor& x, int task);

  /// Adds the task's updates to every adapted weight, and fixes batch norms of one set per task to its own / takes that
  /// back to the bit.
  void fuse(int task);
  void unfuse();

  /// Adapted layers in module order, with their full names.
  std::vector<AdaptedLayer> adaptedLayers() const;
  /// Gives a task fresh factors of this very rank in the adapted layer of that name; false if there is none.
  bool setRank(const std::string& layer, int task, std::int64_t rank);
  /// Gives every task's factors in every layer the scale that `scaleOf(task, rank there)` says.
  void setScales(const std::function<double(int, std::int64_t)>& scaleOf);
  /// What a task's factors are, as they are now, in the order of adaptedLayers(); empty without factors.
  std::vector<LayerFactors> layerFactors(int task) const;
  /// By which strategy each separated convolution was computed last: full names of layers, and merged, factored or
  /// published. Empty before the first separated pass and without factors.
  std::vector<std::pair<std::string, std::string>> strategies() const;
  /// Whether tasks have parts of the backbone to themselves: factors, or batch norms.
  bool ownParts() const;
  /// The backbone's parameters that every task's gradient reaches: no factors, no batch norms of one task.
  NamedTensors sharedParameters() const;
  /// Shared weights of the adapted layers, same order (for reading Gram matrices).
  std::vector<torch::Tensor> sharedWeights() const;
  /// Parameters of one deployed expert: fused backbone with one set of batch norms, and the task's finest head.
  std::int64_t expertParameters(int task) const;
  /// Every tensor of one expert as the network holds it now: parameters and buffers, "backbone.<module path>" and
  /// "head.<name>". No factors, no other task's head or norms (its own are named as shared ones are), no coarser heads.
  /// Handles, not copies.
  NamedTensors expertState(int task) const;
  /// Factor parameters of one task over all layers.
  std::int64_t factorParameters(int task) const;

  Backbone& backbone() const { return *m_backbone; }
  std::shared_ptr<Backbone> backbonePtr() const { return m_backbone; }
  const std::vector<HeadSpec>& heads() const { return m_specs; }
  torch::nn::Module& head(int task) const;

 private:
  std::shared_ptr<Backbone> m_backbone;
  std::vector<HeadSpec> m_specs;
  std::int64_t trunkParameters() const;
  std::vector<std::shared_ptr<torch::nn::Module>> m_heads;
  mutable std::int64_t m_trunkParameters = -1;  ///< of one expert; negative until they are counted
  std::vector<std::vector<std::shared_ptr<torch::nn::Module>>> m_coarser;  ///< by task and level; for training only
};
TORCH_MODULE(Network);

}  // namespace lorkd::nn
