#include "core/pacs/Node.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>

namespace lorkd::pacs {
namespace fs = std::filesystem;
namespace {

std::unexpected<Error> fault(const Node& node, const std::string& field, const std::string& what) {
  return fail(ErrorCode::InvalidArgument, field + " " + what, "", "node '" + node.name + "'");
}

// PS3.5 table 6.2-1: at most 16 characters, no backslash, no control character, not spaces alone.
bool isTitle(const std::string& text) {
  return !text.empty() && text.size() <= 16 && text.front() != ' ' && text.back() != ' ' &&
         std::ranges::all_of(text, [](unsigned char c) { return c >= 32 && c < 127 && c != '\\'; });
}

// One field after the other of an object, each at most once; what is left over has no meaning.
class Fields {
 public:
  Fields(const Json& json, std::string where) : m_json(json), m_where(std::move(where)) {}

  void text(const char* key, std::string& value) {
    if (const Json* found = take(key)) {
      if (found->is_string())
        value = found->get<std::string>();
      else
        wrong(key, "must be text");
    }
  }
  void path(const char* key, fs::path& value) {
    std::string text_ = value.string();
    text(key, text_);
    value = text_;
  }
  void number(const char* key, int& value) {
    if (const Json* found = take(key)) {
      if (found->is_number_integer() && found->get<double>() >= 0 && found->get<double>() <= 1e6)
        value = found->get<int>();
      else
        wrong(key, "must be a whole number");
    }
  }
  void flag(const char* key, bool& value) {
    if (const Json* found = take(key)) {
      if (found->is_boolean())
        value = found->get<bool>();
      else
        wrong(key, "must be true or false");
    }
  }
  const Json* take(const char* key) {
    m_known.insert(key);
    const auto found = m_json.find(key);
    return found == m_json.end() ? nullptr : &*found;
  }
  void wrong(const std::string& key, const std::string& what) {
    if (m_fault.empty()) m_fault = key + " " + what;
  }
  Result<void> done() {
    for (const auto& [key, value] : m_json.items())
      if (!m_known.contains(key)) wrong(key, "is not a field of a node");
    if (!m_fault.empty()) return fail(ErrorCode::Format, m_fault, "mend the file, or add the node anew", m_where);
    return {};
  }

