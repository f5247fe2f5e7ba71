#include <torch/version.h>

#include <algorithm>
#include <set>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "core/base/Guard.h"
#include "core/expert/Exporter.h"
#include "core/expert/StagedFolder.h"

namespace lorkd::expert {
namespace {

constexpr double tolerance = 1e-5;

/// Brings a network to the CPU in evaluation mode, unfused; and back to device and mode, unfused, when it dies.
class Prepared {
 public:
  explicit Prepared(nn::Network& network)
      : m_network(network), m_training(network->is_training()), m_device(network->parameters().front().device()) {
    m_network->unfuse();
    m_network->eval();
    m_network->to(torch::kCPU);
  }
  ~Prepared() {
    m_network->unfuse();
    m_network->train(m_training);
    m_network->to(m_device);
  }

 private:
  nn::Network& m_network;
  bool m_training;
  torch::Device m_device;
};

Result<void> checkArguments(const nn::Network& network, int task, const std::vector<torch::Tensor>& inputs,
                            const std::vector<std::shared_ptr<Exporter>>& exporters) {
  if (task < 0 || static_cast<std::size_t>(task) >= network->heads().size())
    return fail(ErrorCode::InvalidArgument, "the network has no task number " + std::to_string(task));
  if (inputs.empty() || std::ranges::any_of(inputs, [](const auto& x) { return x.dim() < 2 || x.numel() == 0; }))
    return fail(ErrorCode::InvalidArgument, "an export needs real inputs to compare the expert on",
                "give the run at least one test or validation case for this task");
  if (exporters.empty()) return fail(ErrorCode::InvalidArgument, "no export format is chosen");
  std::set<std::string> names{"manifest.json"};
  for (const auto& exporter : exporters)
    if (!names.insert(exporter->fileName()).second)
      return fail(ErrorCode::InvalidArgument, "two formats would write " + exporter->fileName());
  return {};
}

/// Largest difference, checked against the tolerance.
Result<double> compare(const torch::Tensor& found, const torch::Tensor& wanted, const std::string& what) {
  if (found.sizes() != wanted.sizes())
    return fail(ErrorCode::Mismatch, what + " gives an output of another shape than the network");
  const double difference = (found - wanted).abs().max().item<double>();
  const double allowed = tolerance * std::max(1.0, wanted.abs().max().item<double>());
  if (!(difference <= allowed))  // also when it is not a number
    return fail(
        ErrorCode::Mismatch,
        what + " differs from the network by " + std::to_string(difference) + ", more than " + std::to_string(allowed),
        "nothing was exported; this is a fault of the format or of the program");
  return difference;
}

/// Writes one format into `folder`, reads it back and compares; raises `parity` to the largest difference seen.
Result<void> exportFormat(const std::filesystem::path& folder, Exporter& exporter, nn::Network& network, int task,
                          const std::vector<torch::Tensor>& inputs, const std::vector<torch::Tensor>& wanted,
                          const Manifest& manifest, double& parity) {
  const auto file = folder / exporter.fileName();
  LORKD_CHECK(exporter.write(file, network, task, inputs.front(), manifest));
  if (!std::filesystem::is_regular_file(file))
    return fail(ErrorCode::Io, "format " + exporter.name() + " wrote no file", "", file.string());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    LORKD_TRY(found, exporter.readBack(file, network, task, inputs[i]));
    if (!found.defined()) break;
    LORKD_TRY(difference, compare(found, wanted[i], "the file of format " + exporter.name()));
    parity = std::max(parity, difference);
  }
  return {};
}

}  // namespace

Result<Manifest> exportExpert(const std::filesystem::path& folder, nn::Network& network, int task,
                              const std::vector<torch::Tensor>& given, Manifest manifest,
                              const std::vector<std::shared_ptr<Exporter>>& exporters, Progress& progress) {
  LORKD_CHECK(checkArguments(network, task, given, exporters));
  const auto& name = network->heads()[static_cast<std::size_t>(task)].task;
  try {
    torch::NoGradGuard noGrad;
    const Prepared prepared(network);
    std::vector<torch::Tensor> inputs, wanted;
    manifest.paritySamples = 0;
    manifest.largestLogit = 0;
    for (const auto& x : given) {
      inputs.push_back(x.detach().to(torch::kCPU, torch::kFloat32).contiguous());
      wanted.push_back(network->predict(inputs.back(), task));
      manifest.largestLogit = std::max(manifest.largestLogit, wanted.back().abs().max().item<double>());
      manifest.paritySamples += x.size(0);
    }
    network->fuse(task);
    manifest.parity = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      LORKD_TRY(difference, compare(network->predict(inputs[i], task), wanted[i], "the fused expert"));
      manifest.parity = std::max(manifest.parity, difference);
    }
    if (manifest.task.empty()) manifest.task = name;
    manifest.parameters = network->expertParameters(task);
    if (!manifest.versions.is_object()) manifest.versions = Json::object();
    manifest.versions["libtorch"] = TORCH_VERSION;
    manifest.files = Json::object();

    LORKD_TRY(staged, StagedFolder::create(folder, "manifest.json"));
    const auto total = static_cast<std::int64_t>(exporters.size());
    for (std::int64_t i = 0; i < total; ++i) {
      auto& exporter = *exporters[static_cast<std::size_t>(i)];
      progress.report("exporting " + name + " as " + exporter.name(), i, total);
      LORKD_CHECK(exportFormat(staged.path(), exporter, network, task, inputs, wanted, manifest, manifest.parity));
      LORKD_TRY(digest, sha256File(staged.path() / exporter.fileName()));
      manifest.files[exporter.fileName()] = digest;
    }
    LORKD_CHECK(writeJson(staged.path() / "manifest.json", manifest));
    LORKD_CHECK(staged.commit());
    progress.report("exporting " + name, total, total);
    return manifest;
  } catch (const std::exception& e) {
    return fail(thrown(e, folder.string()).error(), "exporting expert " + name);
  }
}

}  // namespace lorkd::expert
