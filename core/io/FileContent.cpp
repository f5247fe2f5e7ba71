#include "core/io/FileContent.h"

#include <ranges>

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

// Written once for all slices that share it.
std::shared_ptr<const std::string> bytesOf(const std::shared_ptr<const SeriesHeader>& series) {
  thread_local std::pair<std::shared_ptr<const SeriesHeader>, std::shared_ptr<const std::string>> last;
  if (last.first == series) return last.second;
  const auto& h = *series;
  std::string bytes;
  Json::to_cbor(Json{h.patientId,
                     h.patientName,
                     h.birthDate,
                     h.studyUid,
                     h.seriesUid,
                     h.frameOfReferenceUid,
                     h.sopClassUid,
                     h.modality,
                     h.bodyPart,
                     h.description,
                     h.studyDate,
                     h.transferSyntax,
                     h.photometric,
                     h.imageType,
                     h.units,
                     h.decayCorrection,
                     h.faultySpacing,
                     h.decimalCommas,
                     h.rows,
                     h.columns,
                     h.samples,
                     h.bitsAllocated,
                     h.tiles,
                     h.sliceThickness,
                     h.burnedIn,
                     h.privateElements,
                     orNull(h.orientation),
                     orNull(h.spacing)},
                bytes);
  last = {series, std::make_shared<const std::string>(std::move(bytes))};
  return last.second;
}

// One for all slices of the same bytes that come one after the other.
std::shared_ptr<const SeriesHeader> seriesOf(const std::string& bytes) {
  thread_local std::pair<std::string, std::shared_ptr<const SeriesHeader>> last;
  if (last.second && last.first == bytes) return last.second;
  const auto j = Json::from_cbor(bytes);
  SeriesHeader h;
  std::size_t at = 0;
  const auto take = [&](auto&... fields) { (j.at(at++).get_to(fields), ...); };
  take(h.patientId, h.patientName, h.birthDate, h.studyUid, h.seriesUid, h.frameOfReferenceUid, h.sopClassUid,
       h.modality, h.bodyPart, h.description, h.studyDate, h.transferSyntax, h.photometric, h.imageType, h.units,
       h.decayCorrection, h.faultySpacing, h.decimalCommas, h.rows, h.columns, h.samples, h.bitsAllocated, h.tiles,
       h.sliceThickness, h.burnedIn, h.privateElements);
  getOptional(j.at(at++), h.orientation);
  getOptional(j.at(at++), h.spacing);
  last = {bytes, std::make_shared<const SeriesHeader>(std::move(h))};
  return last.second;
}

// Few values, since there are as many slices as files.
Json sliceJson(const SliceHeader& h, std::size_t series) {
  std::string texts;
  append(texts, h.sopInstanceUid);
  append(texts, h.truncation);
  append(texts, h.marks.text());
  Json j = Json::array();
  j.get_ref<Json::array_t&>().reserve(7);
  for (const auto number : {static_cast<int>(series), h.frame, h.frames}) j.push_back(number);
  j.push_back(std::move(texts));
  if (h.position)
    for (const double x : *h.position) j.push_back(x);
  return j;
}

SliceHeader sliceOf(const Json& j, const std::vector<std::shared_ptr<const SeriesHeader>>& series) {
  SliceHeader h;
  h.series = series.at(j.at(0).get<std::size_t>());
  j.at(1).get_to(h.frame);
  j.at(2).get_to(h.frames);
  auto texts = textsOf(j.at(3).get_ref<const std::string&>());
  h.sopInstanceUid = std::move(texts.at(0));
  h.truncation = std::move(texts.at(1));
  h.marks = Marks(std::move(texts.at(2)));
  if (j.size() > 4) h.position = {j.at(4).get<double>(), j.at(5).get<double>(), j.at(6).get<double>()};
  return h;
}

}  // namespace

void FileContent::Impl::lies(std::filesystem::path where) {
  for (auto& slice : slices | std::views::drop(1)) slice.file = where;
  if (series)
    for (auto& instance : series->instances) instance.file = where;
  if (loose) loose->file = where;
  (slices.empty() ? file : slices.front().file) = std::move(where);
}

FileContent::FileContent(std::unique_ptr<Impl> impl) : m_impl(std::move(impl)) {}
FileContent::FileContent(FileContent&&) noexcept = default;
FileContent& FileContent::operator=(FileContent&&) noexcept = default;
FileContent::~FileContent() = default;

std::optional<StoredContent> FileContent::stored() const {
  const auto& c = *m_impl;
  if (c.rejected && c.rejected->code == "unreadable") return std::nullopt;  // not of the file, but of the moment
  StoredContent out;
  Json j;
  if (!c.slices.empty()) {
    // The first one's series header is shared; others are the file's own.
    Json headers = Json::array(), slices = Json::array();
    const SeriesHeader* last = c.slices.front().series.get();
    out.shared = bytesOf(c.slices.front().series);
    for (const auto& slice : c.slices) {
      if (slice.series.get() != last) headers.push_back(*bytesOf(slice.series));
      last = slice.series.get();
      slices.push_back(sliceJson(slice, headers.size()));
    }
    j.push_back(std::move(slices));
    j.push_back(std::move(headers));
  } else {
    auto series = orNull(c.series), loose = orNull(c.loose);
    if (c.series) series["files"] = std::string(c.series->instances.size(), '\0');
    if (c.loose) loose[0] = "";
    j = Json::array({std::move(series), std::move(loose), orNull(c.rejected), c.listed});
  }
  thread_local std::string bytes;  // its block serves many files; what comes back is no longer than it must be
  bytes.clear();
  Json::to_cbor(j, bytes);
  out.own = bytes;
  return out;
}

Result<FileContent> FileContent::restored(const std::string& own, const std::string& shared,
                                          const std::filesystem::path& file) {
  try {
    const auto j = Json::from_cbor(own);
    auto content = std::make_unique<Impl>();
    if (!shared.empty()) {
      std::vector headers{seriesOf(shared)};
      for (const auto& header : j.at(1)) headers.push_back(seriesOf(header.get_ref<const std::string&>()));
      for (const auto& slice : j.at(0)) content->slices.push_back(sliceOf(slice, headers));
      if (content->slices.empty())
        return fail(ErrorCode::Format, "not the content of a file: it has no slices", "", file.string());
    } else {
      getOptional(j.at(0), content->series);
      getOptional(j.at(1), content->loose);
      getOptional(j.at(2), content->rejected);
      j.at(3).get_to(content->listed);
    }
    content->lies(file);
    return FileContent(std::move(content));
  } catch (const std::exception& e) {  // of the JSON library, or a position that is not there
    return fail(ErrorCode::Format, std::string("not the content of a file: ") + e.what(), "", file.string());
  }
}

}  // namespace lorkd::io
