// The format "factors": what one expert adds to the shared network, and no more.
#include "core/expert/Borrowed.h"
#include "core/expert/Exporter.h"

namespace lorkd::expert {
namespace {

/// A layer's factors of the task; `b` times the scale is what the file holds.
struct Own {
  std::string layer;
  torch::Tensor a, b;
  double scale = 1;
};

std::vector<Own> factorsOf(const nn::Network& network, int task) {
  const auto t = static_cast<std::size_t>(task);
  std::vector<Own> out;
  nn::eachAdapted(network->backbone(), "backbone", [&](const std::string& name, const nn::AdaptedModule& layer) {
    const auto& [a, b, scales] = layer.factors;
    if (t < a.size()) out.push_back({name, a[t], b[t], scales[t]});
  });
  return out;
}

nn::NamedTensors headOf(const nn::Network& network, int task) {
  nn::NamedTensors out;
  for (const auto& [name, tensor] : network->expertState(task))
    if (name.starts_with("head.")) out.emplace_back(name, tensor);
  return out;
}

/// Fuses a network again when it dies.
struct Unfused {
  nn::Network& network;
  int task;
  Unfused(nn::Network& n, int t) : network(n), task(t) { network->unfuse(); }
  ~Unfused() { network->fuse(task); }
};

class FactorsExporter final : public Exporter {
 public:
  std::string name() const override { return "factors"; }
  std::string fileName() const override { return "factors.safetensors"; }

  Result<void> write(const std::filesystem::path& file, nn::Network& network, int task, const torch::Tensor&,
                     const Manifest& manifest) override {
    const auto factors = factorsOf(network, task);
    if (factors.empty())
      return fail(ErrorCode::Unsupported, "this network has no low-rank factors", "leave the format factors out");
    auto tensors = headOf(network, task);
    for (const auto& f : factors) {
      tensors.emplace_back(f.layer + ".a", f.a);
      tensors.emplace_back(f.layer + ".b", f.b.detach() * f.scale);
    }
    return nn::saveTensors(file, tensors, {{"format", "lorkd-factors-1"}, {"manifest", Json(manifest).dump()}});
  }

  Result<torch::Tensor> readBack(const std::filesystem::path& file, nn::Network& network, int task,
                                 const torch::Tensor& input) override {
    LORKD_TRY(opened, safetensors::File::open(file));
    // The shared network with the file's factors: its own are lent out meanwhile.
    const Unfused unfused(network, task);
    Borrowed borrowed;
    const auto borrow = [&](const std::string& name, const torch::Tensor& tensor, double divisor) -> Result<void> {
      LORKD_TRY(values, nn::mappedTensor(opened, name));
      if (values.sizes() != tensor.sizes())
        return fail(ErrorCode::Mismatch, "tensor " + name + " came back with another shape", "", file.string());
      borrowed.replace(tensor, values / divisor);
      return {};
    };
    for (const auto& [name, tensor] : headOf(network, task)) LORKD_CHECK(borrow(name, tensor, 1));
    for (const auto& f : factorsOf(network, task)) {
      LORKD_CHECK(borrow(f.layer + ".a", f.a, 1));
      LORKD_CHECK(borrow(f.layer + ".b", f.b, f.scale));
    }
    torch::NoGradGuard noGrad;
    return network->predict(input, task);
  }
};

}  // namespace

std::unique_ptr<Exporter> factorsExporter() { return std::make_unique<FactorsExporter>(); }

}  // namespace lorkd::expert
