#include "core/base/ExpressionSyntax.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace lorkd {
namespace {

using Node = ExpressionNode;

constexpr std::size_t kLongestText = 1000;  // characters of an expression
constexpr int kDeepest = 50;
constexpr int kMostTimes = 1000;

bool isContinuation(int byte) { return (byte & 0xc0) == 0x80; }

/// Reads an expression into nodes.
class Parser {
 public:
  explicit Parser(std::string_view text) : m_text(text) {}

  std::vector<std::vector<bool>> sets;
  std::vector<std::string> names{""};

  Result<Node> parse() {
    if (m_text.size() > kLongestText) return wrong("it is longer than " + std::to_string(kLongestText) + " characters");
    LORKD_TRY(node, choice(0));
    if (!atEnd()) return wrong("')' without '('");
    return node;
  }

 private:
  bool atEnd() const { return m_at >= m_text.size(); }
  bool next(char c) {
    if (atEnd() || m_text[m_at] != c) return false;
    ++m_at;
    return true;
  }
  std::unexpected<Error> wrong(const std::string& what) const {
    return fail(ErrorCode::InvalidArgument, "character " + std::to_string(m_at + 1) + ": " + what,
                "a special character that stands for itself has a '\\' before it");
  }

  Result<Node> choice(int depth) {
    if (depth > kDeepest) return wrong("brackets lie too deep in one another");
    Node out{Node::Kind::Choice};
    do {
      LORKD_TRY(one, row(depth));
      out.below.push_back(std::move(one));
    } while (next('|'));
    return out.below.size() == 1 ? Node(std::move(out.below.front())) : out;
  }

  Result<Node> row(int depth) {
    Node out;
    while (!atEnd() && m_text[m_at] != '|' && m_text[m_at] != ')') {
      LORKD_TRY(one, atom(depth));
      LORKD_CHECK(quantify(one));
      out.below.push_back(std::move(one));
    }
    return out;
  }

  Result<Node> atom(int depth) {
    const char c = m_text[m_at];
    if (std::string_view("*+?{").find(c) != std::string_view::npos) return wrong("nothing stands before it to repeat");
    if (c == '(') return group(depth);
    if (c == '[') return set();
    ++m_at;
    if (c == '^') return Node{Node::Kind::Begin};
    if (c == '$') return Node{Node::Kind::End};
    if (c == '\\') return escaped();
    if (c == '.') {
      std::vector<bool> any(256, true);
      any['\n'] = false;
      return character(std::move(any), true);
    }
    Node one{Node::Kind::Byte, static_cast<unsigned char>(c)};
    if (static_cast<unsigned char>(c) < 0xc0) return one;
    // A letter of several bytes (UTF-8) is one.
    Node whole;
    whole.below.push_back(one);
    while (!atEnd() && isContinuation(m_text[m_at]))
      whole.below.push_back({Node::Kind::Byte, static_cast<unsigned char>(m_text[m_at++])});
    return whole;
  }

  Result<Node> group(int depth) {
    ++m_at;
    Node out{Node::Kind::Group, -1};
    std::string name;
    if (next('?')) {
      if (next('<')) {
        while (!atEnd() && (std::isalnum(static_cast<unsigned char>(m_text[m_at])) || m_text[m_at] == '_'))
          name += m_text[m_at++];
        if (name.empty() || !next('>')) return wrong("expected a name and '>', as in (?<patient>...)");
        if (std::ranges::count(names, name) != 0) return wrong("a second group is called '" + name + "'");
      } else if (!next(':')) {
        return wrong("looking ahead and behind is not offered, only (...), (?:...) and (?<name>...)");
      } else {
        name = ":";
      }
    }
    if (name != ":") {
      out.value = static_cast<int>(names.size());
      names.push_back(name);
    }
    LORKD_TRY(inside, choice(depth + 1));
    if (!next(')')) return wrong("a '(' is not closed");
    out.below.push_back(std::move(inside));
    return out;
  }

  /// The bytes of \d, \w and \s.
  static std::optional<std::vector<bool>> kind(char c) {
    std::vector<bool> bytes(256);
    for (int b = 0; b < 128; ++b)
      bytes[b] = std::tolower(c) == 'd'   ? std::isdigit(b) != 0
                 : std::tolower(c) == 'w' ? std::isalnum(b) != 0 || b == '_'
                                          : std::isspace(b) != 0;
    if (std::string_view("dws").find(c) != std::string_view::npos) return bytes;
    bytes.flip();
    return std::string_view("DWS").find(c) != std::string_view::npos ? std::optional(bytes) : std::nullopt;
  }

