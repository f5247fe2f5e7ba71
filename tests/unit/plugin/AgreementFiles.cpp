// What tests/e2e/pytorch_agreement.py holds against PyTorch: for every backbone the input, weights, outputs, gradients
// and stepped weights of one mixed-task batch, as LORKD_AGREEMENT/<case>.safetensors. Skipped without that folder.
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/base/Json.h"
#include "core/nn/TensorFile.h"
#include "core/plugin/Registry.h"
#include "core/train/Objective.h"
#include "core/train/Optimiser.h"
#include "plugins/Plugins.h"

namespace lorkd::plugin {
namespace {

struct Case {
  const char* name;
  plan::Backbone backbone;
  bool segmentation;
  std::vector<std::int64_t> image;  ///< sizes without the batch
};

std::vector<Case> cases() {
  constexpr auto shared = plan::BackboneNorm::Shared, perTask = plan::BackboneNorm::PerTask;
  return {{"unet3d", {"unet3d", "tiny", {}, shared, false}, true, {1, 16, 12, 8}},
          {"unet3d_supervised", {"unet3d", "tiny", {}, shared, true}, true, {1, 8, 16, 16}},
          {"unet2d", {"unet2d", "tiny", {}, shared, true}, true, {1, 24, 32}},
          {"shufflenetv2", {"shufflenetv2", "small", {}, shared, false}, false, {3, 64, 64}},
          {"shufflenetv2_per_task", {"shufflenetv2", "tiny", {}, perTask, false}, false, {1, 64, 64}},
          {"resnet18", {"resnet", "18", {16, 32, 48, 64}, shared, false}, false, {3, 64, 64}},
          {"resnet50_per_task", {"resnet", "50", {8, 12, 16, 24}, perTask, false}, false, {1, 64, 48}}};
}

plan::Plan planOf(const Case& c) {
  plan::Plan plan;
  plan.backbone = c.backbone;
  for (const auto& [name, classes] : {std::pair<const char*, std::size_t>{"one", 2}, {"two", 3}}) {
    plan::Task task;
    task.kind = c.segmentation ? plan::TaskKind::Segmentation : plan::TaskKind::Classification;
    task.classes.resize(classes);
    plan.tasks.emplace_back(name, task);
  }
  plan.losses.transfer = plan.losses.transferLogits = 0;
  plan.training.learningRate = 0.01;
  plan.training.weightDecay = 0.1;
  plan.training.momentum = 0.8;
  return plan;
}

nn::Network makeNetwork(const Case& c, const plan::Plan& plan, const nn::LowRankSpec& spec, torch::Dtype type) {
  std::vector<nn::HeadSpec> heads;
  for (const auto& [name, task] : plan.tasks)
    heads.push_back({name, static_cast<std::int64_t>(task.classes.size()), c.segmentation});
  nn::Network net((*registry().backbone(c.backbone.name))->make(c.backbone, spec, c.image[0]).value(), heads);
  torch::NoGradGuard noGrad;
  for (auto& item : net->named_parameters()) {
    auto& tensor = item.value();
    const bool vector = tensor.dim() == 1;
    if (item.key().find(".b.") != std::string::npos) tensor.normal_(0, 0.05);
    if (vector && item.key().ends_with("weight")) tensor.uniform_(0.5, 1.5);  // norms
    if (vector && item.key().ends_with("bias")) tensor.normal_(0, 0.1);
  }
  net->to(type);
  return net;
}

void append(nn::NamedTensors& to, const std::string& prefix, const nn::NamedTensors& from) {
  for (const auto& [name, tensor] : from) to.emplace_back(prefix + name, tensor.detach().clone());
}

void write(const std::filesystem::path& folder, const Case& c, torch::Dtype type) {
  torch::manual_seed(7);
  auto plan = planOf(c);
  const nn::LowRankSpec spec{{2, 3}, {2.0, 0.5}, 2, nn::Strategy::Auto};
  auto net = makeNetwork(c, plan, spec, type);
  feed::Batch batch;
  batch.routing.slices = c.segmentation ? std::vector<nn::TaskSlice>{{0, 0, 2}, {1, 2, 3}}
                                        : std::vector<nn::TaskSlice>{{0, 0, 4}, {1, 4, 10}};
  auto sizes = c.image;
  sizes.insert(sizes.begin(), batch.routing.batch());
  batch.images = torch::randn(sizes).to(type);
  nn::NamedTensors out{{"input", batch.images}};
  for (const auto& slice : batch.routing.slices) {
    const auto classes =
        static_cast<std::int64_t>(plan.tasks[static_cast<std::size_t>(slice.task)].second.classes.size());
    sizes[0] = slice.size(), sizes[1] = classes;
    batch.targets.push_back(c.segmentation ? (torch::rand(sizes) < 0.2).to(type)
                                           : torch::randint(classes, {slice.size()}, torch::kLong));
    out.emplace_back("targets." + std::to_string(slice.task), batch.targets.back());
  }
  append(out, "before.", nn::stateOf(*net));

  const auto outputs = net->forward(batch.images, batch.routing);
  std::vector<train::Projector> none;
  const auto loss = train::objective(plan, batch, outputs, nullptr, none);
  loss.total.backward();
  out.emplace_back("loss", loss.total.detach());
  for (std::size_t j = 0; j < outputs.logits.size(); ++j) {
    const auto task = std::to_string(batch.routing.slices[j].task);
    out.emplace_back("logits." + task, outputs.logits[j].detach());
    if (outputs.coarser.empty()) continue;
    for (std::size_t level = 0; level < outputs.coarser[j].size(); ++level)
      out.emplace_back("coarser." + task + "." + std::to_string(level), outputs.coarser[j][level].detach());
  }
  nn::NamedTensors parameters;
  for (const auto& item : net->named_parameters()) {
    parameters.emplace_back(item.key(), item.value());
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    out.emplace_back("gradient." + item.key(), item.value().grad());
  }
  for (const auto& item : net->named_buffers()) out.emplace_back("after." + item.key(), item.value());

  // Two steps along the same gradient: the second shows momentum and the correction of AdamW's averages.
  nn::NamedTensors before;
  append(before, "", parameters);
  for (const auto& [name, method] :
       {std::pair{"sgd.", plan::TrainingOptimiser::Sgd}, std::pair{"adamw.", plan::TrainingOptimiser::Adamw}}) {
    plan.training.optimiser = method;
    train::Optimiser optimiser(plan.training, parameters);
    for (int step = 0; step < 2; ++step) optimiser.step(plan.training.learningRate);
    append(out, name, parameters);
    torch::NoGradGuard noGrad;
    for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i].second.copy_(before[i].second);
  }

