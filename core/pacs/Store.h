// Files to a PACS, by C-STORE (PS3.4 annex B): predictions back to where the images came from.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/base/Progress.h"
#include "core/pacs/Node.h"

namespace lorkd::pacs {

struct StoreOutcome {
  std::vector<std::filesystem::path> stored;
  std::vector<std::pair<std::filesystem::path, Error>> failed;  ///< and why
};

/// Every DICOM file among `paths` and below folders among them. Errors: NotFound; InvalidArgument when there is none.
Result<std::vector<std::filesystem::path>> dicomFiles(const std::vector<std::filesystem::path>& paths);

/// Sends the files over one association, each as it is encoded (uncompressed ones in any uncompressed encoding that the
/// PACS takes). A file that cannot be read or is refused does not stop the others. Errors: those of a connection, as
/// echo() in Query.h, with the number of files stored until then.
Result<StoreOutcome> store(const Node& node, const std::vector<std::filesystem::path>& files, Progress& progress,
                           const CancelToken& cancel);

}  // namespace lorkd::pacs
