#include "core/models/Rebuild.h"

#include <algorithm>
#include <cstring>

#include "core/base/Printable.h"

namespace lorkd::models {

using Kind = Value::Kind;

namespace {

// Names are copied, and a memo could ask for the same one again and again.
constexpr std::size_t longestName = 500;

std::unexpected<Error> malformed(const std::string& what) {
  return fail(ErrorCode::Format, "the pickle is damaged: " + what, "get the file again");
}

/// UTF-8 as Latin-1; nothing where it is none.
Result<std::string> latin1(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t n = 0; n < text.size(); ++n) {
    const auto byte = static_cast<unsigned char>(text[n]);
    if (byte < 0x80) {
      out += text[n];
    } else if ((byte & 0xfeu) == 0xc2u && n + 1 < text.size() &&
               (static_cast<unsigned char>(text[n + 1]) & 0xc0u) == 0x80u) {
      out += static_cast<char>((byte & 0x03u) << 6 | (static_cast<unsigned char>(text[++n]) & 0x3fu));
    } else {
      return malformed("bytes that are written as a text hold other characters than Latin-1");
    }
  }
  return out;
}

template <class Number>
Number numberIn(std::string_view bytes) {
  Number number;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

}  // namespace

Result<Id> Rebuild::add(Value value) {
  if (m_tree.values.size() >= mostValues)
    return fail(ErrorCode::Unsupported, "the pickle holds more than " + std::to_string(mostValues) + " values",
                "weights hold their numbers outside of it; keep the state dict alone in a file");
  m_tree.values.push_back(std::move(value));
  return static_cast<Id>(m_tree.values.size() - 1);
}

Result<void> Rebuild::refer(std::size_t count) {
  m_references += count;
  if (m_references > mostReferences)
    return fail(ErrorCode::Unsupported,
                "the values of the pickle hold one another more than " + std::to_string(mostReferences) + " times",
                "it may have been made to do harm");
  return {};
}

Meaning Rebuild::meaning(Id id) const {
  const auto found = m_meanings.find(id);
  return found == m_meanings.end() ? Meaning::Inert : found->second;
}

Result<Id> Rebuild::named(std::string_view module, std::string_view name) {
  if (module.size() + name.size() > longestName) return malformed("the name of a class is longer than any");
  LORKD_TRY(meaning, meaningOf(module, name));
  const auto dotted = std::string(module).append(".").append(name);
  m_tree.texts.push_back(dotted);
  Value value{.kind = Kind::Class, .text = m_tree.texts.back()};
  LORKD_TRY(id, add(std::move(value)));
  if (meaning != Meaning::Inert) m_meanings[id] = meaning;
  m_attributeNamed = m_attributeNamed || meaning == Meaning::Attribute;
  return id;
}

Result<Id> Rebuild::object(std::string_view name, Id arguments) {
  LORKD_CHECK(refer(1));
  return add({.kind = Kind::Object, .text = name, .items = {arguments}});
}

Result<Id> Rebuild::call(Id callable, Id arguments) {
  if (!m_tree.is(arguments, Kind::Tuple)) return malformed("a call has no tuple of arguments");
  const auto& what = m_tree.at(callable);
  if (what.kind != Kind::Class && what.kind != Kind::Object) return malformed("it calls what cannot be called");
  const auto name = what.text;
  const auto& given = m_tree.at(arguments);
  const auto first = given.items.empty() ? nowhere : given.items[0];
  if (what.kind == Kind::Object) return object(name, arguments);
  switch (meaning(callable)) {
    case Meaning::Dict:
      return dictionary(given);
    case Meaning::Set:
      return collection(given);
    case Meaning::Bytes:
    case Meaning::Encode:
      return bytes(given, arguments, name);
    case Meaning::Size:
      if (m_tree.is(first, Kind::Tuple) || m_tree.is(first, Kind::List)) {
        LORKD_CHECK(refer(m_tree.at(first).items.size()));
        return add({.kind = Kind::Tuple, .items = m_tree.at(first).items});
      }
      return malformed("a torch.Size without sizes");
    case Meaning::Device:
      return device(given);
    case Meaning::Tensor:
      return tensor(given, false, arguments);
    case Meaning::TensorOfType:
      return tensor(given, true, arguments);
    case Meaning::Parameter:
      if (m_tree.is(first, Kind::Tensor) || m_tree.is(first, Kind::Object)) return first;
      return malformed("a parameter without a tensor");
    case Meaning::TensorSubclass: {
      const auto type = given.items.size() > 2 ? given.items[1] : nowhere;
      if (!m_tree.is(first, Kind::Class) || !m_tree.is(type, Kind::Class) || meaning(first) == Meaning::TensorSubclass)
        return malformed("a tensor's class is not named");
      return meaning(type) == Meaning::PlainTensorClass ? call(first, given.items[2])
                                                        : object(m_tree.at(type).text, arguments);
    }
    case Meaning::NumpyScalar:
      return scalar(given, arguments, name);
    case Meaning::Attribute:
      return attribute(given);
    case Meaning::Reconstructor:
      return object(m_tree.is(first, Kind::Class) ? m_tree.at(first).text : name, arguments);
    case Meaning::PlainTensorClass:
    case Meaning::Inert:
      return object(name, arguments);
  }
  return object(name, arguments);
}

Result<Id> Rebuild::dictionary(const Value& arguments) {
  Value dict{.kind = Kind::Dict};
  for (const auto argument : arguments.items) {  // defaultdict names a factory first, which stays unused
    const auto& value = m_tree.at(argument);
    if (value.kind == Kind::Dict) {
      dict.items.insert(dict.items.end(), value.items.begin(), value.items.end());
    } else if (value.kind == Kind::List || value.kind == Kind::Tuple) {
      for (const auto pair : value.items) {
        const auto& two = m_tree.at(pair);
        if ((two.kind != Kind::List && two.kind != Kind::Tuple) || two.items.size() != 2)
          return malformed("a dictionary is made of what are no pairs");
        dict.items.insert(dict.items.end(), two.items.begin(), two.items.end());
      }
    }
    LORKD_CHECK(refer(value.items.size() * 2));
  }
  return add(std::move(dict));
}

Result<Id> Rebuild::collection(const Value& arguments) {
  Value set{.kind = Kind::Set};
  if (!arguments.items.empty()) set.items = m_tree.at(arguments.items[0]).items;
  LORKD_CHECK(refer(set.items.size()));
  return add(std::move(set));
}

Result<Id> Rebuild::bytes(const Value& arguments, Id original, std::string_view name) {
  if (arguments.items.empty()) return add({.kind = Kind::Bytes});
  const auto& first = m_tree.at(arguments.items[0]);
  if (first.kind == Kind::Bytes) return arguments.items[0];
  if (first.kind != Kind::Text) return object(name, original);
  if (arguments.items.size() > 1 && m_tree.textOf(arguments.items[1]) != "latin1" &&
      m_tree.textOf(arguments.items[1]) != "latin-1")
    return object(name, original);
  // Each text once, in an honest file; a memo could ask for the same one again and again.
  if (first.text.size() > m_room)
    return fail(ErrorCode::Unsupported, "the pickle turns the same text into bytes again and again",
                "it may have been made to do harm");
  m_room -= first.text.size();
  LORKD_TRY(decoded, latin1(first.text));
  m_tree.texts.push_back(std::move(decoded));
  return add({.kind = Kind::Bytes, .text = m_tree.texts.back()});
}

Result<std::vector<std::int64_t>> Rebuild::integers(Id id, const char* what) {
  if (!m_tree.is(id, Kind::Tuple) && !m_tree.is(id, Kind::List))
    return malformed(std::string(what) + " of a tensor is no tuple of numbers");
  const auto& items = m_tree.at(id).items;
  if (items.size() > 64) return malformed("a tensor has " + std::to_string(items.size()) + " sizes");
  std::vector<std::int64_t> numbers;
  for (const auto item : items) {
    if (!m_tree.is(item, Kind::Int)) return malformed(std::string(what) + " of a tensor is no tuple of numbers");
    numbers.push_back(m_tree.at(item).integer);
  }
  return numbers;
}

Result<Id> Rebuild::tensor(const Value& arguments, bool typed, Id original) {
  if (arguments.items.size() < (typed ? 7u : 4u))
    return malformed("a tensor lacks its storage, offset, size or stride");
  const auto& source = m_tree.at(arguments.items[0]);
  if (source.kind != Kind::Storage) return malformed("a tensor has no storage");
  const auto number = static_cast<std::size_t>(source.integer);
  const auto& storage = m_tree.storages[number];
  ElementType type{storage.dtype, storage.item};
  if (typed) {
    if (!m_tree.is(arguments.items[6], Kind::Class)) return malformed("the type of a tensor's elements is not named");
    const auto dotted = m_tree.at(arguments.items[6]).text;
    type = elementTypeOf(dotted);
    if (type.item == 0) return object(dotted, original);
  }
  if (type.dtype.empty()) return object(storage.type, original);
  if (!m_tree.is(arguments.items[1], Kind::Int)) return malformed("the offset of a tensor is no number");
  LORKD_TRY(shape, integers(arguments.items[2], "the size"));
  LORKD_TRY(stride, integers(arguments.items[3], "the stride"));
  const auto offset = m_tree.at(arguments.items[1]).integer;
  LORKD_CHECK(checkPlace(shape, stride, offset, storage.bytes / type.item));
  m_tree.tensors.push_back({type.dtype, shape, stride, static_cast<std::uint64_t>(offset), number});
  return add({.kind = Kind::Tensor, .integer = static_cast<std::int64_t>(m_tree.tensors.size() - 1)});
}

Result<Id> Rebuild::attribute(const Value& arguments) {
  m_attributeCalled = true;
  const auto plain = arguments.items.size() == 2 && m_tree.is(arguments.items[0], Kind::Class) &&
                     meaning(arguments.items[0]) == Meaning::Inert && m_tree.is(arguments.items[1], Kind::Text);
  const auto name = plain ? m_tree.at(arguments.items[1]).text : std::string_view();
  // Classes, and their members that are called like constants: "monai.utils.enums.MetaKeys" and "AFFINE".
  if (name.empty() ||
      !std::ranges::all_of(name, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }) ||
      name.front() == '_')
    return refusedName("builtins.getattr");
  return named(m_tree.at(arguments.items[0]).text, name);
}

