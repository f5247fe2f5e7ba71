#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "core/data/LabelGrid.h"
#include "core/data/Pairing.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data {

namespace fs = std::filesystem;

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

/// File name without its endings.
std::string stemOf(const fs::path& file) {
  std::string name = file.filename().string();
  for (const char* ending : {".gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd"})
    if (lower(name).ends_with(ending)) name.resize(name.size() - std::string(ending).size());
  return name;
}

/// The stem without the first of `endings` that it carries ("liver_seg" -> "liver"), itself if none.
std::string without(const std::string& stem, std::initializer_list<const char*> endings) {
  for (const std::string ending : endings)
    if (stem.size() > ending.size() && lower(stem).ends_with(ending))
      return stem.substr(0, stem.size() - ending.size());
  return stem;
}

std::string labelBase(const std::string& stem) {
  return without(stem, {"_segmentation", "-segmentation", "_labels", "_label", "-labels", "-label", "_seg", "-seg",
                        "_mask", "-mask", "_gt", "-gt", "_dseg", ".seg"});
}
std::string imageBase(const std::string& stem) {
  return without(stem, {"_0000", "_image", "-image", "_img", "_ct", "-ct", "_volume", "_mr", "_t1w", "_t2w"});
}

/// The folder that mirrors `folder` on the image side ("labelsTr" -> "imagesTr"), empty if it is no label folder.
std::string imageFolderName(const std::string& folder) {
  static const std::map<std::string, std::string> mirror{
      {"labelstr", "imagestr"}, {"labelsts", "imagests"}, {"labelsval", "imagesval"}, {"labels", "images"},
      {"label", "image"},       {"masks", "images"},      {"segmentations", "images"}};
  const auto found = mirror.find(lower(folder));
  return found == mirror.end() ? std::string() : found->second;
}

bool namedAsLabel(const fs::path& file) {
  const std::string stem = stemOf(file), low = lower(stem);
  return !imageFolderName(file.parent_path().filename().string()).empty() || labelBase(stem) != stem ||
         low.find("label") != std::string::npos || low.find("seg") != std::string::npos || low.find("mask") == 0 ||
         low == "gt" || low == "ground_truth" || io::namesItsLabels(file);
}

/// nnU-Net's second and later channels.
bool furtherChannel(const fs::path& file) {
  const std::string stem = stemOf(file), folder = lower(file.parent_path().filename().string());
  return folder.starts_with("images") && stem.size() > 5 && stem[stem.size() - 5] == '_' &&
         std::all_of(stem.end() - 4, stem.end(), [](unsigned char c) { return std::isdigit(c); }) &&
         !stem.ends_with("_0000");
}

std::string patientOf(const fs::path& image) {
  for (const auto& part : image.parent_path())
    if (part.string().starts_with("sub-")) return part.string();
  static const std::set<std::string> general{"ct",   "mr", "mri", "image", "img",    "volume",
                                             "data", "t1", "t2",  "scan",  "imaging"};
  const std::string stem = stemOf(image);
  return general.contains(lower(stem)) ? image.parent_path().string()
                                       : (image.parent_path() / imageBase(stem)).string();
}

fs::path namesBeside(const fs::path& label) {
  std::error_code ignored;
  for (const auto& name : {stemOf(label) + ".csv", std::string("labels.csv")})
    if (const auto file = label.parent_path() / name; fs::is_regular_file(file, ignored)) return file;
  return io::namesItsLabels(label) ? label : fs::path();
}

/// The image that a label file belongs to by its name, or null.
const io::LooseFile* imageOf(const io::LooseFile& label, const std::vector<const io::LooseFile*>& images,
                             std::size_t labelsInFolder) {
  const fs::path folder = label.file.parent_path();
  const std::string stem = stemOf(label.file), base = labelBase(stem);
  const std::string mirror = imageFolderName(folder.filename().string());
  std::vector<const io::LooseFile*> here;
  for (const auto* image : images) {
    const fs::path place = image->file.parent_path();
    const std::string own = stemOf(image->file);
    const bool sameFolder = place == folder;
    const bool mirrored =
        !mirror.empty() && place.parent_path() == folder.parent_path() && lower(place.filename().string()) == mirror;
    if ((sameFolder || mirrored) && (own == base || own == stem || imageBase(own) == base || imageBase(own) == stem))
      return image;
    if (sameFolder) here.push_back(image);
  }
  return here.size() == 1 && labelsInFolder == 1 ? here.front() : nullptr;
}

}  // namespace

