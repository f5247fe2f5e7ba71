#include "core/base/NumberBlocks.h"

#include <algorithm>

namespace lorkd {
namespace {

constexpr std::int64_t kSide = 8;
constexpr std::size_t kVoxels = kSide * kSide * kSide;
constexpr std::size_t kSizes = 3;  // words before the first block's

Extent3 blocksOf(const Extent3& size) {
  return {(size[0] + kSide - 1) / kSide, (size[1] + kSide - 1) / kSide, (size[2] + kSide - 1) / kSide};
}

/// Bits of a value below `count`.
unsigned bitsFor(std::size_t count) {
  unsigned bits = 1;
  while ((std::size_t(1) << bits) < count) bits *= 2;
  return bits;
}

/// Words that the data of a block of `count` numbers take.
std::size_t wordsFor(std::size_t count) { return count + kVoxels * bitsFor(count) / 32; }

std::uint32_t valueAt(const std::uint32_t* values, unsigned bits, std::size_t n) {
  const auto bit = n * bits;
  return values[bit / 32] >> bit % 32 & ((std::uint32_t(1) << bits) - 1);
}

/// Appends a block's data to `out`; its two first words are `head`.
void packBlock(const std::array<std::uint32_t, kVoxels>& block, std::uint32_t* head, std::vector<std::uint32_t>& data,
               std::size_t headWords) {
  std::vector<std::uint32_t> table(block.begin(), block.end());
  std::ranges::sort(table);
  const auto twice = std::ranges::unique(table);
  table.erase(twice.begin(), twice.end());
  head[1] = static_cast<std::uint32_t>(table.size());
  if (table.size() == 1) {
    head[0] = table.front();
    return;
  }
  head[0] = static_cast<std::uint32_t>(headWords + data.size());
  const auto bits = bitsFor(table.size());
  const auto at = data.size() + table.size();
  data.resize(data.size() + wordsFor(table.size()));
  std::ranges::copy(table, data.begin() + static_cast<std::ptrdiff_t>(at - table.size()));
  for (std::size_t n = 0; n < kVoxels; ++n) {
    const auto place = static_cast<std::uint32_t>(std::ranges::lower_bound(table, block[n]) - table.begin());
    data[at + n * bits / 32] |= place << n * bits % 32;
  }
}

}  // namespace

std::vector<std::uint32_t> NumberBlocks::pack(std::span<const std::uint32_t> numbers, const Extent3& size) {
  const auto blocks = blocksOf(size);
  const auto headWords = kSizes + static_cast<std::size_t>(2 * blocks[0] * blocks[1] * blocks[2]);
  std::vector<std::uint32_t> out(headWords), data;
  for (std::size_t a = 0; a < kSizes; ++a) out[a] = static_cast<std::uint32_t>(size[a]);
  std::array<std::uint32_t, kVoxels> block{};
  auto* head = out.data() + kSizes;
  for (std::int64_t z = 0; z < size[0]; z += kSide)
    for (std::int64_t y = 0; y < size[1]; y += kSide)
      for (std::int64_t x = 0; x < size[2]; x += kSide, head += 2) {
        // Beyond the volume its last voxels go on, which adds no number.
        std::size_t n = 0;
        for (std::int64_t d = 0; d < kSide; ++d)
          for (std::int64_t h = 0; h < kSide; ++h) {
            const auto row = (std::min(z + d, size[0] - 1) * size[1] + std::min(y + h, size[1] - 1)) * size[2];
            for (std::int64_t w = 0; w < kSide; ++w)
              block[n++] = numbers[static_cast<std::size_t>(row + std::min(x + w, size[2] - 1))];
          }
        packBlock(block, head, data, headWords);
      }
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

Result<NumberBlocks> NumberBlocks::of(std::span<const std::uint32_t> words, const Extent3& size, std::uint32_t limit) {
  if (std::ranges::any_of(size, [](auto n) { return n < 1 || n > std::int64_t(1) << 20; }) || words.size() < kSizes ||
      !std::equal(size.begin(), size.end(), words.begin()))
    return fail(ErrorCode::Mismatch, "the blocks of labels are of a volume of another size");
  NumberBlocks out;
  out.m_words = words;
  out.m_size = size;
  if (!out.sound(limit)) return fail(ErrorCode::Format, "the blocks of labels are damaged");
  return out;
}

bool NumberBlocks::sound(std::uint32_t limit) const {
  const auto blocks = blocksOf(m_size);
  const auto count = static_cast<std::size_t>(blocks[0] * blocks[1] * blocks[2]);
  if (count > (m_words.size() - kSizes) / 2) return false;
  for (std::size_t b = 0; b < count; ++b) {
    const std::size_t at = m_words[kSizes + 2 * b], length = m_words[kSizes + 2 * b + 1];
    if (length < 1 || length > kVoxels) return false;
    if (length == 1) {
      if (at >= limit) return false;
      continue;
    }
    if (at > m_words.size() || wordsFor(length) > m_words.size() - at) return false;
    const auto* data = m_words.data() + at;
    if (std::any_of(data, data + length, [limit](auto number) { return number >= limit; })) return false;
    const auto bits = bitsFor(length);
    if (length == std::size_t(1) << bits) continue;
    for (std::size_t n = 0; n < kVoxels; ++n)
      if (valueAt(data + length, bits, n) >= length) return false;
  }
  return true;
}

void NumberBlocks::read(const Extent3& low, const Extent3& size, std::uint32_t* out) const {
  const auto blocks = blocksOf(m_size);
  // Calls use(block, from, to) for each block along an axis with the stretch of the part that it holds.
  const auto along = [&](std::size_t axis, const auto& use) {
    const auto end = low[axis] + size[axis];
    for (auto at = low[axis]; at < end;) {
      const auto block = at / kSide, next = std::min(end, (block + 1) * kSide);
      use(block, at, next);
      at = next;
    }
  };
  along(0, [&](std::int64_t bz, std::int64_t z0, std::int64_t z1) {
    along(1, [&](std::int64_t by, std::int64_t y0, std::int64_t y1) {
      along(2, [&](std::int64_t bx, std::int64_t x0, std::int64_t x1) {
        const auto* head = m_words.data() + kSizes + 2 * ((bz * blocks[1] + by) * blocks[2] + bx);
        const bool one = head[1] == 1;
        const auto* table = m_words.data() + (one ? 0 : head[0]);
        const auto bits = bitsFor(head[1]);
        for (auto z = z0; z < z1; ++z)
          for (auto y = y0; y < y1; ++y) {
            auto* to = out + ((z - low[0]) * size[1] + y - low[1]) * size[2] + x0 - low[2];
            if (one) {
              std::fill_n(to, x1 - x0, head[0]);
              continue;
            }
            auto n = static_cast<std::size_t>(((z % kSide) * kSide + y % kSide) * kSide + x0 % kSide);
            for (auto x = x0; x < x1; ++x) *to++ = table[valueAt(table + head[1], bits, n++)];
          }
      });
    });
  });
}

}  // namespace lorkd
