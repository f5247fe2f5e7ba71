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
/// Files stand as one text under "files", see append().
void to_json(Json& j, const Series& series);
void from_json(const Json& j, Series& series);

/// Adds one of many short texts to a text that holds them all; none has the character 0, as paths, UIDs and what a
/// header says in ASCII have not. A value for each would take most of the time that an index is written in.
void append(std::string& texts, std::string_view text);
std::vector<std::string> textsOf(std::string_view texts);

}  // namespace lorkd::io
