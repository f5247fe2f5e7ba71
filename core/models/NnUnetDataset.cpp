// dataset.json: channels, labels, regions (nnunetv2/utilities/label_handling/label_handling.py).
#include <algorithm>
#include <set>

#include "core/base/Printable.h"
#include "core/models/NnUnet.h"

namespace lorkd::models {
namespace {

constexpr std::int64_t largestLabel = 65535;

std::unexpected<Error> badDataset(const std::string& what) {
  return fail(ErrorCode::Format, "dataset.json: " + what, "get the model again, or mend the file");
}

Result<std::vector<std::int64_t>> labelValues(const std::string& name, const Json& value) {
  std::vector<std::int64_t> values;
  const auto take = [&](const Json& one) {
    if (!one.is_number_integer() || one.get<std::int64_t>() < 0 || one.get<std::int64_t>() > largestLabel) return false;
    values.push_back(one.get<std::int64_t>());
    return true;
  };
  const bool good =
      value.is_array() ? !value.empty() && value.size() <= 1000 && std::ranges::all_of(value, take) : take(value);
  if (!good) return badDataset("label '" + name + "' has no value that is a number from 0 to 65535");
  return values;
}

Result<void> readLabels(const Json& labels, NnUnetPlans& out) {
  if (!labels.is_object()) return badDataset("labels are no object");
  bool background = false;
  for (const auto& [key, value] : labels.items()) {
    const auto name = printable(key, false);
    LORKD_TRY(values, labelValues(name, value));
    // As nnU-Net itself decides it: a single list of more than one value makes all labels regions.
    out.regions = out.regions || values.size() > 1;
    if (name == "ignore") {
      if (values.size() != 1) return badDataset("label 'ignore' has several values");
      out.ignore = values.front();
    } else if (name == "background" || values == std::vector<std::int64_t>{0}) {
      background = true;
      if (values != std::vector<std::int64_t>{0}) return badDataset("label 'background' is not 0");
    } else {
      out.labels.push_back({name, values});
    }
  }
  if (!background) return badDataset("there is no label 'background' of value 0");
  if (out.labels.empty()) return badDataset("there are no labels beside the background");
  std::int64_t highest = 0;
  std::set<std::int64_t> used;
  for (const auto& label : out.labels)
    for (const auto value : label.values) {
      highest = std::max(highest, value);
      used.insert(value);
    }
  if (out.ignore && *out.ignore <= highest) return badDataset("label 'ignore' is not the highest value");
  if (!out.regions && (used.size() != out.labels.size() || highest != static_cast<std::int64_t>(out.labels.size())))
    return badDataset("the values of the labels are not 1, 2, 3 ..., each once");
  out.outputs = static_cast<std::int64_t>(out.labels.size()) + (out.regions ? 0 : 1);
  return {};
}

Result<void> readRegionOrder(const Json& dataset, NnUnetPlans& out) {
  if (!out.regions) return {};
  const auto order = dataset.value("regions_class_order", Json());
  if (!order.is_array()) return badDataset("labels are regions, and regions_class_order does not say in which order");
  for (const auto& item : order) {
    LORKD_TRY(value, labelValues("regions_class_order", item));
    out.regionsClassOrder.push_back(value.front());
  }
  if (out.regionsClassOrder.size() != out.labels.size())
    return badDataset("regions_class_order has " + std::to_string(out.regionsClassOrder.size()) + " entries for " +
                      std::to_string(out.labels.size()) + " regions");
  return {};
}

}  // namespace

Result<void> readNnUnetDataset(const Json& dataset, NnUnetPlans& out) {
  if (!dataset.is_object()) return badDataset("it is no object");
  const auto channels =
      dataset.contains("channel_names") ? dataset["channel_names"] : dataset.value("modality", Json());
  if (!channels.is_object() || channels.empty()) return badDataset("channel_names is missing");
  for (std::size_t n = 0; n < channels.size(); ++n) {
    const auto name = channels.value(std::to_string(n), Json());
    if (!name.is_string()) return badDataset("channel_names has no channel " + std::to_string(n));
    out.channels.push_back(printable(name.get<std::string>(), false));
  }
  if (out.channels.size() != out.normalisation.size())
    return badDataset("it names " + std::to_string(out.channels.size()) + " channels, the plans normalise " +
                      std::to_string(out.normalisation.size()));
  if (!dataset.contains("labels")) return badDataset("labels are missing");
  LORKD_CHECK(readLabels(dataset["labels"], out));
  LORKD_CHECK(readRegionOrder(dataset, out));
  if (const auto ending = dataset.value("file_ending", Json()); ending.is_string())
    out.fileEnding = printable(ending.get<std::string>(), false);
  return {};
}

}  // namespace lorkd::models
