// What a regular expression is made of, as read. Inside this room only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/Error.h"

namespace lorkd {

/// A piece of an expression.
struct ExpressionNode {
  enum class Kind { Byte, Set, Begin, End, Letter, Row, Choice, Group, Repeat };
  Kind kind = Kind::Row;
  int value = 0;  ///< byte, set or group; -1: a group that keeps nothing
  int least = 0, most = -1;
  bool greedy = true;
  std::vector<ExpressionNode> below{};
};

/// An expression and what its pieces refer to by number.
struct ExpressionSyntax {
  ExpressionNode node;
  std::vector<std::vector<bool>> sets;  ///< of 256 bytes each
  std::vector<std::string> names;       ///< of groups; the first is the whole match
};

/// Errors: those of Expression::compile, but for what is only too long once it is written out.
Result<ExpressionSyntax> parseExpression(std::string_view text);

}  // namespace lorkd
