// How much memory a piece of work needs at most beyond what was there before it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace lorkd::bench {

/// The most bytes that all threads held on the heap at a time while `work` ran, less those held before it: tensors,
/// scratch of kernels and what is kept for the backward pass alike. Nothing where the allocator cannot be watched (a
/// build with a sanitizer, another C library than glibc).
std::optional<std::int64_t> peakBytes(const std::function<void()>& work);

}  // namespace lorkd::bench
