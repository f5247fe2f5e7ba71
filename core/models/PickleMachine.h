// What the opcodes of a pickle work on. Inside this room, for Pickle.
#pragma once

#include <cstring>
#include <unordered_map>

#include "core/models/Pickle.h"
#include "core/models/Rebuild.h"

namespace lorkd::models {

inline std::unexpected<Error> damagedPickle(const std::string& what) {
  return fail(ErrorCode::Format, "the pickle is damaged: " + what, "get the file again");
}

/// Values on a stack, some of them kept in a memo. Inside this room, for Pickle.
class PickleMachine {
 public:
  explicit PickleMachine(std::string_view bytes) : m_bytes(bytes), m_rebuild(m_out.tree, bytes.size()) {}

  Result<Unpickled> run();

 private:
  // --- bytes

  Result<std::string_view> take(std::uint64_t count) {
    if (count > m_bytes.size() - m_at) return damagedPickle("it is cut short");
    const auto taken = m_bytes.substr(m_at, count);
    m_at += count;
    return taken;
  }

  template <class Number>
  Result<Number> number() {
    LORKD_TRY(bytes, take(sizeof(Number)));
    Number value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }

  /// Bytes behind their count, which is a `Count`.
  template <class Count>
  Result<std::string_view> counted() {
    LORKD_TRY(count, number<Count>());
    return take(count);
  }

  Result<std::string_view> line() {
    const auto end = m_bytes.find('\n', m_at);
    if (end == m_bytes.npos) return damagedPickle("it is cut short");
    const auto text = m_bytes.substr(m_at, end - m_at);
    m_at = end + 1;
    return text;
  }

  // --- stack

  Result<void> lay(Id id) {
    if (m_stack.size() >= mostReferences) return damagedPickle("its stack grows without end");
    m_stack.push_back(id);
    return {};
  }

  Result<void> push(Value value) {
    LORKD_TRY(id, m_rebuild.add(std::move(value)));
    return lay(id);
  }

  Result<void> push(const Result<Id>& id) {
    LORKD_CHECK(id);
    return lay(*id);
  }

  std::size_t bottom() const { return m_marks.empty() ? 0 : m_marks.back(); }

  Result<Id> pop() {
    if (m_stack.size() <= bottom()) return damagedPickle("it takes values that it has not made");
    const auto id = m_stack.back();
    m_stack.pop_back();
    return id;
  }

  Result<Id> top() {
    if (m_stack.size() <= bottom()) return damagedPickle("it takes values that it has not made");
    return m_stack.back();
  }

  /// The values above the last mark, which goes.
  Result<std::vector<Id>> aboveMark() {
    if (m_marks.empty()) return damagedPickle("a mark is missing");
    const auto from = m_stack.begin() + static_cast<std::ptrdiff_t>(m_marks.back());
    std::vector<Id> items(from, m_stack.end());
    m_stack.erase(from, m_stack.end());
    m_marks.pop_back();
    LORKD_CHECK(m_rebuild.refer(items.size()));
    return items;
  }

  Result<void> tuple(std::size_t count) {
    if (m_stack.size() < bottom() + count) return damagedPickle("it takes values that it has not made");
    const auto from = m_stack.end() - static_cast<std::ptrdiff_t>(count);
    Value value{.kind = Value::Kind::Tuple, .items = std::vector<Id>(from, m_stack.end())};
    m_stack.erase(from, m_stack.end());
    LORKD_CHECK(m_rebuild.refer(count));
    return push(std::move(value));
  }

  // --- memo

  Result<void> put(std::uint32_t place) {
    LORKD_TRY(id, top());
    if (m_memo.size() >= mostValues) return damagedPickle("its memo grows without end");
    m_memo[place] = id;
    return {};
  }

  Result<void> get(std::uint32_t place) {
    const auto found = m_memo.find(place);
    if (found == m_memo.end()) return damagedPickle("it asks for what it has not kept");
    return lay(found->second);
  }

  // --- values into values

