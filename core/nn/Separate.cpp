#include "core/nn/Separate.h"

namespace lorkd::nn {
namespace {

class SeparateBackbones : public Backbone {
 public:
  explicit SeparateBackbones(std::vector<std::shared_ptr<Backbone>> trunks) : m_trunks(std::move(trunks)) {
    TORCH_CHECK(!m_trunks.empty(), "separate backbones: there are none");
    auto list = register_module("trunks", torch::nn::ModuleList());
    for (const auto& trunk : m_trunks) {
      TORCH_CHECK(trunk->dims() == dims() && trunk->dense() == dense() && trunk->inputChannels() == inputChannels() &&
                      trunk->featureChannels() == featureChannels(),
                  "separate backbones must be of one kind");
      list->push_back(trunk);
    }
  }

  torch::Tensor forward(const torch::Tensor& x, const Routing& routing) override {
    std::vector<torch::Tensor> features;
    for (const auto& slice : routing.slices)
      features.push_back(trunk(slice.task)->forward(part(x, slice), Routing::single(0, slice.size())));
    return together(features);
  }

  torch::Tensor forwardLevels(const torch::Tensor& x, const Routing& routing,
                              std::vector<torch::Tensor>& coarser) override {
    std::vector<torch::Tensor> features;
    std::vector<std::vector<torch::Tensor>> levels(coarserChannels().size());  // by level and slice
    for (const auto& slice : routing.slices) {
      std::vector<torch::Tensor> own;
      features.push_back(trunk(slice.task)->forwardLevels(part(x, slice), Routing::single(0, slice.size()), own));
      for (std::size_t l = 0; l < levels.size(); ++l) levels[l].push_back(own.at(l));
    }
    for (const auto& level : levels) coarser.push_back(together(level));
    return together(features);
  }

  std::vector<std::int64_t> coarserChannels() const override { return m_trunks.front()->coarserChannels(); }

  int dims() const override { return m_trunks.front()->dims(); }
  std::int64_t featureChannels() const override { return m_trunks.front()->featureChannels(); }
  std::int64_t inputChannels() const override { return m_trunks.front()->inputChannels(); }
  bool dense() const override { return m_trunks.front()->dense(); }
  std::int64_t sizeMultiple() const override { return m_trunks.front()->sizeMultiple(); }

  const std::shared_ptr<Backbone>& trunk(int task) const {
    TORCH_CHECK(task >= 0 && static_cast<std::size_t>(task) < m_trunks.size(), "task ", task, " of ", m_trunks.size());
    return m_trunks[static_cast<std::size_t>(task)];
  }

 private:
  static torch::Tensor part(const torch::Tensor& x, const TaskSlice& slice) {
    return x.narrow(0, slice.begin, slice.size());
  }
  static torch::Tensor together(const std::vector<torch::Tensor>& slices) {
    TORCH_CHECK(!slices.empty(), "separate backbones: an empty batch");
    return slices.size() == 1 ? slices.front() : torch::cat(slices);
  }

  std::vector<std::shared_ptr<Backbone>> m_trunks;
};

void copyState(const torch::nn::Module& from, torch::nn::Module& to) {
  torch::NoGradGuard guard;
  auto parameters = to.named_parameters();
  for (const auto& item : from.named_parameters()) parameters[item.key()].copy_(item.value());
}

}  // namespace

std::shared_ptr<Backbone> separate(std::vector<std::shared_ptr<Backbone>> trunks) {
  return std::make_shared<SeparateBackbones>(std::move(trunks));
}

TaskNetwork ofTask(const Network& network, int task) {
  const auto* separated = dynamic_cast<const SeparateBackbones*>(&network->backbone());
  if (!separated) return {network, task};
  const auto device = network->parameters().front().device();
  Network own(separated->trunk(task), std::vector{network->heads().at(static_cast<std::size_t>(task))});
  own->to(device);
  copyState(network->head(task), own->head(0));
  own->train(network->is_training());
  return {own, 0};
}

bool isSeparate(const Network& network) { return dynamic_cast<const SeparateBackbones*>(&network->backbone()); }

}  // namespace lorkd::nn
