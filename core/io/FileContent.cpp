#include "core/io/FileContent.h"

#include "core/io/SeriesJson.h"

namespace lorkd::io {
namespace {

template <class Optional>
Json orNull(const Optional& value) {
  return value ? Json(*value) : Json();
}

template <class T>
void getOptional(const Json& j, std::optional<T>& value) {
  if (!j.is_null()) value = j.get<T>();
}
template <class T>
void getOptional(const Json& j, std::unique_ptr<T>& value) {
  if (!j.is_null()) value = std::make_unique<T>(j.get<T>());
}

Json sliceJson(const SliceHeader& h) {
  Json j = Json::array({h.frame,
                        h.frames,
                        h.patientId,
                        h.patientName,
                        h.studyUid,
                        h.seriesUid,
                        h.frameOfReferenceUid,
                        h.sopClassUid,
                        h.sopInstanceUid,
                        h.modality,
                        h.bodyPart,
                        h.description,
                        h.studyDate,
                        h.transferSyntax,
                        h.photometric,
                        h.imageType,
                        h.truncation,
                        h.units,
                        h.decayCorrection,
                        h.rows,
                        h.columns,
                        h.samples,
                        h.bitsAllocated,
                        h.sliceThickness,
                        h.burnedIn,
                        h.privateElements});
  j.push_back(orNull(h.position));
  j.push_back(orNull(h.orientation));
  j.push_back(orNull(h.spacing));
  j.push_back(h.marks);
  return j;
}

SliceHeader sliceOf(const Json& j, const std::filesystem::path& file) {
  SliceHeader h;
  h.file = file;
  std::size_t at = 0;
  const auto take = [&](auto&... fields) { (j.at(at++).get_to(fields), ...); };
  take(h.frame, h.frames, h.patientId, h.patientName, h.studyUid, h.seriesUid, h.frameOfReferenceUid, h.sopClassUid,
       h.sopInstanceUid, h.modality, h.bodyPart, h.description, h.studyDate, h.transferSyntax, h.photometric,
       h.imageType, h.truncation, h.units, h.decayCorrection, h.rows, h.columns, h.samples, h.bitsAllocated,
       h.sliceThickness, h.burnedIn, h.privateElements);
  getOptional(j.at(at++), h.position);
  getOptional(j.at(at++), h.orientation);
  getOptional(j.at(at++), h.spacing);
  j.at(at++).get_to(h.marks);
  return h;
}

}  // namespace

FileContent::FileContent(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
FileContent::FileContent(FileContent&&) noexcept = default;
FileContent& FileContent::operator=(FileContent&&) noexcept = default;
FileContent::~FileContent() = default;

std::string FileContent::bytes() const {
  if (m_impl->rejected && m_impl->rejected->code == "unreadable") return {};  // not of the file, but of the moment
  Json slices = Json::array();
  for (const auto& slice : m_impl->slices) slices.push_back(sliceJson(slice));
  auto series = orNull(m_impl->series), loose = orNull(m_impl->loose);
  if (!series.is_null())
    for (auto& instance : series["instances"]) instance[0] = "";
  if (!loose.is_null()) loose[0] = "";
  std::string out;
  Json::to_cbor(
      Json::array({std::move(slices), std::move(series), std::move(loose), orNull(m_impl->rejected), m_impl->listed}),
      out);
  return out;
}

Result<FileContent> FileContent::fromBytes(const std::string& bytes, const std::filesystem::path& file) {
  try {
    const auto j = Json::from_cbor(bytes);
    auto content = std::make_unique<Impl>();
    content->file = file;
    for (const auto& slice : j.at(0)) content->slices.push_back(sliceOf(slice, file));
    getOptional(j.at(1), content->series);
    getOptional(j.at(2), content->loose);
    getOptional(j.at(3), content->rejected);
    j.at(4).get_to(content->listed);
    if (content->series)
      for (auto& instance : content->series->instances) instance.file = file;
    if (content->loose) content->loose->file = file;
    return FileContent(std::move(content));
  } catch (const Json::exception& e) {
    return fail(ErrorCode::Format, std::string("not the content of a file: ") + e.what(), "", file.string());
  }
}

}  // namespace lorkd::io