Result<void> Rebuild::finish() const {
  if (m_attributeNamed && !m_attributeCalled) return refusedName("builtins.getattr");
  return {};
}

Result<Id> Rebuild::device(const Value& arguments) {
  if (arguments.items.empty() || !m_tree.is(arguments.items[0], Kind::Text) ||
      m_tree.at(arguments.items[0]).text.size() > longestName)
    return malformed("a device has no name");
  auto text = m_tree.textOf(arguments.items[0]);
  if (arguments.items.size() > 1 && m_tree.is(arguments.items[1], Kind::Int))
    text += ":" + std::to_string(m_tree.at(arguments.items[1]).integer);
  m_tree.texts.push_back(text);
  return add({.kind = Kind::Text, .text = m_tree.texts.back()});
}

/// numpy.dtype("f8") with a state (3, "<", ...), and the bytes of one number of it.
Result<Id> Rebuild::scalar(const Value& arguments, Id original, std::string_view name) {
  const auto plain = [&] { return object(name, original); };
  if (arguments.items.size() != 2 || !m_tree.is(arguments.items[0], Kind::Object) ||
      !m_tree.is(arguments.items[1], Kind::Bytes))
    return plain();
  const auto& type = m_tree.at(arguments.items[0]);
  const auto bytes = m_tree.at(arguments.items[1]).text;
  const auto& given = m_tree.at(type.items[0]).items;
  if (given.empty() || !m_tree.is(given[0], Kind::Text)) return plain();
  const auto code = m_tree.at(given[0]).text;
  if (m_tree.is(type.state, Kind::Tuple) && m_tree.at(type.state).items.size() > 1 &&
      m_tree.textOf(m_tree.at(type.state).items[1]) == ">")
    return plain();
  const auto real = [&](double number) { return add({.kind = Kind::Real, .real = number}); };
  const auto integer = [&](std::int64_t number) { return add({.kind = Kind::Int, .integer = number}); };
  if (code == "f8" && bytes.size() == 8) return real(numberIn<double>(bytes));
  if (code == "f4" && bytes.size() == 4) return real(static_cast<double>(numberIn<float>(bytes)));
  if (code == "i8" && bytes.size() == 8) return integer(numberIn<std::int64_t>(bytes));
  if (code == "i4" && bytes.size() == 4) return integer(numberIn<std::int32_t>(bytes));
  if (code == "b1" && bytes.size() == 1) return add({.kind = Kind::Bool, .integer = bytes[0] != 0});
  return plain();
}

