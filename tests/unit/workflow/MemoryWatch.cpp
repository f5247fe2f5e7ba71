// The memory that a run needs is not the files that it reads.
#include "core/workflow/MemoryWatch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <memory>
#include <numeric>
#include <string>

#include "core/base/File.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::workflow {
namespace {

constexpr std::size_t size = 96 << 20;

TEST(MemoryWatch, CountsWhatIsAllocatedAndNoPagesOfFiles) {
  test::TemporaryFolder folder;
  ASSERT_TRUE(writeFileAtomically(folder / "volume", std::string(size, 'x')));
  const auto start = MemoryWatch().peak();
  ASSERT_GT(start, 0);

  const int fd = ::open((folder / "volume").c_str(), O_RDONLY);
  auto* mapped = static_cast<char*>(::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0));
  ASSERT_NE(mapped, MAP_FAILED);
  EXPECT_EQ(std::accumulate(mapped, mapped + size, std::int64_t(0)), std::int64_t('x') * std::int64_t(size));
  MemoryWatch watch;
  EXPECT_LT(watch.peak() - start, std::int64_t(size / 4)) << "pages of a mapped file";
  ::munmap(mapped, size);
  ::close(fd);

  {
    const auto held = std::make_unique<char[]>(size);  // touched: filled with zeros
    EXPECT_EQ(held[size - 1], 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_GE(watch.peak() - start, std::int64_t(size / 10 * 9)) << "seen although it is gone again";
}

}  // namespace
}  // namespace lorkd::workflow
