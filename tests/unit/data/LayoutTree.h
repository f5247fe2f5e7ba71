// A small data set on disk, and what a scan makes of it: what the tests of layouts share.
#pragma once

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "core/base/File.h"
#include "core/data/SegmentReader.h"
#include "core/io/VolumeFile.h"
#include "tests/unit/data/Support.h"

namespace lorkd::data {

namespace fs = std::filesystem;

inline constexpr std::int64_t kSide = 6;

class LayoutTree : public testing::Test {
 protected:
  TemporaryFolder m_data, m_elsewhere;
  std::vector<Case> m_cases;

  static image::Geometry grid() {
    image::Geometry g{{kSide, kSide, kSide}};
    g.spacing = {2, 2.5, 3};
    return g;
  }
  fs::path made(const std::string& path) {
    const auto file = m_data / path;
    fs::create_directories(file.parent_path());
    return file;
  }
  /// An image like no other.
  void image(const std::string& path) {
    image::Volume volume(grid());
    for (std::size_t n = 0; n < volume.voxels.size(); ++n) volume.voxels[n] = static_cast<float>(n % 13 + m_images * 7);
    ++m_images;
    write(path, volume);
  }
  /// A label map whose n-th voxels have the n-th of `values`, and the others 0.
  void labels(const std::string& path, const std::vector<int>& values) {
    image::LabelMap map(grid());
    for (std::size_t n = 0; n < values.size(); ++n) map.voxels[n] = static_cast<std::uint16_t>(values[n]);
    write(path, map);
  }
  /// Under a name that no library takes for a pair of files.
  template <class Voxels>
  void write(const std::string& path, const Voxels& voxels) {
    const auto file = made(path), as = file.parent_path() / (path.ends_with(".gz") ? "x.nii.gz" : "x.nii");
    const auto written = io::writeNifti(as, voxels);
    ASSERT_TRUE(written) << written.error().text();
    fs::rename(as, file);
  }
  void text(const std::string& path, const std::string& words) { ASSERT_TRUE(writeFileAtomically(made(path), words)); }

  void scan() {
    const auto found = scanned(m_data.path(), m_elsewhere / "index.sqlite");
    ASSERT_TRUE(found) << found.error().text();
    m_cases = *found;
  }
  /// What the labels of each image speak of, by the image's path.
  std::map<std::string, std::set<std::string>> spoken() const {
    std::map<std::string, std::set<std::string>> out;
    for (const auto& c : m_cases)
      out[c.imageFiles.front().lexically_relative(m_data.path()).string()] = {c.labels.begin(), c.labels.end()};
    return out;
  }
  const Case& of(const std::string& path) const {
    for (const auto& c : m_cases)
      if (c.imageFiles.front() == m_data.path() / path) return c;
    throw std::runtime_error("no case of " + path);
  }
  std::size_t patients() const {
    std::set<std::string> out;
    for (const auto& c : m_cases) out.insert(c.patient);
    return out.size();
  }
  std::vector<std::string> refused() const {
    std::vector<std::string> codes;
    const auto rejected = Catalogue::open(m_elsewhere / "index.sqlite")->rejected();
    for (const auto& [file, finding] : *rejected) codes.push_back(finding.code);
    return codes;
  }
  /// Voxels of each structure of a case.
  static std::map<std::string, int> voxelsOf(const Case& c) {
    std::map<std::string, int> out;
    const auto set = readSegments(c);
    EXPECT_TRUE(set) << set.error().text();
    if (set)
      for (const auto& s : set->segments) out[s.name] += static_cast<int>(std::ranges::count(s.mask, 1));
    return out;
  }

 private:
  int m_images = 0;
};

}  // namespace lorkd::data
