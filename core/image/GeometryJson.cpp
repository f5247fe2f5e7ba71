#include "core/image/GeometryJson.h"

#include <cmath>

namespace lorkd::image {

Json geometryToJson(const Geometry& g) {
  Json out{{"size", g.size}, {"spacing", g.spacing}, {"origin", g.origin}, {"direction", g.direction}};
  if (g.pixels) out["pixels"] = true;
  return out;
}

Result<Geometry> geometryFromJson(const Json& json) {
  Geometry g;
  try {
    json.at("size").get_to(g.size);
    json.at("spacing").get_to(g.spacing);
    json.at("origin").get_to(g.origin);
    json.at("direction").get_to(g.direction);
    g.pixels = json.value("pixels", false);
  } catch (const Json::exception& e) {
    return fail(ErrorCode::Format, std::string("not a grid: ") + e.what());
  }
  for (std::size_t a = 0; a < 3; ++a) {
    const bool finite = std::isfinite(g.origin[a]) && std::isfinite(g.spacing[a]) && std::isfinite(g.direction[0][a]) &&
                        std::isfinite(g.direction[1][a]) && std::isfinite(g.direction[2][a]);
    if (!finite || g.size[a] < 0 || g.size[a] > (1 << 20) || g.spacing[a] <= 0)
      return fail(ErrorCode::Format, "not a grid: a size or spacing is not positive, or a number is not finite");
  }
  return g;
}

}  // namespace lorkd::image
