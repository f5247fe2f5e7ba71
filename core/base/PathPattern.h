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
/// stands for the same text there. Names are of small letters, digits and '_'.
class PathPattern {
 public:
  /// Errors: InvalidArgument naming the pattern and the character (from 1) that is wrong.
  static Result<PathPattern> compile(std::string_view text);

  struct Match {
    std::map<std::string, std::string> parts;
    std::size_t open = 0;  ///< characters that any other could stand for: fewer are a closer match
  };
  /// Nothing where the path does not fit, or is longer than any file system allows.
  std::optional<Match> match(std::string_view path) const;

  const std::string& text() const { return m_text; }
  /// Names of the parts in the order of their first places.
  const std::vector<std::string>& names() const { return m_names; }

 private:
  /// What a pattern has between two '/'.
  struct Component {
    enum class Kind { One, Folders };
    Kind kind = Kind::One;
    std::string name;                 ///< of folders; may be empty
    std::string expression;           ///< with "\0name\0" where a name of before is repeated
    std::optional<Expression> any;    ///< where such a name may be anything
    std::vector<std::string> groups;  ///< names of the groups of `any`; of '*', "*"
    std::vector<bool> open;           ///< whether a group takes anything
    bool repeats = false;
  };
  bool matchFrom(std::size_t component, const std::vector<std::string_view>& path, std::size_t at, Match& match) const;
  bool matchOne(const Component& component, std::string_view text, Match& match) const;

  std::string m_text;
  std::vector<Component> m_components;
  std::vector<std::string> m_names;
};

}  // namespace lorkd
