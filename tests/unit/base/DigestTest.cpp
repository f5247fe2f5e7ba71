#include <gtest/gtest.h>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd {

// FIPS 180-4 examples and the NIST test vectors.
TEST(Sha256, KnownVectors) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, MillionLettersInUnevenPieces) {
  Sha256 digest;
  std::size_t left = 1'000'000;
  for (std::size_t piece = 1; left > 0; piece = piece * 7 % 4093 + 1) {
    const auto n = std::min(left, piece);
    digest.update(std::string(n, 'a'));
    left -= n;
  }
  EXPECT_EQ(digest.hex(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, OfAFileLargerThanOneBlock) {
  test::TemporaryFolder folder;
  ASSERT_TRUE(writeFileAtomically(folder / "a", std::string(3'000'001, 'x')));
  EXPECT_EQ(sha256File(folder / "a").value(), sha256(std::string(3'000'001, 'x')));
  EXPECT_EQ(sha256File(folder / "missing").error().code, ErrorCode::NotFound);
  EXPECT_FALSE(sha256File(folder.path()).has_value());
}

// RFC 4231, cases 1, 2 and 6 (a key longer than the block).
TEST(HmacSha256, KnownVectors) {
  EXPECT_EQ(hmacSha256(std::string(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmacSha256("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmacSha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, EmptyKeyAndText) {
  EXPECT_EQ(hmacSha256({}, {}), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

}  // namespace lorkd
