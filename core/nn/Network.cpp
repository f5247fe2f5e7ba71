#include "core/nn/Network.h"

#include <algorithm>

#include "core/nn/Convolution.h"

namespace lorkd::nn {
namespace {

// Calls f(full name, layer) for every adapted layer in module order.
template <class F>
void eachLayer(const torch::nn::Module& root, F&& f) {
  for (const auto& item : root.named_modules("backbone")) {
    if (auto* conv = item.value()->as<LowRankConvImpl>()) f(item.key(), *conv);
    if (auto* linear = item.value()->as<LowRankLinearImpl>()) f(item.key(), *linear);
  }
}

std::int64_t count(const std::vector<torch::Tensor>& tensors) {
  std::int64_t sum = 0;
  for (const auto& tensor : tensors) sum += tensor.numel();
  return sum;
}

// Module names may hold no dot.
std::string moduleName(std::string task) {
  std::replace(task.begin(), task.end(), '.', '_');
  return task;
}

torch::Tensor applyHead(torch::nn::Module& head, const torch::Tensor& features) {
  if (auto* linear = head.as<torch::nn::LinearImpl>())
    return linear->forward(features.dim() > 2 ? features.flatten(2).mean(2) : features);
  const auto parameters = head.named_parameters();
  const auto geometry = ConvGeometry::uniform(static_cast<int>(features.dim()) - 2, 1, 0);
  return convolution(features, parameters["weight"], parameters["bias"], geometry);
}

std::shared_ptr<torch::nn::Module> makeHead(const HeadSpec& spec, const Backbone& backbone) {
  TORCH_CHECK(spec.classes > 0, "head ", spec.task, ": ", spec.classes, " classes");
  const auto in = backbone.featureChannels();
  if (!spec.segmentation) return torch::nn::Linear(in, spec.classes).ptr();
  TORCH_CHECK(backbone.dense(), "head ", spec.task, ": segmentation needs a backbone with features per voxel");
  if (backbone.dims() == 2) return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, spec.classes, 1)).ptr();
  return torch::nn::Conv3d(torch::nn::Conv3dOptions(in, spec.classes, 1)).ptr();
}

}  // namespace

NetworkImpl::NetworkImpl(std::shared_ptr<Backbone> backbone, std::vector<HeadSpec> heads)
    : m_backbone(register_module("backbone", std::move(backbone))), m_specs(std::move(heads)) {
  torch::OrderedDict<std::string, std::shared_ptr<torch::nn::Module>> children;
  for (const auto& spec : m_specs) {
    m_heads.push_back(makeHead(spec, *m_backbone));
    children.insert(moduleName(spec.task), m_heads.back());
  }
  register_module("heads", torch::nn::ModuleDict(children));
}

Outputs NetworkImpl::forward(const torch::Tensor& x, const Routing& routing) {
  Outputs outputs;
  outputs.features = m_backbone->forward(x, routing);
  for (const auto& slice : routing.slices)
    outputs.logits.push_back(applyHead(head(slice.task), outputs.features.narrow(0, slice.begin, slice.size())));
  return outputs;
}

torch::Tensor NetworkImpl::predict(const torch::Tensor& x, int task) {
  return forward(x, Routing::single(task, x.size(0))).logits.front();
}

void NetworkImpl::fuse(int task) {
  eachLayer(*m_backbone, [&](const std::string&, auto& layer) { layer.fuse(task); });
}

void NetworkImpl::unfuse() {
  eachLayer(*m_backbone, [](const std::string&, auto& layer) { layer.unfuse(); });
}

std::vector<AdaptedLayer> NetworkImpl::adaptedLayers() const {
  std::vector<AdaptedLayer> layers;
  eachLayer(*m_backbone, [&](const std::string& name, const auto& layer) {
    layers.push_back(layer.layer());
    layers.back().name = name;
  });
  return layers;
}

std::vector<torch::Tensor> NetworkImpl::sharedWeights() const {
  std::vector<torch::Tensor> weights;
  eachLayer(*m_backbone, [&](const std::string&, const auto& layer) { weights.push_back(layer.weight); });
  return weights;
}

std::int64_t NetworkImpl::expertParameters(int task) const {
  std::int64_t factors = 0;
  eachLayer(*m_backbone, [&](const std::string&, const auto& layer) { factors += count(layer.a) + count(layer.b); });
  return count(m_backbone->parameters()) - factors + count(head(task).parameters());
}

std::int64_t NetworkImpl::factorParameters(int task) const {
  const auto t = static_cast<std::size_t>(task);
  std::int64_t sum = 0;
  eachLayer(*m_backbone, [&](const std::string&, const auto& layer) {
    if (t < layer.a.size()) sum += layer.a[t].numel() + layer.b[t].numel();
  });
  return sum;
}

torch::nn::Module& NetworkImpl::head(int task) const {
  TORCH_CHECK(task >= 0 && static_cast<std::size_t>(task) < m_heads.size(), "task ", task, " of ", m_heads.size());
  return *m_heads[static_cast<std::size_t>(task)];
}

}  // namespace lorkd::nn
