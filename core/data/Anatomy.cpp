#include "core/data/Anatomy.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "core/base/Random.h"

namespace lorkd::data {

using image::Vec3;

namespace {

constexpr double endless = 1000;  // mm: longer than any field of view

/// Collects the parts of one patient; sizes follow the body's scale, and everything varies a little.
class Builder {
 public:
  Builder(Region region, Random& random) : m_names(organs(region)), m_random(random) {
    for (auto& s : m_scale) s = m_random.uniform(0.92, 1.07);
  }

  double vary(double value, double share = 0.06) { return value * m_random.uniform(1 - share, 1 + share); }
  double shift(double mm) { return m_random.uniform(-mm, mm); }
  double angle(double degrees) { return shift(degrees) * std::numbers::pi / 180; }

  /// A shape at body coordinates (scaled with the body), its size varied by 6 % and its place by `play` mm.
  Solid solid(Vec3 centre, Vec3 half, double play = 0, int power = 2) {
    for (std::size_t a = 0; a < 3; ++a) {
      centre[a] = centre[a] * m_scale[a] + (play > 0 ? shift(play) : 0);
      half[a] *= m_scale[a] * (play > 0 ? m_random.uniform(0.94, 1.06) : 1);
    }
    return {centre, half, {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}, power, false};
  }
  Solid cylinder(double x, double y, double halfX, double halfY, double play = 0, int power = 2) {
    Solid s = solid({x, y, 0}, {halfX, halfY, endless}, play, power);
    s.flatEnds = true;
    return s;
  }
  Solid turned(Solid s, double x, double y, double z, double play = 6) {
    const double degree = std::numbers::pi / 180;
    s.axes = rotation(x * degree + angle(play), y * degree + angle(play), z * degree + angle(play));
    return s;
  }
  std::vector<Solid> scaledTube(std::vector<Vec3> points, double radius) {
    for (auto& p : points)
      for (std::size_t a = 0; a < 3; ++a) p[a] *= m_scale[a];
    return tube(points, radius);
  }

  void tissue(double hu, std::vector<Solid> solids) { m_parts.push_back({vary(hu, 0.05), -1, std::move(solids)}); }
  void organ(const std::string& name, double hu, std::vector<Solid> solids) {
    const auto at = std::find(m_names.begin(), m_names.end(), name);
    m_parts.push_back({vary(hu, 0.05), static_cast<int>(at - m_names.begin()), std::move(solids)});
  }

  /// Vertebral bodies with arches along the whole height, discs between them and the canal behind.
  void spine(double y, double halfX, double halfY, double pitch) {
    std::vector<Solid> bone;
    const double start = shift(pitch / 2);
    tissue(85, {cylinder(0, y, halfX * 0.9, halfY * 0.9)});
    for (int n = -5; n <= 5; ++n) {
      const double z = start + n * pitch;
      Solid body = solid({0, y, z}, {halfX, halfY, pitch * 0.4});
      body.flatEnds = true;
      body.power = 3;
      Solid arch = solid({0, y + halfY + 7, z}, {halfX * 1.05, 12, pitch * 0.38}, 0, 3);
      Solid spinous = turned(solid({0, y + halfY + 22, z - 4}, {4.5, 13, 8}, 0, 3), -15, 0, 0, 3);
      bone.insert(bone.end(), {body, arch, spinous});
    }
    organ("vertebrae", 450, std::move(bone));
    tissue(30, {cylinder(0, y + halfY + 8, 8.5, 7.5)});
  }

  /// Skin and fat, the muscle wall, and what the patient lies on.
  void trunk(double halfX, double halfY) {
    tissue(-300, {solid({0, halfY + 14, 0}, {195, 9, endless}, 0, 4)});
    tissue(-100, {cylinder(0, 0, halfX, halfY, 0, 3)});
    tissue(55, {cylinder(0, 2, halfX * 0.91, halfY * 0.9, 0, 3)});
  }

  std::vector<Part> m_parts;
  Vec3 m_scale{1, 1, 1};

