#include <gmock/gmock.h>

#include <regex>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/report/ConflictHistory.h"
#include "core/report/Report.h"
#include "core/report/StudyReport.h"
#include "core/report/Svg.h"
#include "tests/unit/eval/SyntheticRun.h"

using namespace lorkd;
using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

namespace {

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++n;
  return n;
}

}  // namespace

TEST(Report, OneSelfContainedPageWithEveryFigure) {
  const fs::path folder = fs::path(testing::TempDir()) / "lorkd_report";
  const auto plan = test::syntheticPlan("Five regions <script>alert(1)</script>", "lorkd");
  const auto run = test::syntheticRun(folder / "lorkd", plan, 0.92);
  const auto other = test::syntheticRun(folder / "mtl", test::syntheticPlan("Five regions, shared", "mtl"), 0.87);
  ASSERT_TRUE(writeJson(run.expert("abdomen") / "manifest.json", {{"parameters", 352817},
                                                                  {"parity", 2.4e-7},
                                                                  {"versions", {{"lorkd", "0.1.0"}}},
                                                                  {"files", {{"expert.safetensors", "0123abcd"}}}}));
  const auto file = folder / "report.html";
  const auto written = report::writeReport(file, {run, other}, test::syntheticResults(plan));
  ASSERT_TRUE(written) << written.error().text();
  const auto html = readFile(file).value();

  for (const char* external : {"<script", "<link", "<img", "@import", "url(", "src=", "href="})
    EXPECT_THAT(html, Not(HasSubstr(external)));
  EXPECT_THAT(html, Not(HasSubstr("DOE^JANE"))) << "paths of sources stay in the run";
  EXPECT_THAT(html, HasSubstr("<h1>Five regions &lt;script&gt;alert(1)&lt;/script&gt;</h1>"));
  EXPECT_THAT(html, HasSubstr("decoder.0.&lt;b&gt;conv2"));
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme:dark"));
  for (const char* heading : {"Results on the test cases", "Tasks", "Training", "Validation", "Gradient conflict",
                              "Where this comes from", "Compared with: Five regions, shared (mtl)"})
    EXPECT_THAT(html, HasSubstr("<h2>" + std::string(heading) + "</h2>"));
  EXPECT_EQ(count(html, "aria-label='Training loss and validation of task"), 10u) << "five tasks, two runs";
  EXPECT_EQ(count(html, "aria-label='Mean cosine"), 1u);
  EXPECT_EQ(count(html, "aria-label='Validation by class of task abdomen"), 2u) << "two runs, one task with classes";
  EXPECT_EQ(count(html, "aria-label='Validation by class"), 2u);
  EXPECT_THAT(html, HasSubstr(run.planDigest()));
  EXPECT_THAT(html, HasSubstr("0123abcd"));
  // Best of each row in bold: the expert but for the second task, where mtl leads; equal rows of classes likewise.
  EXPECT_THAT(html, HasSubstr("<td class='n best'><i style='width:88.0%'></i><span>0.8800</span>"));
  EXPECT_THAT(html, HasSubstr("<td class='n best'><i style='width:86.0%'></i><span>0.8600</span>"));
  EXPECT_LT(html.find("<tr><th>"), html.find("<tr class='mean'>"));
  for (const char* tag : {"svg", "section", "table", "details", "figure", "div", "tr"})
    EXPECT_EQ(count(html, std::string("<") + tag + " ") + count(html, std::string("<") + tag + ">"),
              count(html, std::string("</") + tag + ">"))
        << tag;
  EXPECT_LT(html.size(), 2'000'000u);
  EXPECT_THAT(html, Not(HasSubstr("nan")));
  EXPECT_THAT(html, HasSubstr("<b>10.0 %</b><span>of the training time waiting for data</span>"));
}

