#include "core/data/AuditJson.h"

#include "core/base/Base64.h"

namespace lorkd::data {
namespace {

Json judgedJson(const Judged& j) {
  return {{"severity", static_cast<int>(j.finding.severity)},
          {"code", j.finding.code},
          {"message", j.finding.message},
          {"done", j.done}};
}
Judged judgedOf(const Json& j) {
  return {{static_cast<io::Finding::Severity>(j.at("severity").get<int>()), j.at("code"), j.at("message")},
          j.at("done")};
}

Json readingJson(const Reading& r) {
  return {{"lowest", r.lowest},           {"highest", r.highest},          {"percentiles", r.percentiles},
          {"fingerprint", r.fingerprint}, {"label_voxels", r.labelVoxels}, {"thumbnail", base64(r.thumbnail)}};
}
Reading readingOf(const Json& j) {
  Reading r;
  j.at("lowest").get_to(r.lowest);
  j.at("highest").get_to(r.highest);
  j.at("percentiles").get_to(r.percentiles);
  j.at("fingerprint").get_to(r.fingerprint);
  for (const auto& [name, voxels] : j.at("label_voxels").items()) r.labelVoxels[name] = voxels.get<std::int64_t>();
  r.thumbnail = fromBase64(j.at("thumbnail").get<std::string>());
  return r;
}

Json adviceJson(const Advice& a) { return {{"spacing", a.spacing}, {"patch", a.patch}}; }
Advice adviceOf(const Json& j) {
  return {j.at("spacing").get<image::Vec3>(), j.at("patch").get<std::array<std::int64_t, 3>>()};
}

Json taskJson(const TaskAudit& t) {
  Json classes = Json::array();
  for (const auto& c : t.classes)
    classes.push_back({{"name", c.name},
                       {"images", c.images},
                       {"patients", c.patients},
                       {"empty", c.empty},
                       {"unannotated", c.unannotated},
                       {"median_ml", c.medianMl}});
  return {{"name", t.name},     {"images", t.images},     {"patients", t.patients},
          {"classes", classes}, {"spacings", t.spacings}, {"advice", adviceJson(t.advice)}};
}
TaskAudit taskOf(const Json& j) {
  TaskAudit t;
  j.at("name").get_to(t.name);
  j.at("images").get_to(t.images);
  j.at("patients").get_to(t.patients);
  for (const auto& c : j.at("classes"))
    t.classes.push_back(
        {c.at("name"), c.at("images"), c.at("patients"), c.at("empty"), c.value("unannotated", 0), c.at("median_ml")});
  j.at("spacings").get_to(t.spacings);
  t.advice = adviceOf(j.at("advice"));
  return t;
}

}  // namespace

Json auditToJson(const Audit& audit) {
  Json images = Json::array(), rejected = Json::array(), tasks = Json::array(), doubles = Json::array();
  for (const auto& i : audit.images) {
    Json findings = Json::array();
    for (const auto& f : i.findings) findings.push_back(judgedJson(f));
    // Who reads the answer needs no files: those of ten thousand series are millions.
    auto item = i.item;
    item.imageFiles.clear();
    item.slices.clear();
    item.origins.clear();
    item.labelFiles.clear();
    item.description.clear();
    item.people = {};
    item.others.clear();
    images.push_back({{"case", item},
                      {"split", i.split ? Json(toString(*i.split)) : Json()},
                      {"tasks", i.tasks},
                      {"findings", findings},
                      {"reading", i.reading ? readingJson(*i.reading) : Json()},
                      {"left_out", i.leftOut}});
  }
  for (const auto& [place, judged] : audit.rejected) {
    auto j = judgedJson(judged);
    j["place"] = place.string();
    rejected.push_back(j);
  }
  for (const auto& t : audit.tasks) tasks.push_back(taskJson(t));
  for (const auto& d : audit.doubles)
    doubles.push_back({{"what", d.what},
                       {"a", d.a},
                       {"b", d.b},
                       {"leak", d.leak},
                       {"split_a", toString(d.splitA)},
                       {"split_b", toString(d.splitB)}});
  return {{"images", images},
          {"rejected", rejected},
          {"tasks", tasks},
          {"doubles", doubles},
          {"advice", audit.advice ? adviceJson(*audit.advice) : Json()},
          {"refusal", audit.refusal}};
}

Result<Audit> auditFromJson(const Json& j) {
  Audit out;
  try {
    for (const auto& i : j.at("images")) {
      auto& image = out.images.emplace_back();
      i.at("case").get_to(image.item);
      if (!i.at("split").is_null()) {
        LORKD_TRY(split, splitFromString(i.at("split").get<std::string>()));
        image.split = split;
      }
      i.at("tasks").get_to(image.tasks);
      for (const auto& f : i.at("findings")) image.findings.push_back(judgedOf(f));
      if (!i.at("reading").is_null()) image.reading = readingOf(i.at("reading"));
      i.at("left_out").get_to(image.leftOut);
    }
    for (const auto& r : j.at("rejected")) out.rejected.emplace_back(r.at("place").get<std::string>(), judgedOf(r));
    for (const auto& t : j.at("tasks")) out.tasks.push_back(taskOf(t));
    for (const auto& d : j.at("doubles")) {
      LORKD_TRY(a, splitFromString(d.at("split_a").get<std::string>()));
      LORKD_TRY(b, splitFromString(d.at("split_b").get<std::string>()));
      out.doubles.push_back({d.at("what"), d.at("a"), d.at("b"), d.at("leak"), a, b});
    }
    j.at("refusal").get_to(out.refusal);
    if (!j.at("advice").is_null()) out.advice = adviceOf(j.at("advice"));
  } catch (const Json::exception& e) {
    return fail(ErrorCode::Format, std::string("not an audit: ") + e.what());
  }
  return out;
}

}  // namespace lorkd::data
