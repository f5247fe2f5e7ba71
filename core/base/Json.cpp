#include "core/base/Json.h"

#include "core/base/File.h"

namespace lorkd {

Result<Json> parseJson(std::string_view text, const std::string& name) {
  constexpr int deepest = 200;
  bool tooDeep = false;
  try {
    auto json = Json::parse(text, [&](int depth, Json::parse_event_t, Json&) {
      if (depth > deepest) tooDeep = true;
      return !tooDeep;
    });
    if (tooDeep) return fail(ErrorCode::Format, "JSON nested too deeply", "", name);
    return json;
  } catch (const Json::exception& e) {
    return fail(ErrorCode::Format, std::string("not valid JSON: ") + e.what(), "mend the file at the place named", name);
  }
}

Result<Json> readJson(const std::filesystem::path& path) {
  LORKD_TRY(text, readFile(path, std::uintmax_t(256) << 20));
  return parseJson(text, path.string());
}

Result<void> writeJson(const std::filesystem::path& path, const Json& json) {
  return writeFileAtomically(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace lorkd