  Result<void> append(const std::vector<Id>& items, Value::Kind kind) {
    LORKD_TRY(id, top());
    auto& target = m_out.tree.values[id];
    if (target.kind != kind && target.kind != Value::Kind::Object)
      return damagedPickle("it appends to what is no list");
    target.items.insert(target.items.end(), items.begin(), items.end());
    return {};
  }

  Result<void> set(const std::vector<Id>& items) {
    if (items.size() % 2 != 0) return damagedPickle("a key has no value");
    LORKD_TRY(id, top());
    auto& target = m_out.tree.values[id];
    if (target.kind != Value::Kind::Dict && target.kind != Value::Kind::Object)
      return damagedPickle("it sets a key of what has none");
    target.items.insert(target.items.end(), items.begin(), items.end());
    return {};
  }

  Result<void> build() {
    LORKD_TRY(state, pop());
    LORKD_TRY(id, top());
    auto& target = m_out.tree.values[id];
    // What a tensor has beside its numbers is of no use here.
    if (target.kind == Value::Kind::Tensor) return {};
    if (target.kind != Value::Kind::Dict && target.kind != Value::Kind::Object)
      return damagedPickle("it builds what is no object");
    target.state = state;
    return {};
  }

  Result<void> call(bool keywords) {
    const auto named = keywords ? pop() : m_none;
    LORKD_CHECK(named);
    LORKD_TRY(arguments, pop());
    LORKD_TRY(callable, pop());
    LORKD_TRY(made, m_rebuild.call(callable, arguments));
    if (keywords && m_out.tree.is(made, Value::Kind::Object)) m_out.tree.values[made].items.push_back(*named);
    return lay(made);
  }

  Result<void> integer(std::string_view bytes) {
    if (bytes.size() > 8) return push({.kind = Value::Kind::LongInt, .text = bytes});
    std::uint64_t raw = 0;
    std::memcpy(&raw, bytes.data(), bytes.size());
    const auto unused = static_cast<unsigned>(64 - 8 * bytes.size());
    const auto value = bytes.empty() ? 0 : static_cast<std::int64_t>(raw << unused) >> unused;
    return push({.kind = Value::Kind::Int, .integer = value});
  }

  Result<void> stackGlobal() {
    LORKD_TRY(name, pop());
    LORKD_TRY(module, pop());
    if (!m_out.tree.is(name, Value::Kind::Text) || !m_out.tree.is(module, Value::Kind::Text))
      return damagedPickle("the name of a class is no text");
    return push(m_rebuild.named(m_out.tree.at(module).text, m_out.tree.at(name).text));
  }

  Result<void> global() {
    LORKD_TRY(module, line());
    LORKD_TRY(name, line());
    return push(m_rebuild.named(module, name));
  }

  Result<void> text(Value::Kind kind, const Result<std::string_view>& bytes) {
    LORKD_CHECK(bytes);
    return push({.kind = kind, .text = *bytes});
  }

  Result<void> collect(Value::Kind kind) {
    LORKD_TRY(items, aboveMark());
    if (kind == Value::Kind::Dict && items.size() % 2 != 0) return damagedPickle("a key has no value");
    return push({.kind = kind, .items = std::move(items)});
  }

  Result<void> appendOne() {
    LORKD_TRY(item, pop());
    LORKD_CHECK(m_rebuild.refer(1));
    return append({item}, Value::Kind::List);
  }

  Result<void> setOne() {
    LORKD_TRY(value, pop());
    LORKD_TRY(key, pop());
    LORKD_CHECK(m_rebuild.refer(2));
    return set({key, value});
  }

  Result<void> step(unsigned char opcode);
  Result<void> scalarStep(unsigned char opcode);
  Result<void> stackStep(unsigned char opcode);

  std::string_view m_bytes;
  std::size_t m_at = 0;
  Unpickled m_out;
  Rebuild m_rebuild;
  std::vector<Id> m_stack;
  std::vector<std::size_t> m_marks;
  std::unordered_map<std::uint32_t, Id> m_memo;
  Id m_none = nowhere, m_true = nowhere, m_false = nowhere;
};

}  // namespace lorkd::models
