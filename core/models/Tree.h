// What a pickle says, as plain values: numbers, texts, lists, dictionaries, tensors as places in storages. Objects of
// classes are names and arguments, and nothing else: nothing here can run.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"

namespace lorkd::models {

/// A value's place in its tree; values may hold one another more than once, and in circles.
using Id = std::uint32_t;
inline constexpr Id nowhere = std::numeric_limits<Id>::max();

/// One value.
struct Value {
  enum class Kind : std::uint8_t {
    None,
    Bool,     ///< integer: 0 or 1
    Int,      ///< integer
    LongInt,  ///< text: the bytes of a number beyond 64 bits, two's complement, lowest first
    Real,     ///< real
    Text,     ///< text
    Bytes,    ///< text
    List,     ///< items
    Tuple,    ///< items
    Set,      ///< items
    Dict,     ///< items: key, value, key, value ...; state: attributes of the dictionary itself
    Class,    ///< text: the dotted name of a class or function that is only named
    Object,   ///< text: the dotted name of its class; items: its arguments (a tuple), then what it contains; state
    Storage,  ///< integer: its number among the tree's storages
    Tensor    ///< integer: its number among the tree's tensors
  };
  Kind kind = Kind::None;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text = {};
  std::vector<Id> items = {};
  Id state = nowhere;
};

/// A block of numbers that tensors look into.
struct Storage {
  std::string key;       ///< its name in the file
  std::string type;      ///< as the file names it: "torch.FloatStorage"
  std::string dtype;     ///< as safetensors names it: "F32"; empty for a type that is not read (quantised, complex)
  std::size_t item = 0;  ///< bytes of an element
  std::uint64_t bytes = 0;
};

/// A view on a storage, which it does not leave. Stride and offset count elements.
struct Tensor {
  std::string dtype;
  std::vector<std::int64_t> shape, stride;
  std::uint64_t offset = 0;
  std::size_t storage = 0;
};

/// "F32 (3, 4)".
std::string describe(const Tensor& tensor);
/// "(3, 4)".
std::string shapeText(const std::vector<std::int64_t>& shape);

/// Elements of a shape; nothing below 0 may be in it. Errors: Format where there are more than 2^62.
Result<std::uint64_t> elementsOf(const std::vector<std::int64_t>& shape);

/// Whether every element lies in a storage of `elements` elements. Errors: Format: a rank above 8, negative sizes or
/// strides, elements beyond the storage.
Result<void> checkPlace(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& stride,
                        std::int64_t offset, std::uint64_t elements);

/// All values of a pickle, and what their texts look into.
struct Tree {
  std::deque<Value> values;
  std::vector<Storage> storages;
  std::vector<Tensor> tensors;
  std::deque<std::string> texts;  ///< those that are not in the file as they are
  Id root = nowhere;

  const Value& at(Id id) const { return values[id]; }
  bool is(Id id, Value::Kind kind) const { return id != nowhere && values[id].kind == kind; }
  /// The value of a key that is a text, the last one as in Python; nowhere if `dict` is none or lacks it.
  Id find(Id dict, std::string_view key) const;
  /// A text, or `otherwise` for any other value.
  std::string textOf(Id id, std::string otherwise = {}) const;
};

/// How deep the values of `from` lie in one another; circles count once. Does not recurse.
std::size_t depthOf(const Tree& tree, Id from);

/// The values as JSON: tensors as their descriptions, objects as {"class": name, "arguments": ..., "state": ...}, bytes
/// as their number, keys as texts, characters that command a terminal written out. `leftOut` is the value that becomes
/// null. Values that are held many times are written as often: beyond `most` values, or deeper than 100, the rest
/// becomes the text "...", and `whole` false.
struct Written {
  Json json;
  bool whole = true;
};
Written toJson(const Tree& tree, Id from, Id leftOut = nowhere, std::size_t most = 100'000);

}  // namespace lorkd::models
