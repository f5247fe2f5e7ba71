#include "core/data/layout/AssignedImages.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>

#include "core/data/Channels.h"
#include "core/data/LabelGrid.h"

namespace lorkd::data::layout {
namespace {

using io::Finding;

using ByPath = std::map<std::string, const VolumeEntry*>;

ByPath byPath(const std::vector<VolumeEntry>& volumes) {
  ByPath out;
  for (const auto& volume : volumes) out.emplace(volume.relative.generic_string(), &volume);
  return out;
}

/// A volume as the channel that it is said to be.
std::vector<Contrast> channelsOf(const VolumeEntry& volume, const std::string& channel, LabelTables& tables) {
  auto contrasts = contrastsOf(volume, tables).value_or(std::vector<Contrast>());
  const bool number = std::ranges::all_of(channel, [](unsigned char c) { return std::isdigit(c); });
  if (number || contrasts.size() != 1) return contrasts;  // what its description calls that number
  auto& one = contrasts.front().channel;
  one.name = channel;
  if (const auto modality = modalityOf(channel); !modality.empty()) one.modality = modality;
  return contrasts;
}

/// The grid of the labels first, else the finest.
void order(AssignedImage& image) {
  std::ranges::stable_sort(image.channels, std::greater(),
                           [](const Contrast& x) { return x.volume->loose->geometry.voxels(); });
  for (const auto& [label, structure] : image.labels)
    for (auto one = image.channels.begin(); one != image.channels.end(); ++one)
      if (sameLabelGrid(label->loose->geometry, one->volume->loose->geometry)) {
        std::rotate(image.channels.begin(), one, one + 1);
        return;
      }
}

/// Channels that do not lie where the first does cannot be brought to its grid.
void leaveOutElsewhere(AssignedImage& image, Pairing& findings) {
  const auto first = image.channels.front();
  std::erase_if(image.channels, [&](const Contrast& one) {
    const auto &a = one.volume->loose->geometry, &b = first.volume->loose->geometry;
    if (sameLabelGrid(a, b) || liesIn(a, b) || liesIn(b, a)) return false;
    findings.findings.emplace_back(
        one.volume->loose->file,
        Finding{Finding::Severity::Unusable, "channel-elsewhere",
                "it is said to be the channel '" + one.channel.name + "' of " +
                    first.volume->relative.generic_string() +
                    ", and does not lie where that does: give the pattern a part that tells the two images apart"});
    return true;
  });
}

}  // namespace

std::vector<AssignedImage> assignedImages(const Reading& reading, const std::vector<VolumeEntry>& images,
                                          const std::vector<VolumeEntry>& labels, LabelTables& tables,
                                          const std::filesystem::path& folder, Pairing& findings) {
  const auto imageAt = byPath(images), labelAt = byPath(labels);
  const auto arranged = arrange(*reading.assignment);
  std::vector<AssignedImage> out;
  for (const auto& group : arranged.images) {
    AssignedImage image{{}, {}, group.patient, group.split, {}};
    for (const auto& path : group.files)
      if (path.ends_with('/'))
        image.folder = path;
      else if (const auto at = imageAt.find(path); at != imageAt.end())
        for (auto& contrast : channelsOf(*at->second, reading.assignment->at(path).channel, tables))
          image.channels.push_back(std::move(contrast));
    if (!image.folder.empty() && group.files.size() > 1) {
      findings.findings.emplace_back(
          folder / image.folder,
          Finding{Finding::Severity::Unusable, "channel-elsewhere",
                  "a DICOM series is an image of its own, and has the same parts in its name as other files"});
      image.folder.clear(), image.channels.clear();
    }
    for (const auto& path : group.labels) {
      const auto at = labelAt.find(path);
      if (at == labelAt.end()) continue;  // its finding says why it cannot be used
      if (image.channels.empty() && image.folder.empty())
        findings.findings.emplace_back(at->second->loose->file,
                                       Finding{Finding::Severity::Unusable, "unpaired-label",
                                               "its image " + group.files.front() + " cannot be used"});
      else
        image.labels.emplace_back(at->second, reading.assignment->at(path).structure);
    }
    if (image.channels.empty() && image.folder.empty()) continue;
    if (image.folder.empty()) order(image), leaveOutElsewhere(image, findings);
    out.push_back(std::move(image));
  }
  for (const auto& one : arranged.left)
    if (one.code != "left-by-reader")
      findings.findings.emplace_back(folder / one.path, Finding{Finding::Severity::Unusable, one.code, one.message});
  return out;
}

void tellReading(const Reading& reading, const std::filesystem::path& folder, Pairing& findings) {
  if (!reading.assignment) return;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> reasons;
  const auto tell = [&](const LeftOut& one) {
    if (one.code == "two-rules" || one.code == "table-row")
      findings.findings.emplace_back(folder / one.path, Finding{Finding::Severity::Unusable, one.code, one.message});
    else if (one.code == "table-column")
      findings.findings.emplace_back(folder / one.path, Finding{Finding::Severity::Note, one.code, one.message});
    else
      reasons[{one.code, one.message}].push_back(one.path);
  };
  for (const auto& one : reading.left) tell(one);
  for (const auto& [path, file] : *reading.assignment)
    if (file.use == Assigned::Use::None) tell({path, "left-by-reader", file.reason});
  for (const auto& [reason, paths] : reasons) {
    std::string names;
    for (std::size_t n = 0; n < std::min<std::size_t>(paths.size(), 3); ++n) names += (n ? ", " : "") + paths[n];
    if (paths.size() > 3) names += ", ...";
    const bool known = reason.first == "left-by-reader";
    findings.findings.emplace_back(
        folder, Finding{known ? Finding::Severity::Note : Finding::Severity::Warning, reason.first,
                        std::to_string(paths.size()) + " left out (" + reason.second + "): " + names});
  }
  if (reading.title.empty()) return;
  std::string also;
  for (const auto& title : reading.alsoFitting) also += (also.empty() ? "; it could as well be " : ", ") + title;
  findings.findings.emplace_back(folder, Finding{Finding::Severity::Note, "layout-reader",
                                                 "read as " + reading.title + also +
                                                     "; data.sources.NAME.layout.reader says otherwise (\"names\": "
                                                     "by the words in the names alone)"});
}

}  // namespace lorkd::data::layout
