#include "core/io/SeriesJson.h"

#include "core/image/GeometryJson.h"

namespace lorkd::io {
namespace {

image::Geometry grid(const Json& j) {
  if (j.is_null()) return {};
  auto geometry = image::geometryFromJson(j);
  if (!geometry) throw Json::other_error::create(501, geometry.error().text(), nullptr);
  return *geometry;
}

Json gridJson(const image::Geometry& geometry) {
  return geometry.voxels() == 0 || !geometry.plausible() ? Json() : image::geometryToJson(geometry);
}

}  // namespace

void to_json(Json& j, const Finding& f) { j = {static_cast<int>(f.severity), f.code, f.message}; }

void from_json(const Json& j, Finding& f) {
  f.severity = static_cast<Finding::Severity>(j.at(0).get<int>());
  j.at(1).get_to(f.code);
  j.at(2).get_to(f.message);
}

void to_json(Json& j, const LooseFile& l) {
  j = Json::array({l.file.native(), l.kind, gridJson(l.geometry), l.findings});
}

void from_json(const Json& j, LooseFile& l) {
  l.file = j.at(0).get<std::string>();
  j.at(1).get_to(l.kind);
  l.geometry = grid(j.at(2));
  j.at(3).get_to(l.findings);
}

void to_json(Json& j, const Series& s) {
  Json instances = Json::array();
  for (const auto& i : s.instances) instances.push_back({i.file.native(), i.sopInstanceUid, i.position, i.frame});
  j = {{"patient_id", s.patientId},
       {"patient_name", s.patientName},
       {"study", s.studyUid},
       {"series", s.seriesUid},
       {"frame_of_reference", s.frameOfReferenceUid},
       {"sop_class", s.sopClassUid},
       {"modality", s.modality},
       {"body_part", s.bodyPart},
       {"description", s.description},
       {"study_date", s.studyDate},
       {"transfer_syntax", s.transferSyntax},
       {"part", s.part},
       {"geometry", gridJson(s.geometry)},
       {"instances", std::move(instances)},
       {"origins", s.origins},
       {"referenced_series", s.referencedSeriesUids},
       {"referenced_instances", s.referencedInstanceUids},
       {"labels", s.labels},
       {"findings", s.findings}};
}

void from_json(const Json& j, Series& s) {
  j.at("patient_id").get_to(s.patientId);
  j.at("patient_name").get_to(s.patientName);
  j.at("study").get_to(s.studyUid);
  j.at("series").get_to(s.seriesUid);
  j.at("frame_of_reference").get_to(s.frameOfReferenceUid);
  j.at("sop_class").get_to(s.sopClassUid);
  j.at("modality").get_to(s.modality);
  j.at("body_part").get_to(s.bodyPart);
  j.at("description").get_to(s.description);
  j.at("study_date").get_to(s.studyDate);
  j.at("transfer_syntax").get_to(s.transferSyntax);
  j.at("part").get_to(s.part);
  s.geometry = grid(j.at("geometry"));
  for (const auto& i : j.at("instances"))
    s.instances.push_back(
        {i.at(0).get<std::string>(), i.at(1).get<std::string>(), i.at(2).get<double>(), i.at(3).get<int>()});
  j.at("origins").get_to(s.origins);
  j.at("referenced_series").get_to(s.referencedSeriesUids);
  j.at("referenced_instances").get_to(s.referencedInstanceUids);
  j.at("labels").get_to(s.labels);
  j.at("findings").get_to(s.findings);
}

}  // namespace lorkd::io
