// What the tests of this room share: small data sets, and how they are scanned.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "core/data/Catalogue.h"
#include "core/data/Phantom.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::data {

using test::TemporaryFolder;

/// About 48×48×28 voxels: enough to tell organs apart, fast enough for many.
inline PhantomOptions small() {
  PhantomOptions o;
  o.resolution = 0.5;
  return o;
}

inline double dice(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  double both = 0, sum = 0;
  for (std::size_t n = 0; n < a.size(); ++n) {
    both += a[n] && b[n];
    sum += (a[n] != 0) + (b[n] != 0);
  }
  return sum == 0 ? 1 : 2 * both / sum;
}

/// `folder` scanned as source "s" into an index beside it.
inline Result<std::vector<Case>> scanned(const std::filesystem::path& folder, const std::filesystem::path& index) {
  LORKD_TRY(catalogue, Catalogue::open(index));
  SilentProgress progress;
  LORKD_CHECK(catalogue.scan("s", folder, progress, CancelToken()));
  return catalogue.cases();
}

}  // namespace lorkd::data