 private:
  std::vector<std::string> m_names;
  Random& m_random;
};

void buildHead(Builder& b) {
  const double thickness = b.vary(8.5, 0.15);
  const Vec3 skull{b.vary(73, 0.03), b.vary(90, 0.03), b.vary(79, 0.03)};
  const auto shell = [&](double inward) {
    return b.solid({0, 0, 14}, {skull[0] - inward, skull[1] - inward, skull[2] - inward});
  };
  b.tissue(-300, {b.solid({0, 112, 0}, {90, 7, endless}, 0, 4)});
  Solid neck = b.solid({0, 12, -100}, {50, 55, 60}, 3);
  neck.flatEnds = true;
  b.tissue(40, {neck, b.solid({0, -40, -46}, {62, 60, 62}, 2), shell(-6.5)});
  b.organ("skull", 900, {shell(0)});
  b.tissue(12, {shell(thickness)});
  const double eyeX = b.vary(32, 0.05), eyeY = -72 + b.shift(2), eyeZ = -24 + b.shift(2);
  b.tissue(-80, {b.solid({-eyeX, eyeY + 4, eyeZ}, {17, 19, 16}), b.solid({eyeX, eyeY + 4, eyeZ}, {17, 19, 16})});
  b.tissue(-950, {b.solid({0, -64, -42}, {11, 18, 20}, 2), b.solid({0, -70, -70}, {9, 24, 9}, 2)});
  b.organ("brain", 35, {shell(thickness + 2.5)});
  Solid left = b.turned(b.solid({14, 2, 22}, {8.5, 34, 12}, 1.5), 0, 0, -8, 5);
  Solid right = b.turned(b.solid({-14, 2, 22}, {8.5, 34, 12}, 1.5), 0, 0, 8, 5);
  b.organ("ventricles", 8, {left, right, b.solid({0, 4, 8}, {4.5, 14, 11}, 1)});
  const double eye = b.vary(12.5, 0.06);
  b.organ("eyes", 15, {b.solid({-eyeX, eyeY, eyeZ}, {eye, eye, eye}), b.solid({eyeX, eyeY, eyeZ}, {eye, eye, eye})});
}

void buildThorax(Builder& b) {
  b.trunk(162, 108);
  std::vector<Solid> ribs;
  for (int n = -4; n <= 3; ++n)
    for (const int side : {-1, 1}) {
      std::vector<Vec3> arc;
      for (double t = 0.12; t < 0.93; t += 0.09)  // from the spine forward, falling as it goes
        arc.push_back(
            {side * 132 * std::sin(t * std::numbers::pi), 86 * std::cos(t * std::numbers::pi), 30.0 * n + 25 - 40 * t});
      const auto rib = b.scaledTube(arc, 5.2);
      ribs.insert(ribs.end(), rib.begin(), rib.end());
    }
  b.tissue(480, std::move(ribs));
  Solid sternum = b.solid({0, -88, 5}, {17, 6.5, 70}, 2, 4);
  b.tissue(330, {sternum});
  b.organ("lungs", -820, {b.solid({-68, 0, 0}, {52, 74, 92}, 3, 3), b.solid({69, 0, 0}, {49, 72, 92}, 3, 3)});
  b.tissue(110, {b.solid({-66, 0, -118}, {68, 80, 52}, 5)});
  b.tissue(60, {b.solid({68, 0, -122}, {64, 78, 50}, 5)});
  b.tissue(45, {b.cylinder(2, 4, 25, 62, 2, 3)});
  b.tissue(35, {b.cylinder(4, 34, 8, 6.5, 1.5)});
  auto airway = b.scaledTube({{0, 14, 22}, {0, 12, 150}}, b.vary(9));
  for (const auto& bronchus :
       {b.scaledTube({{0, 14, 22}, {-30, 18, -2}}, 6.5), b.scaledTube({{0, 14, 22}, {33, 18, 2}}, 6)})
    airway.insert(airway.end(), bronchus.begin(), bronchus.end());
  b.tissue(-950, std::move(airway));
  b.organ("heart", 150, {b.turned(b.solid({22, -28, -36}, {50, 40, 46}, 4), 0, -20, 25)});
  const double radius = b.vary(12.5, 0.08), top = 34 + b.shift(6);
  std::vector<Vec3> path{{20, 46, -300}, {20, 46, top}};
  for (double t = 0.125; t < 1; t += 0.125)  // the arch, from behind on the left to the front on the right
    path.push_back({7 + 13 * std::cos(t * std::numbers::pi), 14 + 32 * std::cos(t * std::numbers::pi),
                    top + 26 * std::sin(t * std::numbers::pi)});
  path.insert(path.end(), {{-6, -18, top}, {-2, -22, -15}});
  b.organ("aorta", 190, b.scaledTube(path, radius));
  b.spine(63, 17, 13.5, 27);
}

void buildAbdomen(Builder& b) {
  b.trunk(160, 106);
  b.tissue(-95, {b.cylinder(0, -12, 130, 74, 0, 3)});
  std::vector<Solid> bowel;
  for (int n = 0; n < 9; ++n)
    bowel.push_back(
        b.turned(b.solid({b.shift(85), -40 + b.shift(25), -62 + b.shift(38)}, {24, 17, 17}, 4), 0, 0, 0, 60));
  b.tissue(40, bowel);
  bowel.resize(3);
  for (auto& gas : bowel)
    for (auto& h : gas.half) h *= 0.5;
  b.tissue(-900, std::move(bowel));
  b.tissue(55, {b.cylinder(-38, 50, 17, 19, 2), b.cylinder(38, 50, 17, 19, 2)});                      // psoas
  b.tissue(100, b.scaledTube({{-30, 2, 8}, {-8, -10, 18}, {28, -2, 26}, {58, 14, 34}}, b.vary(10)));  // pancreas
  b.tissue(150, {b.cylinder(-17, 24, 11, 9, 2)});                                                     // vena cava
  b.tissue(185, {b.cylinder(12, 26, 10, 10, 2)});                                                     // aorta
  Solid rightLobe = b.turned(b.solid({-60, -6, 42}, {62, 68, 56}, 5), 0, 0, 0);
  Solid leftLobe = b.turned(b.solid({-14, -42, 54}, {52, 28, 30}, 4), 0, 8, 12);
  b.organ("liver", 110, {rightLobe, leftLobe});
  b.organ("spleen", 125, {b.turned(b.solid({86, 24, 48}, {22, 36, 40}, 4), 10, 0, 12)});
  b.organ("kidneys", 180,
          {b.turned(b.solid({-56, 42, -18}, {21, 19, 46}, 4), 6, 10, 20),
           b.turned(b.solid({56, 40, -8}, {21, 19, 46}, 4), 6, -10, -20)});
  Solid stomach = b.turned(b.solid({46, -36, 44}, {32, 27, 40}, 4), 0, 15, 0);
  Solid gas = stomach;
  for (auto& h : gas.half) h *= 0.5;
  gas.centre[1] -= 0.35 * stomach.half[1];  // it rises to the front in a patient who lies on the back
  b.organ("stomach", 20, {stomach});
  b.organ("stomach", -900, {gas});
  b.spine(58, 21, 16.5, 33);
}

image::Geometry makeGrid(Region region, int patient, const PhantomOptions& options, Random random) {
  image::Geometry g;
  const bool head = region == Region::Head;
  const double width = head ? random.uniform(228, 250) : random.uniform(385, 415);
  const double height = head ? random.uniform(205, 220) : random.uniform(190, 215);
  const double slices = 48 + static_cast<double>(random.below(17));
  g.size = {std::llround(96 * options.resolution), std::llround(96 * options.resolution),
            std::llround(slices * options.resolution)};
  g.spacing = {width / static_cast<double>(g.size[0]), width / static_cast<double>(g.size[1]),
               height / static_cast<double>(g.size[2])};
  for (auto& s : g.spacing) s = std::round(s * 1e4) / 1e4;  // what a DICOM decimal string keeps
  if (options.tilted) {
    Random tilt(options.seed, {static_cast<std::uint64_t>(region), static_cast<std::uint64_t>(patient), 7});
    const auto angle = [&] { return (tilt.below(2) ? 1 : -1) * tilt.uniform(3, 8) * std::numbers::pi / 180; };
    const double x = angle(), y = angle(), z = angle();
    g.direction = rotation(x, y, z);
  }
  const Vec3 toCentre{(g.size[0] - 1) / 2.0, (g.size[1] - 1) / 2.0, (g.size[2] - 1) / 2.0};
  const Vec3 centre = g.indexToLps(toCentre);
  for (std::size_t a = 0; a < 3; ++a) g.origin[a] = -centre[a];
  return g;
}

}  // namespace

OrganStyle organStyle(const std::string& organ) {
  static const std::map<std::string, OrganStyle> styles{{"skull", {"#F0E442", "89546000", "Skull"}},
                                                        {"brain", {"#E69F00", "12738006", "Brain"}},
                                                        {"ventricles", {"#56B4E9", "35764002", "Brain ventricle"}},
                                                        {"eyes", {"#009E73", "81745001", "Eye"}},
                                                        {"lungs", {"#56B4E9", "39607008", "Lung"}},
                                                        {"heart", {"#D55E00", "80891009", "Heart"}},
                                                        {"aorta", {"#CC79A7", "15825003", "Aorta"}},
                                                        {"vertebrae", {"#F0E442", "421060004", "Vertebral column"}},
                                                        {"liver", {"#E69F00", "10200004", "Liver"}},
                                                        {"spleen", {"#0072B2", "78961009", "Spleen"}},
                                                        {"kidneys", {"#009E73", "64033007", "Kidney"}},
                                                        {"stomach", {"#CC79A7", "69695003", "Stomach"}}};
  const auto found = styles.find(organ);
  return found == styles.end() ? OrganStyle{} : found->second;
}

Anatomy makeAnatomy(Region region, int patient, const PhantomOptions& options) {
  Random random(options.seed, {static_cast<std::uint64_t>(region), static_cast<std::uint64_t>(patient)});
  Builder builder(region, random);
  if (region == Region::Head) buildHead(builder);
  if (region == Region::Thorax) buildThorax(builder);
  if (region == Region::Abdomen) buildAbdomen(builder);

  Anatomy out{std::move(builder.m_parts), {}};
  out.grid =
      makeGrid(region, patient, options,
               Random(options.seed, {static_cast<std::uint64_t>(region), static_cast<std::uint64_t>(patient), 5}));
  // Scanner coordinates: nobody lies with the middle of the field of view exactly at zero.
  const Vec3 isocentre{std::round(random.uniform(-15, 15)), std::round(random.uniform(-20, 5)),
                       std::round(random.uniform(-400, 400))};
  for (std::size_t a = 0; a < 3; ++a) {
    out.grid.origin[a] += isocentre[a];
    for (auto& part : out.parts)
      for (auto& solid : part.solids) solid.centre[a] += isocentre[a];
  }
  return out;
}

}  // namespace lorkd::data
