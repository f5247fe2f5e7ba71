// An audit as JSON: what `lorkd audit` answers and the window reads. Thumbnails are base64; places of rejected files
// and messages may name files, so that it stays on the screen of who asked.
#pragma once

#include "core/base/Json.h"
#include "core/data/Audit.h"

namespace lorkd::data {

Json auditToJson(const Audit& audit);
/// Errors: Format.
Result<Audit> auditFromJson(const Json& json);

}  // namespace lorkd::data
