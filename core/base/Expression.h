// Regular expressions that take linear time: they stand in plans, and may be anyone's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/Error.h"

namespace lorkd {

/// What ECMAScript's expressions are made of (classes, groups, alternatives, counts, ^ and $), without what cannot be
/// matched in linear time: no back-references and no looking ahead or behind. Among several ways to match, the one that
/// backtracking would find first counts. Text is taken byte by byte. All ways are followed at once (Thompson 1968, with
/// the groups as in Pike's sam): a match takes at most length of text times size of expression steps, and no recursion.
class Expression {
 public:
  /// Errors: InvalidArgument, saying at which character (from 1) what is wrong; the context is left to the caller.
  static Result<Expression> compile(std::string_view text);

  /// What groups hold: the whole match first, then each group in the order of its opening bracket. A group that took no
  /// part is nothing.
  using Groups = std::vector<std::optional<std::string>>;
  /// The whole text.
  std::optional<Groups> matchWhole(std::string_view text) const { return run(text, true); }
  /// The first place in the text.
  std::optional<Groups> find(std::string_view text) const { return run(text, false); }

  /// Names of the groups, `(?<name>...)`, as Groups counts them; empty for one without a name and for the whole.
  const std::vector<std::string>& names() const { return m_names; }

  /// One step of the program that the expression is made into.
  struct Step {
    enum class Kind { Byte, Set, Fork, Jump, Save, Begin, End, Letter, Done };
    Kind kind = Kind::Done;
    int next = 0, other = 0;  ///< of a fork, `next` is tried first
    int value = 0;            ///< the byte, the number of the set, or of the place to save
  };

 private:
  std::optional<Groups> run(std::string_view text, bool whole) const;

  std::vector<Step> m_steps;
  std::vector<std::vector<bool>> m_sets;  ///< of 256 each
  std::vector<std::string> m_names;
};

}  // namespace lorkd
