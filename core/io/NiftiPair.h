// Pairs of a header (.hdr) and voxels (.img): NIfTI-1 in two files, and Analyze 7.5, from which it comes. Inside this
// room only.
#pragma once

#include "core/io/Nifti2.h"

namespace lorkd::io {

/// By the name alone: .hdr, .hdr.gz.
bool isPairHeader(const std::filesystem::path& file);

/// The file beside a header in which its voxels lie (.img, .img.gz); empty where there is none.
std::filesystem::path pairVoxels(const std::filesystem::path& header);

/// Takes out of the header what NIfTI-1 would read otherwise than it is meant: Analyze has other fields in its places.
/// True where it is of Analyze. Errors: Format (no header of a pair), Unsupported (of NIfTI-2).
Result<bool> cleanPairHeader(NiftiHead& head, const std::filesystem::path& file);

/// Places an image of Analyze as nibabel and SPM do by default: its axes lead to the left, the front and the top, and
/// its middle is at 0. Nothing in the header says so.
void placeAnalyze(NiftiFile& out, const NiftiHead& head);

/// Makes it the header of a single file, whose voxels follow.
void makeOneFile(NiftiHead& head);

}  // namespace lorkd::io
