// DCMTK's network library, as this room includes it. Inside this room only.
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h comes first: DCMTK's other headers need it.
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dcmtrans.h>
#include <dcmtk/dcmnet/dimse.h>
#include <dcmtk/dcmnet/diutil.h>
#include <dcmtk/dcmtls/tlslayer.h>

namespace lorkd::pacs {

/// Largest protocol data unit we take, in bytes: larger than DCMTK's 16 KiB, for fewer system calls.
inline constexpr long kLargestPdu = 65536;

/// Presentation contexts that an association can have (PS3.8 section 9.3.2.2: odd numbers up to 255).
inline constexpr std::size_t kMostContexts = 128;

}  // namespace lorkd::pacs