 private:
  const Json& m_json;
  std::string m_where, m_fault;
  std::set<std::string> m_known;
};

Result<void> writeNodes(const fs::path& file, const std::vector<Node>& nodes) {
  Json list = Json::object();
  for (const auto& node : nodes) list[node.name] = toJson(node);
  return writeJson(file, Json{{"nodes", list}});
}

}  // namespace

std::string Node::place() const { return name + " (" + host + ":" + std::to_string(port) + ")"; }

Result<void> check(const Node& node) {
  const bool named =
      !node.name.empty() && node.name.size() <= 64 && std::ranges::all_of(node.name, [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
      });
  if (!named) return fault(node, "name", "must be 1 to 64 letters, digits, '.', '_' or '-'");
  const bool host = !node.host.empty() && node.host.size() <= 255 &&
                    std::ranges::all_of(node.host, [](unsigned char c) { return c > 32 && c < 127 && c != ':'; });
  if (!host) return fault(node, "host", "must be the name or the IPv4 address of a machine");
  if (node.port < 1 || node.port > 65535) return fault(node, "port", "must be from 1 to 65535");
  if (!isTitle(node.called)) return fault(node, "called", "must be an AE title of 1 to 16 characters");
  if (!isTitle(node.calling)) return fault(node, "calling", "must be an AE title of 1 to 16 characters");
  if (node.timeout < 1 || node.timeout > 3600) return fault(node, "timeout", "must be from 1 to 3600 seconds");
  if (node.receivePort < 1 || node.receivePort > 65535) return fault(node, "receive_port", "must be from 1 to 65535");
  for (const auto& [field, value] : {std::pair("most_answers", node.limits.answers),
                                     {"most_megabytes", node.limits.megabytes},
                                     {"most_seconds", node.limits.seconds}})
    if (value < 1 || value > 1'000'000) return fault(node, field, "must be from 1 to 1000000");
  if (!node.tls) return {};
  if (node.tls->ca.empty()) return fault(node, "tls.ca", "must name a file: without it anybody could be the PACS");
  if (node.tls->certificate.empty() != node.tls->key.empty())
    return fault(node, "tls.certificate and tls.key", "belong together");
  return {};
}

Json toJson(const Node& node) {
  Json json{{"host", node.host},
            {"port", node.port},
            {"called", node.called},
            {"calling", node.calling},
            {"timeout", node.timeout},
            {"retrieve", "get"},
            {"most_answers", node.limits.answers},
            {"most_megabytes", node.limits.megabytes},
            {"most_seconds", node.limits.seconds}};
  if (node.retrieve == Retrieve::Move) {
    json["retrieve"] = "move";
    json["receive_port"] = node.receivePort;
  }
  if (node.tls) {
    json["tls"] = {{"ca", node.tls->ca.string()}, {"check_name", node.tls->checkName}};
    if (!node.tls->certificate.empty()) {
      json["tls"]["certificate"] = node.tls->certificate.string();
      json["tls"]["key"] = node.tls->key.string();
    }
  }
  return json;
}

Result<Node> nodeFromJson(const std::string& name, const Json& json) {
  Node node;
  node.name = name;
  const auto where = "node '" + name + "'";
  if (!json.is_object()) return fail(ErrorCode::Format, "must be an object", "mend the file", where);
  Fields fields(json, where);
  std::string retrieve = "get";
  fields.text("host", node.host);
  fields.number("port", node.port);
  fields.text("called", node.called);
  fields.text("calling", node.calling);
  fields.number("timeout", node.timeout);
  fields.text("retrieve", retrieve);
  fields.number("receive_port", node.receivePort);
  fields.number("most_answers", node.limits.answers);
  fields.number("most_megabytes", node.limits.megabytes);
  fields.number("most_seconds", node.limits.seconds);
  if (retrieve != "get" && retrieve != "move") fields.wrong("retrieve", "must be get or move");
  node.retrieve = retrieve == "move" ? Retrieve::Move : Retrieve::Get;
  if (const Json* tls = fields.take("tls")) {
    node.tls.emplace();
    if (!tls->is_object()) return fail(ErrorCode::Format, "tls must be an object", "mend the file", where);
    Fields inner(*tls, where + ": tls");
    inner.path("ca", node.tls->ca);
    inner.path("certificate", node.tls->certificate);
    inner.path("key", node.tls->key);
    inner.flag("check_name", node.tls->checkName);
    LORKD_CHECK(inner.done());
  }
  LORKD_CHECK(fields.done());
  LORKD_CHECK(check(node));
  return node;
}

fs::path defaultNodesFile() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value ? value : "");
  };
  // The standard of desktop folders has relative paths ignored.
  const auto config = variable("XDG_CONFIG_HOME");
  return (config.is_absolute() ? config : variable("HOME") / ".config") / "lorkd" / "pacs.json";
}

Result<std::vector<Node>> readNodes(const fs::path& file) {
  std::vector<Node> nodes;
  std::error_code ec;
  if (!fs::exists(file, ec) && !ec) return nodes;
  LORKD_TRY(json, readJson(file));
  if (!json.is_object() || json.size() != 1 || !json.contains("nodes") || !json["nodes"].is_object())
    return fail(ErrorCode::Format, "must hold {\"nodes\": {…}} and nothing else", "mend the file, or move it away",
                file.string());
  for (const auto& [name, fields] : json["nodes"].items()) {
    auto node = nodeFromJson(name, fields);
    if (!node) return fail(node.error(), file.string());
    nodes.push_back(*node);
  }
  return nodes;
}

Result<void> saveNode(const fs::path& file, const Node& node) {
  LORKD_CHECK(check(node));
  LORKD_TRY(nodes, readNodes(file));
  const auto known = std::ranges::find(nodes, node.name, &Node::name);
  if (known != nodes.end())
    *known = node;
  else
    nodes.push_back(node);
  return writeNodes(file, nodes);
}

Result<void> removeNode(const fs::path& file, const std::string& name) {
  LORKD_CHECK(findNode(file, name));
  LORKD_TRY(nodes, readNodes(file));
  std::erase_if(nodes, [&](const Node& node) { return node.name == name; });
  return writeNodes(file, nodes);
}

Result<Node> findNode(const fs::path& file, const std::string& name) {
  LORKD_TRY(nodes, readNodes(file));
  std::string names;
  for (const auto& node : nodes) {
    if (node.name == name) return node;
    names += (names.empty() ? "" : ", ") + node.name;
  }
  return fail(ErrorCode::NotFound, "there is no PACS of the name '" + name + "'",
              names.empty() ? "name one first: lorkd pacs add" : "known are: " + names, file.string());
}

}  // namespace lorkd::pacs
