#include "core/expert/Borrowed.h"
#include "core/expert/Exporter.h"

namespace lorkd::expert {
namespace {

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

nn::NamedTensors expertState(const nn::Network& network, int task) { return network->expertState(task); }

std::unique_ptr<Exporter> safetensorsExporter() { return std::make_unique<SafeTensorsExporter>(); }

}  // namespace lorkd::expert
