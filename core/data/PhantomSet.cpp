// Phantoms as files: DICOM patients, and a picture set of simple shapes.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <numeric>

#include "core/base/Random.h"
#include "core/data/Phantom.h"
#include "core/io/dicom/DicomWriter.h"

namespace lorkd::data {

namespace {

std::string numbered(const char* format, int number) {
  char text[64];
  std::snprintf(text, sizeof text, format, number);
  return text;
}

}  // namespace

Result<void> writePhantomSet(const std::filesystem::path& folder, int patients, const PhantomOptions& options,
                             Progress& progress, const CancelToken& cancel) {
  for (int p = 0; p < patients; ++p) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "writing phantoms was stopped", "", folder.string());
    progress.report("phantoms", p, patients);
    const auto region = static_cast<Region>(p % 3);
    PhantomOptions own = options;
    own.tilted = options.tilted || p % 4 == 3;
    const Phantom phantom = makePhantom(region, p, own);

    io::DicomHeader header;
    header.patientId = numbered("PHANTOM-%04d", p + 1);
    header.patientName = numbered("Phantom^%04d", p + 1);
    header.studyDescription = "Phantom";
    header.seriesDescription = toString(region);
    header.bodyPart = region == Region::Head ? "HEAD" : region == Region::Thorax ? "CHEST" : "ABDOMEN";
    header.uidSeed = "phantom " + std::to_string(options.seed) + " " + std::to_string(options.resolution) + " " +
                     std::to_string(own.tilted) + " " + std::to_string(p);
    std::vector<int> order;
    if (p % 2 == 1) {  // every second patient's files are numbered in no order at all
      order.resize(static_cast<std::size_t>(phantom.volume.geometry.size[2]));
      std::iota(order.begin(), order.end(), 0);
      Random random(options.seed, {static_cast<std::uint64_t>(p), 13});
      for (std::size_t n = order.size(); n-- > 1;)
        std::swap(order[n], order[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(n) + 1))]);
    }
    const auto place = folder / header.patientId;
    LORKD_TRY(written, io::writeCtSeries(place / "CT", phantom.volume, header, order));
    io::DicomHeader segHeader = written.header;
    segHeader.seriesUid.clear();
    segHeader.uidSeed = header.uidSeed + " labels";
    segHeader.seriesDescription = "Truth";
    segHeader.seriesNumber = 2;
    LORKD_CHECK(io::writeSeg(place / "SEG.dcm", phantom.truth, written, segHeader));
  }
  progress.report("phantoms", patients, patients);
  return {};
}

io::PictureSet makePictureSet(int examplesPerClass, std::uint64_t seed) {
  constexpr std::int64_t side = 28;
  io::PictureSet set{{"disc", "square", "triangle"}, {}, {}};
  for (int n = 0; n < examplesPerClass; ++n)
    for (int label = 0; label < 3; ++label) {
      Random random(seed, {static_cast<std::uint64_t>(label), static_cast<std::uint64_t>(n)});
      const double radius = random.uniform(5, 9.5), turn = random.uniform(0, 2 * std::numbers::pi);
      const double x0 = random.uniform(radius + 1, side - radius - 2),
                   y0 = random.uniform(radius + 1, side - radius - 2);
      const double ground = random.uniform(20, 90), shape = ground + random.uniform(50, 130),
                   noise = random.uniform(4, 14);
      // Signed distance to a regular polygon with the disc's radius around it; positive inside.
      const auto inside = [&](double x, double y) {
        if (label == 0) return radius - std::hypot(x, y);
        const double corners = label == 1 ? 4 : 3, sector = 2 * std::numbers::pi / corners;
        const double angle = std::remainder(std::atan2(y, x) - turn, sector);
        return radius * std::cos(sector / 2) - std::hypot(x, y) * std::cos(angle);
      };
      io::LabelledPicture example{
          set.classes[static_cast<std::size_t>(label)] + numbered("-%05d", n), {}, {}, {label}, "", ""};
      example.picture = {side, side, 1, {}};
      for (std::int64_t y = 0; y < side; ++y)
        for (std::int64_t x = 0; x < side; ++x) {
          const double share = std::clamp(inside(x - x0, y - y0) + 0.5, 0.0, 1.0);
          const double value = ground + share * (shape - ground) + random.normal(0, noise);
          example.picture.pixels.push_back(static_cast<std::uint8_t>(std::clamp(std::round(value), 0.0, 255.0)));
        }
      set.examples.push_back(std::move(example));
    }
  return set;
}

}  // namespace lorkd::data
