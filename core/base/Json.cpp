#include "core/base/Json.h"

#include <unordered_set>
#include <vector>

#include "core/base/File.h"

namespace lorkd {
namespace {

/// Looks at a text before it becomes a document: nesting, and keys that come twice, which nlohmann would let overwrite
/// each other. Its parser with a callback would do as well, but takes quadratic time for long lists.
class Guard final : public nlohmann::json::json_sax_t {
 public:
  explicit Guard(std::size_t mostKeys) : m_mostKeys(mostKeys) {}

  bool start_object(std::size_t) override {
    m_keys.emplace_back();
    return deeper();
  }
  bool end_object() override {
    m_keys.pop_back();
    --m_depth;
    return true;
  }
  bool start_array(std::size_t) override { return deeper(); }
  bool end_array() override {
    --m_depth;
    return true;
  }
  bool key(std::string& key) override {
    if (!m_keys.back().insert(key).second) m_fault = "the key \"" + key + "\" comes twice in one object";
    if (m_keys.back().size() > m_mostKeys) m_fault = "too many keys in one object";
    return m_fault.empty();
  }
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(std::int64_t) override { return true; }
  bool number_unsigned(std::uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(nlohmann::json::binary_t&) override { return true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& e) override {
    m_fault = std::string("not valid JSON: ") + e.what();
    return false;
  }
  const std::string& fault() const { return m_fault; }

 private:
  bool deeper() {
    if (++m_depth > 200) m_fault = "JSON nested too deeply";
    return m_fault.empty();
  }
  std::size_t m_mostKeys;
  int m_depth = 0;
  std::string m_fault;
  std::vector<std::unordered_set<std::string>> m_keys;
};

template <class J>
Result<J> parseAs(std::string_view text, const std::string& name, std::size_t mostKeys) {
  try {
    Guard guard(mostKeys);
    if (!nlohmann::json::sax_parse(text, &guard))
      return fail(ErrorCode::Format, guard.fault(), "mend the file at the place named", name);
    return J::parse(text);
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

Result<Json> readJson(const std::filesystem::path& path, std::uintmax_t limit) {
  LORKD_TRY(text, readFile(path, limit));
  return parseJson(text, path.string());
}

Result<void> writeJson(const std::filesystem::path& path, const Json& json) {
  return writeFileAtomically(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace lorkd
