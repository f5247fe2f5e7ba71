#include <set>

#include "core/expert/Exporter.h"

namespace lorkd::expert {
namespace {

/// Puts other values into tensors and the old ones back, to the bit, when it dies.
class Borrowed {
 public:
  void replace(const torch::Tensor& tensor, const torch::Tensor& values) {
    torch::NoGradGuard noGrad;
    m_saved.emplace_back(tensor, tensor.detach().clone());
    m_saved.back().first.copy_(values);
  }
  ~Borrowed() {
    torch::NoGradGuard noGrad;
    for (auto& [tensor, values] : m_saved) tensor.copy_(values);
  }

 private:
  std::vector<std::pair<torch::Tensor, torch::Tensor>> m_saved;
};

class SafeTensorsExporter final : public Exporter {
 public:
  std::string name() const override { return "safetensors"; }
  std::string fileName() const override { return "expert.safetensors"; }

  Result<void> write(const std::filesystem::path& file, nn::Network& network, int task, const torch::Tensor&,
                     const Manifest& manifest) override {
    return nn::saveTensors(file, expertState(network, task),
                           {{"format", "lorkd-expert-1"}, {"manifest", Json(manifest).dump()}});
  }

  Result<torch::Tensor> readBack(const std::filesystem::path& file, nn::Network& network, int task,
                                 const torch::Tensor& input) override {
    LORKD_TRY(opened, safetensors::File::open(file));
    const auto state = expertState(network, task);
    if (opened.tensors().size() != state.size())
      return fail(ErrorCode::Mismatch, "the file does not hold the tensors of this expert", "", file.string());
    // The network itself runs the file's weights: its own are lent out meanwhile.
    Borrowed borrowed;
    for (const auto& [name, tensor] : state) {
      LORKD_TRY(values, nn::mappedTensor(opened, name));
      if (values.sizes() != tensor.sizes() || values.scalar_type() != tensor.scalar_type())
        return fail(ErrorCode::Mismatch, "tensor " + name + " came back with another shape or type", "", file.string());
      borrowed.replace(tensor, values);
    }
    torch::NoGradGuard noGrad;
    return network->predict(input, task);
  }
};

}  // namespace

nn::NamedTensors expertState(const nn::Network& network, int task) {
  std::set<const c10::TensorImpl*> factors;
  const auto note = [&](const auto& layer) {
    for (const auto* list : {&layer.a, &layer.b})
      for (const auto& factor : *list) factors.insert(factor.unsafeGetTensorImpl());
  };
  for (const auto& module : network->backbone().modules()) {
    if (const auto* conv = module->as<nn::LowRankConvImpl>()) note(*conv);
    if (const auto* linear = module->as<nn::LowRankLinearImpl>()) note(*linear);
  }
  nn::NamedTensors state;
  for (const auto& [name, tensor] : nn::stateOf(network->backbone()))
    if (!factors.contains(tensor.unsafeGetTensorImpl())) state.emplace_back("backbone." + name, tensor);
  for (const auto& [name, tensor] : nn::stateOf(network->head(task))) state.emplace_back("head." + name, tensor);
  return state;
}

std::unique_ptr<Exporter> safetensorsExporter() { return std::make_unique<SafeTensorsExporter>(); }

}  // namespace lorkd::expert
