// The masks that a prepared file's labels stand for.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "core/base/NumberBlocks.h"
#include "core/base/SafeTensors.h"

namespace lorkd::test {

/// One mask after the other, a byte a voxel: 1, 0, or not known.
inline std::vector<std::uint8_t> preparedMasks(const safetensors::File& file, int task) {
  const auto name = "task." + std::to_string(task);
  const auto image = *file.tensor("image"), table = *file.tensor(name + ".sets"),
             words = *file.tensor(name + ".blocks");
  const Extent3 size{image.shape[1], image.shape[2], image.shape[3]};
  std::vector<std::uint32_t> packed(words.bytes.size() / 4),
      numbers(static_cast<std::size_t>(size[0] * size[1] * size[2]));
  std::memcpy(packed.data(), words.bytes.data(), words.bytes.size());
  const auto blocks = NumberBlocks::of(packed, size, static_cast<std::uint32_t>(table.shape[0]));
  EXPECT_TRUE(blocks);
  if (!blocks) return {};
  blocks->read({0, 0, 0}, size, numbers.data());
  const auto classes = static_cast<std::size_t>(table.shape[1]);
  std::vector<std::uint8_t> out;
  for (std::size_t c = 0; c < classes; ++c)
    for (const auto number : numbers) out.push_back(std::to_integer<std::uint8_t>(table.bytes[number * classes + c]));
  return out;
}

}  // namespace lorkd::test
