// Images of several volumes, frames in time, whose labels hold as many: each volume that is marked is an image of its
// own, and none is copied. Inside this room only.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/data/Pairing.h"
#include "core/data/layout/Contrasts.h"
#include "core/data/layout/Owners.h"

namespace lorkd::data {

/// The values of one volume of a file of labels, as those of a file with one layer. Errors: those of
/// io::labelValuesByVolume().
Result<Json> valuesOfFrame(const std::filesystem::path& file, int frame, const Remembered& remembered);

/// A sequence and its labels.
struct Sequence {
  const layout::VolumeEntry* image;
  const layout::VolumeEntry* labels;
  std::string structure;    ///< that all of its labels mark, or empty
  std::vector<int> marked;  ///< volumes in which the labels mark something, from 0
  bool asked = false;       ///< the volumes may be structures as well as frames: "label-frames" needs consent
};

/// The files of a source that hold several volumes, each of which nobody calls a channel.
class Sequences {
 public:
  Sequences(const Remembered& remembered, Pairing& out) : m_remembered(remembered), m_out(out) {}

  /// `images` and `labels` must outlive this.
  void take(const std::vector<layout::VolumeEntry>& images, layout::LabelTables& tables);
  /// Pairs labels with images by their names, where both lie on one grid and have as many volumes; what the two are is
  /// then understood. Findings: unmarked-frames (a note: which are left out), label-frames (needs consent: each volume
  /// marks one structure alone, so that they may be structures as well as frames), label-values.
  std::vector<Sequence> withLabels(const std::vector<layout::VolumeEntry>& labels);
  /// Why labels of one volume, which belong to no other image, belong to a sequence and cannot be used; else empty.
  std::string whyNotOne(const layout::VolumeEntry& label) const;

 private:
  std::optional<Sequence> made(std::size_t image, const layout::VolumeEntry& labels, std::string structure);

  const Remembered& m_remembered;
  Pairing& m_out;
  layout::Owners m_owners;
  std::vector<std::pair<const layout::VolumeEntry*, std::int64_t>> m_images;  ///< with the number of their volumes
};

}  // namespace lorkd::data
