// Text of two bytes a character, as spreadsheets save it under the name "Unicode". Inside this room only.
#pragma once

#include <string>
#include <string_view>

#include "core/base/Error.h"

namespace lorkd::io {

/// Whether bytes begin as UTF-16 does: with its byte order mark, or without it with two letters of ASCII.
bool isUtf16(std::string_view bytes);

/// The same text in UTF-8, without the mark. Errors: Format (no mark; half a character; a byte of 0 in UTF-8).
Result<std::string> utf8Of(std::string_view utf16);

}  // namespace lorkd::io