Result<void> pairVolumes(const io::Scan& scan, const std::string& source, const fs::path& folder,
                         const Pseudonym& pseudonym, const Remembered& remembered, Pairing& out, Progress& progress,
                         const CancelToken& cancel) {
  // The folder may be moved, with its name, or be two sources at once.
  const auto name = [&](const fs::path& path) {
    return (folder.filename() / path.lexically_relative(folder)).generic_string();
  };
  const auto unusable = [&](const fs::path& file, const char* code, std::string message) {
    out.findings.emplace_back(file, io::Finding{io::Finding::Severity::Unusable, code, std::move(message)});
  };
  std::vector<const io::LooseFile*> images, labels;
  std::map<fs::path, std::size_t> labelsIn;
  for (const auto& loose : scan.loose) {
    const bool broken = std::any_of(loose.findings.begin(), loose.findings.end(),
                                    [](const auto& f) { return f.severity == io::Finding::Severity::Unusable; });
    if (loose.kind != "volume" || broken) continue;
    if (furtherChannel(loose.file)) {
      unusable(loose.file, "extra-channel", "a further channel of an image; only the first is used");
    } else if (namedAsLabel(loose.file)) {
      labels.push_back(&loose);
      ++labelsIn[loose.file.parent_path()];
    } else {
      images.push_back(&loose);
    }
  }

  std::map<const io::LooseFile*, std::size_t> caseOf;
  for (const auto* image : images) {
    caseOf[image] = out.cases.size();
    Case c;
    c.id = "case-" + pseudonym(source + "\n" + name(image->file));
    const fs::path patient = patientOf(image->file);
    c.patient = "patient-" + pseudonym(patient.is_absolute() ? name(patient) : patient.string());
    c.kind = "volume";
    c.imageFiles = {image->file};
    c.geometry = image->geometry;
    out.cases.push_back(std::move(c));
  }
  std::int64_t done = 0;
  for (const auto* label : labels) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was stopped");
    progress.report("labels", done++, static_cast<std::int64_t>(labels.size()));
    const auto* image = imageOf(*label, images, labelsIn[label->file.parent_path()]);
    if (!image) {
      unusable(label->file, "unpaired-label", "named as labels, but no image of a fitting name lies beside it");
      continue;
    }
    Case& c = out.cases[caseOf[image]];
    const bool moved = !sameLabelGrid(label->geometry, image->geometry);
    if (moved && !liesIn(label->geometry, image->geometry)) {
      unusable(label->file, "label-geometry",
               "the labels lie on another grid than their image " + image->file.string() + ", and mostly beside it");
      continue;
    }
    if (!c.labelFiles.empty()) {
      unusable(label->file, "second-label", "the image already has the labels " + c.labelFiles.front().string());
      continue;
    }
    const auto names = namesBeside(label->file);
    const auto occurring = remembered("label layers", label->file, [&]() -> Result<Json> {
      LORKD_TRY(values, labelValues(label->file));
      return Json(values);
    });
    auto found = occurring ? labelsOf(occurring->get<LayerValues>(), names) : std::unexpected(occurring.error());
    if (!found) {
      unusable(label->file, "label-values", found.error().text());
      continue;
    }
    if (moved) {
      c.consent = {"label-grid"};
      c.resampled = {0};
      out.findings.emplace_back(label->file,
                                io::Finding{io::Finding::Severity::Consent, "label-grid",
                                            "the labels lie on another grid than their image " + image->file.string() +
                                                "; with consent each voxel takes the nearest label"});
    }
    c.labelFiles = {label->file};
    c.labelNames = names;
    for (const auto& known : *found) c.labels.push_back(known.name);
    c.labelInfo = std::move(*found);
  }
  return {};
}

}  // namespace lorkd::data
