// Synthetic truth and independent judges for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/image/Volume.h"
#include "tests/support/Command.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::io::test {

using lorkd::test::run;
using lorkd::test::Verdict;
using Folder = lorkd::test::TemporaryFolder;

/// Writes a file without the flush to disk that File.h makes: tests write hundreds.
inline void put(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// The coefficients of a value that is linear in LPS position: its truth is known on every grid.
inline constexpr std::array<double, 4> kRamp{1.5, -2.25, 3.0, 40.0};
inline const std::string kRampText = "1.5 -2.25 3.0 40.0";

inline double rampAt(const image::Vec3& lps) {
  return kRamp[0] * lps[0] + kRamp[1] * lps[1] + kRamp[2] * lps[2] + kRamp[3];
}

/// Rotation about z, then about x, in radians.
inline image::Mat3 tilted(double z, double x) {
  const double cz = std::cos(z), sz = std::sin(z), cx = std::cos(x), sx = std::sin(x);
  return {{{cz, -sz, 0}, {cx * sz, cx * cz, -sx}, {sx * sz, sx * cz, cx}}};
}

inline image::Geometry smallGrid(double z = 0, double x = 0) {
  image::Geometry g;
  g.size = {11, 9, 7};
  g.spacing = {1.25, 0.75, 2.5};
  g.origin = {-12.5, 31.0, -77.0};
  g.direction = tilted(z, x);
  return g;
}

inline image::Volume ramp(const image::Geometry& g) {
  image::Volume volume(g);
  for (std::int64_t k = 0; k < g.size[2]; ++k)
    for (std::int64_t j = 0; j < g.size[1]; ++j)
      for (std::int64_t i = 0; i < g.size[0]; ++i)
        volume.at(i, j, k) = static_cast<float>(rampAt(g.indexToLps({double(i), double(j), double(k)})));
  return volume;
}

/// Largest difference between the voxels of `volume` and the ramp at their own positions.
inline double rampError(const image::Volume& volume) {
  const auto truth = ramp(volume.geometry);
  double worst = volume.voxels.size() == truth.voxels.size() ? 0 : 1e9;
  for (std::size_t n = 0; n < volume.voxels.size() && n < truth.voxels.size(); ++n)
    worst = std::max(worst, double(std::abs(volume.voxels[n] - truth.voxels[n])));
  return worst;
}

inline std::vector<std::string> namesOf(const std::vector<image::Label>& labels) {
  std::vector<std::string> names;
  for (const auto& label : labels) names.push_back(label.name);
  return names;
}

/// tests/support/dicom_judge.py; code 77 when its libraries are missing.
inline Verdict judge(const std::string& arguments) {
  return run("/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/dicom_judge.py " + arguments);
}

/// dciodvfy's lines that begin with "Error"; code 127 when it is not installed.
inline Verdict dciodvfyErrors(const std::filesystem::path& file) {
  Verdict verdict = run("dciodvfy '" + file.string() + "'");
  std::string errors;
  for (std::size_t at = 0; (at = verdict.output.find("Error", at)) != std::string::npos;) {
    const auto end = verdict.output.find('\n', at);
    errors += verdict.output.substr(at, end - at) + "\n";
    if (end == std::string::npos) break;
    at = end;
  }
  return {verdict.code, errors};
}

}  // namespace lorkd::io::test

/// Fails with the error's own words.
#define ASSERT_OK(result) ASSERT_TRUE(result) << (result).error().text()
#define EXPECT_OK(result) EXPECT_TRUE(result) << (result).error().text()
