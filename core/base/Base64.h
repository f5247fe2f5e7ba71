// Bytes as text (RFC 4648, with padding).
#pragma once

#include <string>
#include <string_view>

namespace lorkd {

std::string base64(std::string_view bytes);
/// Empty for what is no base64.
std::string fromBase64(std::string_view text);

}  // namespace lorkd
