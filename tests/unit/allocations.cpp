// Counts the heap's customers, by taking the place of operator new and, where that is possible, of malloc. And the test
// that the counter counts, without which "no allocation" would prove nothing.
#include "support/allocations.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SLUICE_TEST_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLUICE_TEST_SANITIZED 1
#endif
#if defined(__GLIBC__) && !defined(SLUICE_TEST_SANITIZED)
#define SLUICE_TEST_COUNTS_MALLOC 1
#endif

namespace {
std::atomic<std::int64_t> counter{0};
}

namespace support {

std::int64_t allocations() { return counter; }
bool counts_malloc() {
#if defined(SLUICE_TEST_COUNTS_MALLOC)
    return true;
#else
    return false;
#endif
}

}  // namespace support

#if defined(SLUICE_TEST_COUNTS_MALLOC)
// glibc keeps its own functions under these names as well; free() stays as it is.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t bytes) noexcept { return ++counter, __libc_malloc(bytes); }
void* calloc(std::size_t count, std::size_t bytes) noexcept { return ++counter, __libc_calloc(count, bytes); }
void* realloc(void* p, std::size_t bytes) noexcept { return ++counter, __libc_realloc(p, bytes); }
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
    return ++counter, __libc_memalign(alignment, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
    return ++counter, __libc_memalign(alignment, bytes);
}
int posix_memalign(void** p, std::size_t alignment, std::size_t bytes) noexcept {
    ++counter;
    *p = __libc_memalign(alignment, bytes);
    return *p == nullptr ? 12 : 0;  // ENOMEM
}
}
#endif

// All forms are replaced: the standard library's others would call these two, a sanitizer's would not.
void* operator new(std::size_t bytes) {
    ++counter;
    if (void* p = std::malloc(bytes > 0 ? bytes : 1)) return p;
    throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    ++counter;
    const auto a = static_cast<std::size_t>(alignment);
    if (void* p = std::aligned_alloc(a, (bytes + a) / a * a)) return p;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    ++counter;
    return std::malloc(bytes > 0 ? bytes : 1);
}
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void* operator new[](std::size_t bytes) { return operator new(bytes); }
void* operator new[](std::size_t bytes, std::align_val_t alignment) { return operator new(bytes, alignment); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

TEST_CASE("the counter of allocations counts all roads to the heap") {
    const auto counted = [](auto allocate) {
        const std::int64_t before = support::allocations();
        allocate();
        return support::allocations() - before;
    };
    // Through volatile pointers, or the compiler leaves out what nobody looks at.
    CHECK(counted([] {}) == 0);
    CHECK(counted([] {
              int* volatile p = new int(1);
              delete p;
          }) >= 1);
    CHECK(counted([] {
              int* volatile p = new int[100];
              delete[] p;
          }) >= 1);
    CHECK(counted([] {
              struct alignas(64) Line {
                  char bytes[64];
              };
              Line* volatile p = new Line;
              delete p;
          }) >= 1);
    CHECK(counted([] {
              int* volatile p = new (std::nothrow) int(1);
              delete p;
          }) >= 1);
    if (!support::counts_malloc()) return;
    void* volatile p = nullptr;
    CHECK(counted([&] { p = std::malloc(10); }) == 1);
    CHECK(counted([&] { p = std::realloc(p, 100); }) == 1);
    std::free(p);
    CHECK(counted([&] { p = std::calloc(10, 10); }) == 1);
    std::free(p);
    CHECK(counted([&] { p = std::aligned_alloc(64, 64); }) == 1);
    std::free(p);
}
