// An audit for people: a few lines for the terminal, a page for the shelf.
#pragma once

#include <filesystem>
#include <string>

#include "core/data/Audit.h"

namespace lorkd::workflow {

/// Figures, leaks, tasks, and every image with a finding. Names files: for the screen.
std::string auditText(const data::Audit& audit);

/// A self-contained page with thumbnails. By pseudonyms alone: findings stand without the names of files, rejected
/// files are only counted, so that the page may be passed on. Errors: Io.
Result<void> writeAuditReport(const std::filesystem::path& file, const data::Audit& audit);

}  // namespace lorkd::workflow
