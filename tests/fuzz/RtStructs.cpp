// Contours as text: lines of points, each of which may be open, and the voxels of those that are read.
#include "core/io/dicom/RtStructs.cpp"

#include <sstream>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lorkd;
  io::Roi roi;
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  for (std::string line; std::getline(in, line, '|');)
    if (auto contour = io::points(line); contour && contour->size() >= 3) roi.contours.push_back(std::move(*contour));
  image::Geometry grid;
  grid.size = {16, 12, 9};
  grid.spacing = {1, 1.5, 2};
  grid.origin = {-8, -9, -9};
  (void)io::fillContours(roi, grid);
  return 0;
}
