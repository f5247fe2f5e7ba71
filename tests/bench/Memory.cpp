#include "tests/bench/Memory.h"

#include <malloc.h>

#include <atomic>
#include <cerrno>
#include <cstddef>

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define LORKD_SANITIZED
#endif
#endif
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(LORKD_SANITIZED)
#define LORKD_WATCHES_HEAP
#endif

namespace lorkd::bench {
namespace {

[[maybe_unused]] std::atomic<std::int64_t> held = 0, most = 0;

}  // namespace

#ifdef LORKD_WATCHES_HEAP
std::optional<std::int64_t> peakBytes(const std::function<void()>& work) {
  const auto before = held.load();
  most = before;
  work();
  return most - before;
}

namespace {

void* taken(void* block) {
  const auto now = held += static_cast<std::int64_t>(malloc_usable_size(block));
  for (auto seen = most.load(); now > seen && !most.compare_exchange_weak(seen, now);) {
  }
  return block;
}

void given(void* block) { held -= static_cast<std::int64_t>(malloc_usable_size(block)); }

}  // namespace
#else
std::optional<std::int64_t> peakBytes(const std::function<void()>&) { return {}; }
#endif

}  // namespace lorkd::bench

#ifdef LORKD_WATCHES_HEAP
// This program's own malloc stands before glibc's for every library that it loads.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* block);

void* malloc(std::size_t size) { return lorkd::bench::taken(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) { return lorkd::bench::taken(__libc_calloc(count, size)); }
void* memalign(std::size_t alignment, std::size_t size) {
  return lorkd::bench::taken(__libc_memalign(alignment, size));
}
void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  *block = memalign(alignment, size);
  return *block ? 0 : ENOMEM;
}
void* realloc(void* block, std::size_t size) {
  const auto before = static_cast<std::int64_t>(malloc_usable_size(block));
  void* moved = __libc_realloc(block, size);
  if (moved || size == 0) lorkd::bench::held -= before;
  return moved ? lorkd::bench::taken(moved) : nullptr;
}
void free(void* block) {
  lorkd::bench::given(block);
  __libc_free(block);
}
}
#endif
