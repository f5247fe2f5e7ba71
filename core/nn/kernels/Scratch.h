// Working memory of a kernel. Internal to this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace lorkd::nn {

/// Values that are written before they are read: unlike those of a std::vector they are not set to zero first, which
/// for copies of whole weights is as dear as the copy.
template <class T>
class Scratch {
 public:
  Scratch() = default;
  explicit Scratch(std::int64_t count) { ofSize(count); }
  /// Room for `count` values; what stood there is lost.
  T* ofSize(std::int64_t count) {
    if (count > m_count) {
      m_values = std::make_unique_for_overwrite<T[]>(static_cast<std::size_t>(count));
      m_count = count;
    }
    return m_values.get();
  }
  T* data() { return m_values.get(); }
  const T* data() const { return m_values.get(); }

 private:
  std::unique_ptr<T[]> m_values;
  std::int64_t m_count = 0;
};

}  // namespace lorkd::nn
