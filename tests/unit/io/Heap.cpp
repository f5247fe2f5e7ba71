// The C library's allocator with a counter in front: what this program defines, the libraries it loads use as well.
#include "tests/unit/io/Heap.h"

#include <malloc.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace {
std::atomic<std::size_t> held{0}, most{0};

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
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

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern "C" {
void* malloc(std::size_t size) { return counted(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) { return counted(__libc_calloc(count, size)); }
void* realloc(void* memory, std::size_t size) {
  const auto before = memory ? malloc_usable_size(memory) : 0;
  void* moved = __libc_realloc(memory, size);
  if (moved || size == 0) held -= before;
  return counted(moved);
}
void free(void* memory) {
  if (memory) held -= malloc_usable_size(memory);
  __libc_free(memory);
}
void* memalign(std::size_t alignment, std::size_t size) { return counted(__libc_memalign(alignment, size)); }
void* aligned_alloc(std::size_t alignment, std::size_t size) { return counted(__libc_memalign(alignment, size)); }
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
