// Pickles and files of torch.save() put together byte by byte, the bad ones too.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "core/models/Pickle.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::models::test {

template <class Number>
std::string raw(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

inline std::string text(const std::string& words) {
  return "X" + raw(static_cast<std::uint32_t>(words.size())) + words;
}
inline std::string integer(std::int64_t number) { return "\x8a\x08" + raw(number); }
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string out = "(";
  for (const auto& item : items) out += item;
  return out + "t";
}
inline std::string integers(const std::vector<std::int64_t>& numbers) {
  std::vector<std::string> items;
  for (const auto number : numbers) items.push_back(integer(number));
  return tuple(items);
}
inline std::string call(const std::string& callable, const std::vector<std::string>& arguments) {
  return callable + tuple(arguments) + "R";
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string out = "}(";
  for (const auto& [key, value] : items) out += text(key) + value;
  return out + "u";
}
inline std::string storage(const std::string& type, const std::string& key, std::int64_t elements) {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), integer(elements)}) + "Q";
}
inline std::string tensor(const std::string& storage, std::int64_t offset, const std::vector<std::int64_t>& shape,
                          const std::vector<std::int64_t>& stride) {
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              {storage, integer(offset), integers(shape), integers(stride), "\x89",
               call(global("collections", "OrderedDict"), {})});
}
inline std::string pickle(const std::string& value) { return "\x80\x02" + value + "."; }

/// A file in the legacy form: `stored` are keys, elements and bytes.
struct Stored {
  std::string key;
  std::uint64_t elements;
  std::string bytes;
};
inline std::string legacy(const std::string& value, const std::vector<Stored>& stored) {
  std::string keys = "](", data;
  for (const auto& [key, elements, bytes] : stored) {
    keys += text(key);
    data += raw(elements) + bytes;
  }
  return pickle(std::string("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12)) + pickle(integer(1001)) +
         pickle(dict({{"little_endian", "\x88"}})) + pickle(value) + pickle(keys + "e") + data;
}

inline std::filesystem::path put(const lorkd::test::TemporaryFolder& folder, const std::string& name,
                                 const std::string& bytes) {
  std::ofstream(folder / name, std::ios::binary) << bytes;
  return folder / name;
}

/// A file of `tests/data/weights`, made by tests/peers/weights.py.
inline std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(LORKD_SOURCE_DIR) / "tests/data/weights" / name;
}

}  // namespace lorkd::models::test
