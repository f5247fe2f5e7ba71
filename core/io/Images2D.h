// 2D classification sets: folders of pictures, one per class, and MedMNIST-style .npz archives.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/Error.h"

namespace lorkd::io {

/// An 8-bit picture, channels last, row-major.
struct Picture {
  std::int64_t width = 0, height = 0, channels = 1;
  std::vector<std::uint8_t> pixels;
};

/// One labelled example; `split` is "train", "val", "test" or empty when the set does not say.
struct LabelledPicture {
  std::string id;  ///< file name or index, for reports
  Picture picture;
  int label = 0;
  std::string split;
};

struct PictureSet {
  std::vector<std::string> classes;  ///< names in order of label number
  std::vector<LabelledPicture> examples;
};

/// PNG, JPEG, BMP, TIFF. Errors: NotFound, Format.
Result<Picture> readPicture(const std::filesystem::path& file);
/// The bytes of a PNG file. Errors: InvalidArgument (empty, or not one or three channels), Io.
Result<std::string> encodePng(const Picture& picture);
Result<void> writePng(const std::filesystem::path& file, const Picture& picture);

/// FOLDER/<class>/*.png, or FOLDER/{train,val,test}/<class>/*.png. Errors: NotFound, InvalidArgument (no classes),
/// Format.
Result<PictureSet> readPictureFolder(const std::filesystem::path& folder);

/// {train,val,test}_{images,labels}.npy of a MedMNIST .npz: uint8 (N,H,W) or (N,H,W,3), labels (N,1) or (N).
/// Errors: Format naming the array.
Result<PictureSet> readNpz(const std::filesystem::path& file);
Result<void> writeNpz(const std::filesystem::path& file, const PictureSet& set);

}  // namespace lorkd::io
