#include "core/data/Case.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base/Digest.h"
#include "core/data/PictureCase.h"
#include "core/data/PictureSet.h"
#include "core/data/SegmentReader.h"
#include "core/image/GeometryJson.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data {

namespace {

// Stands before a path that is not UTF-8, written byte by byte; no absolute path begins with it.
constexpr const char* kBytes = "bytes:";

std::filesystem::path pathOf(const Json& json) {
  const auto text = json.get<std::string>();
  const std::string_view sign = kBytes;
  if (!text.starts_with(sign) || text.size() % 2 != 0) return text;
  std::string bytes;
  for (auto at = sign.size(); at + 1 < text.size(); at += 2) {
    unsigned byte = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + 2, byte, 16);
    if (end != text.data() + at + 2) throw Json::type_error::create(302, "not a path: " + text, &json);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

Json texts(const std::vector<std::filesystem::path>& paths) {
  Json list = Json::array();
  for (const auto& path : paths) list.push_back(pathText(path.native()));
  return list;
}
std::vector<std::filesystem::path> paths(const Json& json) {
  std::vector<std::filesystem::path> list;
  for (const auto& text : json) list.push_back(pathOf(text));
  return list;
}

}  // namespace

std::string pathText(std::string_view path) {
  std::string text(path);
  if (std::ranges::all_of(text, [](unsigned char c) { return c < 128; })) return text;
  try {
    (void)Json(text).dump();
    return text;
  } catch (const Json::exception&) {
    std::string hex = kBytes;
    static constexpr const char* digits = "0123456789abcdef";
    for (const unsigned char c : text) (hex += digits[c / 16]) += digits[c % 16];
    return hex;
  }
}

void to_json(Json& j, const Channel& channel) {
  j = {{"name", channel.name}, {"modality", channel.modality}, {"file", channel.file}, {"part", channel.part}};
}

void from_json(const Json& j, Channel& channel) {
  j.at("name").get_to(channel.name);
  j.at("modality").get_to(channel.modality);
  j.at("file").get_to(channel.file);
  j.at("part").get_to(channel.part);
}

void to_json(Json& j, const LabelPlace& at) {
  j = {at.file, at.layer, at.value};
  if (at.answer != 0) j.push_back(at.answer);
}

void from_json(const Json& j, LabelPlace& at) {
  j.at(0).get_to(at.file);
  j.at(1).get_to(at.layer);
  j.at(2).get_to(at.value);
  at.answer = j.size() > 3 ? j.at(3).get<int>() : 0;
}

void to_json(Json& j, const Case& c) {
  j = {{"id", c.id},
       {"patient", c.patient},
       {"source", c.source},
       {"kind", c.kind},
       {"modality", c.modality},
       {"body_part", c.bodyPart},
       {"image_files", texts(c.imageFiles)},
       {"label_files", texts(c.labelFiles)},
       {"slices", c.slices},
       {"origins", c.origins},
       {"consent", c.consent},
       {"resampled", c.resampled},
       {"label_names", pathText(c.labelNames.native())},
       {"labels", c.labels},
       {"geometry", geometryToJson(c.geometry)}};
  if (!c.split.empty()) j["split"] = c.split;
  if (!c.folds.empty()) j["folds"] = c.folds;
  if (!c.misplaced.empty()) j["misplaced"] = c.misplaced;
  if (c.byRotation) j["nifti_place"] = "qform";
  if (!c.channels.empty()) j["channels"] = c.channels;
  if (c.frame >= 0) j["frame"] = c.frame;
  if (!c.others.empty()) j["others"] = c.others;
  if (!c.description.empty()) j["description"] = c.description;
  if (!c.space.empty()) j["space"] = c.space;
  if (!c.contested.empty()) j["contested"] = c.contested;
  if (!c.answers.empty()) j["answers"] = c.answers;
  if (!c.labelInfo.empty()) j["label_info"] = c.labelInfo;
  if (!c.damaged.empty()) j["damaged"] = c.damaged;
  if (!c.places.empty()) j["label_places"] = c.places;
  if (!c.ignored.empty()) j["ignored"] = c.ignored;
  if (!c.unannotated.empty()) j["unannotated"] = c.unannotated;
  if (!c.imageLabels.empty()) j["image_labels"] = c.imageLabels;
  if (!c.people.empty()) j["people"] = {{"pattern", c.people.pattern}, {"table", pathText(c.people.table.native())}};
  if (c.counts != PictureCounts())
    j["counts"] = {{"pictures", c.counts.pictures}, {"people", c.counts.people}, {"parts", c.counts.parts}};
  if (!c.counts.together.empty()) j["counts"]["together"] = c.counts.together;
}

void from_json(const Json& j, Case& c) {
  j.at("id").get_to(c.id);
  j.at("patient").get_to(c.patient);
  j.at("source").get_to(c.source);
  j.at("kind").get_to(c.kind);
  if (c.kind == "nifti") c.kind = "volume";  // as older versions called it
  j.at("modality").get_to(c.modality);
  j.at("body_part").get_to(c.bodyPart);
  c.imageFiles = paths(j.at("image_files"));
  c.labelFiles = paths(j.at("label_files"));
  // Lists written by older versions have none of these.
  if (j.contains("slices")) j.at("slices").get_to(c.slices);
  if (j.contains("origins")) j.at("origins").get_to(c.origins);
  if (j.contains("consent")) j.at("consent").get_to(c.consent);
  if (j.contains("resampled")) j.at("resampled").get_to(c.resampled);
  c.labelNames = pathOf(j.at("label_names"));
  j.at("labels").get_to(c.labels);
  if (j.contains("split")) j.at("split").get_to(c.split);
  if (j.contains("folds")) j.at("folds").get_to(c.folds);
  if (j.contains("misplaced")) j.at("misplaced").get_to(c.misplaced);
  c.byRotation = j.value("nifti_place", "") == "qform";
  if (j.contains("channels")) j.at("channels").get_to(c.channels);
  c.frame = j.value("frame", -1);
  if (j.contains("others")) j.at("others").get_to(c.others);
  c.description = j.value("description", "");
  c.space = j.value("space", "");
  if (j.contains("contested")) j.at("contested").get_to(c.contested);
  if (j.contains("answers")) j.at("answers").get_to(c.answers);
  if (j.contains("label_info")) j.at("label_info").get_to(c.labelInfo);
  if (j.contains("damaged")) j.at("damaged").get_to(c.damaged);
  if (j.contains("label_places")) j.at("label_places").get_to(c.places);
  if (j.contains("ignored")) j.at("ignored").get_to(c.ignored);
  if (j.contains("unannotated")) j.at("unannotated").get_to(c.unannotated);
  if (j.contains("image_labels")) j.at("image_labels").get_to(c.imageLabels);
  if (j.contains("people")) {
    j.at("people").at("pattern").get_to(c.people.pattern);
    c.people.table = pathOf(j.at("people").at("table"));
  }
  if (j.contains("counts")) {
    const auto& counts = j.at("counts");
    counts.at("pictures").get_to(c.counts.pictures);
    counts.at("people").get_to(c.counts.people);
    counts.at("parts").get_to(c.counts.parts);
    if (counts.contains("together")) counts.at("together").get_to(c.counts.together);
  }
  const auto there = [&](const LabelPlace& at) {
    return at.file >= 0 && at.layer >= 0 && at.value >= 0 && at.value < 65536;
  };
  if ((!c.places.empty() && c.places.size() != c.labels.size()) || !std::ranges::all_of(c.ignored, there) ||
      !std::ranges::all_of(c.places, [&](const auto& places) { return std::ranges::all_of(places, there); }))
    throw Json::type_error::create(302, "the places of the labels do not fit them", &j);
  const auto geometry = image::geometryFromJson(j.at("geometry"));
  // The JSON library's own way to say that a value does not fit; whoever reads the document catches it.
  if (!geometry) throw Json::type_error::create(302, geometry.error().message, &j);
  c.geometry = *geometry;
}

namespace {

/// A picture that is one channel of several is grey: colours would be channels of their own.
Result<image::Volume> readPictureChannel(const Case& c, const Channel& channel) {
  const auto file = static_cast<std::size_t>(channel.file);
  LORKD_TRY(colours, readPictureChannels(c, plan::DataChannels::Rgb, file));
  if (colours[0].voxels != colours[1].voxels || colours[0].voxels != colours[2].voxels)
    return fail(ErrorCode::Unsupported, "the channel '" + channel.name + "' is a picture in colours, not in grey",
                "write each of its colours as a channel of its own", c.imageFiles[file].string());
  return std::move(colours.front());
}

}  // namespace

Result<image::Volume> readChannel(const Case& c, const Channel& channel) {
  if (c.kind == "dicom") {
    if (channel.file == 0) return readImage(c);
    if (channel.file > 0 && static_cast<std::size_t>(channel.file) <= c.others.size())
      return readImage(c.others[static_cast<std::size_t>(channel.file) - 1]);
    return fail(ErrorCode::Format, "the channel '" + channel.name + "' of the case is no series of it",
                "scan its source again", c.id);
  }
  if (channel.file < 0 || static_cast<std::size_t>(channel.file) >= c.imageFiles.size())
    return fail(ErrorCode::Format, "the channel '" + channel.name + "' of the case lies in no file of it",
                "scan its source again", c.id);
  if (c.kind == kPictureCase) return readPictureChannel(c, channel);
  LORKD_TRY(volume, io::readVolume(c.imageFiles[static_cast<std::size_t>(channel.file)],
                                   channel.part >= 0 ? channel.part : c.frame,
                                   c.byRotation ? io::NiftiChoice::Rotation : io::NiftiChoice::Affine));
  volume.modality = channel.modality;
  return volume;
}

Result<image::Volume> readImage(const Case& c) {
  if (c.imageFiles.empty())
    return fail(ErrorCode::NotFound, "the case has no image file", "scan its source again", c.id);
  if (c.kind == "volume" || (c.kind == kPictureCase && !c.channels.empty())) {
    const auto first = c.channels.empty() ? Channel{} : c.channels.front();
    return readChannel(c, first);
  }
  if (c.kind == kPictureCase) {
    LORKD_TRY(grey, readPictureChannels(c, plan::DataChannels::Grey));
    return std::move(grey.front());
  }
  if (c.kind != "dicom")
    return fail(ErrorCode::Unsupported, "a case of kind \"" + c.kind + "\" is no volume", "", c.id);
  io::Series series;
  series.modality = c.modality;
  series.geometry = c.geometry;
  series.origins = c.origins;
  if (c.slices.empty())
    for (const auto& file : c.imageFiles) series.instances.push_back({file, "", 0, 0});
  for (const auto& [file, frame] : c.slices) {
    if (file < 0 || static_cast<std::size_t>(file) >= c.imageFiles.size())
      return fail(ErrorCode::Format, "a slice of the case lies in no file of it", "scan its source again", c.id);
    series.instances.push_back({c.imageFiles[static_cast<std::size_t>(file)], "", 0, frame});
  }
  return io::readSeries(series);
}

Result<image::SegmentSet> readSegments(const Case& c) { return SegmentReader(c).read({}); }

Result<image::SegmentSet> readSegments(const Case& c, const std::vector<std::string>& wanted) {
  return SegmentReader(c).read(wanted);
}

namespace {

/// The file, or of a folder all files below it, sorted. Errors: Io.
Result<std::vector<std::filesystem::path>> filesOf(const std::filesystem::path& place) {
  std::error_code error, kind;
  if (!std::filesystem::is_directory(place, kind)) return std::vector{place};
  std::vector<std::filesystem::path> inside;
  for (std::filesystem::recursive_directory_iterator at(place, error), end; !error && at != end; at.increment(error))
    if (at->is_regular_file(kind)) inside.push_back(at->path());
  if (error)
    return fail(ErrorCode::Io, "a folder of the case cannot be listed: " + error.message(), "check its permissions",
                place.string());
  std::sort(inside.begin(), inside.end());
  return inside;
}

}  // namespace

Result<std::string> inputDigest(const Case& c) {
  if (c.kind == "picture") return pictureDigest(c.imageFiles, c.people);
  std::vector<std::filesystem::path> files = c.imageFiles;
  for (const auto& labels : c.labelFiles) {
    LORKD_TRY(inside, filesOf(labels));
    files.insert(files.end(), inside.begin(), inside.end());
  }
  if (!c.labelNames.empty()) files.push_back(c.labelNames);
  for (std::size_t n = 0, known = files.size(); n < known; ++n)  // label maps may lie beside a series
    if (const auto voxels = io::isVolumeFile(files[n]) ? io::voxelsOf(files[n]) : files[n]; voxels != files[n])
      files.push_back(voxels);
  Sha256 all;
  for (const auto& file : files) {
    LORKD_TRY(digest, sha256File(file));
    all.update(digest + "\n");
  }
  for (const auto& other : c.others) {
    LORKD_TRY(digest, inputDigest(other));
    all.update(digest + "\n");
  }
  return all.hex();
}

}  // namespace lorkd::data
