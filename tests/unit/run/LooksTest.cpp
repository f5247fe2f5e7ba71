// Colours are told apart by everyone, and no two classes look the same.
#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <cmath>
#include <set>

#include "core/run/Looks.h"

namespace lorkd::plan {
namespace {

using Vector = std::array<double, 3>;
using Matrix = std::array<Vector, 3>;

Vector times(const Matrix& m, const Vector& v) {
  Vector out{};
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c) out[r] += m[r][c] * v[c];
  return out;
}

/// sRGB (IEC 61966-2-1) to linear light.
Vector linearOf(const std::string& color) {
  Vector out{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double c = std::stoi(color.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
    out[i] = c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  }
  return out;
}

/// CIE 1976 L*a*b* under D65.
Vector labOfLight(Vector rgb) {
  for (auto& c : rgb) c = std::clamp(c, 0.0, 1.0);
  const Matrix toXyz{{{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}};
  const auto xyz = times(toXyz, rgb);
  const Vector white{0.9505, 1.0, 1.089};
  Vector f{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double t = xyz[i] / white[i], edge = 6.0 / 29;
    f[i] = t > edge * edge * edge ? std::cbrt(t) : t / (3 * edge * edge) + 4.0 / 29;
  }
  return {116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])};
}

/// Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE
/// TVCG 15 (2009), the matrices of severity 1.0, for linear RGB.
const Matrix machadoProtan{
    {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}};
const Matrix machadoDeutan{
    {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}};
const Matrix machadoTritan{
    {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}};

/// Vienot, Brettel and Mollon, "Digital Video Colourmaps for Checking the Legibility of Displays by Dichromats", Color
/// Research and Application 24 (1999): linear RGB to cones, one of which is made of the others, and back.
Vector vienot(const Vector& rgb, bool protan) {
  const Matrix toCones{{{17.8824, 43.5161, 4.11935}, {3.45565, 27.1554, 3.86714}, {0.0299566, 0.184309, 1.46709}}};
  const Matrix back{{{0.0809444479, -0.130504409, 0.116721066},
                     {-0.0102485335, 0.0540193266, -0.113614708},
                     {-0.000365296938, -0.00412161469, 0.693511405}}};
  auto cones = times(toCones, rgb);
  if (protan)
    cones[0] = 2.02344 * cones[1] - 2.52581 * cones[2];
  else
    cones[1] = 0.494207 * cones[0] + 1.24827 * cones[2];
  return times(back, cones);
}

/// A colour as it is seen by normal sight and by each deficiency, in CIELAB.
std::vector<Vector> sights(const std::string& color) {
  const auto rgb = linearOf(color);
  std::vector<Vector> out{labOfLight(rgb)};
  for (const auto* m : {&machadoProtan, &machadoDeutan, &machadoTritan}) out.push_back(labOfLight(times(*m, rgb)));
  for (const bool protan : {true, false}) out.push_back(labOfLight(vienot(rgb, protan)));
  return out;
}

double apart(const Vector& a, const Vector& b) { return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]); }

/// The least difference over all kinds of sight.
double leastApart(const std::string& a, const std::string& b) {
  const auto left = sights(a), right = sights(b);
  double least = HUGE_VAL;
  for (std::size_t n = 0; n < left.size(); ++n) least = std::min(least, apart(left[n], right[n]));
  return least;
}

/// A plan of `tasks` tasks with `classes` classes each, named "t0c0" and so on.
Plan wide(std::size_t tasks, std::size_t classes) {
  Plan plan;
  for (std::size_t t = 0; t < tasks; ++t) {
    Task task;
    for (std::size_t c = 0; c < classes; ++c)
      task.classes.emplace_back("t" + std::to_string(t) + "c" + std::to_string(c), Class());
    plan.tasks.emplace_back("task" + std::to_string(t), task);
  }
  return plan;
}

std::set<std::pair<std::string, int>> allLooks(const Plan& plan) {
  const Looks looks(plan);
  std::set<std::pair<std::string, int>> out;
  for (std::size_t t = 0; t < plan.tasks.size(); ++t)
    for (std::size_t c = 0; c < plan.tasks[t].second.classes.size(); ++c)
      out.emplace(looks.of(t, c).color, looks.of(t, c).pattern);
  return out;
}

}  // namespace

