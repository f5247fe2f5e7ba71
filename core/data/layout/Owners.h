// Which image a label file belongs to, by names and, where they leave it open, by grids. Inside this room only.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/data/layout/Contrasts.h"
#include "core/image/Volume.h"

namespace lorkd::data::layout {

/// An image that labels may belong to: a volume file, or a DICOM series. Where both lie is a path below the source.
struct ImagePlace {
  std::size_t item = 0;  ///< position among the cases
  std::vector<std::string> key;
  std::filesystem::path folder;
  std::string stem{};               ///< of a volume file
  std::vector<std::string> said{};  ///< contrasts in its name, see Name
  image::Geometry geometry{};
};

/// Labels on their way to an image: a map of values, or the mask of one structure.
struct Belonging {
  std::size_t item = 0;
  std::string structure;
};

/// Contrasts of a name, small, without the number of a channel: "ct" of case_ct_0000.
std::vector<std::string> contrastsIn(const Name& name);

/// Images by what labels are compared with.
class Owners {
 public:
  void add(ImagePlace image);
  /// Further words that a label file of this image may have: the name of the folder that a DICOM series lies in.
  void alsoCalled(const std::vector<std::string>& key);

  /// The image that a label file belongs to; nothing where that is not clear. Of several images whose names fit as
  /// well, it is the one that is called just so, has the same contrast in its name, lies in the same folder or, at the
  /// last, is the only one on the label's grid.
  std::optional<Belonging> of(const VolumeEntry& label, std::size_t labelsInFolder) const;
  /// Other images of the owner's folder, on the label's grid, whose names fit nearly as well: by the position among the
  /// cases. `item` is the owner's.
  std::vector<std::size_t> asNear(const VolumeEntry& label, std::size_t item) const;
  /// Why of() has no answer, with the images that come nearest.
  std::string whyNot(const VolumeEntry& label) const;

 private:
  using Numbers = std::vector<std::size_t>;
  std::optional<std::size_t> chosen(Numbers fitting, const VolumeEntry& label) const;
  Numbers endingAlike(const VolumeEntry& label) const;

  std::vector<ImagePlace> m_all;
  std::map<std::vector<std::string>, Numbers> m_byKey;
  std::map<std::string, Numbers> m_byLast;
  std::map<std::filesystem::path, Numbers> m_below;
};

}  // namespace lorkd::data::layout
