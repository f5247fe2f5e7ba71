// A MONAI bundle as it lies on disk (MONAI, docs/source/mb_specification.rst): what its metadata say, which network its
// configuration names. The Python in a configuration is not run.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"

namespace lorkd::models {

/// What is known of a bundle.
struct MonaiBundle {
  std::filesystem::path folder;  ///< with configs/
  std::string version, task, description, monaiVersion;
  std::string network;                                      ///< class: "SegResNet"; empty where it is not named plainly
  Json arguments;                                           ///< of the network
  std::vector<std::string> inputs;                          ///< by channel
  std::vector<std::pair<std::string, std::string>> labels;  ///< value and name, of the prediction's channels
  std::filesystem::path weights;                            ///< models/model.pt, .safetensors or .ts; empty if missing
  std::vector<std::string> notUnderstood;
};

/// Whether a folder, or the only one in it, is a bundle (configs/metadata.json). Errors: Format, naming the file;
/// nothing where it is none.
Result<std::optional<MonaiBundle>> readMonaiBundle(const std::filesystem::path& folder);

}  // namespace lorkd::models
