#include "core/train/Checkpoint.h"

#include <torch/version.h>

#include <charconv>

#include "core/train/Trainer.h"

namespace lorkd::train {
namespace {

// Files of this format carry a digest; those of before need not.
constexpr const char* formatName = "lorkd-checkpoint-2";
constexpr const char* formatBefore = "lorkd-checkpoint";

/// Shortest text that reads back to the same bits.
std::string text(double value) {
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

template <class Number>
bool parse(const std::map<std::string, std::string>& metadata, const std::string& key, Number& value) {
  const auto it = metadata.find(key);
  if (it == metadata.end()) return false;
  const auto* end = it->second.data() + it->second.size();
  const auto result = std::from_chars(it->second.data(), end, value);
  return result.ec == std::errc() && result.ptr == end;
}

}  // namespace

void append(nn::NamedTensors& to, const std::string& prefix, const nn::NamedTensors& from) {
  for (const auto& [name, tensor] : from) to.emplace_back(prefix + name, tensor);
}

Result<void> saveCheckpoint(const std::filesystem::path& path, const CheckpointInfo& info,
                            const nn::NamedTensors& tensors) {
  std::map<std::string, std::string> metadata{{"format", formatName},     {"step", std::to_string(info.step)},
                                              {"best", text(info.best)},  {"stale", std::to_string(info.stale)},
                                              {"plan", info.origin.plan}, {"torch", TORCH_VERSION}};
  if (!info.origin.cases.empty()) metadata["cases"] = info.origin.cases;
  if (!info.origin.role.empty()) metadata["role"] = info.origin.role;
  if (info.validationDue) metadata["validation"] = "due";
  if (!info.by.empty()) metadata["by"] = info.by;
  return nn::saveTensors(path, tensors, metadata);
}

Result<std::pair<safetensors::File, CheckpointInfo>> openCheckpoint(const std::filesystem::path& path,
                                                                    const Origin& origin) {
  LORKD_TRY(file, safetensors::File::open(path));
  const auto& metadata = file.metadata();
  CheckpointInfo info;
  const auto plan = metadata.find("plan");
  const auto format = metadata.find("format");
  const bool known = format != metadata.end() &&
                     (format->second == formatBefore || (format->second == formatName && file.hasDigest()));
  if (!known || plan == metadata.end() || !parse(metadata, "step", info.step) || info.step < 0 ||
      !parse(metadata, "best", info.best))
    return fail(ErrorCode::Format, "not a checkpoint of a training, or a damaged one",
                "choose a file that a training has written", path.string());
  info.origin.plan = plan->second;
  if (const auto cases = metadata.find("cases"); cases != metadata.end()) info.origin.cases = cases->second;
  if (const auto role = metadata.find("role"); role != metadata.end()) info.origin.role = role->second;
  parse(metadata, "stale", info.stale);  // files from before there was patience have none
  info.validationDue = metadata.contains("validation");
  if (const auto by = metadata.find("by"); by != metadata.end()) info.by = by->second;
  if (!origin.plan.empty() && info.origin.plan != origin.plan)
    return fail(ErrorCode::Mismatch,
                "the checkpoint was written under another plan (" + info.origin.plan.substr(0, 12) + ", this plan is " +
                    origin.plan.substr(0, 12) + ")",
                "wrong run directory? restore its plan, or start a new run", path.string());
  if (!origin.cases.empty() && !info.origin.cases.empty() && info.origin.cases != origin.cases)
    return fail(ErrorCode::Mismatch,
                "the checkpoint was written for other cases, or another division of them, than cases.json has",
                "restore the run's cases.json or its checkpoint, or start a new run", path.string());
  if (!origin.role.empty() && !info.origin.role.empty() && info.origin.role != origin.role)
    return fail(ErrorCode::Mismatch,
                "the file is the checkpoint '" + info.origin.role + "', where '" + origin.role + "' should be",
                "restore the run's checkpoint", path.string());
  return std::pair{std::move(file), std::move(info)};
}

Result<void> readInto(nn::NamedTensors& tensors, const safetensors::File& file) {
  const torch::NoGradGuard guard;
  for (auto& [name, tensor] : tensors) {
    const bool weight = name.starts_with("student.") || name.starts_with("average.");
    LORKD_TRY(stored, weight ? nn::finiteTensor(file, name) : nn::mappedTensor(file, name));
    if (stored.sizes() != tensor.sizes() || stored.scalar_type() != tensor.scalar_type())
      return fail(ErrorCode::Mismatch, "tensor '" + name + "' has another shape or type than in this training",
                  "the checkpoint belongs to another network", file.path().string());
    tensor.copy_(stored);
  }
  return {};
}

Result<void> loadWeights(nn::Network& network, const std::filesystem::path& checkpoint, const Origin& origin) {
  LORKD_TRY(opened, openCheckpoint(checkpoint, origin));
  const auto& names = opened.first.tensors();
  const auto averaged = names.lower_bound("average.");
  const bool average = averaged != names.end() && averaged->first.starts_with("average.");
  return nn::loadState(*network, opened.first, average ? "average." : "student.");
}

Result<Reached> reached(const std::filesystem::path& checkpoint, const Origin& origin) {
  LORKD_TRY(opened, openCheckpoint(checkpoint, origin));
  return Reached{opened.second.step, opened.second.validationDue};
}

}  // namespace lorkd::train
