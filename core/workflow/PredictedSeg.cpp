#include "core/workflow/PredictedSeg.h"

#include <ctime>

#include "core/data/ClassMasks.h"

namespace lorkd::workflow {
namespace fs = std::filesystem;

Result<void> checkOutside(const fs::path& folder) {
  std::error_code ec;
  for (auto at = fs::weakly_canonical(fs::absolute(folder, ec), ec); at.has_relative_path(); at = at.parent_path())
    if (run::RunDirectory::isRun(at))
      return fail(ErrorCode::InvalidArgument, "what names patients or their files may not lie in a run",
                  "name a folder outside of " + at.string(), folder.string());
  return {};
}

Result<fs::path> writeSegmentation(const fs::path& file, const plan::Plan& plan, std::size_t task,
                                   std::vector<image::Mask> masks, const data::Case& item,
                                   const io::Pseudonym& pseudonym) {
  image::SegmentSet set{item.geometry, {}};
  for (std::size_t c = 0; c < masks.size(); ++c)
    set.segments.push_back({data::classLabel(plan, task, c), std::move(masks[c].voxels)});
  io::DicomHeader header;
  header.seriesDescription = "LoRKD " + plan.tasks.at(task).first;
  header.seriesNumber = 900 + static_cast<int>(task);
  char now[16];
  const auto time = std::time(nullptr);
  std::tm local{};
  std::strftime(now, sizeof now, "%Y%m%d%H%M%S", localtime_r(&time, &local));
  header.studyDate.assign(now, 8);
  header.studyTime.assign(now + 8);
  return io::writeSeg(file, set, {header, item.imageFiles, {}}, header, pseudonym);
}

}  // namespace lorkd::workflow
