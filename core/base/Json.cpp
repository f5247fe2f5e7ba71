#include "core/base/Json.h"

#include <unordered_set>
#include <vector>

#include "core/base/File.h"

namespace lorkd {
namespace {

/// Watches a parse from its callback: nesting and keys that come twice, which nlohmann would let overwrite each other.
class Guard {
 public:
  explicit Guard(std::size_t mostKeys) : m_mostKeys(mostKeys) {}

  template <class J>
  bool operator()(int depth, nlohmann::json::parse_event_t event, const J& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (!m_fault.empty()) return false;
    if (depth > 200) m_fault = "JSON nested too deeply";
    if (event == Event::object_start) m_keys.emplace_back();
    if (event == Event::object_end) m_keys.pop_back();
    if (event == Event::key) {
      const auto& key = parsed.template get_ref<const std::string&>();
      if (!m_keys.back().insert(key).second) m_fault = "the key \"" + key + "\" comes twice in one object";
      if (m_keys.back().size() > m_mostKeys) m_fault = "too many keys in one object";
    }
    return m_fault.empty();
  }
  const std::string& fault() const { return m_fault; }

 private:
  std::size_t m_mostKeys;
  std::string m_fault;
  std::vector<std::unordered_set<std::string>> m_keys;
};

template <class J>
Result<J> parseAs(std::string_view text, const std::string& name, std::size_t mostKeys) {
  try {
    Guard guard(mostKeys);
    auto json = J::parse(text, [&](int depth, typename J::parse_event_t event, J& parsed) {
      return guard(depth, static_cast<nlohmann::json::parse_event_t>(event), parsed);
    });
    if (!guard.fault().empty()) return fail(ErrorCode::Format, guard.fault(), "", name);
    return json;
  } catch (const nlohmann::json::exception& e) {
    return fail(ErrorCode::Format, std::string("not valid JSON: ") + e.what(), "mend the file at the place named",
                name);
  }
}

}  // namespace

// Looking a key up in an ordered object is linear, so a hostile file could make parsing quadratic: hence the bound.
Result<Json> parseJson(std::string_view text, const std::string& name) { return parseAs<Json>(text, name, 20'000); }

Result<nlohmann::json> parseSortedJson(std::string_view text, const std::string& name) {
  return parseAs<nlohmann::json>(text, name, 10'000'000);
}

Result<Json> readJson(const std::filesystem::path& path) {
  LORKD_TRY(text, readFile(path, std::uintmax_t(256) << 20));
  return parseJson(text, path.string());
}

Result<void> writeJson(const std::filesystem::path& path, const Json& json) {
  return writeFileAtomically(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace lorkd
