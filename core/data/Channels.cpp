#include "core/data/Channels.h"

#include <algorithm>
#include <set>

#include "core/data/PictureCase.h"
#include "core/io/Csv.h"

namespace lorkd::data {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

/// One channel of which nobody has said what it is.
bool unnamed(const Case& c) { return c.modality.empty() && c.channels.empty(); }

}  // namespace

std::vector<std::string> channelNames(const Case& c) {
  if (c.channels.empty()) return {c.modality.empty() ? "image" : c.modality};
  std::vector<std::string> out;
  for (const auto& channel : c.channels) out.push_back(channel.name);
  return out;
}

std::string modalityOf(const std::string& channel) {
  static const std::set<std::string> ct{"ct", "cta", "cbct", "ncct", "cect", "ctres"}, pet{"pt", "pet", "suv"},
      mr{"mr",  "mri",    "t1",  "t1w",         "t1c",    "t1ce", "t1gd", "t1n",    "t1-weighted",
         "t2",  "t2w",    "t2f", "t2-weighted", "flair",  "fla",  "pd",   "dwi",    "adc",
         "hbv", "swi",    "b0",  "b1000",       "dce",    "cet1", "hrt2", "t1post", "t1pre",
         "t2s", "t2star", "pdw", "ir",          "mprage", "tof",  "mra"};
  const auto word = io::lowered(channel);
  return ct.contains(word) ? "CT" : pet.contains(word) ? "PT" : mr.contains(word) ? "MR" : "";
}

Result<std::vector<std::optional<std::size_t>>> inputsOf(const plan::Data& options, const Case& c) {
  const auto there = channelNames(c);
  if (options.inputs.empty()) {
    if (there.size() == 1) return std::vector<std::optional<std::size_t>>{0};
    return fail(
        ErrorCode::InvalidArgument,
        c.id + " has the channels " + joined(there) + ", and the plan does not say which of them the network sees",
        "name them, for example data.inputs." + there.front() + "={}", "data.inputs");
  }
  if (options.inputs.size() == 1 && unnamed(c)) return std::vector<std::optional<std::size_t>>{0};
  std::vector<std::optional<std::size_t>> out;
  for (const auto& [name, input] : options.inputs) {
    const auto names = input.names.empty() ? std::vector{name} : input.names;
    const auto at = std::ranges::find_if(there, [&](const auto& channel) {
      return std::ranges::any_of(names, [&](const auto& wanted) { return image::sameLabel(channel, wanted); });
    });
    if (at != there.end())
      out.emplace_back(at - there.begin());
    else if (input.fill)
      out.emplace_back(std::nullopt);
    else
      return fail(ErrorCode::NotFound, c.id + " has no channel '" + name + "', only " + joined(there),
                  "say in data.inputs." + name + ".names what it is called there, or fill it", "data.inputs." + name);
  }
  if (std::ranges::none_of(out, [](const auto& at) { return at.has_value(); }))
    return fail(ErrorCode::NotFound, c.id + " has none of the network's channels, only " + joined(there),
                "say in data.inputs what they are called there", "data.inputs");
  return out;
}

plan::Data normalisationOf(const plan::Data& options, std::size_t input) {
  auto out = options;
  if (input >= options.inputs.size()) return out;
  const auto& own = options.inputs[input].second;
  if (own.normalisation == plan::InputNormalisation::Data) return out;
  out.normalisation = Json(own.normalisation).get<plan::DataNormalisation>();
  out.clip = own.clip;
  return out;
}

Result<std::vector<image::Volume>> readInputs(const plan::Data& options, const Case& c) {
  if (c.kind == kPictureCase && c.channels.empty() && options.inputs.empty())
    return readPictureChannels(c, options.channels);
  LORKD_TRY(inputs, inputsOf(options, c));
  std::vector<image::Volume> out;
  for (const auto& at : inputs) {
    if (!at) {
      out.emplace_back();
      continue;
    }
    LORKD_TRY(volume, c.channels.empty() ? readImage(c) : readChannel(c, c.channels[*at]));
    out.push_back(std::move(volume));
  }
  return out;
}

}  // namespace lorkd::data
