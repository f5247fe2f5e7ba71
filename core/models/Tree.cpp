#include "core/models/Tree.h"

#include <cmath>
#include <unordered_map>

#include "core/base/Printable.h"

namespace lorkd::models {
namespace {

constexpr std::size_t deepestJson = 100;

/// Writes values as JSON, as many as are allowed.
class Writer {
 public:
  Writer(const Tree& tree, Id leftOut, std::size_t most) : m_tree(tree), m_leftOut(leftOut), m_left(most) {}

  Json write(Id id, std::size_t depth = 0) {
    if (id == nowhere || id == m_leftOut) return nullptr;
    if (m_left == 0 || depth > deepestJson) {
      m_whole = false;
      return "...";
    }
    --m_left;
    const auto& value = m_tree.at(id);
    using enum Value::Kind;
    switch (value.kind) {
      case None:
        return nullptr;
      case Bool:
        return value.integer != 0;
      case Int:
        return value.integer;
      case LongInt:
        return "a number of " + std::to_string(value.text.size()) + " bytes";
      case Real:
        return value.real;
      case Text:
      case Class:
        return printable(value.text);
      case Bytes:
        return std::to_string(value.text.size()) + " bytes";
      case List:
      case Tuple:
      case Set:
        return array(value.items, 0, depth);
      case Dict:
        return object(value.items, depth);
      case Object:
        return instance(value, depth);
      case Storage:
        return "storage of type " + m_tree.storages[static_cast<std::size_t>(value.integer)].type;
      case Tensor:
        return "tensor " + describe(m_tree.tensors[static_cast<std::size_t>(value.integer)]);
    }
    return nullptr;
  }
  bool whole() const { return m_whole; }

 private:
  Json array(const std::vector<Id>& items, std::size_t from, std::size_t depth) {
    auto out = Json::array();
    for (std::size_t n = from; n < items.size(); ++n) {
      if (m_left == 0) {
        m_whole = false;
        break;
      }
      out.push_back(write(items[n], depth + 1));
    }
    return out;
  }

  Json object(const std::vector<Id>& items, std::size_t depth) {
    auto out = Json::object();
    auto& fields = out.get_ref<Json::object_t&>();
    std::unordered_map<std::string, std::size_t> places;  // ordered_json itself looks through all keys each time
    for (std::size_t n = 0; n + 1 < items.size(); n += 2) {
      if (m_left == 0) {
        m_whole = false;
        break;
      }
      const auto& key = m_tree.at(items[n]);
      auto name = key.kind == Value::Kind::Text ? printable(key.text) : write(items[n], depth + 1).dump();
      auto field = write(items[n + 1], depth + 1);
      const auto [place, isNew] = places.emplace(name, fields.size());
      if (isNew)
        fields.emplace_back(std::move(name), std::move(field));
      else
        (fields.begin() + static_cast<std::ptrdiff_t>(place->second))->second = std::move(field);
    }
    return out;
  }

  Json instance(const Value& value, std::size_t depth) {
    Json out{{"class", printable(value.text)}};
    if (!value.items.empty() && !m_tree.at(value.items[0]).items.empty())
      out["arguments"] = write(value.items[0], depth + 1);
    if (value.items.size() > 1) out["contains"] = array(value.items, 1, depth);
    if (value.state != nowhere) out["state"] = write(value.state, depth + 1);
    return out;
  }

  const Tree& m_tree;
  Id m_leftOut;
  std::size_t m_left;
  bool m_whole = true;
};

}  // namespace

std::string shapeText(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const auto n : shape) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return "(" + text + ")";
}

std::string describe(const Tensor& tensor) { return tensor.dtype + " " + shapeText(tensor.shape); }

Result<std::uint64_t> elementsOf(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const auto n : shape) {
    if (n < 0) return fail(ErrorCode::Format, "a tensor has the negative size " + std::to_string(n));
    if (n == 0) return std::uint64_t(0);
  }
  for (const auto n : shape)
    if (__builtin_mul_overflow(count, n, &count) || count > (std::int64_t(1) << 62))
      return fail(ErrorCode::Format,
                  "a tensor of shape " + shapeText(shape) + " has more elements than can be counted");
  return static_cast<std::uint64_t>(count);
}

Result<void> checkPlace(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& stride,
                        std::int64_t offset, std::uint64_t elements) {
  const auto bad = [&](const std::string& what) {
    return fail(ErrorCode::Format, "a tensor of shape " + shapeText(shape) + " " + what,
                "the file is damaged or was made to do harm");
  };
  if (shape.size() > 8 || shape.size() != stride.size())
    return fail(ErrorCode::Format, "a tensor has " + std::to_string(shape.size()) + " sizes and " +
                                       std::to_string(stride.size()) + " strides; at most 8 of each are read");
  LORKD_TRY(count, elementsOf(shape));
  if (offset < 0 || static_cast<std::uint64_t>(offset) > elements) return bad("begins outside its storage");
  for (const auto n : stride)
    if (n < 0) return bad("has a negative stride");
  if (count == 0) return {};
  std::int64_t last = offset;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    std::int64_t step = 0;
    if (__builtin_mul_overflow(shape[d] - 1, stride[d], &step) || __builtin_add_overflow(last, step, &last))
      return bad("reaches beyond its storage");
  }
  if (static_cast<std::uint64_t>(last) >= elements)
    return bad("reaches beyond its storage of " + std::to_string(elements) + " elements");
  return {};
}

Id Tree::find(Id dict, std::string_view key) const {
  if (!is(dict, Value::Kind::Dict)) return nowhere;
  const auto& items = at(dict).items;
  for (std::size_t n = items.size() / 2; n-- > 0;)
    if (is(items[2 * n], Value::Kind::Text) && at(items[2 * n]).text == key) return items[2 * n + 1];
  return nowhere;
}

std::string Tree::textOf(Id id, std::string otherwise) const {
  return is(id, Value::Kind::Text) ? printable(at(id).text) : otherwise;
}

std::size_t depthOf(const Tree& tree, Id from) {
  if (from == nowhere) return 0;
  struct Open {
    Id id;
    std::size_t next = 0;
    std::uint32_t below = 0;  // the deepest child so far
  };
  enum : std::uint32_t { unseen = 0, open = ~std::uint32_t(0) };
  std::vector<std::uint32_t> depths(tree.values.size(), unseen);
  std::vector<Open> path{{from}};
  depths[from] = open;
  while (true) {
    auto& top = path.back();
    const auto& value = tree.at(top.id);
    const auto count = value.items.size() + (value.state == nowhere ? 0 : 1);
    if (top.next < count) {
      const auto child = top.next < value.items.size() ? value.items[top.next] : value.state;
      ++top.next;
      if (depths[child] == unseen) {
        depths[child] = open;
        path.push_back({child});
      } else if (depths[child] != open) {
        top.below = std::max(top.below, depths[child]);
      }
      continue;
    }
    const auto depth = depths[top.id] = top.below + 1;
    path.pop_back();
    if (path.empty()) return depth;
    path.back().below = std::max(path.back().below, depth);
  }
}

Written toJson(const Tree& tree, Id from, Id leftOut, std::size_t most) {
  Writer writer(tree, leftOut, most);
  Written out;
  out.json = writer.write(from);
  out.whole = writer.whole();
  return out;
}

}  // namespace lorkd::models
