#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/nn/Fresh.h"
#include "core/nn/Separate.h"
#include "core/nn/kernels/LibraryCheck.h"
#include "core/plugin/Registry.h"
#include "core/train/Memory.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace fs = std::filesystem;
namespace {

nn::Strategy strategyOf(plan::LowRankStrategy strategy) {
  switch (strategy) {
    case plan::LowRankStrategy::Merged:
      return nn::Strategy::Merged;
    case plan::LowRankStrategy::Factored:
      return nn::Strategy::Factored;
    case plan::LowRankStrategy::Published:
      return nn::Strategy::Published;
    case plan::LowRankStrategy::Auto:
      break;
  }
  return nn::Strategy::Auto;
}

nn::LowRankSpec specOf(const plan::Plan& plan) {
  nn::LowRankSpec spec;
  spec.decoderFactor = plan.lowrank.decoderFactor;
  spec.strategy = strategyOf(plan.lowrank.strategy);
  spec.tasks = plan.tasks.size();
  if (plan.method != plan::PlanMethod::Lorkd) return spec;
  for (const auto& [name, task] : plan.tasks) {
    spec.ranks.push_back(task.rank);
    spec.scales.push_back(plan::lowRankScale(plan.lowrank, task.rank, task.rank));
  }
  return spec;
}

/// The trunk of a plan's method; single-task learning has one for each task, alike but for their first weights.
Result<std::shared_ptr<nn::Backbone>> makeTrunk(const plan::Plan& plan, const plugin::BackboneInfo& info) {
  auto options = plan.method == plan::PlanMethod::Teacher ? plan.teacher.backbone : plan.backbone;
  const auto channels = plan::inputChannels(plan);
  if (plan.method != plan::PlanMethod::Stl && plan.method != plan::PlanMethod::StlKd)
    return info.make(options, specOf(plan), channels);
  options.norm = plan::BackboneNorm::Shared;  // a trunk of one task has one set in any case
  std::vector<std::shared_ptr<nn::Backbone>> trunks;
  for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
    LORKD_TRY(trunk, info.make(options, specOf(plan), channels));
    trunks.push_back(trunk);
  }
  return nn::separate(std::move(trunks));
}

Result<void> setLayerRanks(nn::Network& network, const plan::Plan& plan) {
  if (plan.method != plan::PlanMethod::Lorkd) return {};
  for (std::size_t t = 0; t < plan.tasks.size(); ++t)
    for (const auto& [layer, options] : plan.tasks[t].second.layers) {
      if (network->setRank(layer, static_cast<int>(t), options.rank)) continue;
      std::string names;
      for (const auto& known : network->adaptedLayers()) names += (names.empty() ? "" : ", ") + known.name;
      return fail(ErrorCode::InvalidArgument, "the network has no adapted layer '" + layer + "'", "there are: " + names,
                  "tasks." + plan.tasks[t].first + ".layers");
    }
  return {};
}

/// By the rule, from the ranks that the layers have.
void setLayerScales(nn::Network& network, const plan::Plan& plan) {
  network->setScales([&](int task, std::int64_t rank) {
    return plan::lowRankScale(plan.lowrank, plan.tasks[static_cast<std::size_t>(task)].second.rank, rank);
  });
}

/// Structures fill a small share of a patch. Heads that start at that share (RetinaNet, arXiv 1708.02002, section 4.1)
/// spare the first steps the learning of mere background.
void startRare(nn::Network& network) {
  torch::NoGradGuard guard;
  constexpr double share = 0.05;
  for (std::size_t t = 0; t < network->heads().size(); ++t)
    for (auto& parameter : network->head(static_cast<int>(t)).named_parameters())
      if (parameter.key() == "bias") parameter.value().fill_(std::log(share / (1 - share)));
}