  const std::string typeName = type == torch::kDouble ? "float64" : "float32";
  Json description{{"name", c.name},
                   {"network", c.backbone.name},
                   {"preset", c.backbone.preset},
                   {"widths", c.backbone.widths},
                   {"per_task", c.backbone.norm == plan::BackboneNorm::PerTask},
                   {"supervised", c.backbone.deepSupervision},
                   {"dims", c.image.size() - 1},
                   {"channels", c.image[0]},
                   {"ranks", spec.ranks},
                   {"scales", spec.scales},
                   {"decoder_factor", spec.decoderFactor},
                   {"learning_rate", plan.training.learningRate},
                   {"weight_decay", plan.training.weightDecay},
                   {"momentum", plan.training.momentum},
                   {"type", typeName}};
  for (const auto& slice : batch.routing.slices) description["slices"].push_back({slice.task, slice.begin, slice.end});
  for (const auto& [name, task] : plan.tasks) description["tasks"].push_back({name, task.classes.size()});
  const auto saved = nn::saveTensors(folder / (std::string(c.name) + "." + typeName + ".safetensors"), out,
                                     {{"case", description.dump()}});
  ASSERT_TRUE(saved) << saved.error().text();
}

TEST(Agreement, WritesWhatPyTorchIsHeldAgainst) {
  const char* folder = std::getenv("LORKD_AGREEMENT");
  if (!folder) GTEST_SKIP() << "set LORKD_AGREEMENT to a folder";
  registerPlugins(registry());
  for (const auto& c : cases())
    for (const auto type : {torch::kDouble, torch::kFloat}) write(folder, c, type);
}

}  // namespace
}  // namespace lorkd::plugin
