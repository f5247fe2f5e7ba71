// Experts with less rank than they were trained with, and what that costs them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Progress.h"
#include "core/feed/Dataset.h"
#include "core/nn/Network.h"
#include "core/run/RunDirectory.h"

namespace lorkd::workflow {

/// How far factors are cut; nothing by default.
struct Truncation {
  std::int64_t rank = 0;  ///< above 0: at most this rank in the encoder, times the decoder factor in the decoder
  double energy = 0;      ///< above 0: in each layer the smallest rank that keeps this share of its update's energy
  bool any() const { return rank > 0 || energy > 0; }
};

/// Truncates one task's factors in `network` and scores the task before and after on the prepared
/// validation cases, by which a rank may be chosen; never on the test cases, whose scores must not choose anything:
/// {rank or energy, layers {name: rank}, energy_kept, factor_parameters_before, factor_parameters, metric, before,
/// after, cases, split}; before and after are null where there is no validation case.
/// Errors: Unsupported (no factors), InvalidArgument (untrained factors), Cancelled.
Result<Json> truncateExpert(nn::Network& network, int task, const Truncation& truncation, const feed::Dataset& dataset,
                            const plan::Plan& plan, const CancelToken& cancel);

struct ExportRequest {
  std::vector<std::string> tasks;    ///< empty: all
  std::filesystem::path folder;      ///< empty: RUN/experts
  std::vector<std::string> formats;  ///< empty: every registered one; "factors" only when it is named
  Truncation truncation;
};

/// Exports experts as asked; see exportExperts() in Workflow.h. With a truncation, manifests say under "truncation"
/// what truncateExpert() returns.
Result<std::vector<std::filesystem::path>> exportExperts(const run::RunDirectory& run, const ExportRequest& request,
                                                         Progress& progress, const CancelToken& cancel);

}  // namespace lorkd::workflow
