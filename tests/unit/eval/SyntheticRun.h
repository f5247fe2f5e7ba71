// Run directories with plausible curves, written through the same calls as the trainer's.
#pragma once

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Random.h"
#include "core/eval/Table.h"
#include "core/run/EventLog.h"
#include "core/run/RunDirectory.h"

namespace lorkd::test {

inline plan::Plan syntheticPlan(const std::string& name, const std::string& method) {
  Json json{{"name", name}, {"method", method}, {"training", {{"steps", 400}}}};
  json["data"]["sources"]["hospital"] = {{"path", "/archive/DOE^JANE"}};
  json["tasks"]["abdomen"] = {{"classes", {{"liver", Json::object()}, {"spleen", Json::object()}}}, {"rank", 12}};
  json["tasks"]["head and neck"] = {{"classes", {{"brain", Json::object()}}}, {"rank", 4}};
  json["tasks"]["thorax"] = {{"classes", {{"lung left", Json::object()}, {"lung right", Json::object()}}}, {"rank", 8}};
  json["tasks"]["spine and ribs"] = {{"classes", {{"vertebrae", Json::object()}}}, {"rank", 2}};
  json["tasks"]["脊柱"] = {{"classes", {{"sacrum", Json::object()}}}, {"rank", 6}};
  return plan::fromJson(json).value();
}

/// Losses fall noisily from 1.6, validation rises to `quality`, conflict is strong at first and in the deep layers.
inline run::RunDirectory syntheticRun(const std::filesystem::path& path, const plan::Plan& plan, double quality) {
  std::filesystem::remove_all(path);
  const auto run = run::RunDirectory::create(path, plan).value();
  const run::EventWriter events(run.events());
  Random random(7);
  const std::vector<std::string> layers{"encoder.0.conv1", "encoder.1.conv1", "encoder.2.conv1", "decoder.1.conv1",
                                        "decoder.0.<b>conv2"};
  const auto tasks = plan.tasks.size();
  std::vector<std::string> names;
  for (const auto& [name, task] : plan.tasks) names.push_back(name);
  for (int step = 1; step <= 400; ++step) {
    const double decay = std::exp(-step / 110.0);
    Json losses = Json::object(), metrics = Json::object();
    for (std::size_t t = 0; t < tasks; ++t) {
      const double dice = (0.25 + 0.6 * decay) * (1 + 0.1 * static_cast<double>(t)) * std::exp(random.normal(0, 0.15));
      const double bce = (0.05 + 0.5 * decay) * std::exp(random.normal(0, 0.2)), transfer = 0.1 + 0.1 * decay;
      losses[names[t]] = {{"dice", dice}, {"bce", bce}, {"transfer", transfer}, {"total", dice + bce + 0.1 * transfer}};
      // The first task also tells its classes, of which one was never seen.
      metrics[names[t]] = {{"dice", (quality - 0.04 * static_cast<double>(t)) * (1 - decay) + random.normal(0, 0.01)}};
      if (t == 0) metrics[names[t]].update({{"dice/liver", quality * (1 - decay)}, {"dice/spleen", nullptr}});
    }
    (void)events.append(
        "step", {{"step", step}, {"lr", 1e-3}, {"seconds", 0.5}, {"wait", 0.1}, {"total", 1}, {"losses", losses}});
    if (step % 25 == 0)
      (void)events.append("validation", {{"step", step},
                                         {"best", step <= 350},
                                         {"mean", (quality - 0.08) * (1 - decay) - (step > 350 ? 0.02 : 0)},
                                         {"metrics", metrics}});
    if (step % 5 != 0 || plan.method != plan::PlanMethod::Lorkd) continue;
    Json grams = Json::object();
    for (std::size_t l = 0; l < layers.size(); ++l) {
      // Gradients g_t = common part + own part; the common part fades in the deep layers.
      std::vector<std::vector<double>> g(tasks, std::vector<double>(6));
      for (std::size_t t = 0; t < tasks; ++t)
        for (std::size_t d = 0; d < 6; ++d)
          g[t][d] = (d == 0            ? 2.2 - 0.5 * static_cast<double>(l)
                     : d == 1 && t > 2 ? -1.5
                     : d == 1          ? 1
                                       : 0) +
                    random.normal(0, 0.7) * (1 + static_cast<double>(t) / 2);
      Json k = Json::array();
      for (std::size_t i = 0; i < tasks; ++i) {
        k.push_back(Json::array());
        for (std::size_t j = 0; j < tasks; ++j) {
          double dot = 0;
          for (std::size_t d = 0; d < 6; ++d) dot += g[i][d] * g[j][d];
          k.back().push_back(dot);
        }
      }
      grams[layers[l]] = k;
    }
    (void)events.append("conflict", {{"step", step}, {"tasks", names}, {"layers", grams}});
  }
  (void)events.append("done", {{"outcome", "done"}, {"message", ""}});
  run::Status status;
  status.state = run::State::Finished;
  status.step = status.steps = 400;
  (void)run.writeStatus(status);
  return run;
}

inline eval::Table syntheticResults(const plan::Plan& plan) {
  eval::Table table;
  const std::vector<std::pair<std::string, double>> methods{{"expert", 0.88}, {"mtl", 0.83}, {"teacher", 0.871}};
  for (const auto& [method, quality] : methods) {
    double sum = 0;
    for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
      const auto& [name, task] = plan.tasks[t];
      const double value = quality - 0.03 * static_cast<double>(t) + (method == "mtl" && t == 1 ? 0.06 : 0);
      table.add({name, method, "dice", value, 8});
      for (const auto& [cls, options] : task.classes) table.add({name, method, "dice/" + cls, value - 0.01, 8});
      table.add({name, method, "parameters", method == "teacher" ? 5.6e6 : 352817, 0});
      sum += value;
    }
    table.add({"mean", method, "dice", sum / static_cast<double>(plan.tasks.size()), 40});
  }
  return table;
}

}  // namespace lorkd::test
