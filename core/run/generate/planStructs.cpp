// Build step: writes the typed plan (structs, defaults, reading and writing of JSON) from the schema, so that no field,
// default or range is declared twice, and the schema's text as a source of its own. Almost everything includes the
// header: it holds no words of the schema, and is left untouched while what it declares is the same.
// Usage: planStructs SCHEMA HEADER SOURCE
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

using Json = nlohmann::ordered_json;

namespace {

std::string camel(const std::string& snake, bool upper) {
  std::string out;
  for (char c : snake) {
    if (c == '_')
      upper = true;
    else
      out += upper ? static_cast<char>(std::toupper(c)) : c, upper = false;
  }
  return out;
}

std::string refName(const Json& field) {
  const auto ref = field.at("$ref").get<std::string>();
  return ref.substr(ref.rfind('/') + 1);
}

/// Name of the generated enum type of field `name` of struct `owner`.
std::string enumName(const std::string& owner, const std::string& name) { return owner + camel(name, true); }

struct Member {
  std::string type, initial;
};

Member member(const std::string& owner, const std::string& name, const Json& field) {
  if (field.contains("$ref")) return {refName(field), ""};
  const auto type = field.at("type").get<std::string>();
  if (field.contains("enum"))
    return {enumName(owner, name), enumName(owner, name) + "::" + camel(field.value("default", ""), true)};
  if (type == "string") return {"std::string", field.contains("default") ? field["default"].dump() : ""};
  if (type == "boolean") return {"bool", field.at("default").dump()};
  if (type == "integer") return {"std::int64_t", field.at("default").dump()};
  if (type == "number") return {"double", field.at("default").dump()};
  if (type == "object") return {"Named<" + refName(field.at("additionalProperties")) + ">", ""};
  const auto item = field.at("items").at("type").get<std::string>();
  const std::string element = item == "string" ? "std::string" : item == "integer" ? "std::int64_t" : "double";
  std::string initial;
  for (const auto& v : field.at("default")) initial += (initial.empty() ? "" : ", ") + v.dump();
  const bool fixed = field.contains("minItems") && field["minItems"] == field.value("maxItems", Json());
  if (fixed) return {"std::array<" + element + ", " + field["minItems"].dump() + ">", initial};
  return {"std::vector<" + element + ">", initial};
}

void writeStruct(std::ostream& out, const std::string& name, const Json& definition) {
  for (const auto& [key, field] : definition.at("properties").items()) {
    if (!field.contains("enum")) continue;
    const auto type = enumName(name, key);
    out << "enum class " << type << " {";
    for (const auto& v : field["enum"]) out << " " << camel(v.get<std::string>(), true) << ",";
    out << " };\ninline std::string toString(" << type << " v) {\n  switch (v) {\n";
    for (const auto& v : field["enum"])
      out << "    case " << type << "::" << camel(v.get<std::string>(), true) << ": return " << v.dump() << ";\n";
    out << "  }\n  return {};\n}\n";
    out << "inline void to_json(Json& j, const " << type << "& v) { j = toString(v); }\n";
    out << "inline void from_json(const Json& j, " << type << "& v) {\n  const auto s = j.get<std::string>();\n";
    for (const auto& v : field["enum"])
      out << "  if (s == " << v.dump() << ") v = " << type << "::" << camel(v.get<std::string>(), true) << ";\n";
    out << "}\n\n";
  }
  out << "struct " << name << " {\n";
  for (const auto& [key, field] : definition.at("properties").items()) {
    const auto m = member(name, key, field);
    out << "  " << m.type << " " << camel(key, false) << "{" << m.initial << "};\n";
  }
  out << "  bool operator==(const " << name << "&) const = default;\n};\n";
  out << "inline void to_json(Json& j, const " << name << "& v) {\n  j = Json::object();\n";
  for (const auto& [key, field] : definition.at("properties").items())
    out << "  j[\"" << key << "\"] = v." << camel(key, false) << ";\n";
  out << "}\ninline void from_json(const Json& j, " << name << "& v) {\n";
  for (const auto& [key, field] : definition.at("properties").items())
    out << "  if (j.contains(\"" << key << "\")) j.at(\"" << key << "\").get_to(v." << camel(key, false) << ");\n";
  out << "}\n\n";
}

/// Structs in the order in which they need each other.
void visit(const std::string& name, const Json& definitions, std::set<std::string>& done, std::ostream& out) {
  if (!done.insert(name).second) return;
  for (const auto& [key, field] : definitions.at(name).at("properties").items()) {
    if (field.contains("$ref"))
      visit(refName(field), definitions, done, out);
    else if (field.contains("additionalProperties"))
      visit(refName(field["additionalProperties"]), definitions, done, out);
  }
  writeStruct(out, name, definitions.at(name));
}

std::string contents(const char* path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void writeIfNew(const char* path, const std::string& text) {
  if (contents(path) != text) std::ofstream(path) << text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: planStructs SCHEMA HEADER SOURCE\n";
    return 2;
  }
  const auto text = contents(argv[1]);
  const auto schema = Json::parse(text);
  std::ostringstream out;
  out << "// Generated from resources/schema/plan.schema.json, where every field is explained: change that.\n"
         "#pragma once\n\n"
         "#include <array>\n#include <cstdint>\n#include <string>\n#include <vector>\n\n"
         "#include \"core/base/Json.h\"\n#include \"core/run/Named.h\"\n\nnamespace lorkd::plan {\n\n";
  std::set<std::string> done;
  visit("Plan", schema.at("$defs"), done, out);
  out << "}  // namespace lorkd::plan\n";
  writeIfNew(argv[2], out.str());
  // A string literal may hold at most 64 KiB portably; the schema is far below.
  writeIfNew(argv[3],
             "// Generated from resources/schema/plan.schema.json.\n#include \"core/run/SchemaWords.h\"\n\n"
             "const char* const lorkd::plan::schemaText = R\"~~~(" +
                 text + ")~~~\";\n");
  return 0;
}
