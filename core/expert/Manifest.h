// What every exported expert says of itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"

namespace lorkd::expert {

/// manifest.json of an expert.
struct Manifest {
  std::string task, kind;  ///< kind: the plan's, as "segmentation" or "classification_3d"
  std::vector<std::string> classes;
  std::vector<std::string> colors;  ///< "#rrggbb" per class
  Json codes;                       ///< {class: {"code", "category", "modifier"}} of those that have any; else null
  std::string backbone;             ///< name, and preset or widths
  std::string input, output;        ///< in words: layout, axes, what the numbers mean
  std::int64_t channels = 1;        ///< of the input
  std::int64_t rank = 0;            ///< the largest of its factors as exported, decoders left out; 0 without factors
  double scale = 0;                 ///< s of the factors of that rank
  Json factors;                     ///< {layer: {"rank", "scale"}}, as exported; null without factors
  std::int64_t parameters = 0;
  std::vector<double> spacing;      ///< mm, x y z, of the input grid; empty for 2D
  std::vector<std::int64_t> patch;  ///< x y z; for pictures x y, the size that they are brought to
  Json normalisation;               ///< the plan's data section that matters at inference
  double threshold = 0.5;
  bool exclusive = false;  ///< of the classes and the background (logit 0) the largest is chosen, by no threshold
  std::string planDigest, checkpointDigest;
  double parity = -1;  ///< max |fused - unfused| on real inputs
  double largestLogit =
      0;  ///< largest |logit| of the unfused network on them: what the difference is to be held against
  std::int64_t paritySamples = 0;
  Json truncation;  ///< what was cut and what it cost, where factors were truncated; null otherwise
  Json versions;    ///< program, LibTorch
  Json files;       ///< {file name: SHA-256}
};
void to_json(Json& j, const Manifest& m);
void from_json(const Json& j, Manifest& m);

/// manifest.json of an expert's folder. Errors: NotFound, Io, Format (naming the file).
Result<Manifest> readManifest(const std::filesystem::path& folder);

}  // namespace lorkd::expert
