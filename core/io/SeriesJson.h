// Series, loose files and findings as JSON for an index. Text may be any bytes (paths are), so that it is to be stored
// as CBOR, not as text.
#pragma once

#include "core/base/Json.h"
#include "core/io/Series.h"

namespace lorkd::io {

void to_json(Json& j, const Finding& finding);
void from_json(const Json& j, Finding& finding);
void to_json(Json& j, const LooseFile& file);
void from_json(const Json& j, LooseFile& file);
void to_json(Json& j, const Series& series);
void from_json(const Json& j, Series& series);

}  // namespace lorkd::io
