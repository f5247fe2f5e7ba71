// Siemens' private header of images ("CSA"), as nibabel's documentation describes it (Siemens format DICOM with CSA
// header), its first version by SPM12's reader (spm_dicom_headers). GDCM's trusts the lengths that stand in it. Inside
// this room only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lorkd::io {

/// The values of the element `name` in a CSA header of either version, without padding; none where the header has no
/// such element. Nothing where it is no CSA header, or damaged before that element ends.
std::optional<std::vector<std::string>> csaValues(std::string_view header, std::string_view name);

}  // namespace lorkd::io
