// A single picture as an image of one slice, so that whatever works on volumes works on it. Its lengths are pixels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Progress.h"
#include "core/data/Case.h"
#include "core/run/Plan.h"

namespace lorkd::io {
struct Picture;
}

namespace lorkd::data {

/// Case::kind of a single picture with its masks, if it has any.
inline constexpr const char* kPictureCase = "image2d";

/// The grid of a picture: one slice, one pixel between pixels.
image::Geometry pictureGrid(std::int64_t width, std::int64_t height);

/// The grid of a mask of `width` times `height` pixels that covers the whole of a picture of grid `picture`.
image::Geometry maskGrid(std::int64_t width, std::int64_t height, const image::Geometry& picture);

/// A case without labels, id and patient, by the picture's header. Errors: those of io::pictureSize().
Result<Case> pictureCase(const std::filesystem::path& file);

/// Channel `c` of `wanted` ones (1 or 3) on a grid of the picture's pixels: grey pictures give the same for each,
/// coloured ones their luma (ITU-R BT.601) where one is wanted. Values 0 to 255.
image::Volume pictureChannel(const io::Picture& picture, std::size_t c, std::size_t wanted,
                             const image::Geometry& grid);

/// One volume for each of the channels that a picture, the first of the case or another `file`, is brought to: grey,
/// which of colours is their luma (ITU-R BT.601), or red, green and blue, which of a grey picture are the same. Values
/// 0 to 255. Errors: those of io::readPicture(); Mismatch (the picture has another size than at the scan).
Result<std::vector<image::Volume>> readPictureChannels(const Case& c, plan::DataChannels channels,
                                                       std::size_t file = 0);

/// What a mask picture marks, on its own grid: layer 0 the values as io::MaskPicture has them, layer 1 what is at least
/// half as bright as white. Errors: those of io::readMaskPicture().
Result<std::vector<image::LabelMap>> readMaskLayers(const std::filesystem::path& file, const image::Geometry& picture);

/// Every picture that can be read below a folder, or the one file, as cases without labels, in the order of their
/// paths; ids are their paths. With names of `channels`, pictures that are called X_0000, X_0001 are those of X.
/// Errors: those of io::listFolder(); NotFound (there is none); Mismatch (channels of other sizes).
Result<std::vector<Case>> picturesBelow(const std::filesystem::path& place, const CancelToken& cancel,
                                        const std::vector<std::string>& channels = {});

/// Name of the PNG, white on black, that holds what an expert (`prefix` empty) or the teacher ("teacher.") has found.
std::string predictedMaskName(const std::string& prefix, const std::string& task, const std::string& cls);

/// Writes a mask as such a PNG. Errors: those of io::writePng().
Result<void> writeMaskPicture(const std::filesystem::path& file, const image::Mask& mask);

}  // namespace lorkd::data