TEST(Report, SurfaceScoresStandBesideDice) {
  const fs::path folder = fs::path(testing::TempDir()) / "lorkd_report_surfaces";
  fs::remove_all(folder);
  const auto plan = test::syntheticPlan("surfaces", "lorkd");
  const auto run = test::syntheticRun(folder / "run", plan, 0.9);
  eval::Table table;
  const auto add = [&](const std::string& method, const std::string& ending, double mm) {
    table.add({"abdomen", method, "dice" + ending, 0.9, 8});
    table.add({"abdomen", method, "nsd" + ending, 0.75, 8});
    table.add({"abdomen", method, "hd95_mm" + ending, mm, 7});
    table.add({"abdomen", method, "missed" + ending, 1, 8});
  };
  const auto html = [&] {
    EXPECT_TRUE(report::writeReport(folder / "report.html", {run}, table));
    return readFile(folder / "report.html").value();
  };
  add("expert", "", 0.5);
  add("expert", "/liver", 0.5);
  const auto alone = html();
  EXPECT_THAT(alone, HasSubstr("<th>expert</th><th class='n'>dice</th><th class='n'>NSD</th>"
                               "<th class='n'>HD95</th><th class='n'>missed</th><th class='n'>cases</th>"));
  EXPECT_THAT(alone, HasSubstr("<td class='n'><span>0.50\u202fmm</span></td><td class='n'><span>1</span></td>"
                               "<td class='n soft'>8</td>"))
      << "a distance has no bar, and nothing is best where there is one";
  EXPECT_THAT(alone, HasSubstr("<small>abdomen</small>"));
  EXPECT_EQ(count(alone, "NSD: the share"), 1u);
  add("mtl", "", 3);
  const auto both = html();
  EXPECT_THAT(both, HasSubstr("<th class='n' colspan='2'>HD95</th>"));
  EXPECT_THAT(both,
              HasSubstr("<td class='n best'><span>0.50\u202fmm</span></td><td class='n'><span>3.00\u202fmm</span>"))
      << "the smaller distance is the better one";
}

TEST(Report, EmptyRunAndNoRun) {
  const fs::path folder = fs::path(testing::TempDir()) / "lorkd_report_empty";
  fs::remove_all(folder);
  const auto run = run::RunDirectory::create(folder / "run", test::syntheticPlan("queued", "lorkd")).value();
  ASSERT_TRUE(report::writeReport(folder / "report.html", {run}, {}));
  auto soon = run.status().value();
  EXPECT_NE(soon.state, run::State::Finished);
  soon.state = run::State::Finished;
  ASSERT_TRUE(report::writeReport(folder / "soon.html", {run}, {}, soon));
  EXPECT_THAT(readFile(folder / "soon.html").value(), HasSubstr("<span class='state finished'>"));
  const auto html = readFile(folder / "report.html").value();
  EXPECT_THAT(html, HasSubstr("queued"));
  EXPECT_THAT(html, Not(HasSubstr("<h2>Gradient conflict</h2>")));
  EXPECT_FALSE(report::writeReport(folder / "none.html", {}, {}));
  EXPECT_FALSE(fs::exists(folder / "none.html"));
}

