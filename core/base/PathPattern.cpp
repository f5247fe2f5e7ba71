#include "core/base/PathPattern.h"

#include <algorithm>
#include <cctype>

namespace lorkd {
namespace {

constexpr std::size_t kLongestPattern = 1000, kLongestPath = 4096, kDeepestPath = 64;
constexpr int kMostFolders = 3;  // "**/" in a pattern: each multiplies the ways to match

std::unexpected<Error> wrong(std::string_view pattern, std::size_t at, const std::string& what) {
  return fail(ErrorCode::InvalidArgument,
              "the pattern " + std::string(pattern) + ": character " + std::to_string(at + 1) + ": " + what,
              "for example {patient}/{channel}.nii.gz, or **/masks/{patient}_{label:liver|spleen}.nii.gz");
}

/// An expression for a text itself.
std::string literal(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && !std::isalnum(byte)) out += '\\';
    out += c;
  }
  return out;
}

bool goodName(std::string_view name) {
  return !name.empty() && name.size() <= 40 && std::islower(static_cast<unsigned char>(name.front())) &&
         std::ranges::all_of(name, [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '_'; });
}

/// Where the '}' is that closes the '{' at `at`; npos where none does. Brackets of an expression may lie between.
std::size_t closing(std::string_view text, std::size_t at) {
  int depth = 0;
  bool set = false;
  for (auto n = at; n < text.size(); ++n) {
    const char c = text[n];
    if (c == '\\')
      ++n;
    else if (set || c == '[')
      set = c != ']';
    else if (c == '{')
      ++depth;
    else if (c == '}' && --depth == 0)
      return n;
  }
  return std::string_view::npos;
}

}  // namespace

/// Takes a pattern apart.
class PathPatternReader {
 public:
  PathPatternReader(std::string_view text, const PathPattern::Restrictions& restrictions)
      : m_text(text), m_known(restrictions) {}

  Result<PathPattern> read() {
    if (m_text.empty()) return wrong(m_text, 0, "it is empty");
    if (m_text.size() > kLongestPattern) return wrong(m_text.substr(0, 60), kLongestPattern, "it is longer than that");
    m_out.m_text = m_text;
    while (m_at < m_text.size()) LORKD_CHECK(component());
    if (m_text.back() == '/') {
      if (m_out.m_components.back().kind == Component::Kind::Folders)
        return wrong(m_text, m_text.size() - 1, "any folder; say more of it, as in **/{case}/");
      // What stands behind the last '/' of a folder's path: nothing.
      Component end;
      end.any = Expression::compile("").value();
      m_out.m_components.push_back(std::move(end));
    }
    return std::move(m_out);
  }

 private:
  using Component = PathPattern::Component;

  bool known(const std::string& name) const { return std::ranges::count(m_out.m_names, name) != 0; }

  Result<void> component() {
    Component c;
    const auto begin = m_at;
    while (m_at < m_text.size() && m_text[m_at] != '/') {
      if (m_text.substr(m_at).starts_with("**")) {
        LORKD_CHECK(folders(c, begin, m_at + 2, {}));
      } else if (m_text[m_at] == '*') {
        open(c, "*", "[^/]*");
        ++m_at;
      } else if (m_text[m_at] == '{') {
        LORKD_CHECK(part(c, begin));
      } else if (m_text[m_at] == '}') {
        return wrong(m_text, m_at, "'}' without '{'");
      } else {
        const auto end = std::min(m_text.find_first_of("/*{}", m_at), m_text.size());
        const auto text = m_text.substr(m_at, end - m_at);
        if (text.size() > m_out.m_fixed.size()) m_out.m_fixed = text;
        c.pieces.push_back({literal(text), {}});
        m_at = end;
      }
    }
    if (m_at == begin) return wrong(m_text, m_at, "a folder without a name; paths lie below the source's folder");
    const auto whole = m_text.substr(begin, m_at - begin);
    if (whole == "." || whole == "..") return wrong(m_text, begin, "paths lie below the source's folder");
    ++m_at;
    if (c.kind == Component::Kind::One) {
      auto any = Expression::compile(c.expression({}));
      if (!any) return wrong(m_text, begin, any.error().message);
      c.any = std::move(*any);
    }
    for (const auto& name : c.groups)
      if (!name.empty() && name != "*" && !known(name)) m_out.m_names.push_back(name);
    if (!c.name.empty()) m_out.m_names.push_back(c.name);
    m_out.m_components.push_back(std::move(c));
    return {};
  }

  /// "**/", or with a name "{name:**}/".
  Result<void> folders(Component& c, std::size_t begin, std::size_t end, std::string name) {
    if (begin != m_at || end >= m_text.size() || m_text[end] != '/')
      return wrong(m_text, m_at, "'**' stands for whole folders: **/");
    if (++m_folders > kMostFolders)
      return wrong(m_text, m_at, "more than " + std::to_string(kMostFolders) + " times '**'");
    c.kind = Component::Kind::Folders;
    c.name = std::move(name);
    m_at = end;
    return {};
  }

  void open(Component& c, std::string name, const std::string& expression) {
    c.pieces.push_back({"(" + expression + ")", name});
    c.groups.push_back(std::move(name));
    c.open.push_back(true);
  }

