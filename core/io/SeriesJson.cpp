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

void append(std::string& texts, std::string_view text) {
  texts += text;
  texts += '\0';
}

std::vector<std::string> textsOf(std::string_view texts) {
  std::vector<std::string> out;
  while (!texts.empty()) {
    const auto end = texts.find('\0');
    out.emplace_back(texts.substr(0, end));
    texts.remove_prefix(end == std::string_view::npos ? texts.size() : end + 1);
  }
  return out;
}

void to_json(Json& j, const Finding& f) { j = {static_cast<int>(f.severity), f.code, f.message}; }

void from_json(const Json& j, Finding& f) {
  f.severity = static_cast<Finding::Severity>(j.at(0).get<int>());
  j.at(1).get_to(f.code);
  j.at(2).get_to(f.message);
}

void to_json(Json& j, const LooseFile& l) {
  j = Json::array({l.file.native(), l.kind, gridJson(l.geometry), l.findings});
  if (l.byRotation) j.push_back(gridJson(*l.byRotation));
}

void from_json(const Json& j, LooseFile& l) {
  l.file = j.at(0).get<std::string>();
  j.at(1).get_to(l.kind);
  l.geometry = grid(j.at(2));
  j.at(3).get_to(l.findings);
  if (j.size() > 4) l.byRotation = grid(j.at(4));
}

void to_json(Json& j, const Series& s) {
  std::string files, uids;
  std::vector<double> positions;
  std::vector<int> frames;
  for (const auto& i : s.instances) {
    append(files, i.file.native());
    append(uids, i.sopInstanceUid);
    positions.push_back(i.position);
    frames.push_back(i.frame);
  }
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
       {"files", std::move(files)},
       {"instances", std::move(uids)},
       {"positions", std::move(positions)},
       {"frames", std::move(frames)},
       {"origins", s.origins},
       {"referenced_series", s.referencedSeriesUids},
       {"referenced_instances", s.referencedInstanceUids},
       {"labels", s.labels},
       {"made", s.made},
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
  auto files = textsOf(j.at("files").get_ref<const std::string&>());
  auto uids = textsOf(j.at("instances").get_ref<const std::string&>());
  const auto &positions = j.at("positions"), &frames = j.at("frames");
  for (std::size_t n = 0; n < positions.size(); ++n)
    s.instances.push_back(
        {std::move(files.at(n)), std::move(uids.at(n)), positions[n].get<double>(), frames.at(n).get<int>()});
  j.at("origins").get_to(s.origins);
  j.at("referenced_series").get_to(s.referencedSeriesUids);
  j.at("referenced_instances").get_to(s.referencedInstanceUids);
  j.at("labels").get_to(s.labels);
  j.at("made").get_to(s.made);
  j.at("findings").get_to(s.findings);
}

}  // namespace lorkd::io
