// A prepared folder as core/data/Prepare.h describes it, written by hand so that tests need no imaging libraries.
#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "core/base/ClassSets.h"
#include "core/base/Json.h"
#include "core/base/SafeTensors.h"
#include "core/feed/Labels.h"
#include "core/run/Plan.h"

namespace lorkd::test {

/// What a prepared file holds of the masks (C, D, H, W) uint8 of a task.
inline std::vector<std::pair<std::string, torch::Tensor>> packedLabels(int task, const torch::Tensor& masks) {
  const Extent3 size{masks.size(1), masks.size(2), masks.size(3)};
  ClassSets sets(static_cast<std::size_t>(masks[0].numel()));
  for (const auto& mask : masks.contiguous().unbind(0))
    EXPECT_TRUE(sets.add({mask.data_ptr<std::uint8_t>(), static_cast<std::size_t>(mask.numel())}));
  auto packed = sets.pack(0, size);
  const auto name = "task." + std::to_string(task);
  return {
      {name + ".sets",
       torch::from_blob(packed.table.data(), {static_cast<std::int64_t>(packed.sets), masks.size(0)}, torch::kUInt8)
           .clone()},
      {name + ".blocks",
       torch::from_blob(packed.words.data(), {static_cast<std::int64_t>(packed.words.size())}, torch::kInt32).clone()}};
}

/// A folder that goes away with the object.
class PreparedFolder {
 public:
  PreparedFolder() {
    static int count = 0;
    m_path = std::filesystem::temp_directory_path() /
             ("lorkd-feed-" + std::to_string(::getpid()) + "-" + std::to_string(count++));
    std::filesystem::create_directories(m_path);
  }
  ~PreparedFolder() { std::filesystem::remove_all(m_path); }
  PreparedFolder(const PreparedFolder&) = delete;
  PreparedFolder& operator=(const PreparedFolder&) = delete;

  /// image (D, H, W) or (channels, D, H, W) float32; masks (C, D, H, W) uint8 by task.
  void addVolume(const std::string& id, const std::string& split, const torch::Tensor& image,
                 const std::map<int, torch::Tensor>& masks) {
    std::vector<std::pair<std::string, torch::Tensor>> tensors{
        {"image", image.dim() == 3 ? image.unsqueeze(0) : image}};
    Json tasks = Json::array();
    for (const auto& [task, mask] : masks) {
      for (auto& tensor : packedLabels(task, mask)) tensors.push_back(std::move(tensor));
      tasks.push_back(task);
    }
    write(id + "-" + split, tensors);
    index.push_back({{"file", id + "-" + split + ".safetensors"}, {"case", id}, {"split", split}, {"tasks", tasks}});
  }
  /// images (N, C, H, W) float32, labels (N) int64.
  /// `origins` (N, 3) int64 of `sets`, see data::prepare(), where a file is to have them.
  void addPictures(int task, const std::string& split, const torch::Tensor& images, const torch::Tensor& labels,
                   const torch::Tensor& origins = {}, const Json& sets = Json::array()) {
    const auto name = "pictures-" + std::to_string(task) + "-" + split;
    std::vector<std::pair<std::string, torch::Tensor>> tensors{{"images", images}, {"labels", labels}};
    if (origins.defined()) tensors.emplace_back("origins", origins);
    write(name, tensors, {{"sets", sets.dump()}});
    index.push_back(
        {{"file", name + ".safetensors"}, {"case", name}, {"split", split}, {"tasks", {task}}, {"kind", "picture"}});
  }
  /// A volume that is classified: image (channels, D, H, W) float32, and of each task its class (1) int64, or a flag
  /// for each class (1, classes) uint8.
  void addWhole(const std::string& id, const std::string& split, const std::string& patient, const torch::Tensor& image,
                const std::map<int, torch::Tensor>& labels) {
    std::vector<std::pair<std::string, torch::Tensor>> tensors{{"image", image}};
    Json tasks = Json::array();
    for (const auto& [task, label] : labels) {
      tensors.emplace_back("label." + std::to_string(task), label);
      tasks.push_back(task);
    }
    write(id + "-" + split, tensors, {{"patient", patient}});
    index.push_back({{"file", id + "-" + split + ".safetensors"}, {"case", id}, {"split", split}, {"tasks", tasks}});
  }
  void writeIndex() const { ASSERT_TRUE(writeJson(m_path / "index.json", index)); }
  const std::filesystem::path& path() const { return m_path; }

  Json index = Json::array();

 private:
  void write(const std::string& name, const std::vector<std::pair<std::string, torch::Tensor>>& tensors,
             const std::map<std::string, std::string>& metadata = {}) const {
    std::vector<safetensors::Entry> entries;
    std::vector<torch::Tensor> kept;
    for (const auto& [key, tensor] : tensors) {
      kept.push_back(tensor.contiguous());
      const char* dtype = tensor.scalar_type() == torch::kFloat32 ? "F32"
                          : tensor.scalar_type() == torch::kInt64 ? "I64"
                          : tensor.scalar_type() == torch::kInt32 ? "I32"
                                                                  : "U8";
      entries.push_back({key,
                         dtype,
                         tensor.sizes().vec(),
                         {static_cast<const std::byte*>(kept.back().data_ptr()), kept.back().nbytes()}});
    }
    ASSERT_TRUE(safetensors::write(m_path / (name + ".safetensors"), entries, metadata));
  }
  std::filesystem::path m_path;
};

/// Labels of masks (C, D, H, W) uint8, as a prepared file holds them.
inline feed::Labels labelsOf(const torch::Tensor& masks) {
  PreparedFolder folder;
  folder.addVolume("labels", "train", torch::zeros(masks[0].sizes()), {{0, masks}});
  const auto file = safetensors::File::open(folder.path() / "labels-train.safetensors");
  EXPECT_TRUE(file);
  const auto labels = feed::Labels::of(*file, 0, {masks.size(1), masks.size(2), masks.size(3)});
  EXPECT_TRUE(labels) << labels.error().text();
  return *labels;
}

inline plan::Task makeTask(std::initializer_list<const char*> classes,
                           plan::TaskKind kind = plan::TaskKind::Segmentation) {
  plan::Task task;
  task.kind = kind;
  for (const auto* name : classes) task.classes.emplace_back(name, plan::Class{});
  return task;
}

}  // namespace lorkd::test