TEST(ConflictHistory, ByHandAndRubbishLeftOut) {
  const auto gram = [](double k01, double k02, double k12) {
    return Json::array({Json::array({4.0, k01, k02}), Json::array({k01, 1.0, k12}), Json::array({k02, k12, 1.0})});
  };
  const Json tasks = Json::array({"a", "b", "c"});
  std::vector<Json> events{
      {{"kind", "conflict"},
       {"step", 10},
       {"tasks", tasks},
       {"layers", {{"one", gram(-2, 1, 0.5)}, {"two", gram(2, -1, -0.5)}}}},
      {{"kind", "conflict"}, {"step", 20}, {"tasks", tasks}, {"layers", {{"one", gram(-2, -1, 0.5)}}}},
      {{"kind", "validation"}, {"step", 20}, {"best", true}, {"mean", 0.5}, {"metrics", {{"a", {{"dice", 0.4}}}}}},
      {{"kind", "validation"},
       {"step", 40},
       {"best", false},
       {"mean", nullptr},
       {"metrics", {{"a", {{"dice", nullptr}}}}}},
  };
  for (const char* rubbish :
       {"7", "{}", R"({"kind":3,"step":1})", R"({"kind":"conflict","step":1,"tasks":["a"],"layers":{"x":[[1,2]]}})",
        R"({"kind":"conflict","step":1,"tasks":7,"layers":[]})", R"({"kind":"step","step":"x","losses":{}})",
        R"({"kind":"step","step":5,"losses":{"a":3}})", R"({"kind":"validation","step":5,"metrics":[1]})"})
    events.push_back(Json::parse(rubbish));
  const auto history = run::RunSeries::of(events);
  const auto conflict = report::conflictOf(history);
  ASSERT_EQ(conflict.measurements, 2);
  // Summed over layers: step 10 gives cosines 0, 0, 0; step 20 gives -1, -0.5, 0.5.
  EXPECT_DOUBLE_EQ(conflict.cosine[0][1], -0.5);
  EXPECT_DOUBLE_EQ(conflict.cosine[0][2], -0.25);
  EXPECT_DOUBLE_EQ(conflict.cosine[1][2], 0.25);
  EXPECT_NEAR(conflict.magnitude[0][1], 2.0 * 2 * 1 / (4 + 1), 1e-12);
  EXPECT_THAT(conflict.fraction.y, testing::ElementsAre(0.0, testing::DoubleEq(2.0 / 3)));
  EXPECT_DOUBLE_EQ(*conflict.layers.find("one"), 3.0 / 6);
  EXPECT_DOUBLE_EQ(*conflict.layers.find("two"), 2.0 / 3);
  // A pair that was never in one batch has no figure, and its absence is none of its tasks' harmony.
  const Json rows = Json::array({{4, -2, nullptr}, {-2, 1, nullptr}, {nullptr, nullptr, 9}});
  const Json none = Json::array({{4, nullptr, nullptr}, {nullptr, nullptr, nullptr}, {nullptr, nullptr, 9}});
  const auto conflicts = [](const std::vector<Json>& events) { return report::conflictOf(run::RunSeries::of(events)); };
  const auto apart = conflicts({{{"kind", "conflict"}, {"step", 1}, {"tasks", tasks}, {"layers", {{"one", rows}}}},
                                {{"kind", "conflict"},
                                 {"step", 2},
                                 {"tasks", tasks},
                                 {"weights", {0.5, 0.0, 0.25}},
                                 {"layers", {{"one", none}}}}});
  EXPECT_EQ(apart.measurements, 1);
  EXPECT_THAT(apart.fraction.y, testing::ElementsAre(1.0));
  EXPECT_DOUBLE_EQ(*apart.layers.find("one"), 1.0);
  EXPECT_TRUE(std::isnan(apart.cosine[0][2]));
  EXPECT_DOUBLE_EQ(apart.magnitude[2][1], 0.6) << "lengths are known all the same: 2 * 3 * 1 / (9 + 1)";
  EXPECT_DOUBLE_EQ(report::meanCosine(apart), -1.0);
  EXPECT_THAT(report::svg::matrix("Cosines", apart.tasks, apart.cosine), Not(HasSubstr("nan")));
  // Weights of tasks that are there count although one is absent: 4/0.5² against 9/0.75², norms 4 and 4.
  const Json pair = Json::array({{4, nullptr, 1}, {nullptr, nullptr, nullptr}, {1, nullptr, 9}});
  const auto weighed = conflicts({{{"kind", "conflict"},
                                   {"step", 1},
                                   {"tasks", tasks},
                                   {"weights", {0.5, 0.0, 0.75}},
                                   {"layers", {{"one", pair}}}}});
  ASSERT_EQ(weighed.measurements, 1);
  EXPECT_DOUBLE_EQ(weighed.magnitude[0][2], 1.0);
  EXPECT_EQ(history.bestStep(), 20);
  EXPECT_EQ(history.bestMean(), 0.5);
  EXPECT_TRUE(std::isnan(history.metrics().find("a")->find("dice")->value[1]));
}

TEST(Svg, SmoothingIsDebiasedAndThinningKeepsExtremes) {
  const auto constant = report::svg::smoothed({{1, 2, 3}, {5, 5, 5}}, 0.9);
  for (double y : constant.y) EXPECT_DOUBLE_EQ(y, 5);
  const auto two = report::svg::smoothed({{1, 2, 3}, {1, std::nan(""), 4}}, 0.5);
  EXPECT_THAT(two.y, testing::ElementsAre(1.0, testing::DoubleEq((0.5 * 1 + 4) / 1.5)));
  report::svg::Points long_;
  for (int i = 0; i < 100000; ++i) long_.x.push_back(i), long_.y.push_back(i == 54321 ? 9.0 : i == 777 ? -9.0 : 0.0);
  const auto thin = report::svg::thinned(long_, 100);
  EXPECT_LE(thin.x.size(), 200u);
  EXPECT_EQ(std::ranges::max(thin.y), 9.0);
  EXPECT_EQ(std::ranges::min(thin.y), -9.0);
}

TEST(Svg, RangesAndTicksAreRound) {
  const auto range = report::svg::roundRange({0.13, 1.71}, 0, true);
  EXPECT_EQ(range.low, 0);
  EXPECT_DOUBLE_EQ(range.high, 2);
  EXPECT_THAT(report::svg::ticks(range), testing::ElementsAre(0.0, 0.5, 1.0, 1.5, 2.0));
  EXPECT_EQ(report::svg::roundRange({}).high, 1);
  for (const std::vector<double>& values : {std::vector<double>{3, 3}, {-1e9, 1e9}, {1e-8, 2e-8}, {0, 0}}) {
    const auto r = report::svg::roundRange(values);
    const double rounding = 1e-9 * (r.high - r.low);
    EXPECT_LE(r.low, values[0] + rounding);
    EXPECT_GE(r.high, values[1] - rounding);
    const auto n = report::svg::ticks(r).size();
    EXPECT_GE(n, 2u);
    EXPECT_LE(n, 12u);
  }
  EXPECT_EQ(report::svg::escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
}
