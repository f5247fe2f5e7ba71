#include "core/expert/Manifest.h"

namespace lorkd::expert {

void to_json(Json& j, const Manifest& m) {
  j = Json{{"task", m.task},
           {"kind", m.kind},
           {"classes", m.classes},
           {"colors", m.colors},
           {"backbone", m.backbone},
           {"input", m.input},
           {"output", m.output},
           {"channels", m.channels},
           {"rank", m.rank},
           {"scale", m.scale},
           {"parameters", m.parameters},
           {"spacing", m.spacing},
           {"patch", m.patch},
           {"normalisation", m.normalisation},
           {"threshold", m.threshold},
           {"exclusive", m.exclusive},
           {"plan_digest", m.planDigest},
           {"checkpoint_digest", m.checkpointDigest},
           {"parity", m.parity},
           {"largest_logit", m.largestLogit},
           {"parity_samples", m.paritySamples},
           {"versions", m.versions},
           {"files", m.files}};
  if (!m.codes.is_null()) j["codes"] = m.codes;
  if (!m.factors.is_null()) j["factors"] = m.factors;
  if (!m.truncation.is_null()) j["truncation"] = m.truncation;
}

void from_json(const Json& j, Manifest& m) {
  m = {};
  j.at("task").get_to(m.task);
  j.at("kind").get_to(m.kind);
  j.at("classes").get_to(m.classes);
  j.at("backbone").get_to(m.backbone);
  j.at("files").get_to(m.files);
  m.colors = j.value("colors", m.colors);
  m.codes = j.value("codes", Json());
  m.input = j.value("input", m.input);
  m.output = j.value("output", m.output);
  m.channels = j.value("channels", m.channels);
  m.rank = j.value("rank", m.rank);
  m.scale = j.value("scale", m.scale);
  m.factors = j.value("factors", Json());
  m.parameters = j.value("parameters", m.parameters);
  m.spacing = j.value("spacing", m.spacing);
  m.patch = j.value("patch", m.patch);
  m.normalisation = j.value("normalisation", Json());
  m.threshold = j.value("threshold", m.threshold);
  m.exclusive = j.value("exclusive", m.exclusive);
  m.planDigest = j.value("plan_digest", m.planDigest);
  m.checkpointDigest = j.value("checkpoint_digest", m.checkpointDigest);
  m.parity = j.value("parity", m.parity);
  m.largestLogit = j.value("largest_logit", m.largestLogit);
  m.paritySamples = j.value("parity_samples", m.paritySamples);
  m.truncation = j.value("truncation", Json());
  m.versions = j.value("versions", Json());
}

Result<Manifest> readManifest(const std::filesystem::path& folder) {
  const auto file = folder / "manifest.json";
  LORKD_TRY(json, readJson(file));
  try {
    auto manifest = json.get<Manifest>();
    if (!manifest.files.is_object()) return fail(ErrorCode::Format, "\"files\" must be an object", "", file.string());
    return manifest;
  } catch (const Json::exception& e) {
    return fail(ErrorCode::Format, std::string("is not the manifest of an expert: ") + e.what(), "", file.string());
  }
}

}  // namespace lorkd::expert
