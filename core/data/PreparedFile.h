// What the preparing of volumes, of pictures and of what is classified whole share. Inside this room only.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/Json.h"
#include "core/base/Progress.h"
#include "core/data/CaseList.h"
#include "core/data/Digests.h"

namespace lorkd::data {

/// A file of the cache, named by its key.
inline std::filesystem::path fileOfKey(const std::string& key) { return key.substr(0, 32) + ".safetensors"; }

/// Whether `file` is there, whole, and was made for `key`.
bool isPrepared(const std::filesystem::path& file, const std::string& key);

/// Prepares the picture tasks and appends their files to `index`.
Result<void> preparePictures(const plan::Plan& plan, const CaseList& cases, const std::filesystem::path& cache,
                             Digests& digests, Json& index, Progress& progress, const CancelToken& cancel);

/// Prepares the volumes of tasks that classify them, and appends their files to `index`.
Result<void> prepareWholes(const plan::Plan& plan, const CaseList& cases, const std::filesystem::path& cache,
                           Digests& digests, Json& index, Progress& progress, const CancelToken& cancel);

}  // namespace lorkd::data