Result<Id> Rebuild::persistent(Id tuple) {
  if (!m_tree.is(tuple, Kind::Tuple)) return malformed("a persistent id is no tuple");
  const auto items = m_tree.at(tuple).items;
  const auto wordOf = [&](Id id) {  // Python 2 wrote bytes
    return m_tree.is(id, Kind::Text) || m_tree.is(id, Kind::Bytes) ? m_tree.at(id).text : std::string_view();
  };
  if (items.size() < 5 || items.size() > 6 || wordOf(items[0]) != "storage" || !m_tree.is(items[1], Kind::Class) ||
      !m_tree.is(items[4], Kind::Int))
    return malformed("a persistent id is not that of a storage");
  if (items.size() == 6 && !m_tree.is(items[5], Kind::None))
    return fail(ErrorCode::Unsupported,
                "the file holds views of storages, as PyTorch wrote them before its version 0.4",
                "load it with PyTorch and save it again");
  const auto name = std::string(m_tree.at(items[1]).text);
  const auto type = elementTypeOf(name);
  const auto count = m_tree.at(items[4]).integer;
  if (type.item == 0)
    return fail(ErrorCode::Unsupported, "the file holds a storage of the unknown class " + printable(name, false));
  std::uint64_t bytes = 0;
  if (count < 0 || __builtin_mul_overflow(static_cast<std::uint64_t>(count), type.item, &bytes) || bytes >> 62 != 0)
    return malformed("a storage claims " + std::to_string(count) + " elements");
  const auto key = std::string(wordOf(items[2]).substr(0, longestName + 1));
  if (key.empty() || key.size() > longestName) return malformed("a storage has no name, or one longer than any");
  // One storage may stand under two types, but not with two lengths.
  const auto [place, isNew] = m_storages.emplace(key + " " + name, m_tree.storages.size());
  if (isNew)
    m_tree.storages.push_back({key, name, type.dtype, type.item, bytes});
  else if (m_tree.storages[place->second].bytes != bytes)
    return malformed("the storage " + printable(key, false) + " has two lengths");
  return add({.kind = Kind::Storage, .integer = static_cast<std::int64_t>(place->second)});
}

}  // namespace lorkd::models
