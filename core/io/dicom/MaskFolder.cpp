// A folder of slices as the mask of one structure.
#include <algorithm>

#include "core/io/Series.h"

namespace lorkd::io {
namespace fs = std::filesystem;

Result<image::LabelMap> readMaskFolder(const fs::path& folder) {
  std::error_code ec;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(folder, ec), end; !ec && entry != end; entry.increment(ec))
    if (entry->is_regular_file(ec)) files.push_back(entry->path());
  if (ec)
    return fail(ErrorCode::Io, "the folder of the mask cannot be listed: " + ec.message(), "check its permissions",
                folder.string());
  std::ranges::sort(files);
  std::vector<FileContent> contents;
  for (auto& file : files) contents.push_back(examine(std::move(file)));
  const auto scan = assemble(std::move(contents));
  if (scan.series.size() != 1 || !scan.series.front().usable())
    return fail(ErrorCode::Format,
                "the folder of the mask holds " + std::to_string(scan.series.size()) +
                    " series, where it must be one that can be read",
                "scan its source again", folder.string());
  LORKD_TRY(volume, readSeries(scan.series.front()));
  image::LabelMap mask;
  mask.geometry = volume.geometry;
  mask.voxels.reserve(volume.voxels.size());
  const auto [least, most] = std::ranges::minmax(volume.voxels);
  // One value beside 0, whatever it is; a mask of no voxel has 0 alone.
  for (const float v : volume.voxels) {
    if (v != 0 && v != (least < 0 ? least : most))
      return fail(ErrorCode::Format, "the mask holds several values beside 0: it is no mask of one structure",
                  "remove the folder, or write each value as a mask of its own", folder.string());
    mask.voxels.push_back(v != 0 ? 1 : 0);
  }
  return mask;
}

}  // namespace lorkd::io
