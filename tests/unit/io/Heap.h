// How much memory a piece of code takes at most, of the whole process and to the byte.
#pragma once

#include <cstddef>

namespace lorkd::io::test {

/// Whether memory is counted: not under sanitizers, which bring an allocator of their own.
bool heapIsCounted();

/// Counts from its construction on. One at a time.
class HeapPeak {
 public:
  HeapPeak();
  /// The most that was held at once, beyond what was held at construction; in bytes.
  std::size_t bytes() const;

 private:
  std::size_t m_before;
};

}  // namespace lorkd::io::test
