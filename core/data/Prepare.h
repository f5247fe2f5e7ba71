// Cases turned into what networks eat: resampled, normalised volumes and what each task's classes are there, on disk.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Progress.h"
#include "core/data/CaseList.h"
#include "core/image/Volume.h"
#include "core/run/Plan.h"

namespace lorkd::io {
struct Picture;
}

namespace lorkd::data {

/// Whether values that nobody has named a modality for look like HU: they know air, which is darker than -500 (more
/// than a thousandth of them), and things that are brighter than water (100); other images know neither.
bool looksLikeHu(const std::vector<float>& values);
/// What the plan's normalisation comes to for an image of this modality (empty: nobody has said); `hu` is asked only
/// where that decides. Never Auto.
plan::DataNormalisation normalisationFor(const std::string& modality, const plan::Data& options,
                                         const std::function<bool()>& hu);

/// Clips and normalises in place as the plan's data section says:
///   auto        ct where the modality is CT, or unknown and the values look like HU; else percentile
///   ct          clip to the window, then (v - mean) / deviation over the clipped volume; "percentile" where the
///               modality is known and not CT
///   percentile  clip at 0.5 and 99.5 %, then the same
///   window      clip to the window, then map it to -2..2
///   scale       (v - low) / (high - low), then (v - 0.5) / 0.5; low and high are -1024 and 3071 for CT, else 0 and
///   255,
///               4095 or 65535, whichever holds the values, else their own minimum and maximum
void normalise(image::Volume& volume, const plan::Data& options);

/// What pictures are normalised by: the plan's kind, or "scale" where that is for HU, or automatic.
plan::DataNormalisation pictureNormalisation(const plan::Data& options);

/// The grid on which a source is worked: at the plan's spacing, axes reordered so that i, j, k run closest to L, P, S;
/// of a picture whose lengths are pixels, the one whose longer side has as many as the plan says (data.longer_side).
image::Geometry workingGrid(const image::Geometry& source, const plan::Data& options);

/// The image of a case at the working spacing, reoriented so that i, j, k run closest to L, P, S, and normalised.
/// Axes are only exchanged and reversed: an oblique image stays oblique.
/// Errors: InvalidArgument (empty volume), Numeric (values that are not finite).
Result<image::Volume> prepareImage(const image::Volume& source, const plan::Data& options);

/// The network's inputs (see Channels.h) of an image of geometry `source`, each on its working grid and normalised as
/// the plan says of it; a missing one is all 0. Errors: those of prepareImage().
Result<std::vector<image::Volume>> prepareInputs(const std::vector<image::Volume>& inputs,
                                                 const image::Geometry& source, const plan::Data& options);

/// A volume as a network that classifies takes it: its inputs (see prepareInputs()), cut or padded with their least
/// values to data.patch around the middle that data.centre says; (C, D, H, W). Errors: those of readInputs() and
/// prepareInputs().
Result<std::vector<float>> wholeImage(const plan::Data& options, const Case& c);

/// A picture as a network that classifies takes it: brought to data.patch and normalised; (C, H, W).
std::vector<float> wholePicture(const io::Picture& picture, const plan::Data& options);

/// First and one-past-last slice (along S of the working grid) of a split when a slab is held out: the test share of
/// the `depth` slices at the plan's end, validation beside it, the rest to train on. Each share above 0 gets a slice at
/// least. Without a slab: every slice.
std::pair<std::int64_t, std::int64_t> slabOf(std::int64_t depth, const plan::Split& options, Split split);

/// Prepares every case of the list that has tasks into `cache`, reusing files whose key (input digest + data options +
/// classes) fits. One safetensors file a case, named by its key:
///   "image"         F32 (C, D, H, W), a channel for each of the plan's inputs, D along k
///   "task.<index>.sets", "task.<index>.blocks"  U8 (sets, C) and I32, only for tasks the case has labels for: to
///                   which of the C classes each voxel belongs, as base/ClassSets.h packs it; a class whose structure
///                   the case lacks is nowhere, one of which its labels do not speak is not known
///   metadata        case, patient, split, geometry (JSON: of the working grid, see GeometryJson.h), source_geometry,
///                   input (digest), key
/// Volumes that are classified: "image" F32 (C, D, H, W) as wholeImage() has it, "label.<index>" I64 (1), the class
/// number, or U8 (1, classes) of overlapping classes: 1 there, 0 not there, or not known (base/Truth.h); metadata case,
/// patient, source_geometry, input, key.
/// Pictures: "images" F32 (N, C, H, W), "labels" I64 (N) or U8 (N, classes) likewise, "origins" I64 (N, 3) (position of
/// the picture's set in the metadata's "sets", a list of cases; number of the picture in its set; number of its patient
/// there, -1 where the set does not say), one file per task and split, metadata task, split, input, key, sets. They are
/// brought to the plan's patch size (its first two numbers: W, H) and scaled to -1..1 (with normalisation "percentile":
/// clipped at 0.5 and 99.5 %, then z-score); their channels become those of the plan (data.channels). A picture belongs
/// to the split that its set names; where a set names none, or none for validation or test, the plan's share of each
/// class is drawn from the plan's seed, or of all pictures where they have several labels; those of a patient stay
/// together. A picture with labels of several classes that exclude each other is left out of the task, with a note; one
/// with none is no example of it. A file that is damaged is made again. Returns the index of what was prepared, a file
/// in `cache` named by its content, since others prepare other cases there: [{"file", "case", "split",
/// "tasks":[...]}...]; with a slab held out, validation and test files hold a patch's depth around their slab, and
/// "scored": [first, end) names the slab's slices in the file. Nothing is touched when all is there. Errors: those of
/// io and data; Mismatch when a case's files changed since its digest was taken; Cancelled.
Result<std::filesystem::path> prepare(const plan::Plan& plan, const CaseList& cases, const std::filesystem::path& cache,
                                      Progress& progress, const CancelToken& cancel);

}  // namespace lorkd::data
