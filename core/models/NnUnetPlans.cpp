#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "core/base/Printable.h"
#include "core/models/NnUnet.h"

namespace lorkd::models {
namespace {

constexpr std::size_t mostStages = 20;
constexpr std::size_t mostLabels = 10'000;

/// A place in plans.json or dataset.json, and its name for errors.
struct Field {
  const Json* json;
  std::string name;

  bool has(const std::string& key) const { return json->is_object() && json->contains(key) && !(*json)[key].is_null(); }
  Field at(const std::string& key) const { return {&(*json)[key], name + "." + key}; }
  std::unexpected<Error> wrong(const std::string& what) const {
    return fail(ErrorCode::Format, name + " " + what, "get the model again, or mend the file");
  }

  Result<Field> need(const std::string& key) const {
    if (!has(key)) return wrong("has no " + key);
    return at(key);
  }
  Result<std::string> text() const {
    if (!json->is_string()) return wrong("is no text");
    return printable(json->get<std::string>(), false);
  }
  Result<std::int64_t> integer(std::int64_t low, std::int64_t high) const {
    if (!json->is_number()) return wrong("is no number");
    const auto value = json->get<double>();
    if (!(value >= static_cast<double>(low) && value <= static_cast<double>(high)) || value != std::floor(value))
      return wrong("is no whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return static_cast<std::int64_t>(value);
  }
  Result<double> real() const {
    if (!json->is_number() || !std::isfinite(json->get<double>())) return wrong("is no number");
    return json->get<double>();
  }
  Result<std::vector<std::int64_t>> integers(std::int64_t low, std::int64_t high) const {
    if (!json->is_array() || json->size() > mostLabels) return wrong("is no list");
    std::vector<std::int64_t> out;
    for (std::size_t n = 0; n < json->size(); ++n) {
      LORKD_TRY(value, (Field{&(*json)[n], name + "[" + std::to_string(n) + "]"}.integer(low, high)));
      out.push_back(value);
    }
    return out;
  }
  /// A number for all of `count`, or a list of as many.
  Result<std::vector<std::int64_t>> each(std::size_t count, std::int64_t low, std::int64_t high) const {
    if (!json->is_number()) {
      LORKD_TRY(values, integers(low, high));
      if (values.size() != count) return wrong("has not " + std::to_string(count) + " entries");
      return values;
    }
    LORKD_TRY(value, integer(low, high));
    return std::vector<std::int64_t>(count, value);
  }
  Result<std::vector<std::vector<std::int64_t>>> lists(std::int64_t low, std::int64_t high) const {
    if (!json->is_array() || json->empty() || json->size() > mostStages) return wrong("is no list of stages");
    std::vector<std::vector<std::int64_t>> out;
    for (std::size_t n = 0; n < json->size(); ++n) {
      LORKD_TRY(values, (Field{&(*json)[n], name + "[" + std::to_string(n) + "]"}.integers(low, high)));
      out.push_back(values);
    }
    return out;
  }
};

std::string lastPart(const std::string& dotted) { return dotted.substr(dotted.rfind('.') + 1); }

/// configurations.NAME with what it inherits: the child wins.
Result<Json> resolved(const Field& configurations, std::string name) {
  std::set<std::string> seen;
  Json out = Json::object();
  while (true) {
    if (!seen.insert(name).second || seen.size() > 20)
      return configurations.wrong("inherit from one another in a circle");
    if (!configurations.has(name)) {
      std::string known;
      for (const auto& item : configurations.json->items())
        known += (known.empty() ? "" : ", ") + printable(item.key(), false);
      return fail(ErrorCode::NotFound, "the plans have no configuration '" + printable(name, false) + "'",
                  "they have: " + known);
    }
    const auto level = configurations.at(name);
    if (!level.json->is_object()) return level.wrong("is no object");
    for (const auto& [key, value] : level.json->items())
      if (!out.contains(key)) out[key] = value;
    if (!level.has("inherits_from")) return out;
    LORKD_TRY(parent, level.at("inherits_from").text());
    name = parent;
  }
}

/// Whether the arguments of the network are those that nnU-Net's own planner writes; what is not goes into `strange`.
void lookAtArguments(const Json& arguments, const NnUnetNetwork& network, std::vector<std::string>& strange) {
  static const std::set<std::string> shape{
      "n_stages",           "features_per_stage",      "kernel_sizes", "strides", "n_conv_per_stage",
      "n_blocks_per_stage", "n_conv_per_stage_decoder"};
  const auto dimension = std::to_string(network.dims) + "d";
  const auto usual = [&](const std::string& key, const Json& value) {
    const auto ends = [&](const std::string& name) {
      return value.is_string() && lastPart(value.get<std::string>()) == name;
    };
    if (key == "conv_op") return ends("Conv" + dimension);
    if (key == "norm_op") return ends("InstanceNorm" + dimension);
    if (key == "nonlin") return ends("LeakyReLU");
    if (key == "conv_bias") return value == true;
    if (key == "dropout_op") return value.is_null();
    if (key == "dropout_op_kwargs") return value.is_null() || value == Json::object();
    if (key == "norm_op_kwargs")
      return value.is_object() && value.size() == 2 && value.value("affine", Json()) == true &&
             value.value("eps", Json()) == 1e-5;
    if (key == "nonlin_kwargs")
      return value.is_object() && value.value("negative_slope", Json(0.01)) == 0.01 &&
             value.size() == static_cast<std::size_t>(value.contains("inplace")) + value.contains("negative_slope");
    return key == "deep_supervision" || (key == "nonlin_first" && value == false);
  };
  for (const auto& [key, value] : arguments.items())
    if (!shape.contains(key) && !usual(key, value))
      strange.push_back("the network's argument " + printable(key, false) + " = " +
                        printable(value.dump(), false).substr(0, 200));
}

Result<void> checkStages(const Field& where, NnUnetNetwork& network) {
  const auto stages = network.kernels.size();
  if (network.features.size() != stages || network.strides.size() != stages)
    return where.wrong("says different numbers of stages");
  network.dims = static_cast<int>(network.kernels.front().size());
  if (network.dims != 2 && network.dims != 3)
    return where.wrong("has kernels of " + std::to_string(network.dims) + " axes");
  for (const auto* lists : {&network.kernels, &network.strides})
    for (const auto& list : *lists)
      if (list.size() != static_cast<std::size_t>(network.dims))
        return where.wrong("has kernels or strides of different axes");
  return {};
}

/// Since version 2.3.1: architecture.network_class_name and arch_kwargs.
Result<void> readNew(const Field& architecture, NnUnetPlans& out) {
  auto& network = out.network;
  LORKD_TRY(name, architecture.need("network_class_name"));
  LORKD_TRY(dotted, name.text());
  network.className = lastPart(dotted);
  network.residual = network.className == "ResidualEncoderUNet";
  if (!network.residual && network.className != "PlainConvUNet") {
    out.notUnderstood.push_back("networks of class " + dotted);
    return {};
  }
  LORKD_TRY(arguments, architecture.need("arch_kwargs"));
  LORKD_TRY(count, arguments.need("n_stages"));
  LORKD_TRY(stages, count.integer(2, mostStages));
  const auto many = static_cast<std::size_t>(stages);
  LORKD_TRY(kernels, arguments.need("kernel_sizes"));
  LORKD_TRY(strides, arguments.need("strides"));
  LORKD_TRY(features, arguments.need("features_per_stage"));
  LORKD_TRY(encoder, arguments.need(network.residual ? "n_blocks_per_stage" : "n_conv_per_stage"));
  LORKD_TRY(decoder, arguments.need("n_conv_per_stage_decoder"));
  LORKD_TRY(kernelLists, kernels.lists(1, 99));
  LORKD_TRY(strideLists, strides.lists(1, 99));
  LORKD_TRY(widths, features.each(many, 1, 100'000));
  LORKD_TRY(encoderCounts, encoder.each(many, 1, 100));
  LORKD_TRY(decoderCounts, decoder.each(many - 1, 1, 100));
  network.kernels = kernelLists;
  network.strides = strideLists;
  network.features = widths;
  network.convsEncoder = encoderCounts;
  network.convsDecoder = decoderCounts;
  LORKD_CHECK(checkStages(arguments, network));
  const auto before = out.notUnderstood.size();
  lookAtArguments(*arguments.json, network, out.notUnderstood);
  network.known = out.notUnderstood.size() == before;
  return {};
}

/// Before: the same said by UNet_class_name, base and largest number of features, and the pooling.
Result<void> readOld(const Field& configuration, NnUnetPlans& out) {
  auto& network = out.network;
  network.oldForm = true;
  LORKD_TRY(name, configuration.need("UNet_class_name"));
  LORKD_TRY(className, name.text());
  network.className = className;
  network.residual = className == "ResidualEncoderUNet";
  if (!network.residual && className != "PlainConvUNet") {
    out.notUnderstood.push_back("networks of class " + className);
    return {};
  }
  LORKD_TRY(base, configuration.need("UNet_base_num_features"));
  LORKD_TRY(most, configuration.need("unet_max_num_features"));
  LORKD_TRY(kernels, configuration.need("conv_kernel_sizes"));
  LORKD_TRY(strides, configuration.need("pool_op_kernel_sizes"));
  LORKD_TRY(encoder, configuration.need("n_conv_per_stage_encoder"));
  LORKD_TRY(decoder, configuration.need("n_conv_per_stage_decoder"));
  LORKD_TRY(first, base.integer(1, 100'000));
  LORKD_TRY(largest, most.integer(1, 100'000));
  LORKD_TRY(kernelLists, kernels.lists(1, 99));
  LORKD_TRY(strideLists, strides.lists(1, 99));
  const auto stages = strideLists.size();
  if (stages < 2) return strides.wrong("says a single stage");
  LORKD_TRY(encoderCounts, encoder.each(stages, 1, 100));
  LORKD_TRY(decoderCounts, decoder.each(stages - 1, 1, 100));
  network.kernels = kernelLists;
  network.strides = strideLists;
  network.convsEncoder = encoderCounts;
  network.convsDecoder = decoderCounts;
  for (std::size_t n = 0; n < stages; ++n) network.features.push_back(std::min(first << n, largest));
  LORKD_CHECK(checkStages(configuration, network));
  network.known = true;
  return {};
}

Result<void> readIntensities(const Field& plans, NnUnetPlans& out) {
  const std::string today = "foreground_intensity_properties_per_channel",
                    older = "foreground_intensity_properties_by_modality";
  out.intensities.resize(out.normalisation.size());
  if (!plans.has(today) && !plans.has(older)) return {};
  const auto all = plans.at(plans.has(today) ? today : older);
  for (std::size_t n = 0; n < out.intensities.size(); ++n) {
    if (!all.has(std::to_string(n))) continue;
    const auto channel = all.at(std::to_string(n));
    NnUnetIntensity intensity;
    for (const auto& [key, value] : {std::pair{"percentile_00_5", &intensity.low},
                                     {"percentile_99_5", &intensity.high},
                                     {"mean", &intensity.mean},
                                     {"std", &intensity.deviation}}) {
      LORKD_TRY(field, channel.need(key));
      LORKD_TRY(number, field.real());
      *value = number;
    }
    out.intensities[n] = intensity;
  }
  return {};
}

Result<void> readNormalisation(const Field& configuration, const Field& plans, NnUnetPlans& out) {
  static const std::set<std::string> known{"CTNormalization", "ZScoreNormalization", "NoNormalization",
                                           "RescaleTo01Normalization", "RGBTo01Normalization"};
  LORKD_TRY(schemes, configuration.need("normalization_schemes"));
  if (!schemes.json->is_array() || schemes.json->size() > 1000) return schemes.wrong("is no list");
  for (const auto& item : *schemes.json) {
    LORKD_TRY(scheme, (Field{&item, schemes.name}.text()));
    if (!known.contains(scheme)) out.notUnderstood.push_back("the normalisation " + scheme);
    out.normalisation.push_back(scheme);
  }
  if (configuration.has("use_mask_for_norm")) {
    const auto masks = configuration.at("use_mask_for_norm");
    if (!masks.json->is_array() || masks.json->size() != out.normalisation.size())
      return masks.wrong("has not an entry a normalisation");
    for (const auto& item : *masks.json) {
      if (!item.is_boolean()) return masks.wrong("is no list of true and false");
      out.maskForNormalisation.push_back(item.get<bool>());
    }
  }
  LORKD_CHECK(readIntensities(plans, out));
  for (std::size_t n = 0; n < out.normalisation.size(); ++n)
    if (out.normalisation[n] == "CTNormalization" && !out.intensities[n])
      return plans.wrong("say nothing of the intensities of channel " + std::to_string(n) +
                         ", which its normalisation needs");
  return {};
}

}  // namespace

Result<void> readNnUnetDataset(const Json& dataset, NnUnetPlans& out);

Result<NnUnetPlans> readNnUnetPlans(const Json& plansJson, const Json& dataset, const std::string& configurationName) {
  const Field plans{&plansJson, "plans"};
  NnUnetPlans out;
  LORKD_TRY(configurations, plans.need("configurations"));
  LORKD_TRY(merged, resolved(configurations, configurationName));
  const Field configuration{&merged, "plans.configurations." + printable(configurationName, false)};
  out.configuration = printable(configurationName, false);
  for (const auto& [key, target] :
       {std::pair{"dataset_name", &out.dataset}, {"plans_name", &out.plans}, {"image_reader_writer", &out.reader}})
    if (plans.has(key)) {
      LORKD_TRY(text, plans.at(key).text());
      *target = text;
    }
  LORKD_TRY(patch, configuration.need("patch_size"));
  LORKD_TRY(sizes, patch.integers(1, 100'000));
  out.patch = sizes;
  LORKD_TRY(spacing, configuration.need("spacing"));
  if (!spacing.json->is_array() || spacing.json->size() > 3) return spacing.wrong("is no list");
  for (const auto& item : *spacing.json) {
    LORKD_TRY(length, (Field{&item, spacing.name}.real()));
    if (!(length > 0)) return spacing.wrong("holds a length that is not above 0");
    out.spacing.push_back(length);
  }
  for (const auto& [key, target] :
       {std::pair{"transpose_forward", &out.transposeForward}, {"transpose_backward", &out.transposeBackward}})
    if (plans.has(key)) {
      LORKD_TRY(axes, plans.at(key).integers(0, 2));
      if (std::set(axes.begin(), axes.end()).size() != 3 || axes.size() != 3)
        return plans.at(key).wrong("is no order of 3 axes");
      *target = axes;
    }
  LORKD_CHECK(readNormalisation(configuration, plans, out));
  LORKD_CHECK(configuration.has("architecture") ? readNew(configuration.at("architecture"), out)
                                                : readOld(configuration, out));
  if (out.network.dims != 0 && out.patch.size() != static_cast<std::size_t>(out.network.dims))
    return patch.wrong("has not an entry an axis of the network");
  out.cascade = configuration.has("previous_stage");
  if (out.cascade) out.notUnderstood.push_back("a cascade: it takes another configuration's prediction as input");
  static const std::set<std::string> readers{"SimpleITKIO", "SimpleITKIOWithReorient", "NibabelIO",
                                             "NibabelIOWithReorient"};
  if (!out.reader.empty() && !readers.contains(out.reader))
    out.notUnderstood.push_back("the reader of images " + out.reader);
  LORKD_CHECK(readNnUnetDataset(dataset, out));
  return out;
}

}  // namespace lorkd::models
