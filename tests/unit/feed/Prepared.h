// A prepared folder as core/data/Prepare.h describes it, written by hand so that tests need no imaging libraries.
#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "core/base/Json.h"
#include "core/base/SafeTensors.h"
#include "core/run/Plan.h"

namespace lorkd::test {

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
    for (const auto& [task, mask] : masks)
      tensors.emplace_back("task." + std::to_string(task), mask), tasks.push_back(task);
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

inline plan::Task makeTask(std::initializer_list<const char*> classes,
                           plan::TaskKind kind = plan::TaskKind::Segmentation) {
  plan::Task task;
  task.kind = kind;
  for (const auto* name : classes) task.classes.emplace_back(name, plan::Class{});
  return task;
}

}  // namespace lorkd::test
