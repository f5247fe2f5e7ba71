// A tensor that is given part by part makes the file that it makes when it is given whole.
#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/SafeTensors.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::safetensors {
namespace {

class StreamedTensors : public testing::Test {
 protected:
  test::TemporaryFolder m_folder;
  std::vector<float> m_values{1, 2, 3, 4, 5, 6};
  std::vector<std::int64_t> m_labels{7, 8};

  Result<void> written(const std::string& name, std::function<Result<void>(const Put&)> stream) const {
    const auto bytes = stream ? std::span<const std::byte>() : std::as_bytes(std::span(m_values));
    return write(m_folder / name,
                 {{"images", "F32", {2, 3}, bytes, std::move(stream)},
                  {"labels", "I64", {2}, std::as_bytes(std::span(m_labels))}},
                 {{"key", "value"}});
  }
  /// The first `count` values, one by one.
  std::function<Result<void>(const Put&)> first(std::size_t count) const {
    return [this, count](const Put& put) -> Result<void> {
      for (std::size_t n = 0; n < count; ++n) put(std::as_bytes(std::span(m_values).subspan(n, 1)));
      return {};
    };
  }
};

TEST_F(StreamedTensors, AreTheSameFile) {
  ASSERT_TRUE(written("whole", nullptr));
  ASSERT_TRUE(written("streamed", first(6)));
  EXPECT_EQ(*readFile(m_folder / "streamed"), *readFile(m_folder / "whole"));
}

TEST_F(StreamedTensors, OfAnotherSizeOrWithAnErrorLeaveNothing) {
  const auto few = written("few", first(5));
  ASSERT_FALSE(few);
  EXPECT_NE(few.error().message.find("images"), std::string::npos);
  const auto failed = written("failed", [](const Put&) -> Result<void> { return fail(ErrorCode::Numeric, "no"); });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::Numeric);
  EXPECT_TRUE(std::filesystem::is_empty(m_folder.path()));
}

}  // namespace
}  // namespace lorkd::safetensors
