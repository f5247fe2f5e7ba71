// Paths with named parts: "{patient}/masks/{label}.nii.gz".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Expression.h"

namespace lorkd {

/// A pattern of relative paths, '/' between folders:
///
///   {name}         any characters but '/', at least one; as many as fit, so that later parts are the shortest
///   {name:regex}   what the expression matches whole (see Expression; no groups with names)
///   {name:**}/     any folders, none too, as one part: "site/2019"
///   **/            any folders, none too
///   *              any characters but '/', none too
///
/// Everything else stands for itself, letter case included. A name that occurs again in a later folder or in the file
/// stands for the same text there. Names are of small letters, digits and '_'. A pattern that ends in '/' is of
/// folders, whose paths end so, too.
class PathPattern {
 public:
  /// What parts may be, by name, as {name:regex} says.
  using Restrictions = std::map<std::string, std::string>;

  /// Parts without an expression of their own take that of `known`, if there is one. Errors: InvalidArgument naming the
  /// pattern and the character (from 1) that is wrong.
  static Result<PathPattern> compile(std::string_view text, const Restrictions& known = {});

  struct Match {
    std::map<std::string, std::string> parts;
    std::size_t open = 0;  ///< characters that any other could stand for: fewer are a closer match
  };
  /// Nothing where the path does not fit, has more than 4096 characters or more than 63 folders.
  std::optional<Match> match(std::string_view path) const;

  const std::string& text() const { return m_text; }
  /// Names of the parts in the order of their first places.
  const std::vector<std::string>& names() const { return m_names; }
  const Restrictions& restrictions() const { return m_restrictions; }
  /// The longest text that every path holds that fits; may be empty.
  const std::string& fixed() const { return m_fixed; }

 private:
  /// What a pattern has between two '/'.
  struct Component {
    enum class Kind { One, Folders };
    struct Piece {
      std::string expression, name;  ///< no name: text that stands for itself
    };
    Kind kind = Kind::One;
    std::string name;                 ///< of folders; may be empty
    std::vector<Piece> pieces;        ///< of a single one
    std::optional<Expression> any;    ///< of the pieces, where a name of before may be anything
    std::vector<std::string> groups;  ///< names of its groups: "*" of '*', empty of those inside a part
    std::vector<bool> open;           ///< whether a group takes anything
    bool repeats = false;             ///< whether a name stands before

    /// The expression of the pieces, with the text of the parts that are known.
    std::string expression(const std::map<std::string, std::string>& known) const;
  };
  friend class PathPatternReader;
  bool matchFrom(std::size_t component, const std::vector<std::string_view>& path, std::size_t at, Match& match) const;
  bool matchOne(const Component& component, std::string_view text, Match& match) const;

  std::string m_text;
  std::vector<Component> m_components;
  std::string m_fixed;
  std::vector<std::string> m_names;
  Restrictions m_restrictions;
};

}  // namespace lorkd
