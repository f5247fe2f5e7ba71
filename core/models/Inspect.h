// What a file or folder of a foreign model is, said in sentences and as JSON.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"

namespace lorkd::models {

/// The same twice: for people and for programs.
struct Inspection {
  std::vector<std::string> sentences;
  Json facts = Json::object();
};

/// Reads weights whole: names, types, how many parameters, values that are no numbers, digest, what else lies in the
/// file. A checkpoint of nnU-Net tells its plans as well. Errors: those of readWeights().
Result<Inspection> inspectWeights(const std::filesystem::path& path, const std::string& entry = {});

/// A folder: results of nnU-Net with the weights of their first fold, a MONAI bundle, or else the one file of weights
/// in it. What could not be understood is said. Errors: NotFound where nothing is known in it; InvalidArgument where it
/// holds several models, listing them; those of readNnUnetFolder(), readMonaiBundle() and readWeights().
Result<Inspection> inspectFolder(const std::filesystem::path& folder, const std::string& entry = {});

}  // namespace lorkd::models
