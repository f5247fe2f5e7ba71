// The same patient as DICOM and as NIfTI, however the slices were acquired: both lie at the same place.
#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "core/base/Json.h"
#include "core/base/SafeTensors.h"
#include "core/data/Prepare.h"
#include "core/image/GeometryJson.h"
#include "tests/support/PreparedMasks.h"
#include "tests/unit/data/Support.h"

using namespace lorkd;
using namespace lorkd::data;
namespace fs = std::filesystem;

namespace {

/// Where the weights have their centre, in LPS mm.
template <class T>
image::Vec3 centreOf(const image::Geometry& g, const std::vector<T>& weights) {
  const double background = *std::ranges::min_element(weights);
  image::Vec3 sum{};
  double total = 0;
  for (std::int64_t k = 0; k < g.size[2]; ++k)
    for (std::int64_t j = 0; j < g.size[1]; ++j)
      for (std::int64_t i = 0; i < g.size[0]; ++i) {
        const double w = weights[static_cast<std::size_t>(g.offset(i, j, k))] - background;
        const auto lps = g.indexToLps({double(i), double(j), double(k)});
        for (std::size_t a = 0; a < 3; ++a) sum[a] += w * lps[a];
        total += w;
      }
  for (auto& v : sum) v /= total;
  return sum;
}

template <class T>
std::vector<T> valuesOf(const safetensors::File& file, const std::string& name) {
  const auto tensor = *file.tensor(name);
  std::vector<T> out(tensor.bytes.size() / sizeof(T));
  std::memcpy(out.data(), tensor.bytes.data(), tensor.bytes.size());
  return out;
}

void expectNear(const image::Vec3& found, const image::Vec3& truth, double mm, const char* what) {
  for (std::size_t a = 0; a < 3; ++a) EXPECT_NEAR(found[a], truth[a], mm) << what << ", axis " << a;
}

constexpr double kHalfVoxel = 0.45;  // of the finest spacing

TEST(Twins, DicomAndNiftiOfOnePatientLieAtOnePlace) {
  TemporaryFolder data, work;
  const std::string command =
      "/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/twins.py '" + data.path().string() + "'";
  const int code = WEXITSTATUS(std::system(command.c_str()));
  if (code == 77) GTEST_SKIP() << "python3-pydicom or python3-nibabel is not installed";
  ASSERT_EQ(code, 0);
  const auto expected = readJson(data / "expected.json");
  ASSERT_TRUE(expected);
  ASSERT_EQ(expected->size(), 8u);
  plan::Plan plan;
  plan.data.spacing = {1.25, 1.0, 2.5};
  plan.data.clip = {-3000, 4000};
  plan::Task task;
  task.classes.emplace_back("blob", plan::Class());
  plan.tasks.emplace_back("blobs", task);
  for (const auto& [name, told] : expected->items())
    for (const std::string kind : {"dicom", "nifti"}) {
      SCOPED_TRACE(name + " as " + kind);
      const auto truth = told["centre"].get<image::Vec3>();
      const auto cases = scanned(data / name / kind, work / (name + kind + ".sqlite"));
      ASSERT_TRUE(cases) << cases.error().text();
      ASSERT_EQ(cases->size(), 1u);
      const auto& c = cases->front();
      ASSERT_EQ(c.labels, std::vector<std::string>{"blob"});
      const auto image = readImage(c);
      ASSERT_TRUE(image) << image.error().text();
      expectNear(centreOf(image->geometry, image->voxels), truth, 0.05, "image");
      const auto segments = readSegments(c);
      ASSERT_TRUE(segments) << segments.error().text();
      const auto& mask = segments->segments.at(0).mask;
      EXPECT_EQ(std::ranges::count(mask, 1), told["voxels"].get<std::int64_t>());
      expectNear(centreOf(segments->geometry, mask), truth, kHalfVoxel, "labels");

      CaseList list;
      list.cases.push_back({c, Split::Train, {0}, {}});
      const auto cache = work / (name + kind);
      SilentProgress progress;
      const auto done = prepare(plan, list, cache, progress, CancelToken());
      ASSERT_TRUE(done) << done.error().text();
      const auto index = readJson(*done);
      ASSERT_TRUE(index);
      const auto file = safetensors::File::open(cache / index->at(0)["file"].get<std::string>());
      ASSERT_TRUE(file) << file.error().text();
      const auto working = image::geometryFromJson(Json::parse(file->metadata().at("geometry")));
      ASSERT_TRUE(working);
      expectNear(centreOf(*working, valuesOf<float>(*file, "image")), truth, kHalfVoxel, "prepared image");
      expectNear(centreOf(*working, test::preparedMasks(*file, 0)), truth, kHalfVoxel, "prepared labels");
    }
}

}  // namespace
