// Charts as inline SVG that follows the page's light or dark colours (CSS variables --ink, --soft, --grid, --panel,
// --negative, --positive, --accent, --casing and the classes of resources/styles/report.css). No script, no external resource.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lorkd::report::svg {

/// Text made safe for HTML and SVG content and attributes.
std::string escape(std::string_view text);

struct Points {
  std::vector<double> x, y;
};

/// Exponential average without the bias of its start: s_n = Σ βⁿ⁻ⁱ y_i / Σ βⁿ⁻ⁱ. Values that are not finite are
/// skipped.
Points smoothed(const Points& points, double beta);

/// At most about 2·`bins` points that keep the smallest and largest value of each stretch.
Points thinned(const Points& points, std::size_t bins = 300);

struct Range {
  double low = 0, high = 1;
};

/// The smallest range with round ends (1, 2, 5 × 10ⁿ) that holds the values; [0, 1] if there are none.
/// `share` of the largest values may lie outside, so that one outlier does not flatten a curve.
Range roundRange(std::vector<double> values, double share = 0, bool fromZero = false);

/// Round numbers inside a range, about `count`.
std::vector<double> ticks(Range range, int count = 5);

struct Line {
  Points points;
  std::string color;     ///< CSS colour
  std::string style;     ///< CSS classes: "raw", "smooth", "validation", "dotted"
  bool right = false;    ///< belongs to the right axis
  bool markers = false;  ///< hollow circles with the value as tooltip
};

struct Frame {
  std::string label;  ///< for screen readers
  double width = 340, height = 190;
  Range x, y;
  std::optional<Range> right;
  std::string xLabel, yLabel, rightLabel;
  std::optional<double> mark;  ///< a vertical line at this x
  std::string markLabel;
};

/// Lines in a frame with axes; drawn in order, clipped to the frame.
std::string plot(const Frame& frame, const std::vector<Line>& lines);

/// A square of numbers in cells, coloured on a scale fixed to [-1, 1] (or [0, 1]: positive colours only). Cells that
/// are not finite stay empty.
std::string matrix(const std::string& label, const std::vector<std::string>& names,
                   const std::vector<std::vector<double>>& values);

/// The colour scale of matrix() from `low` to 1.
std::string matrixKey(double low);

/// A figure with the ends of its interval, which may be absent (not finite).
struct Mark {
  std::string name, text;  ///< in front and behind
  double value = 0, low = 0, high = 0;
  bool strong = false;  ///< in the accent colour
};

/// Marks on a common scale, one a line, under the headings of their groups.
std::string intervals(const std::string& label, const std::vector<std::pair<std::string, std::vector<Mark>>>& groups);

/// Horizontal bars of shares in [0, 1], one name each; `width` in pixels at full size.
std::string bars(const std::string& label, const std::vector<std::string>& names, const std::vector<double>& shares,
                 double width = 760);

}  // namespace lorkd::report::svg
