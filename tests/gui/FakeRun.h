// A run directory filled as a trainer would fill it, through the same writers.
#pragma once

#include <QColor>
#include <QPalette>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "core/run/EventLog.h"
#include "core/run/RunDirectory.h"

namespace lorkd::test {

inline plan::Plan samplePlan(const std::string& name = "organs") {
  const auto plan = plan::fromJson(Json::parse(R"({"name": ")" + name + R"(", "tasks": {
    "abdomen": {"classes": {"liver": {}, "spleen": {}}}, "spine": {"classes": {"vertebrae": {}}},
    "pelvis": {"classes": {"hip_left": {}}}, "muscles": {"classes": {"gluteus": {}}}}})"));
  if (!plan) qFatal("%s", plan.error().text().c_str());
  return *plan;
}

struct FakeRun {
  explicit FakeRun(const std::filesystem::path& path, const std::string& name = "organs")
      : directory(*run::RunDirectory::create(path, samplePlan(name))), writer(directory.events()) {}

  void steps(int from, int to, double level = 1.0) {
    for (int s = from; s <= to; ++s) {
      Json losses;
      int t = 0;
      double total = 0;
      for (const char* task : {"abdomen", "spine", "pelvis", "muscles"}) {
        const double noise = 0.12 * std::sin(s * 12.9898 + t * 78.233) * std::sin(s * 4.1 + t);
        const double value = level * (0.25 + 0.1 * t + (1.4 - 0.1 * t) * std::exp(-s / (60.0 + 30 * t))) * (1 + noise);
        losses[task] = {{"dice", 0.6 * value}, {"bce", 0.3 * value}, {"transfer", 0.1 * value}, {"total", value}};
        total += value;
        ++t;
      }
      append("step", {{"t", began + 0.9 * s},
                      {"step", s},
                      {"lr", 1e-3},
                      {"seconds", 0.87},
                      {"wait", 0.03},
                      {"total", total},
                      {"losses", losses}});
      if (s % 50 == 0) {
        const double dice = 0.88 - 0.5 * std::exp(-s / 90.0) - (s > 300 ? 0.01 : 0);
        append("validation", {{"t", began + 0.9 * s},
                              {"step", s},
                              {"best", s <= 300},
                              {"mean", dice},
                              {"metrics",
                               {{"abdomen", {{"dice", dice + 0.03}}},
                                {"spine", {{"dice", dice + 0.01}}},
                                {"pelvis", {{"dice", dice}}},
                                {"muscles", {{"dice", dice - 0.04}}}}}});
      }
      if (s % 10 == 0) conflict(s);
    }
  }
  void conflict(int s) {
    Json layers;
    const std::vector<std::string> names{"encoder.0.conv1", "encoder.0.conv2", "encoder.1.conv1", "encoder.1.conv2",
                                         "encoder.2.conv1", "encoder.2.conv2", "encoder.3.conv1", "encoder.3.conv2",
                                         "decoder.2.conv1", "decoder.2.conv2", "decoder.1.conv1", "decoder.1.conv2",
                                         "decoder.0.conv1", "decoder.0.conv2"};
    for (std::size_t l = 0; l < names.size(); ++l) {
      Json rows = Json::array();
      for (int i = 0; i < 4; ++i) {
        Json row = Json::array();
        for (int j = 0; j < 4; ++j) {
          const double cosine = i == j ? 1
                                       : 0.55 - 0.09 * static_cast<double>(l % 8) - 0.22 * std::abs(i - j) +
                                             0.25 * std::sin(0.018 * s + i + j) +
                                             0.12 * std::sin(13.7 * s * (1 + i + j) + static_cast<double>(l % 2));
          row.push_back(std::clamp(cosine, -0.95, 1.0) * (1 + 0.7 * i) * (1 + 0.7 * j));
        }
        rows.push_back(row);
      }
      layers[names[l]] = rows;
    }
    append("conflict", {{"t", began + 0.9 * s},
                        {"step", s},
                        {"tasks", {"abdomen", "spine", "pelvis", "muscles"}},
                        {"layers", layers}});
  }
  void append(const std::string& kind, Json fields) {
    if (const auto done = writer.append(kind, std::move(fields)); !done) qFatal("%s", done.error().text().c_str());
  }
  /// A status of this very process, so that the run counts as alive.
  void status(run::State state, std::int64_t step, const std::string& message = {}) {
    run::Status status;
    status.state = state;
    status.phase = "training";
    status.step = step;
    status.steps = 400;
    status.secondsLeft = 754;
    status.message = message;
    if (const auto done = directory.writeStatus(status); !done) qFatal("%s", done.error().text().c_str());
  }
  run::RunDirectory directory;
  run::EventWriter writer;
  double began = run::now() - 400;
};

inline QPalette darkPalette() {
  QPalette dark;
  for (auto [role, color] :
       {std::pair(QPalette::Window, QColor(45, 47, 51)), std::pair(QPalette::Base, QColor(30, 31, 34)),
        std::pair(QPalette::AlternateBase, QColor(38, 40, 44)), std::pair(QPalette::Text, QColor(225, 225, 225)),
        std::pair(QPalette::WindowText, QColor(225, 225, 225)), std::pair(QPalette::Button, QColor(56, 58, 63)),
        std::pair(QPalette::ButtonText, QColor(225, 225, 225)), std::pair(QPalette::Highlight, QColor(56, 132, 200)),
        std::pair(QPalette::HighlightedText, QColor(Qt::white)), std::pair(QPalette::ToolTipBase, QColor(45, 47, 51)),
        std::pair(QPalette::ToolTipText, QColor(225, 225, 225))})
    dark.setColor(role, color);
  return dark;
}

}  // namespace lorkd::test
