// Pictures, and sets of them for 2D classification: MedMNIST-style .npz archives here, others in
// core/data/PictureSet.h.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/io/Series.h"

namespace lorkd::io {

/// An 8-bit picture, channels last, row-major.
struct Picture {
  std::int64_t width = 0, height = 0, channels = 1;
  std::vector<std::uint8_t> pixels;
  bool sixteen = false;  ///< the file has 16 bits a sample, of which the upper 8 are here
};

/// The luma of a coloured pixel, 0 to 255 (ITU-R BT.601), of a grey one its value; `pixel` points to red, green, blue.
inline float lumaOf(const std::uint8_t* pixel) {
  return static_cast<float>(299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2]) / 1000;
}

/// One labelled example; `split` is "train", "val", "test" or empty when the set does not say.
struct LabelledPicture {
  std::string id;              ///< file name or index, for reports
  std::filesystem::path file;  ///< where the picture is to be read; empty where it is here already:
  Picture picture;
  std::vector<int> labels;  ///< positions in PictureSet::classes, at most one of each label column
  std::string split;
  std::string patient;      ///< as the set names the patient (source data); empty when it does not say
  std::int64_t place = -1;  ///< where `file` is an .npz: the position in the array of the split
};

struct PictureSet {
  std::vector<std::string>
      classes;  ///< names in order of label number; of several columns, all of them: "column=value"
  std::vector<LabelledPicture> examples;
  std::vector<Finding> findings;  ///< what was left out, or needs consent, with counts and the first names
};

/// Gives the pictures of `wanted`, positions in `examples`, to `visit` one after the other; what is not here already is
/// read meanwhile, and let go after. An .npz is read once from front to back if its examples stand in their order.
/// Errors: those of readPicture() and readNpz(), and of `visit`, which end it.
Result<void> eachPicture(const std::vector<LabelledPicture>& examples, const std::vector<std::size_t>& wanted,
                         const std::function<Result<void>(std::size_t, Picture)>& visit);
/// The picture of one example. Errors: those of eachPicture().
Result<Picture> pictureOf(const LabelledPicture& example);

/// PNG, JPEG, GIF, BMP, TIFF, and DICOM of one frame, told by their first bytes. DICOM comes as it is meant to be seen,
/// in 8 bits: through its first window or VOI lookup table, else from the least to the greatest value where it has more
/// than 8 bits; MONOCHROME1 inverted, so that the least value is black as everywhere; palettes and YBR as RGB. Errors:
/// NotFound, Format, Unsupported.
Result<Picture> readPicture(const std::filesystem::path& file);
/// Width and height of a PNG, JPEG, GIF, BMP or TIFF by its header, pixels unread. Errors: as readPicture().
Result<std::array<std::int64_t, 2>> pictureSize(const std::filesystem::path& file);
/// Whether the file is a JPEG, whose values are near those that were meant.
bool isLossy(const std::filesystem::path& file);
/// Whether the file's name or, for DICOM, its first bytes say that readPicture() is for it.
bool isPicture(const std::filesystem::path& file);
/// The bytes of a PNG file. Errors: InvalidArgument (empty, or not one or three channels), Io.
Result<std::string> encodePng(const Picture& picture);
Result<void> writePng(const std::filesystem::path& file, const Picture& picture);

/// {train,val,test}_{images,labels}.npy of a MedMNIST .npz: uint8 (N,H,W) or (N,H,W,3); (N,D,H,W), of which each volume
/// stands as its middle slice, with a finding that needs consent (middle-slice); labels (N) or (N,1): a class number
/// each, or (N,K): K columns of their own, classes "0=0", "0=1", "1=0" ...
/// The pictures themselves stay unread, whatever their size. Errors: Format or Unsupported, naming the array.
Result<PictureSet> readNpz(const std::filesystem::path& file);
/// Of sets with one label a picture. Errors: InvalidArgument, Io.
Result<void> writeNpz(const std::filesystem::path& file, const PictureSet& set);

}  // namespace lorkd::io
