#include "core/nn/Network.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/nn/BatchNorm.h"
#include "core/nn/kernels/Convolution.h"

namespace lorkd::nn {
namespace {

template <class F>
void eachLayer(const torch::nn::Module& backbone, F&& f) {
  eachAdapted(backbone, "backbone", f);
}

// Calls f(full name, norm) for every batch norm with one set per task.
template <class F>
void eachNorm(const torch::nn::Module& root, F&& f) {
  for (const auto& item : root.named_modules("backbone"))
    if (auto* norm = item.value()->as<BatchNormImpl>(); norm && norm->perTask()) f(item.key(), *norm);
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

std::shared_ptr<torch::nn::Module> pointwiseHead(int dims, std::int64_t in, std::int64_t classes) {
  if (dims == 2) return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, classes, 1)).ptr();
  return torch::nn::Conv3d(torch::nn::Conv3dOptions(in, classes, 1)).ptr();
}

std::shared_ptr<torch::nn::Module> makeHead(const HeadSpec& spec, const Backbone& backbone) {
  TORCH_CHECK(spec.classes > 0, "head ", spec.task, ": ", spec.classes, " classes");
  const auto in = backbone.featureChannels();
  if (!spec.segmentation) return torch::nn::Linear(in, spec.classes).ptr();
  TORCH_CHECK(backbone.dense(), "head ", spec.task, ": segmentation needs a backbone with features per voxel");
  return pointwiseHead(backbone.dims(), in, spec.classes);
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
  const auto channels = m_backbone->coarserChannels();
  if (channels.empty()) return;
  torch::OrderedDict<std::string, std::shared_ptr<torch::nn::Module>> supervision;
  for (const auto& spec : m_specs) {
    auto& levels = m_coarser.emplace_back();
    if (!spec.segmentation) continue;
    torch::nn::ModuleList list;
    for (const auto in : channels) {
      levels.push_back(pointwiseHead(m_backbone->dims(), in, spec.classes));
      list->push_back(levels.back());
    }
    supervision.insert(moduleName(spec.task), list.ptr());
  }
  register_module("supervision", torch::nn::ModuleDict(supervision));
}

Outputs NetworkImpl::forward(const torch::Tensor& x, const Routing& routing) {
  Outputs outputs;
  if (m_coarser.empty() || !is_training()) {
    outputs.features = m_backbone->forward(x, routing);
  } else {
    std::vector<torch::Tensor> coarser;
    outputs.features = m_backbone->forwardLevels(x, routing, coarser);
    for (const auto& slice : routing.slices) {
      auto& logits = outputs.coarser.emplace_back();
      const auto& heads = m_coarser.at(static_cast<std::size_t>(slice.task));
      for (std::size_t level = 0; level < heads.size(); ++level)
        logits.push_back(applyHead(*heads[level], coarser.at(level).narrow(0, slice.begin, slice.size())));
    }
  }
  for (const auto& slice : routing.slices)
    outputs.logits.push_back(applyHead(head(slice.task), outputs.features.narrow(0, slice.begin, slice.size())));
  return outputs;
}

torch::Tensor NetworkImpl::predict(const torch::Tensor& x, int task) {
  return forward(x, Routing::single(task, x.size(0))).logits.front();
}

void NetworkImpl::fuse(int task) {
  eachLayer(*m_backbone, [&](const std::string&, auto& layer) { layer.fuse(task); });
  eachNorm(*m_backbone, [&](const std::string&, auto& norm) { norm.fuse(task); });
}

void NetworkImpl::unfuse() {
  eachLayer(*m_backbone, [](const std::string&, auto& layer) { layer.unfuse(); });
  eachNorm(*m_backbone, [](const std::string&, auto& norm) { norm.unfuse(); });
}

std::vector<AdaptedLayer> NetworkImpl::adaptedLayers() const {
  std::vector<AdaptedLayer> layers;
  eachLayer(*m_backbone, [&](const std::string& name, const auto& layer) {
    layers.push_back(layer.layer());
    layers.back().name = name;
  });
  return layers;
}

bool NetworkImpl::setRank(const std::string& name, int task, std::int64_t rank) {
  bool found = false;
  eachLayer(*m_backbone, [&](const std::string& own, auto& layer) {
    if (own != name) return;
    layer.setRank(task, rank);
    found = true;
  });
  return found;
}

void NetworkImpl::setScales(const std::function<double(int, std::int64_t)>& scaleOf) {
  eachLayer(*m_backbone, [&](const std::string&, auto& layer) {
    for (std::size_t t = 0; t < layer.factors.tasks(); ++t)
      layer.factors.scales[t] = scaleOf(static_cast<int>(t), layer.rank(static_cast<int>(t)));
  });
}

std::vector<LayerFactors> NetworkImpl::layerFactors(int task) const {
  const auto t = static_cast<std::size_t>(task);
  std::vector<LayerFactors> out;
  eachLayer(*m_backbone, [&](const std::string& name, const auto& layer) {
    if (t >= layer.factors.tasks()) return;
    auto adapted = layer.layer();
    adapted.name = name;
    out.push_back({adapted, layer.rank(task), layer.factors.scales[t]});
  });
  return out;
}

std::vector<std::pair<std::string, std::string>> NetworkImpl::strategies() const {
  static const std::map<Strategy, std::string> names{
      {Strategy::Merged, "merged"}, {Strategy::Factored, "factored"}, {Strategy::Published, "published"}};
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& item : m_backbone->named_modules("backbone"))
    if (const auto* conv = item.value()->as<LowRankConvImpl>())
      if (const auto name = names.find(conv->computedBy); name != names.end())
        out.emplace_back(item.key(), name->second);
  return out;
}

