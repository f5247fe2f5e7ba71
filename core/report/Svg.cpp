#include "core/report/Svg.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace lorkd::report::svg {
namespace {

struct Margins {
  double left = 46, right = 12, top = 10, bottom = 34;
};

double share(double value, Range range) { return (value - range.low) / (range.high - range.low); }

std::string text(double x, double y, std::string_view anchor, std::string_view content, std::string_view extra = "") {
  return fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='{}' {}>{}</text>", x, y, anchor, extra, escape(content));
}

/// At most `limit` characters, the rest told by an ellipsis; cut between characters of UTF-8.
std::string shortened(const std::string& name, std::size_t limit) {
  std::size_t characters = 0, at = 0;
  for (; at < name.size(); ++at)
    if ((name[at] & 0xC0) != 0x80 && ++characters > limit) break;
  return at == name.size() ? name : name.substr(0, at) + "…";
}

/// Lines only where both ends are finite.
std::string path(const Points& p, Range x, Range y, double width, double height) {
  std::string d;
  bool pen = false;
  for (std::size_t i = 0; i < p.x.size(); ++i) {
    if (!std::isfinite(p.y[i])) {
      pen = false;
      continue;
    }
    d += fmt::format("{}{:.1f} {:.1f}", pen ? "L" : "M", share(p.x[i], x) * width, (1 - share(p.y[i], y)) * height);
    pen = true;
  }
  return d;
}

std::string drawLine(const Line& line, const Frame& frame, double width, double height) {
  const auto d = path(line.points, frame.x, line.right && frame.right ? *frame.right : frame.y, width, height);
  std::string out;
  // A casing beneath keeps pale task colours visible on a pale page.
  if (line.style != "raw") out += fmt::format("<path class='casing {}' d='{}'/>", line.style, d);
  return out + fmt::format("<path class='{}' stroke='{}' d='{}'/>", line.style, escape(line.color), d);
}

std::string drawMarkers(const Line& line, const Frame& frame, double width, double height) {
  const Range range = line.right && frame.right ? *frame.right : frame.y;
  std::string out;
  for (std::size_t i = 0; line.markers && i < line.points.x.size(); ++i) {
    const double x = line.points.x[i], y = line.points.y[i];
    if (x >= frame.x.low && x <= frame.x.high && y >= range.low && y <= range.high)
      out +=
          fmt::format("<circle cx='{:.1f}' cy='{:.1f}' r='3' stroke='{}'><title>step {:.0f}: {:.4f}</title></circle>",
                      share(x, frame.x) * width, (1 - share(y, range)) * height, escape(line.color), x, y);
  }
  return out;
}

std::string open(const std::string& label, double width, double height, double largest) {
  return fmt::format(
      "<svg role='img' aria-label='{}' viewBox='0 0 {:.0f} {:.0f}' style='max-width:{:.0f}px' "
      "xmlns='http://www.w3.org/2000/svg'>",
      escape(label), width, height, largest);
}

}  // namespace

std::string escape(std::string_view raw) {
  std::string out;
  for (char c : raw) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  return out;
}

Points smoothed(const Points& points, double beta) {
  Points out;
  double sum = 0, weight = 0;
  for (std::size_t i = 0; i < points.x.size(); ++i) {
    if (!std::isfinite(points.y[i])) continue;
    sum = beta * sum + points.y[i];
    weight = beta * weight + 1;
    out.x.push_back(points.x[i]);
    out.y.push_back(sum / weight);
  }
  return out;
}

Points thinned(const Points& points, std::size_t bins) {
  const auto n = points.x.size();
  if (n <= 2 * bins) return points;
  Points out;
  for (std::size_t b = 0; b < bins; ++b) {
    std::size_t low = n, high = n;
    for (auto i = b * n / bins; i < (b + 1) * n / bins; ++i) {
      if (!std::isfinite(points.y[i])) continue;
      if (low == n || points.y[i] < points.y[low]) low = i;
      if (high == n || points.y[i] > points.y[high]) high = i;
    }
    if (low == n) continue;
    for (auto i : {std::min(low, high), std::max(low, high)}) {
      out.x.push_back(points.x[i]);
      out.y.push_back(points.y[i]);
      if (low == high) break;
    }
  }
  return out;
}

std::vector<double> ticks(Range range, int count) {
  const double rough = (range.high - range.low) / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (double factor : {5.0, 2.0, 1.0})
    if (factor * power >= 0.999 * rough) step = factor * power;
  std::vector<double> out;
  for (double i = std::ceil(range.low / step - 1e-6); i <= range.high / step + 1e-6; ++i)
    out.push_back(i * step + 0.0);  // no minus zero
  return out;
}