TEST(Sight, TheSimulationKnowsWhatTheColourBlindConfuse) {
  // Greys stay what they are; a red and a green that differ by 90 for most look alike to protanopes and deuteranopes.
  for (const auto& seen : sights("#808080")) EXPECT_LT(apart(seen, sights("#808080")[0]), 2);
  const auto red = sights("#B05050"), green = sights("#707A40");
  EXPECT_GT(apart(red[0], green[0]), 40);
  EXPECT_LT(leastApart("#B05050", "#707A40"), 12);
  // Blue and green of one lightness are confused with tritanopia, not with the others.
  const auto blue = sights("#0080B0"), teal = sights("#008A70");
  EXPECT_GT(apart(blue[0], teal[0]), 3 * apart(blue[3], teal[3]));
}

TEST(Palette, AnyTwoColoursDifferForEveryKindOfSight) {
  const auto colors = palette();
  ASSERT_GE(colors.size(), 24u);
  const std::array okabeIto{"#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"};
  for (std::size_t n = 0; n < okabeIto.size(); ++n) EXPECT_STREQ(colors[n], okabeIto[n]);
  for (std::size_t a = 0; a < colors.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      EXPECT_GT(leastApart(colors[a], colors[b]), 10) << colors[a] << " and " << colors[b];
      EXPECT_GT(apart(sights(colors[a])[0], sights(colors[b])[0]), 20) << colors[a] << " and " << colors[b];
    }
    const auto lab = sights(colors[a])[0];
    EXPECT_GT(std::hypot(lab[1], lab[2]), 20) << colors[a] << " is grey like the images";
    EXPECT_GT(lab[0], 30) << colors[a] << " is not seen on black";
  }
}

TEST(Looks, ThirtyClassesOfSeveralTasksAreToldApart) {
  const auto plan = wide(6, 5);
  EXPECT_EQ(allLooks(plan).size(), 30u);
  std::set<std::string> plain;
  const Looks looks(plan);
  for (std::size_t t = 0; t < 6; ++t)
    for (std::size_t c = 0; c < 5; ++c) {
      EXPECT_EQ(classColor(plan, t, c), looks.of(t, c).color);
      if (looks.of(t, c).pattern == 0) plain.insert(looks.of(t, c).color);
    }
  EXPECT_EQ(plain.size(), palette().size()) << "colours alone come first";
  EXPECT_EQ(allLooks(wide(27, 8)).size(), 216u);
}

TEST(Looks, WhatIsGivenStaysAndNoDefaultComesNearIt) {
  auto plan = wide(2, 4);
  const auto color = [&](std::size_t t, std::size_t c) -> std::string& {
    return plan.tasks[t].second.classes[c].second.color;
  };
  color(1, 1) = "#e69f00";  // the palette's first, as a colour dialog writes it
  color(1, 2) = "#56b4e0";  // its second, nearly
  color(1, 3) = "#e69f00";
  const Looks looks(plan);
  EXPECT_EQ(looks.of(1, 1), (Look{"#e69f00", 0}));
  EXPECT_EQ(looks.of(1, 2), (Look{"#56b4e0", 0}));
  EXPECT_EQ(looks.of(1, 3).color, "#e69f00");
  EXPECT_NE(looks.of(1, 3).pattern, 0) << "the same colour twice is told apart by a pattern";
  EXPECT_EQ(looks.of(0, 0).color, "#009E73");
  EXPECT_EQ(allLooks(plan).size(), 8u);
  for (std::size_t c = 0; c < 4; ++c)
    for (const char* given : {"#e69f00", "#56b4e0"}) EXPECT_GT(leastApart(looks.of(0, c).color, given), 5);
}

TEST(Looks, AClassOfTwoTasksIsOneAndANameIsNotEnough) {
  auto plan = wide(3, 1);
  for (auto& [name, task] : plan.tasks) {
    task.classes.clear();
    task.classes.emplace_back("liver", Class());
    task.classes.emplace_back("tumour", Class()).second.labels = {name + " tumour"};
  }
  const Looks looks(plan);
  EXPECT_EQ(looks.of(0, 0), looks.of(2, 0));
  EXPECT_EQ(looks.identity(0, 0), looks.identity(2, 0));
  EXPECT_EQ(allLooks(plan).size(), 4u);
  EXPECT_NE(looks.identity(0, 1), looks.identity(1, 1));
}

TEST(Looks, TenThousandTasksAreNoTrouble) {
  auto plan = wide(10000, 2);
  plan.tasks[5000].second.color = "#56B4E9";
  const auto start = std::chrono::steady_clock::now();
  const Looks looks(plan);
  EXPECT_FALSE(looks.of(9999, 1).color.empty());
  for (std::size_t t = 0; t < 10000; t += 10) ASSERT_EQ(taskColor(plan, t), looks.of(t).color);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

}  // namespace lorkd::plan
