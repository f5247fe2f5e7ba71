// JSON in and out, with errors that name the file. Key order is kept as written.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/Error.h"

namespace lorkd {

using Json = nlohmann::ordered_json;

/// Parses `text`; `name` (a file or field) goes into the error. Errors: Format, with line and column.
/// Nesting deeper than 200 levels, a key twice in one object and more than 20 000 keys in one object are refused.
Result<Json> parseJson(std::string_view text, const std::string& name);

/// The same with sorted keys, for objects with many: looking a key up takes logarithmic instead of linear time.
Result<nlohmann::json> parseSortedJson(std::string_view text, const std::string& name);

/// Reads and parses a JSON file of at most `limit` bytes; in memory it takes up to twenty times as many. Errors:
/// NotFound, Io, Format; InvalidArgument for a larger file.
Result<Json> readJson(const std::filesystem::path& path, std::uintmax_t limit = std::uintmax_t(32) << 20);

/// Writes JSON (two-space indent) atomically. Not-a-number is written as null.
Result<void> writeJson(const std::filesystem::path& path, const Json& json);

}  // namespace lorkd
