#include "core/base/ClassSets.h"

#include <algorithm>
#include <unordered_map>

#include "core/base/Truth.h"

namespace lorkd {
namespace {

constexpr std::size_t kMostSets = std::size_t(1) << 22;

}  // namespace

Result<void> ClassSets::add(std::span<const std::uint8_t> mask) {
  if (mask.size() != m_numbers.size())
    return fail(ErrorCode::InvalidArgument,
                "a mask has " + std::to_string(mask.size()) + " voxels, not " + std::to_string(m_numbers.size()));
  if (m_nodes.size() > kMostSets / 2) dropUnused();
  std::unordered_map<std::uint64_t, std::uint32_t> next;  // by set and value
  std::uint64_t last = 0;
  std::uint32_t becomes = 0;
  for (std::size_t n = 0; n < mask.size(); ++n) {
    if (mask[n] == 0) continue;
    const auto key = std::uint64_t(m_numbers[n]) << 8 | mask[n];
    if (key != last) {  // neighbours mostly are of one kind
      const auto [it, fresh] = next.try_emplace(key, static_cast<std::uint32_t>(m_nodes.size()));
      if (fresh) m_nodes.push_back({m_numbers[n], m_classes, mask[n]});
      last = key, becomes = it->second;
    }
    m_numbers[n] = becomes;
  }
  ++m_classes;
  if (m_nodes.size() > kMostSets) dropUnused();
  if (m_nodes.size() > kMostSets)
    return fail(ErrorCode::Unsupported, "the classes of one task overlap in more than four million ways",
                "look at the label files, which seem to hold noise, or divide the classes among several tasks");
  return {};
}

void ClassSets::dropUnused() {
  // Of what a used set is made, every part stays; those that only lead to others keep their place in the order.
  std::vector<char> used(m_nodes.size());
  used[0] = 1;
  for (const auto number : m_numbers) used[number] = 1;
  for (std::size_t n = m_nodes.size(); n-- > 1;)
    if (used[n]) used[m_nodes[n].before] = 1;
  std::vector<std::uint32_t> place(m_nodes.size());
  std::uint32_t count = 0;
  for (std::size_t n = 0; n < m_nodes.size(); ++n) {
    if (!used[n]) continue;
    auto node = m_nodes[n];
    node.before = place[node.before];
    place[n] = count;
    m_nodes[count++] = node;
  }
  m_nodes.resize(count);
  for (auto& number : m_numbers) number = place[number];
}

std::pair<std::size_t, std::size_t> ClassSets::marked() const {
  std::vector<std::uint32_t> inside(m_nodes.size());
  for (std::size_t n = 1; n < m_nodes.size(); ++n) inside[n] = inside[m_nodes[n].before] + (m_nodes[n].value == 1);
  std::pair<std::size_t, std::size_t> out;
  for (const auto number : m_numbers) out.first += inside[number] > 0, out.second += inside[number] > 1;
  return out;
}

PackedSets ClassSets::pack(std::size_t first, const Extent3& size) const {
  const auto part = std::span(m_numbers).subspan(first, static_cast<std::size_t>(size[0] * size[1] * size[2]));
  std::vector<std::uint32_t> place(m_nodes.size());
  place[0] = 1;
  for (const auto number : part) place[number] = 1;
  PackedSets out;
  for (std::size_t n = 0; n < m_nodes.size(); ++n) {
    if (place[n] == 0) continue;
    place[n] = static_cast<std::uint32_t>(out.sets++);
    auto* row = &*out.table.insert(out.table.end(), m_classes, 0);
    for (auto at = n; at != 0; at = m_nodes[at].before) row[m_nodes[at].cls] = m_nodes[at].value;
  }
  std::vector<std::uint32_t> numbers(part.size());
  std::ranges::transform(part, numbers.begin(), [&](auto number) { return place[number]; });
  out.words = NumberBlocks::pack(numbers, size);
  return out;
}

}  // namespace lorkd
