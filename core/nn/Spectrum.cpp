#include "core/nn/Spectrum.h"

#include <algorithm>
#include <numeric>

namespace lorkd::nn {
namespace {

using torch::Tensor;

/// Orthonormal columns of B and Aᵀ, and what lies between them: B·A = left·core·rightᵀ.
struct Core {
  Tensor left, core, right;
};

Core coreOf(const Tensor& a, const Tensor& b) {
  const auto of = [](const Tensor& factor) { return at::linalg_qr(factor.detach().to(torch::kCPU, torch::kFloat64)); };
  const auto [leftQ, leftR] = of(b);
  const auto [rightQ, rightR] = of(a.t());
  return {leftQ, leftR.matmul(rightR.t()), rightQ};
}

}  // namespace

Tensor singularValues(const Tensor& a, const Tensor& b, double scale) {
  torch::NoGradGuard guard;
  return at::linalg_svdvals(coreOf(a, b).core) * std::abs(scale);
}

std::pair<Tensor, Tensor> truncated(const Tensor& a, const Tensor& b, std::int64_t rows) {
  torch::NoGradGuard guard;
  const auto core = coreOf(a, b);
  const auto [u, s, vt] = at::linalg_svd(core.core, false);
  const auto kept = std::min(rows, s.size(0));
  // The root goes to either side, so that neither factor is much larger than the other.
  const auto root = s.narrow(0, 0, kept).sqrt();
  auto smallA = torch::zeros({rows, a.size(1)}, a.options()), smallB = torch::zeros({b.size(0), rows}, b.options());
  smallA.narrow(0, 0, kept).copy_(root.unsqueeze(1) * vt.narrow(0, 0, kept).matmul(core.right.t()));
  smallB.narrow(1, 0, kept).copy_(core.left.matmul(u.narrow(1, 0, kept)) * root);
  return {smallA.detach(), smallB.detach()};
}

double LayerSpectrum::total() const { return std::accumulate(energy.begin(), energy.end(), 0.0); }

double LayerSpectrum::kept(std::int64_t wanted) const {
  const double all = total();
  const auto units = static_cast<std::ptrdiff_t>(std::min<std::int64_t>(wanted, std::ssize(energy)));
  return all > 0 ? std::accumulate(energy.begin(), energy.begin() + units, 0.0) / all : 1;
}

std::vector<LayerSpectrum> spectra(const Network& network, int task) {
  torch::NoGradGuard guard;
  const auto t = static_cast<std::size_t>(task);
  std::vector<LayerSpectrum> out;
  eachAdapted(network->backbone(), "backbone", [&](const std::string& name, const AdaptedModule& layer) {
    if (t >= layer.factors.tasks()) return;
    LayerSpectrum spectrum;
    spectrum.layer = layer.layer();
    spectrum.layer.name = name;
    const auto unit = factorShape(spectrum.layer, 1).aRows;
    spectrum.rank = layer.rank(task);
    spectrum.energy.assign(static_cast<std::size_t>(spectrum.rank), 0.0);
    // A rank beyond what the matrix can have leaves its last units empty.
    const auto squares = singularValues(layer.factors.a[t], layer.factors.b[t], layer.factors.scales[t]).square();
    for (std::int64_t i = 0; i < squares.size(0); ++i)
      spectrum.energy[static_cast<std::size_t>(i / unit)] += squares[i].item<double>();
    spectrum.weight = layer.fusedWeight(task).to(torch::kFloat64).square().sum().item<double>();
    out.push_back(std::move(spectrum));
  });
  return out;
}

void truncate(Network& network, int task, const std::vector<std::int64_t>& ranks) {
  torch::NoGradGuard guard;
  const auto t = static_cast<std::size_t>(task);
  std::size_t next = 0;
  eachAdapted(network->backbone(), "backbone", [&](const std::string& name, AdaptedModule& layer) {
    TORCH_CHECK(next < ranks.size(), "truncate: ", ranks.size(), " ranks, but there are more layers");
    const auto rank = ranks[next++];
    if (t >= layer.factors.tasks()) return;
    TORCH_CHECK(!layer.fused(), name, ": a fused layer cannot be truncated");
    TORCH_CHECK(rank > 0, name, ": rank must be positive, not ", rank);
    if (rank >= layer.rank(task)) return;
    auto &a = layer.factors.a[t], &b = layer.factors.b[t];
    const auto [smallA, smallB] = truncated(a, b, factorShape(layer.layer(), rank).aRows);
    a.set_data(smallA.to(a.device()));
    b.set_data(smallB.to(b.device()));
  });
}

}  // namespace lorkd::nn