  /// The byte after a '\', where it stands for one.
  Result<int> byteOf(char c) {
    const auto at = std::string_view("ntr").find(c);
    if (at != std::string_view::npos) return "\n\t\r"[at];
    if (c >= '0' && c <= '9') return wrong("going back to a group is not offered");
    if (std::isalpha(static_cast<unsigned char>(c))) return wrong(std::string("'\\") + c + "' means nothing here");
    return static_cast<unsigned char>(c);
  }

  Result<Node> escaped() {
    if (atEnd()) return wrong("a '\\' ends the expression");
    const char c = m_text[m_at];
    if (auto bytes = kind(c)) {
      ++m_at;
      return character(std::move(*bytes), std::isupper(static_cast<unsigned char>(c)) != 0);
    }
    LORKD_TRY(byte, byteOf(c));
    ++m_at;
    return Node{Node::Kind::Byte, byte};
  }

  Result<Node> set() {
    ++m_at;
    const bool negated = next('^');
    std::vector<bool> bytes(256);
    if (!atEnd() && m_text[m_at] == ']') return wrong("an empty set");
    while (!next(']')) {
      if (atEnd()) return wrong("a '[' is not closed");
      LORKD_TRY(first, setByte(bytes));
      if (first < 0) continue;
      int last = first;
      if (m_at + 1 < m_text.size() && m_text[m_at] == '-' && m_text[m_at + 1] != ']') {
        ++m_at;
        LORKD_TRY(upTo, setByte(bytes));
        last = upTo;
        if (last < first) return wrong("a range from a later character to an earlier one");
      }
      for (int b = first; b <= last; ++b) bytes[b] = true;
    }
    if (negated) bytes.flip();
    return character(std::move(bytes), negated);
  }

  /// The next byte of a set; -1 for a kind, which is put into `bytes`.
  Result<int> setByte(std::vector<bool>& bytes) {
    const char c = m_text[m_at];
    if (static_cast<unsigned char>(c) >= 0x80)
      return wrong("letters beyond ASCII cannot stand in [...]; write (?:a|b) instead");
    ++m_at;
    if (c != '\\') return static_cast<int>(c);
    if (atEnd()) return wrong("a '[' is not closed");
    const char kindOf = m_text[m_at];
    if (const auto more = kind(kindOf)) {
      ++m_at;
      for (int b = 0; b < 256; ++b) bytes[b] = bytes[b] || (*more)[b];
      return -1;
    }
    LORKD_TRY(byte, byteOf(kindOf));
    ++m_at;
    return byte;
  }

  /// One of these bytes; where that may be any beyond ASCII, with the rest of its letter.
  Node character(std::vector<bool> bytes, bool wholeLetters) {
    Node one{Node::Kind::Set, static_cast<int>(sets.size())};
    sets.push_back(std::move(bytes));
    if (!wholeLetters) return one;
    std::vector<bool> rest(256);
    for (int b = 0x80; b < 0xc0; ++b) rest[b] = true;
    Node more{Node::Kind::Repeat};
    more.below.push_back({Node::Kind::Set, static_cast<int>(sets.size())});
    sets.push_back(std::move(rest));
    Node out;
    out.below.push_back(std::move(one));
    out.below.push_back(std::move(more));
    out.below.push_back({Node::Kind::Letter});
    return out;
  }

  Result<int> number() {
    int out = 0;
    if (atEnd() || !std::isdigit(static_cast<unsigned char>(m_text[m_at])))
      return wrong("expected a count, as in {2}, {2,} or {2,5}");
    while (!atEnd() && std::isdigit(static_cast<unsigned char>(m_text[m_at]))) {
      out = out * 10 + (m_text[m_at++] - '0');
      if (out > kMostTimes) return wrong("more than " + std::to_string(kMostTimes) + " times");
    }
    return out;
  }

  Result<void> quantify(Node& one) {
    if (atEnd() || std::string_view("*+?{").find(m_text[m_at]) == std::string_view::npos) return {};
    Node out{Node::Kind::Repeat};
    const char c = m_text[m_at++];
    if (c == '+') out.least = 1;
    if (c == '?') out.most = 1;
    if (c == '{') {
      LORKD_TRY(least, number());
      out.least = out.most = least;
      if (next(',')) {
        out.most = -1;
        if (!atEnd() && m_text[m_at] != '}') {
          LORKD_TRY(most, number());
          out.most = most;
        }
      }
      if (!next('}')) return wrong("a '{' is not closed");
      if (out.most >= 0 && out.most < out.least) return wrong("at most fewer times than at least");
    }
    out.greedy = !next('?');
    out.below.push_back(std::move(one));
    one = std::move(out);
    return {};
  }

  std::string_view m_text;
  std::size_t m_at = 0;
};

}  // namespace

Result<ExpressionSyntax> parseExpression(std::string_view text) {
  Parser parser(text);
  LORKD_TRY(node, parser.parse());
  return ExpressionSyntax{std::move(node), std::move(parser.sets), std::move(parser.names)};
}

}  // namespace lorkd
