// A trained expert as the beginning of a network for a task that it has never seen.
//
// The run that learns the new task is an ordinary one of method mtl with this task alone. Beside its plan it holds
// initial.safetensors, the expert's fused backbone, and initial.json, which says where that comes from, what its
// SHA-256 is and which patients the expert has learnt from: training begins with these weights and a new head, and the
// run tells for itself what it began with.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "core/base/Error.h"
#include "core/base/Progress.h"
#include "core/data/CaseList.h"
#include "core/nn/Network.h"
#include "core/run/RunDirectory.h"

namespace lorkd::workflow {

/// The plan cut to one of its tasks: a plain network without a teacher. Errors: NotFound (task).
Result<plan::Plan> transferPlan(plan::Plan plan, const std::string& task);

/// An expert to begin from.
struct TransferSource {
  std::filesystem::path path;  ///< an exported expert (folder or expert.safetensors), or a run directory
  std::string expert;          ///< which expert of a run; may be empty if it has one task
};

/// Makes (or finds again) the run directory of a transfer with its initial weights. `plan` has one task. Nothing is
/// made when the expert does not fit; killed at any time, it leaves no run without its weights. Errors: NotFound, those
/// of loadTrained(); Mismatch when the file is not what the expert's manifest says, when the architectures differ
/// (naming the layer), or when the run began otherwise.
Result<run::RunDirectory> makeTransferRun(const std::filesystem::path& out, const plan::Plan& plan,
                                          const TransferSource& source, Progress& progress);

/// Puts the initial weights of a run into its network; nothing if it has none.
/// Errors: NotFound (the file is gone), Mismatch (it was changed; another architecture, naming the layer), Format.
Result<void> loadInitialWeights(const run::RunDirectory& run, nn::Network& network);

/// Pseudonyms of the patients from whom the network of a run has learnt: its own, those of the expert that it began with
/// and those of a teacher from elsewhere, if that still lies there. Errors: those of loadCaseList(); Format.
Result<std::set<std::string>> learntBy(const run::RunDirectory& run);

/// Pseudonyms of the patients from whom the expert that a run begins with has learnt, as far as that is known: they are
/// kept out of its test split, unless that is a slab of every patient. Errors: Format.
Result<std::set<std::string>> learntBefore(const run::RunDirectory& run);

/// Whether the test patients of a run are strangers to the expert that it began with, as far as that is known: whom an
/// expert exported to another place has learnt from is not. Errors: Mismatch, naming a patient; Format.
Result<void> checkUnseen(const run::RunDirectory& run, const data::CaseList& cases);

}  // namespace lorkd::workflow
