#include "core/train/SeparateClip.h"

#include <map>
#include <string>

namespace lorkd::train {
namespace {

/// What stands in a dotted name between `prefix` and the next dot; empty if it does not begin so.
std::string after(const std::string& name, const std::string& prefix) {
  if (!name.starts_with(prefix)) return {};
  return name.substr(prefix.size(), name.find('.', prefix.size()) - prefix.size());
}

}  // namespace

SeparateClip::SeparateClip(const nn::Network& student, const nn::NamedTensors& parameters)
    : m_parameters(student->heads().size()) {
  std::map<const void*, std::size_t> ofHead;  // by tensor
  for (std::size_t t = 0; t < m_parameters.size(); ++t)
    for (const auto& tensor : student->head(static_cast<int>(t)).parameters()) ofHead[tensor.unsafeGetTensorImpl()] = t;
  std::map<std::string, std::size_t> ofName;  // what a task is called in names of its heads
  for (const auto& [name, tensor] : parameters)
    if (const auto own = ofHead.find(tensor.unsafeGetTensorImpl()); own != ofHead.end())
      ofName[after(name, "student.heads.")] = own->second;
  for (const auto& [name, tensor] : parameters) {
    const auto number = after(name, "student.backbone.trunks.") + after(name, "projector.");
    const auto head = after(name, "student.heads.") + after(name, "student.supervision.");
    TORCH_CHECK(!number.empty() || ofName.contains(head), name, " belongs to no task");
    m_parameters.at(number.empty() ? ofName.at(head) : std::stoul(number)).push_back(tensor);
  }
}

void SeparateClip::clip(double most) const {
  torch::NoGradGuard guard;
  for (const auto& own : m_parameters) {
    std::vector<torch::Tensor> gradients;
    for (const auto& tensor : own)
      if (tensor.grad().defined()) gradients.push_back(tensor.grad());
    if (gradients.empty()) continue;  // the task is not in this batch
    const auto norm = torch::stack(at::_foreach_norm(gradients)).norm().item<double>();
    if (norm > most) at::_foreach_mul_(gradients, most / norm);
  }
}

}  // namespace lorkd::train
