// nnU-Net v2's description of a trained network: plans.json and dataset.json, in today's form and in that before
// version 2.3.1 (nnunetv2/utilities/plans_handling/plans_handler.py), and the folder of results around them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"

namespace lorkd::models {

/// The network that a configuration asks for. Lists have an entry a stage, finest first; axes are those of the plans
/// (z, y, x after the transposition).
struct NnUnetNetwork {
  std::string className;  ///< last part of the class's name: "PlainConvUNet", "ResidualEncoderUNet"
  bool known = false;     ///< one of those two, and nothing in its arguments is unusual
  bool residual = false;  ///< the encoder is made of residual blocks
  bool oldForm = false;   ///< the plans are older than version 2.3.1
  int dims = 0;
  std::vector<std::int64_t> features;
  std::vector<std::vector<std::int64_t>> kernels, strides;
  std::vector<std::int64_t> convsEncoder;  ///< convolutions of each stage, or residual blocks
  std::vector<std::int64_t> convsDecoder;  ///< coarsest first; one less than stages
};

/// What CTNormalization takes from the training set, a channel.
struct NnUnetIntensity {
  double low = 0, high = 0;  ///< percentiles 0.5 and 99.5, to which values are clipped
  double mean = 0, deviation = 1;
};

/// A label, or a region of several.
struct NnUnetLabel {
  std::string name;
  std::vector<std::int64_t> values;
};

/// Everything that a configuration says.
struct NnUnetPlans {
  std::string dataset, plans, configuration;
  NnUnetNetwork network;
  std::vector<std::int64_t> patch;
  std::vector<double> spacing;  ///< mm
  std::vector<std::int64_t> transposeForward, transposeBackward;
  std::string reader;  ///< "SimpleITKIO": decides in which orientation the network sees images
  std::vector<std::string> normalisation;
  std::vector<bool> maskForNormalisation;
  std::vector<std::optional<NnUnetIntensity>> intensities;  ///< nothing where the plans do not say
  bool cascade = false;  ///< it needs another configuration's prediction as further channels
  std::vector<std::string> channels;
  std::vector<NnUnetLabel> labels;  ///< without background and ignore, in the order of the file
  bool regions = false;             ///< labels overlap: an output a region, sigmoid
  std::vector<std::int64_t> regionsClassOrder;
  std::optional<std::int64_t> ignore;  ///< the value that counts nowhere
  std::string fileEnding;
  std::int64_t outputs = 0;  ///< channels of the network's output: labels and background, or regions
  /// In words, what of all this was not understood: of a network with any of it, nothing may be taken for certain.
  std::vector<std::string> notUnderstood;
};

/// Reads a configuration of plans and its data set. Errors: Format, naming the field; NotFound, listing the
/// configurations there are.
Result<NnUnetPlans> readNnUnetPlans(const Json& plans, const Json& dataset, const std::string& configuration);

/// A folder of results.
struct NnUnetFolder {
  std::filesystem::path folder;  ///< with plans.json
  std::string dataset;           ///< name of the folder above: "Dataset291_TotalSegmentator_part1_organs_1559subj"
  std::optional<int> number;     ///< 291
  std::string trainer;           ///< "nnUNetTrainer"; empty where the folder's name does not say
  NnUnetPlans plans;
  /// Folds ("0", "all") and the checkpoint of each that is used: checkpoint_final.pth, or the best if that is missing.
  std::vector<std::pair<std::string, std::filesystem::path>> folds;
};

/// Whether a folder, or one at most two levels below, holds plans.json, dataset.json and fold_*. `folder` may also be
/// the data set's folder or that of all results. Errors: InvalidArgument, listing them, where there are several;
/// those of readNnUnetPlans(); nothing where there is none.
Result<std::optional<NnUnetFolder>> readNnUnetFolder(const std::filesystem::path& folder);

}  // namespace lorkd::models