  Result<void> part(Component& c, std::size_t begin) {
    const auto end = closing(m_text, m_at);
    if (end == std::string_view::npos) return wrong(m_text, m_at, "'{' is not closed");
    const auto inside = m_text.substr(m_at + 1, end - m_at - 1);
    const auto colon = inside.find(':');
    const std::string name(inside.substr(0, colon));
    if (!goodName(name))
      return wrong(m_text, m_at, "a part has a name of small letters, digits and '_', as in {patient}");
    if (std::ranges::count(c.groups, name) != 0)
      return wrong(m_text, m_at, "{" + name + "} stands twice in one name; give the second another name");
    const auto elsewhere = known(name) ? m_known.end() : m_known.find(name);
    if (colon == std::string_view::npos && elsewhere == m_known.end()) {
      for (const auto& earlier : m_out.m_components)
        if (earlier.name == name) return wrong(m_text, m_at, "{" + name + "} is a part of whole folders");
      c.repeats |= known(name);
      open(c, name, "[^/]+");
      m_at = end + 1;
      return {};
    }
    if (known(name))
      return wrong(m_text, m_at, "{" + name + "} stands before; what it may be is said once, at its first place");
    const auto expression =
        colon == std::string_view::npos ? std::string_view(elsewhere->second) : inside.substr(colon + 1);
    if (expression == "**") return folders(c, begin, end + 1, name);
    const auto good = Expression::compile(expression);
    if (!good) return wrong(m_text, m_at + 2 + colon, good.error().message);
    for (const auto& group : good->names())
      if (!group.empty()) return wrong(m_text, m_at, "groups of a part have no names");
    m_out.m_restrictions.emplace(name, expression);
    c.pieces.push_back({"(" + std::string(expression) + ")", name});
    c.groups.push_back(name);
    c.open.push_back(false);
    for (std::size_t n = 1; n < good->names().size(); ++n) {  // groups inside it are counted, too
      c.groups.emplace_back();
      c.open.push_back(false);
    }
    m_at = end + 1;
    return {};
  }

  std::string_view m_text;
  const PathPattern::Restrictions& m_known;
  std::size_t m_at = 0;
  int m_folders = 0;
  PathPattern m_out;
};

Result<PathPattern> PathPattern::compile(std::string_view text, const Restrictions& known) {
  return PathPatternReader(text, known).read();
}

std::string PathPattern::Component::expression(const std::map<std::string, std::string>& known) const {
  std::string out;
  for (const auto& piece : pieces) {
    const auto value = piece.name.empty() ? known.end() : known.find(piece.name);
    out += value == known.end() ? piece.expression : "(" + literal(value->second) + ")";
  }
  return out;
}

bool PathPattern::matchOne(const Component& component, std::string_view text, Match& match) const {
  auto groups = component.any->matchWhole(text);
  if (!groups) return false;
  const auto fits = [&] {
    for (std::size_t n = 0; n < component.groups.size(); ++n) {
      const auto known = match.parts.find(component.groups[n]);
      if (known != match.parts.end() && (*groups)[n + 1] != known->second) return false;
    }
    return true;
  };
  if (component.repeats && !fits()) {
    // A part of before may be shorter or longer than what fits here best.
    const auto exact = Expression::compile(component.expression(match.parts));
    groups = exact ? exact->matchWhole(text) : std::nullopt;
    if (!groups) return false;
  }
  for (std::size_t n = 0; n < component.groups.size(); ++n) {
    const auto& name = component.groups[n];
    const auto value = (*groups)[n + 1].value_or("");
    if (name.empty()) continue;
    const bool fresh = name == "*" || match.parts.emplace(name, value).second;
    if (component.open[n] && fresh) match.open += value.size();
  }
  return true;
}

bool PathPattern::matchFrom(std::size_t component, const std::vector<std::string_view>& path, std::size_t at,
                            Match& match) const {
  const auto left = m_components.size() - component;
  if (left == 0 || at >= path.size()) return left == 0 && at == path.size();
  const auto& c = m_components[component];
  if (c.kind == Component::Kind::One) {
    auto next = match;
    if (!matchOne(c, path[at], next) || !matchFrom(component + 1, path, at + 1, next)) return false;
    match = std::move(next);
    return true;
  }
  std::string folders;
  for (auto n = at; n < path.size(); ++n) {
    auto next = match;
    next.open += folders.size();
    if (!c.name.empty()) next.parts[c.name] = folders;
    if (matchFrom(component + 1, path, n, next)) {
      match = std::move(next);
      return true;
    }
    folders += (folders.empty() ? "" : "/") + std::string(path[n]);
  }
  return false;
}

std::optional<PathPattern::Match> PathPattern::match(std::string_view path) const {
  if (path.size() > kLongestPath || path.find(m_fixed) == std::string_view::npos) return std::nullopt;
  std::vector<std::string_view> folders;
  while (true) {
    const auto slash = path.find('/');
    folders.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  Match out;
  if (m_text.ends_with('/') != folders.back().empty()) return std::nullopt;
  if (folders.size() > kDeepestPath || !matchFrom(0, folders, 0, out)) return std::nullopt;
  return out;
}

}  // namespace lorkd
