// Operations on run directories, made of the rooms below: what the command line calls.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Progress.h"
#include "core/data/CaseList.h"
#include "core/data/layout/Reading.h"
#include "core/eval/Table.h"
#include "core/nn/Network.h"
#include "core/run/RunDirectory.h"

namespace lorkd::workflow {

/// What a scan is told of a source: the plan's word, and the readers of the program's plugins.
data::layout::Chosen chosenFor(const plan::Source& source);

/// The network of a plan, freshly initialised from its seed: the student with factors (method lorkd), without (mtl), or
/// the joint teacher network (teacher). Without memory under nn::CountingOnly. Errors: NotFound (backbone),
/// InvalidArgument (preset; tasks that do not fit), Unsupported (larger than this machine's memory).
Result<nn::Network> makeNetwork(const plan::Plan& plan);
/// That of a run's plan, as its checkpoints hold it where earlier versions read the plan otherwise.
Result<nn::Network> makeNetwork(const run::RunDirectory& run);

/// The device that the plan asks for; the process computes with as many threads as the plan says, if it says.
/// Errors: Unsupported when it wants CUDA and the engine has none; Numeric when LibTorch computes wrongly on the CPU.
Result<torch::Device> setUpDevice(const plan::Plan& plan);

/// The frozen cases of a run with their files; made from the project's index on first use, scanning sources that it
/// does not know yet. cases.json holds pseudonyms only: paths often carry names, so they stay in the index. Patients
/// whom the expert that the run begins with has learnt from are kept out of the test split. Errors: those of the
/// catalogue, of data::assign and of checkUnseen(); then nothing is frozen.
Result<data::CaseList> freezeCases(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel);

/// The run's plan with what it leaves to the data decided (see data::decided), as its frozen cases have it. Errors:
/// those of data::loadCaseList().
Result<plan::Plan> decidedPlan(const run::RunDirectory& run);

/// Folder of the prepared cases of a run, in the project's cache: runs that differ only in method, ranks, networks or
/// schedule share it, if their patients are divided alike.
std::filesystem::path preparedFolder(const run::RunDirectory& run);

/// The plan of the joint network that serves as teacher to `plan`.
plan::Plan teacherPlan(const plan::Plan& plan);

/// Trains or continues a run to its end in this process: freezes and prepares the cases, trains the teacher first where
/// the plan says so, obeys control.json, writes status and events, scores the test cases and writes the report.
/// Errors: those of the rooms, also written into status.json; Cancelled after a stop, with a checkpoint written.
Result<void> train(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel);

/// The trained network of a run: best checkpoint, evaluation mode. Errors: NotFound when nothing is trained yet.
Result<nn::Network> loadTrained(const run::RunDirectory& run);

/// The run that taught this one, if its plan has a teacher. Errors: NotFound.
Result<run::RunDirectory> teacherRun(const run::RunDirectory& run);

/// Scores the best checkpoint on the test cases, in the source geometry, and writes metrics.json.
/// Rows are named by the plan's method: "expert" for lorkd, "mtl", "teacher".
Result<eval::Table> evaluate(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel);

struct PredictRequest {
  std::vector<std::string> cases;  ///< case ids of the run; empty: every test case
  std::vector<std::string> tasks;  ///< task names; empty: all
  /// Instead of cases: a folder of DICOM or a NIfTI file never seen before; for tasks of pictures, pictures.
  std::filesystem::path input;
  std::filesystem::path output;  ///< empty: RUN/predictions; with `input`, a folder outside of the run
  bool teacher = false;          ///< the teacher's predictions beside the experts', as teacher.<task>.nii.gz
  /// Where DICOM segmentations of DICOM cases go as well, <case>/<task>.dcm; empty: nowhere. They carry pseudonyms
  /// under the project's key, for the UIDs too.
  std::filesystem::path segmentations{};
  /// They carry patient, study and UIDs of the source series instead, as a PACS needs them; the folder may then not lie
  /// in the run.
  bool identified = false;
  /// The source of the plan as which the files below `input` are called (data.sources.NAME.layout and nifti_place), or
  /// "auto": as a scan without a plan reads them. Empty: as all sources of the plan, if they agree.
  std::string layout{};
};
/// Writes <output>/<case>/<task>.nii.gz in the source geometry, label values 1..C in class order (see
/// data::MasksInSource for overlaps), of a picture <task>.<class>.png instead, and classes.json beside them; for an
/// `input`, cases.json tells which image each case is: its first file, the first frame there, and the number of slices.
/// Of tasks that classify it writes <output>/<task>.csv: a line for each image with the answer and the probability of
/// each class. Returns the files written. Errors: NotFound (case, task or source), Unsupported (segmentations of tasks
/// that classify), InvalidArgument (what names patients in the run; sources that do not agree how files are called),
/// those of the rooms.
Result<std::vector<std::filesystem::path>> predict(const run::RunDirectory& run, const PredictRequest& request,
                                                   Progress& progress, const CancelToken& cancel);

/// Exports the experts named (all if none are) into `folder`/<task>, by default RUN/experts/<task>.
/// `formats` names exporters; empty takes every registered one. Returns the expert folders.
Result<std::vector<std::filesystem::path>> exportExperts(const run::RunDirectory& run,
                                                         const std::vector<std::string>& tasks,
                                                         const std::filesystem::path& folder,
                                                         const std::vector<std::string>& formats, Progress& progress,
                                                         const CancelToken& cancel);

}  // namespace lorkd::workflow