NamedTensors NetworkImpl::sharedParameters() const {
  std::set<const c10::TensorImpl*> own;
  eachLayer(*m_backbone, [&](const std::string&, const auto& layer) {
    for (const auto* factors : {&layer.factors.a, &layer.factors.b})
      for (const auto& factor : *factors) own.insert(factor.unsafeGetTensorImpl());
  });
  eachNorm(*m_backbone, [&](const std::string&, const auto& norm) {
    for (const auto& parameter : norm.parameters()) own.insert(parameter.unsafeGetTensorImpl());
  });
  NamedTensors out;
  for (const auto& item : m_backbone->named_parameters())
    if (!own.contains(item.value().unsafeGetTensorImpl())) out.emplace_back("backbone." + item.key(), item.value());
  return out;
}

bool NetworkImpl::ownParts() const { return sharedParameters().size() < m_backbone->parameters().size(); }

std::vector<torch::Tensor> NetworkImpl::sharedWeights() const {
  std::vector<torch::Tensor> weights;
  eachLayer(*m_backbone, [&](const std::string&, const auto& layer) { weights.push_back(layer.weight); });
  return weights;
}

std::int64_t NetworkImpl::trunkParameters() const {
  std::int64_t others = 0;  // factors, and batch norms of other tasks
  eachLayer(*m_backbone,
            [&](const std::string&, const auto& layer) { others += count(layer.factors.a) + count(layer.factors.b); });
  eachNorm(*m_backbone, [&](const std::string&, const auto& norm) {
    const auto all = count(norm.parameters());
    others += all - all / static_cast<std::int64_t>(norm.sets());
  });
  return count(m_backbone->parameters()) - others;
}

std::int64_t NetworkImpl::expertParameters(int task) const {
  // Neither ranks nor fusing change it, and counting it for each of many tasks would take quadratic time.
  if (m_trunkParameters < 0) m_trunkParameters = trunkParameters();
  return m_trunkParameters + count(head(task).parameters());
}

NamedTensors NetworkImpl::expertState(int task) const {
  std::map<const c10::TensorImpl*, std::string> names;  // where not the network's own; empty: left out
  eachLayer(*m_backbone, [&](const std::string&, const auto& layer) {
    for (const auto* factors : {&layer.factors.a, &layer.factors.b})
      for (const auto& factor : *factors) names[factor.unsafeGetTensorImpl()] = {};
  });
  eachNorm(*m_backbone, [&](const std::string& path, const auto& norm) {
    for (std::size_t t = 0; t < norm.sets(); ++t)
      for (const auto& [name, tensor] : norm.setOf(static_cast<int>(t)))
        names[tensor.unsafeGetTensorImpl()] = static_cast<int>(t) == task ? path + "." + name : std::string();
  });
  NamedTensors state;
  for (const auto& [name, tensor] : stateOf(*m_backbone)) {
    const auto found = names.find(tensor.unsafeGetTensorImpl());
    if (found == names.end())
      state.emplace_back("backbone." + name, tensor);
    else if (!found->second.empty())
      state.emplace_back(found->second, tensor);
  }
  for (const auto& [name, tensor] : stateOf(head(task))) state.emplace_back("head." + name, tensor);
  return state;
}

std::int64_t NetworkImpl::factorParameters(int task) const {
  const auto t = static_cast<std::size_t>(task);
  std::int64_t sum = 0;
  eachLayer(*m_backbone, [&](const std::string&, const auto& layer) {
    if (t < layer.factors.tasks()) sum += layer.factors.a[t].numel() + layer.factors.b[t].numel();
  });
  return sum;
}

torch::nn::Module& NetworkImpl::head(int task) const {
  TORCH_CHECK(task >= 0 && static_cast<std::size_t>(task) < m_heads.size(), "task ", task, " of ", m_heads.size());
  return *m_heads[static_cast<std::size_t>(task)];
}

}  // namespace lorkd::nn
