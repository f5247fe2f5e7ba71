// How the files of a folder are named: the flags that say what a plan says in data.sources.NAME.layout.
#pragma once

#include <string>

#include "app/cli/Context.h"
#include "core/data/layout/Reading.h"
#include "core/run/Plan.h"

namespace lorkd::cli {

struct LayoutArguments {
  plan::Layout layout;
  std::string niftiPlace;
  std::string plan;  ///< a plan that says it instead
  void addTo(CLI::App& command);
  /// What a scan of `source` is told, with whole paths of tables: they go from the working folder, or from `folder` as
  /// in a plan. Without `folder`, it gets the one that the plan names. Errors: those of plan::load; NotFound (the plan
  /// has no such source); InvalidArgument (flags that exclude each other; a table that lies in both folders).
  Result<data::layout::Chosen> chosen(const std::string& source, std::string& folder) const;
  /// What a plan says in data.sources.NAME to be read as these flags say, wherever it lies; null without flags.
  Json forPlan(const data::layout::Chosen& chosen, const std::string& folder) const;
};

/// The readers of layouts: those of this program and of its plugins.
std::vector<data::layout::LayoutReader> allReaders();

}  // namespace lorkd::cli