Result<nn::Network> assemble(const plan::Plan& plan) {
  const auto& options = plan.method == plan::PlanMethod::Teacher ? plan.teacher.backbone : plan.backbone;
  LORKD_TRY(info, plugin::registry().backbone(options.name));
  const bool dense = plan::marks(plan.tasks.front().second.kind);
  const int dims = plan::ofPictures(plan) ? 2 : 3;
  const std::string suited = dense       ? (dims == 2 ? "choose unet2d" : "choose unet3d")
                             : dims == 2 ? "choose shufflenetv2"
                                         : "choose encoder3d";
  std::vector<nn::HeadSpec> heads;
  for (const auto& [name, task] : plan.tasks)
    heads.push_back({name, static_cast<std::int64_t>(task.classes.size()), dense});
  try {
    torch::manual_seed(static_cast<std::uint64_t>(plan.seed));
    LORKD_TRY(backbone, makeTrunk(plan, *info));
    if (backbone->dense() != dense)
      return fail(ErrorCode::InvalidArgument,
                  std::string("the network '") + options.name + "' " +
                      (dense ? "gives one feature vector an image, but the tasks are segmentations"
                             : "gives features per voxel, but the tasks are classifications"),
                  suited, "backbone.name");
    if (backbone->dims() != dims)
      return fail(ErrorCode::Unsupported,
                  "the network '" + options.name + "' takes " +
                      (dims == 3 ? "slices, but patches are volumes" : "volumes, but the tasks are of 2D pictures"),
                  suited, "backbone.name");
    const auto multiple = backbone->sizeMultiple();
    for (int axis = 0; axis < backbone->dims(); ++axis)
      if (plan.data.patch[static_cast<std::size_t>(axis)] % multiple != 0)
        return fail(ErrorCode::InvalidArgument,
                    "patch size " + std::to_string(plan.data.patch[static_cast<std::size_t>(axis)]) +
                        " does not suit the network's depth",
                    "use multiples of " + std::to_string(multiple), "data.patch");
    nn::Network network(backbone, heads);
    LORKD_CHECK(setLayerRanks(network, plan));
    setLayerScales(network, plan);
    if (dense) startRare(network);
    return network;
  } catch (const std::exception& e) {
    return fail(ErrorCode::Internal, std::string("the network cannot be built: ") + e.what(), "", options.name);
  }
}

/// A network that this machine cannot hold is refused before it takes the memory.
Result<void> checkSize(const plan::Plan& plan) {
  const nn::CountingOnly counting;
  LORKD_TRY(network, assemble(plan));
  double parameters = 0;
  for (const auto& p : network->parameters()) parameters += static_cast<double>(p.numel());
  const double bytes = 4 * parameters, limit = train::memoryLimit();
  if (bytes < 0.9 * limit) return {};
  char text[160];
  std::snprintf(text, sizeof text,
                "the network has %.0f million parameters: %.1f GiB of memory, of %.1f GiB that there are",
                parameters / 1e6, bytes / 0x1p30, limit / 0x1p30);
  return fail(ErrorCode::Unsupported, text, "take a smaller preset or narrower widths", "backbone");
}

}  // namespace

Result<torch::Device> setUpDevice(const plan::Plan& plan) {
  const bool cuda = torch::cuda::is_available();
  if (plan.device == plan::PlanDevice::Cuda && !cuda)
    return fail(ErrorCode::Unsupported, "the plan asks for CUDA, but this LibTorch has none or finds no GPU",
                "set device to cpu or auto, or build against a LibTorch with CUDA", "device");
  if (plan.threads > 0) at::set_num_threads(static_cast<int>(plan.threads));
  if (cuda && plan.device != plan::PlanDevice::Cpu) return torch::Device(torch::kCUDA);
  LORKD_CHECK(nn::switchWrongKernelsOff());
  return torch::Device(torch::kCPU);
}

Result<nn::Network> makeNetwork(const plan::Plan& plan) {
  if (!nn::countingOnly()) LORKD_CHECK(checkSize(plan));
  return assemble(plan);
}

Result<nn::Network> makeNetwork(const run::RunDirectory& run) {
  auto plan = run.plan();
  LORKD_TRY(network, makeNetwork(plan));
  const auto checkpoint = fs::exists(run.checkpoint("last")) ? run.checkpoint("last") : run.checkpoint("best");
  if (plan.method == plan::PlanMethod::Lorkd || !network->ownParts() || !fs::exists(checkpoint)) return network;
  LORKD_TRY(file, safetensors::File::open(checkpoint));
  if (std::ranges::all_of(nn::stateOf(*network),
                          [&](const auto& entry) { return file.tensors().contains("student." + entry.first); }))
    return network;
  // Networks without factors shared their batch norms once, whatever the plan said.
  plan.backbone.norm = plan.teacher.backbone.norm = plan::BackboneNorm::Shared;
  return makeNetwork(plan);
}

}  // namespace lorkd::workflow
