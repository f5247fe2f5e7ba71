// What the commands of `lorkd pacs` share.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "app/cli/Context.h"
#include "core/pacs/Node.h"

namespace lorkd::cli {

/// Where the nodes are kept: --nodes FILE, or the user's own file.
struct PacsFile {
  std::string chosen;
  std::filesystem::path path() const {
    return chosen.empty() ? pacs::defaultNodesFile() : std::filesystem::path(chosen);
  }
};

/// nodes, add, remove, echo.
void addPacsNodes(CLI::App& group, std::shared_ptr<PacsFile> file, Context& context);

}  // namespace lorkd::cli
