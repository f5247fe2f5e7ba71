// The C library's allocator with a counter in front: what this program defines, the libraries it loads use as well.
#include "tests/unit/io/Heap.h"

#include <malloc.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LORKD_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define LORKD_SANITIZED
#endif
#endif

namespace {
std::atomic<std::size_t> held{0}, most{0};

#if defined(__GLIBC__) && !defined(LORKD_SANITIZED)
constexpr bool kCounted = true;

void* counted(void* memory) {
  if (!memory) return memory;
  const auto now = held += malloc_usable_size(memory);
  for (auto seen = most.load(); seen < now && !most.compare_exchange_weak(seen, now);) {
  }
  return memory;
}

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}
#else
constexpr bool kCounted = false;
#endif
}  // namespace

#if defined(__GLIBC__) && !defined(LORKD_SANITIZED)
extern "C" {
void* malloc(std::size_t size) { return counted(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) { return counted(__libc_calloc(count, size)); }
void* realloc(void* memory, std::size_t size) {
  // While it moves, both are there.
  const auto before = memory ? malloc_usable_size(memory) : 0;
  void* moved = counted(__libc_realloc(memory, size));
  if (moved || size == 0) held -= before;
  return moved;
}
void free(void* memory) {
  if (memory) held -= malloc_usable_size(memory);
  __libc_free(memory);
}
void* memalign(std::size_t alignment, std::size_t size) { return counted(__libc_memalign(alignment, size)); }
void* aligned_alloc(std::size_t alignment, std::size_t size) { return counted(__libc_memalign(alignment, size)); }
void* valloc(std::size_t size) { return counted(__libc_memalign(4096, size)); }
void* pvalloc(std::size_t size) { return counted(__libc_memalign(4096, (size + 4095) / 4096 * 4096)); }
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  *memory = counted(__libc_memalign(alignment, size));
  return *memory ? 0 : ENOMEM;
}
}
#endif

namespace lorkd::io::test {

bool heapIsCounted() { return kCounted; }

HeapPeak::HeapPeak() : m_before(held) { most = m_before; }

std::size_t HeapPeak::bytes() const { return most - m_before; }

}  // namespace lorkd::io::test
