// How the files of a folder are named: the flags that say what a plan says in data.sources.NAME.layout.
#pragma once

#include <string>

#include "app/cli/Context.h"
#include "core/data/layout/Reading.h"
#include "core/run/Plan.h"

namespace lorkd::cli {

struct LayoutArguments {
  plan::Layout layout;
  std::string plan;  ///< a plan that says it instead
  void addTo(CLI::App& command);
  /// What a scan of `source` is told. Without `folder`, it gets the one that the plan names. Errors: those of
  /// plan::load; NotFound (the plan has no such source).
  Result<data::layout::Chosen> chosen(const std::string& source, std::string& folder) const;
};

/// The readers of layouts: those of this program and of its plugins.
std::vector<data::layout::LayoutReader> allReaders();

}  // namespace lorkd::cli
