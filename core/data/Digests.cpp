#include "core/data/Digests.h"

#include "core/base/Digest.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data {

std::string stampOf(const std::vector<std::filesystem::path>& files) {
  Sha256 digest;
  const auto add = [&](const std::filesystem::path& file) {
    std::error_code ec;
    digest.update(file.filename().native() + "\n" + std::to_string(std::filesystem::file_size(file, ec)) + " ");
    digest.update(std::to_string(std::filesystem::last_write_time(file, ec).time_since_epoch().count()) + "\n");
  };
  for (const auto& file : files) {
    add(file);
    if (const auto voxels = io::isVolumeFile(file) ? io::voxelsOf(file) : file; voxels != file) add(voxels);
  }
  return digest.hex();
}

Result<std::string> Digests::of(const AssignedCase& c) {
  auto& known = m_known[c.item.source + "\n" + c.item.id];
  auto files = c.item.kind == "picture" ? std::vector<std::filesystem::path>() : c.item.imageFiles;
  if (c.item.kind != "picture") files.insert(files.end(), c.item.labelFiles.begin(), c.item.labelFiles.end());
  if (!c.item.labelNames.empty()) files.push_back(c.item.labelNames);
  for (const auto& other : c.item.others) files.insert(files.end(), other.imageFiles.begin(), other.imageFiles.end());
  if (const auto stamp = stampOf(files); known.digest.empty() || known.stamp != stamp) {
    LORKD_TRY(digest, inputDigest(c.item));
    known = {stamp, digest};
  }
  if (!c.digest.empty() && c.digest != known.digest)
    return fail(ErrorCode::Mismatch, "the files of the case have changed since the run was frozen",
                "restore them, or start a new run", c.item.id);
  return known.digest;
}

}  // namespace lorkd::data
