// The objects that we take from others, and how they may be packed. Inside this room only.
#pragma once

#include <array>
#include <vector>

#include "core/pacs/Dcmnet.h"

namespace lorkd::pacs {

/// Label Map Segmentation Storage (PS3.4 section B.5): newer than the lists of DCMTK 3.6.
inline constexpr const char* kLabelMapStorage = "1.2.840.10008.5.1.4.1.1.66.7";

inline constexpr std::array kUncompressed{UID_LittleEndianExplicitTransferSyntax,
                                          UID_LittleEndianImplicitTransferSyntax};

/// Most usual first.
inline constexpr std::array kCompressed{
    UID_JPEG2000LosslessOnlyTransferSyntax, UID_JPEGProcess14SV1TransferSyntax,
    UID_JPEGLSLosslessTransferSyntax,       UID_RLELosslessTransferSyntax,
    UID_JPEGProcess1TransferSyntax,         UID_JPEG2000TransferSyntax,
    UID_JPEGProcess2_4TransferSyntax,       UID_JPEGLSLossyTransferSyntax,
    UID_JPEGProcess14TransferSyntax,        UID_DeflatedExplicitVRLittleEndianTransferSyntax,
    UID_BigEndianExplicitTransferSyntax};

/// Every class of stored objects.
inline std::vector<const char*> storageClasses() {
  std::vector<const char*> all(dcmAllStorageSOPClassUIDs, dcmAllStorageSOPClassUIDs + numberOfDcmAllStorageSOPClassUIDs);
  all.push_back(kLabelMapStorage);
  return all;
}

}  // namespace lorkd::pacs
