// What the calls that a pickle asks for stand for: tensors, dictionaries, numbers of numpy, or objects by name. Inside
// this room, for Pickle.
#pragma once

#include <unordered_map>

#include "core/models/Globals.h"
#include "core/models/Pickle.h"

namespace lorkd::models {

/// Makes values in a tree, within the limits of Pickle.h.
class Rebuild {
 public:
  /// `room`: bytes of texts that may be made; no honest pickle needs more than it is long.
  Rebuild(Tree& tree, std::size_t room) : m_tree(tree), m_room(room) {}

  /// Errors: Unsupported where there are too many values.
  Result<Id> add(Value value);
  /// Room for `count` more references of values to values. Errors: Unsupported.
  Result<void> refer(std::size_t count);
  /// A class or function by its name. Errors: those of meaningOf().
  Result<Id> named(std::string_view module, std::string_view name);
  /// The outcome of calling `callable` with the tuple `arguments`; nothing is called. Errors: Format, Unsupported.
  Result<Id> call(Id callable, Id arguments);
  /// Once all is read. Errors: Unsupported, where getattr was named and not used as Attribute says.
  Result<void> finish() const;
  /// The storage of a persistent id ('storage', class, key, place, elements[, None]). Errors: Format, Unsupported.
  Result<Id> persistent(Id tuple);

 private:
  Result<Id> object(std::string_view name, Id arguments);
  Result<Id> dictionary(const Value& arguments);
  Result<Id> collection(const Value& arguments);
  Result<Id> bytes(const Value& arguments, Id original, std::string_view name);
  Result<Id> tensor(const Value& arguments, bool typed, Id original);
  Result<Id> attribute(const Value& arguments);
  Result<Id> device(const Value& arguments);
  Result<Id> scalar(const Value& arguments, Id original, std::string_view name);
  Result<std::vector<std::int64_t>> integers(Id id, const char* what);
  Meaning meaning(Id id) const;

  Tree& m_tree;
  std::size_t m_room;
  std::size_t m_references = 0;
  std::unordered_map<Id, Meaning> m_meanings;
  bool m_attributeNamed = false, m_attributeCalled = false;
  std::unordered_map<std::string, std::size_t> m_storages;
};

}  // namespace lorkd::models