Range roundRange(std::vector<double> values, double outside, bool fromZero) {
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  if (values.empty()) return {};
  std::ranges::sort(values);
  const auto last = static_cast<std::size_t>(static_cast<double>(values.size() - 1) * (1 - outside));
  Range range{values.front(), values[last]};
  if (fromZero) range.low = std::min(range.low, 0.0);
  if (!(range.high - range.low > 1e-9 * std::max(1.0, std::abs(range.high)))) range.high = range.low + 1;
  const auto inner = ticks(range);
  if (inner.size() < 2) return range;
  const double step = inner[1] - inner[0];
  return {std::floor(range.low / step + 1e-6) * step, std::ceil(range.high / step - 1e-6) * step};
}

std::string plot(const Frame& frame, const std::vector<Line>& lines) {
  Margins m;
  if (frame.right) m.right = 40;
  if (!frame.markLabel.empty()) m.top = 20;
  const double w = frame.width - m.left - m.right, h = frame.height - m.top - m.bottom;
  std::string out = open(frame.label, frame.width, frame.height, frame.width * 1.5);
  for (double v : ticks(frame.y)) {
    const double y = m.top + (1 - share(v, frame.y)) * h;
    out += fmt::format("<path class='grid' d='M{:.1f} {:.1f}h{:.1f}'/>", m.left, y, w);
    out += text(m.left - 6, y + 3.5, "end", fmt::format("{:.4g}", v));
  }
  for (double v : ticks(frame.x, std::max(3, static_cast<int>(w / 75)))) {
    const double x = m.left + share(v, frame.x) * w;
    out += fmt::format("<path class='axis' d='M{:.1f} {:.1f}v4'/>", x, m.top + h);
    out += text(x, m.top + h + 15, "middle", fmt::format("{:.6g}", v));
  }
  if (frame.right)
    for (double v : ticks(*frame.right))
      out += text(m.left + w + 6, m.top + (1 - share(v, *frame.right)) * h + 3.5, "start", fmt::format("{:.4g}", v));
  out += fmt::format("<path class='axis' d='M{:.1f} {:.1f}h{:.1f}'/>", m.left, m.top + h, w);
  if (frame.mark) {
    const double x = m.left + share(*frame.mark, frame.x) * w;
    out += fmt::format("<path class='mark' d='M{:.1f} {:.1f}v{:.1f}'/>", x, m.top, h);
    out += text(std::clamp(x, m.left + 40, m.left + w - 40), m.top - 7, "middle", frame.markLabel);
  }
  // A nested svg clips what leaves the frame.
  out += fmt::format("<svg class='inner' x='{:.1f}' y='{:.1f}' width='{:.1f}' height='{:.1f}'>", m.left, m.top, w, h);
  for (const auto& line : lines) out += drawLine(line, frame, w, h);
  out += fmt::format("</svg><g transform='translate({:.1f} {:.1f})'>", m.left, m.top);
  for (const auto& line : lines) out += drawMarkers(line, frame, w, h);
  out += "</g>";
  out += text(m.left + w / 2, frame.height - 4, "middle", frame.xLabel);
  const double middle = m.top + h / 2;
  out += text(11, middle, "middle", frame.yLabel, fmt::format("transform='rotate(-90 11 {:.1f})'", middle));
  const double edge = frame.width - 5;
  out += text(edge, middle, "middle", frame.rightLabel,
              fmt::format("transform='rotate(90 {:.1f} {:.1f}) translate(0 -2)'", edge, middle));
  return out + "</svg>\n";
}

std::string matrix(const std::string& label, const std::vector<std::string>& names,
                   const std::vector<std::vector<double>>& values) {
  const double cell = 48, row = 34;
  std::size_t longest = 0;
  std::vector<std::string> shown;
  for (const auto& name : names) {
    shown.push_back(shortened(name, 18));
    longest = std::max(longest, shown.back().size());
  }
  const double left = 18 + 6.4 * static_cast<double>(longest), n = static_cast<double>(names.size());
  const double top = 20 + 4.2 * static_cast<double>(longest), slant = 4.8 * static_cast<double>(longest);
  std::string out = open(label, left + n * cell + slant, top + n * row + 4, 1.15 * (left + n * cell + slant));
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double y = top + static_cast<double>(i) * row, x = left + (static_cast<double>(i) + 0.5) * cell;
    out += text(left - 8, y + row / 2 + 4, "end", shown[i]);
    out += text(x, top - 8, "start", shown[i], fmt::format("transform='rotate(-40 {:.1f} {:.1f})'", x, top - 8));
    for (std::size_t j = 0; j < names.size(); ++j) {
      const double v = values[i][j], cx = left + static_cast<double>(j) * cell;
      out += fmt::format("<rect class='empty' x='{:.1f}' y='{:.1f}' width='{:.1f}' height='{:.1f}' rx='3'/>", cx + 1,
                         y + 1, cell - 2, row - 2);
      if (!std::isfinite(v)) continue;
      const double strength = std::min(1.0, std::abs(v));
      out += fmt::format(
          "<rect class='{}' fill-opacity='{:.3f}' x='{:.1f}' y='{:.1f}' width='{:.1f}' height='{:.1f}' rx='3'>"
          "<title>{} – {}: {:.4f}</title></rect>",
          v < 0 ? "negative" : "positive", strength, cx + 1, y + 1, cell - 2, row - 2, escape(names[i]),
          escape(names[j]), v);
      // A rounded minus zero would look like a conflict.
      const auto number = std::abs(v) < 0.005 ? std::string("0.00") : fmt::format("{:.2f}", v);
      out += text(cx + cell / 2, y + row / 2 + 4, "middle", number,
                  strength > 0.55 ? "class='number strong'" : "class='number'");
    }
  }
  return out + "</svg>\n";
}

