#include "core/feed/Labels.h"

#include <cstdint>

#include "core/base/Truth.h"

namespace lorkd::feed {

Result<Labels> Labels::of(const safetensors::File& file, int task, const Extent3& size) {
  const auto name = "task." + std::to_string(task);
  LORKD_TRY(table, file.tensor(name + ".sets"));
  LORKD_TRY(words, file.tensor(name + ".blocks"));
  const auto damaged = [&](const std::string& what) {
    return fail(ErrorCode::Format, "the labels " + name + " " + what, "prepare the cases again for this plan",
                file.path().string());
  };
  if (table.dtype != "U8" || table.shape.size() != 2 || table.shape[0] < 1 || table.shape[1] < 1 ||
      words.dtype != "I32" || reinterpret_cast<std::uintptr_t>(words.bytes.data()) % sizeof(std::uint32_t) != 0)
    return damaged("are not a table of sets (U8) and blocks (I32)");
  Labels out;
  out.m_classes = table.shape[1];
  out.m_bytes = table.bytes.size() + words.bytes.size();
  const auto count = static_cast<std::size_t>(table.shape[0]), classes = static_cast<std::size_t>(out.m_classes);
  auto sets = std::make_shared<std::vector<std::vector<Member>>>(count);
  for (std::size_t s = 0; s < count; ++s)
    for (std::size_t c = 0; c < classes; ++c)
      if (const auto value = std::to_integer<std::uint8_t>(table.bytes[s * classes + c]);
          value == 1 || value == notKnown)
        (*sets)[s].push_back({static_cast<std::uint32_t>(c), value});
      else if (value != 0)
        return damaged("hold a value that is neither 0 nor 1 nor 255");
  if (!sets->front().empty()) return damaged("lack the empty set");
  auto blocks = NumberBlocks::of({reinterpret_cast<const std::uint32_t*>(words.bytes.data()), words.bytes.size() / 4},
                                 size, static_cast<std::uint32_t>(count));
  if (!blocks)
    return fail(blocks.error().code, "task " + std::to_string(task) + ": " + blocks.error().message,
                "prepare the cases again for this plan", file.path().string());
  out.m_blocks = *blocks;
  out.m_table = table.bytes;
  out.m_sets = std::move(sets);
  out.m_mapping = file.mapping();
  return out;
}

std::vector<std::uint32_t> Labels::slices(std::int64_t first, std::int64_t end) const {
  std::vector<std::uint32_t> out(static_cast<std::size_t>((end - first) * size()[1] * size()[2]));
  m_blocks.read({first, 0, 0}, {end - first, size()[1], size()[2]}, out.data());
  return out;
}

torch::Tensor Labels::masks(std::int64_t first, std::int64_t end) const {
  auto out = torch::zeros({m_classes, end - first, size()[1], size()[2]}, torch::kUInt8);
  const auto numbers = slices(first, end);
  auto* to = out.data_ptr<std::uint8_t>();
  for (std::size_t n = 0; n < numbers.size(); ++n)
    for (const auto& [cls, value] : sets()[numbers[n]]) to[cls * numbers.size() + n] = value;
  return out;
}

}  // namespace lorkd::feed
