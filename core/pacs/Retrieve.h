// Series from a PACS into a folder, each only once it is complete.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Progress.h"
#include "core/pacs/Node.h"

namespace lorkd::pacs {

struct SeriesRequest {
  std::string study, series;    ///< UIDs
  std::int64_t instances = -1;  ///< how many the PACS states; -1: unknown
  std::string label;            ///< for progress, for example "CT thorax"
};

struct RetrieveOptions {
  int retries = 2;   ///< further attempts for a series that does not arrive whole
  double pause = 5;  ///< seconds before each of them
};

enum class SeriesState {
  Complete,  ///< in FOLDER/<series UID>/, one <SOP instance UID>.dcm for each object
  Present,   ///< was there already
  Failed,    ///< what arrived whole is kept in partialFolder(), for the next time
  Cancelled
};

struct SeriesOutcome {
  SeriesRequest request;
  SeriesState state = SeriesState::Cancelled;
  std::int64_t held = 0;  ///< objects here, whole
  std::optional<Error> error;
};

/// "complete", "present", "failed", "cancelled".
const char* toString(SeriesState state);

/// FOLDER/.<series UID>.part: hidden, beside where the series will be, and passed over by scans.
std::filesystem::path partialFolder(const std::filesystem::path& folder, const std::string& series);

/// Retrieves every series, in order; one that fails does not stop the others, except that nobody waits once more for a
/// PACS that could not be reached. Objects that an earlier call brought are not asked for again. No name of a file or
/// folder carries anything of the patient; names from the peer are used only if they are UIDs.
/// Errors: InvalidArgument for what is no UID, Io when the folder cannot be written to.
Result<std::vector<SeriesOutcome>> retrieve(const Node& node, const std::vector<SeriesRequest>& series,
                                            const std::filesystem::path& folder, const RetrieveOptions& options,
                                            Progress& progress, const CancelToken& cancel);

}  // namespace lorkd::pacs