std::string matrixKey(double low) {
  const double width = 200, count = 40;
  std::string out = open("Colour scale", width + 30, 30, width + 30);
  for (double i = 0; i < count; ++i) {
    const double v = low + (1 - low) * (i + 0.5) / count;
    out += fmt::format("<rect class='{}' fill-opacity='{:.3f}' x='{:.1f}' y='2' width='{:.2f}' height='10'/>",
                       v < 0 ? "negative" : "positive", std::abs(v), 15 + i * width / count, width / count + 0.1);
  }
  for (double v = low; v <= 1; ++v) out += text(15 + width * share(v, {low, 1}), 25, "middle", fmt::format("{:g}", v));
  return out + "</svg>\n";
}

std::string intervals(const std::string& label, const std::vector<std::pair<std::string, std::vector<Mark>>>& groups) {
  const double row = 19, gap = 10, width = 760, right = 150;
  std::vector<double> values;
  std::size_t longest = 0;
  double height = 24;
  for (const auto& [heading, marks] : groups) {
    height += gap + row * static_cast<double>(marks.size() + 1);
    longest = std::max(longest, shortened(heading, 30).size());
    for (const auto& mark : marks) {
      longest = std::max(longest, shortened(mark.name, 30).size() + 2);
      for (const double v : {mark.value, mark.low, mark.high})
        if (std::isfinite(v)) values.push_back(v);
    }
  }
  const Range range = roundRange(values);
  const double left = 14 + 6.4 * static_cast<double>(longest), w = width - left - right;
  const auto at = [&](double v) { return left + share(v, range) * w; };
  std::string out = open(label, width, height, width);
  for (const double v : ticks(range)) {
    out += fmt::format("<path class='grid' d='M{:.1f} 16V{:.1f}'/>", at(v), height - 2);
    out += text(at(v), 11, "middle", fmt::format("{:.4g}", v));
  }
  double y = 20;
  for (const auto& [heading, marks] : groups) {
    y += gap;
    out += text(2, y + 13, "start", shortened(heading, 30), "class='number' font-weight='600'");
    y += row;
    for (const auto& mark : marks) {
      const double middle = y + row / 2;
      const char* kind = mark.strong ? "mark-strong" : "mark-plain";
      out += text(left - 10, middle + 4, "end", shortened(mark.name, 30));
      if (std::isfinite(mark.low) && std::isfinite(mark.high))
        out += fmt::format("<path class='{}' d='M{:.1f} {:.1f}H{:.1f}M{:.1f} {:.1f}v8M{:.1f} {:.1f}v8'/>", kind,
                           at(mark.low), middle, at(mark.high), at(mark.low), middle - 4, at(mark.high), middle - 4);
      if (std::isfinite(mark.value))
        out += fmt::format("<circle class='{}' cx='{:.1f}' cy='{:.1f}' r='4'/>", kind, at(mark.value), middle);
      out += text(width - right + 12, middle + 4, "start", mark.text, mark.strong ? "class='number'" : "");
      y += row;
    }
  }
  return out + "</svg>\n";
}

std::string bars(const std::string& label, const std::vector<std::string>& names, const std::vector<double>& shares,
                 double width) {
  const double row = 20;
  std::size_t longest = 0;
  for (const auto& name : names) longest = std::max(longest, shortened(name, 44).size());
  const double left = 14 + 6.4 * static_cast<double>(longest), w = width - left - 50;
  const double height = 22 + row * static_cast<double>(names.size());
  std::string out = open(label, width, height, width);
  for (double v : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    out += fmt::format("<path class='grid' d='M{:.1f} 16V{:.1f}'/>", left + v * w, height - 2);
    out += text(left + v * w, 11, "middle", fmt::format("{:.0f} %", 100 * v));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double y = 18 + row * static_cast<double>(i);
    out += text(left - 8, y + 13, "end", shortened(names[i], 44));
    if (!std::isfinite(shares[i])) continue;
    const double length = std::clamp(shares[i], 0.0, 1.0) * w;
    out += fmt::format(
        "<rect class='bar' x='{:.1f}' y='{:.1f}' width='{:.1f}' height='{:.1f}' rx='2'><title>{}: {:.1f} %"
        "</title></rect>",
        left, y + 3, length, row - 6, escape(names[i]), 100 * shares[i]);
    out += text(left + length + 6, y + 13, "start", fmt::format("{:.0f} %", 100 * shares[i]), "class='number'");
  }
  return out + "</svg>\n";
}

}  // namespace lorkd::report::svg
