// Compressed frames as they lie in a file, and what their decoders must not be left to find out. Inside this room only.
#pragma once

#include <string>

#include "core/io/dicom/SliceHeader.h"

namespace lorkd::io {

/// The JPEG 2000 codestream of one frame, gathered from its fragments (PS3.5 section A.4). GDCM decodes it into memory
/// of the size that the header says, so what it says of its own size must agree. Errors: Format.
Result<std::string> jpeg2000Frame(DcmDataset& set, const SliceHeader& header, int frame);

/// What DCMTK's decoders do not check: a JPEG that is larger than the header says, has scans without end or no end
/// itself, and run lengths that do not make all pixels of the frame. Other frames are not judged. Errors: Format,
/// Unsupported.
Result<void> checkPacked(DcmDataset& set, const SliceHeader& header, int frame);

}  // namespace lorkd::io
