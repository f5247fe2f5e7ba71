// A small U-Net with three tasks whose factors have left zero.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/expert/Exporter.h"
#include "core/nn/UNet.h"

namespace lorkd::test {

/// B starts at zero; with that every expert would be the shared network.
inline void disturbFactors(nn::Network& network) {
  torch::NoGradGuard noGrad;
  for (auto& item : network->named_parameters())
    if (item.key().find(".b.") != std::string::npos) item.value().normal_(0, 0.05);
}

inline nn::Network tinyNetwork(int dims = 3, bool segmentation = true) {
  torch::manual_seed(5);
  const nn::LowRankSpec spec{.ranks = {2, 3, 1}, .scales = {2, 1, 4}};
  auto backbone = nn::makeUNet({.dims = dims, .inputChannels = 1, .widths = {4, 6, 8}}, spec).value();
  nn::Network network(backbone,
                      std::vector<nn::HeadSpec>{
                          {"liver", 2, segmentation}, {"lung.left", 3, segmentation}, {"brain", 2, segmentation}});
  disturbFactors(network);
  return network;
}

inline std::vector<torch::Tensor> tinyInputs(int dims = 3) {
  torch::manual_seed(6);
  if (dims == 2) return {torch::randn({3, 1, 24, 16}), torch::randn({1, 1, 24, 16})};
  return {torch::randn({1, 1, 8, 16, 12}), torch::randn({3, 1, 8, 8, 8})};
}

inline expert::Manifest tinyManifest() {
  expert::Manifest m;
  m.task = "lung.left";
  m.kind = "segmentation";
  m.classes = {"a", "b", "c"};
  m.backbone = "unet3d tiny";
  m.rank = 3;
  m.scale = 1;
  m.spacing = {1, 1, 3};
  m.patch = {12, 16, 8};
  m.normalisation = {{"normalisation", "ct"}};
  m.planDigest = "p";
  m.versions = {{"lorkd", "0.1.0"}};
  return m;
}

/// Bytes of every tensor of the network, factors and all heads included.
inline std::vector<torch::Tensor> snapshot(const nn::Network& network) {
  std::vector<torch::Tensor> copies;
  for (const auto& [name, tensor] : nn::stateOf(*network)) copies.push_back(tensor.detach().clone());
  return copies;
}

inline bool unchanged(const nn::Network& network, const std::vector<torch::Tensor>& before) {
  const auto now = snapshot(network);
  if (now.size() != before.size()) return false;
  for (std::size_t i = 0; i < now.size(); ++i)
    if (!now[i].equal(before[i])) return false;
  return true;
}

inline std::filesystem::path freshFolder(const std::string& name) {
  const auto path = std::filesystem::path(testing::TempDir()) / ("lorkd_expert_" + name);
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path;
}

inline std::vector<std::string> entriesOf(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

}  // namespace lorkd::test
