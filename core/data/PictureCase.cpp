#include "core/data/PictureCase.h"

#include <algorithm>

#include "core/base/File.h"
#include "core/data/NumberedPictures.h"
#include "core/io/Images2D.h"
#include "core/io/MaskPicture.h"

namespace lorkd::data {

image::Geometry pictureGrid(std::int64_t width, std::int64_t height) {
  image::Geometry grid;
  grid.size = {width, height, 1};
  grid.pixels = true;
  return grid;
}

image::Geometry maskGrid(std::int64_t width, std::int64_t height, const image::Geometry& picture) {
  auto grid = picture;
  grid.size = {width, height, 1};
  for (std::size_t a = 0; a < 2; ++a) {  // edges coincide
    grid.spacing[a] = static_cast<double>(picture.size[a]) / static_cast<double>(grid.size[a]);
    grid.origin[a] = 0.5 * (grid.spacing[a] - 1);
  }
  return grid;
}

Result<Case> pictureCase(const std::filesystem::path& file) {
  LORKD_TRY(size, io::pictureSize(file));
  Case c;
  c.kind = kPictureCase;
  c.imageFiles = {file};
  c.geometry = pictureGrid(size[0], size[1]);
  return c;
}

image::Volume pictureChannel(const io::Picture& picture, std::size_t c, std::size_t wanted,
                             const image::Geometry& grid) {
  image::Volume plane(grid);
  const auto own = static_cast<std::size_t>(picture.channels);
  for (std::size_t n = 0; n < plane.voxels.size(); ++n) {
    const auto* pixel = &picture.pixels[n * own];
    plane.voxels[n] = own == 3 && wanted == 1 ? io::lumaOf(pixel) : pixel[std::min(c, own - 1)];
  }
  return plane;
}

Result<std::vector<image::Volume>> readPictureChannels(const Case& c, plan::DataChannels channels, std::size_t file) {
  if (file >= c.imageFiles.size())
    return fail(ErrorCode::NotFound, "the case has no such image file", "scan its source again", c.id);
  LORKD_TRY(picture, io::readPicture(c.imageFiles[file]));
  if (pictureGrid(picture.width, picture.height).size != c.geometry.size)
    return fail(ErrorCode::Mismatch, "the picture has another size than it had at the scan", "scan its source again",
                c.imageFiles[file].string());
  const std::size_t wanted = channels == plan::DataChannels::Rgb ? 3 : 1;
  std::vector<image::Volume> out;
  for (std::size_t channel = 0; channel < wanted; ++channel) {
    auto& plane = out.emplace_back(pictureChannel(picture, channel, wanted, c.geometry));
    plane.windowCenter = 127.5;
    plane.windowWidth = 255;
  }
  return out;
}

Result<std::vector<image::LabelMap>> readMaskLayers(const std::filesystem::path& file, const image::Geometry& picture) {
  LORKD_TRY(mask, io::readMaskPicture(file));
  const auto grid = maskGrid(mask.width, mask.height, picture);
  std::vector<image::LabelMap> layers(2);
  for (auto& layer : layers) layer.geometry = grid;
  layers[0].voxels = std::move(mask.values);
  layers[1].voxels = std::move(mask.half);
  return layers;
}

Result<std::vector<Case>> picturesBelow(const std::filesystem::path& place, const CancelToken& cancel,
                                        const std::vector<std::string>& channels) {
  std::vector<Case> out;
  const auto add = [&](const std::filesystem::path& file, std::string id) {
    auto made = pictureCase(file);
    if (!made) return;
    made->id = std::move(id);
    made->patient = made->id;
    out.push_back(std::move(*made));
  };
  std::error_code ec;
  if (std::filesystem::is_regular_file(place, ec)) {
    add(place, place.stem().string());
  } else {
    LORKD_TRY(listed, io::listFolder(place, cancel));
    for (const auto& entry : listed.files) add(place / entry.path, entry.path);
  }
  if (out.empty())
    return fail(ErrorCode::NotFound, "there is no picture to predict",
                "PNG, JPEG, GIF, BMP and TIFF pictures can be read", place.string());
  if (!channels.empty()) return joinNumbered(std::move(out), channels);
  return out;
}

std::string predictedMaskName(const std::string& prefix, const std::string& task, const std::string& cls) {
  return fileNameOf(prefix + task + "." + cls + ".png");
}

Result<void> writeMaskPicture(const std::filesystem::path& file, const image::Mask& mask) {
  io::Picture picture;
  picture.width = mask.geometry.size[0];
  picture.height = mask.geometry.size[1];
  picture.pixels.resize(mask.voxels.size());
  std::ranges::transform(mask.voxels, picture.pixels.begin(),
                         [](std::uint8_t inside) { return static_cast<std::uint8_t>(inside != 0 ? 255 : 0); });
  return io::writePng(file, picture);
}

}  // namespace lorkd::data
