#include <algorithm>

#include "core/base/File.h"
#include "core/data/Prepare.h"
#include "core/eval/Table.h"
#include "core/feed/Dataset.h"
#include "core/io/Images2D.h"
#include "core/workflow/PredictCases.h"
#include "core/workflow/PredictedSeg.h"
#include "core/workflow/Scoring.h"

namespace lorkd::workflow {
namespace fs = std::filesystem;
namespace {

/// An image and the probability of each class.
struct Answered {
  std::string id;
  std::vector<double> probabilities;
};

/// What an image is said to be: its most probable class (of equal ones the first); of overlapping classes all those
/// above the threshold, with bars between them.
std::string answerOf(const plan::Plan& plan, const plan::Task& task, const std::vector<double>& probabilities) {
  if (task.outputs != plan::TaskOutputs::Overlapping)
    return task.classes[static_cast<std::size_t>(std::ranges::max_element(probabilities) - probabilities.begin())]
        .first;
  std::string out;
  for (std::size_t c = 0; c < probabilities.size(); ++c)
    if (probabilities[c] > plan.evaluation.threshold) out += (out.empty() ? "" : "|") + task.classes[c].first;
  return out;
}

Result<void> writeTable(const fs::path& file, const plan::Plan& plan, const plan::Task& task,
                        const std::vector<Answered>& answers) {
  std::string text = "image,answer";
  for (const auto& [name, options] : task.classes) text += "," + eval::csvField(name);
  text += "\r\n";
  for (const auto& [id, probabilities] : answers) {
    text += eval::csvField(id) + "," + eval::csvField(answerOf(plan, task, probabilities));
    for (const double p : probabilities) text += "," + Json(p).dump();
    text += "\r\n";
  }
  return writeFileAtomically(file, text);
}

/// The image as the network takes it, alone in a batch.
Result<torch::Tensor> inputOf(const plan::Plan& plan, const data::Case& item) {
  const auto [x, y, z] = plan::patchOf(plan);
  std::vector<float> values;
  if (plan::ofPictures(plan)) {
    LORKD_TRY(picture, io::readPicture(item.imageFiles.front()));
    values = data::wholePicture(picture, plan.data);
    return torch::tensor(values).view({1, -1, y, x});
  }
  LORKD_TRY(read, data::wholeImage(plan.data, item));
  return torch::tensor(read).view({1, -1, z, y, x});
}

}  // namespace

Result<std::vector<fs::path>> predictClasses(const run::RunDirectory& run, const PredictRequest& request,
                                             const std::vector<int>& tasks, Progress& progress,
                                             const CancelToken& cancel) {
  if (!request.segmentations.empty())
    return fail(ErrorCode::Unsupported, "these tasks classify images and mark nothing in them",
                "leave out the folder for segmentations", run.path().string());
  LORKD_TRY(device, setUpDevice(run.plan()));
  LORKD_TRY(network, loadTrained(run));
  std::vector<std::pair<std::string, nn::Network>> networks{{"", network}};
  if (request.teacher) {
    LORKD_TRY(teacher, teacherRun(run));
    LORKD_TRY(loaded, loadTrained(teacher));
    networks.emplace_back("teacher.", loaded);
  }
  for (auto& [prefix, net] : networks) net->to(device);
  data::Digests digests;
  LORKD_TRY(cases, wantedCases(run, request, digests, progress, cancel));
  LORKD_TRY(plan, decidedPlan(run));
  const fs::path root = request.output.empty() ? run.predictions() : request.output;
  if (!request.input.empty()) LORKD_CHECK(checkOutside(root));
  LORKD_CHECK(makeWritableFolder(root));
  if (!request.input.empty()) LORKD_CHECK(nameSources(cases, root));

  std::vector<std::vector<std::vector<Answered>>> answers(networks.size(),
                                                          std::vector<std::vector<Answered>>(tasks.size()));
  const auto each = [&](const auto& use) -> Result<void> {
    for (std::size_t n = 0; n < networks.size(); ++n)
      for (std::size_t t = 0; t < tasks.size(); ++t) {
        const Deployed deployed(networks[n].second, tasks[t]);
        LORKD_CHECK(use(networks[n].second, tasks[t], answers[n][t]));
      }
    return {};
  };
  // The pictures of a set are numbered within it, and prepared already.
  const bool set = std::ranges::any_of(cases, [](const auto& entry) { return entry.item.kind == "picture"; });
  if (set) {
    LORKD_TRY(list, freezeCases(run, progress, cancel));
    LORKD_TRY(prepared, data::prepare(plan, list, preparedFolder(run), progress, cancel));
    LORKD_TRY(dataset, feed::Dataset::open(prepared, plan));
    LORKD_CHECK(each([&](nn::Network& net, int task, std::vector<Answered>& out) -> Result<void> {
      LORKD_TRY(scored, score(net, task, "test", dataset, plan, device, cancel));
      for (auto& picture : scored.answers.pictures) out.push_back({picture.id, std::move(picture.probabilities)});
      return {};
    }));
  }
  std::int64_t done = 0;
  for (const auto& entry : cases) {
    if (entry.item.kind == "picture") continue;
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "predicting was stopped");
    progress.report("predicting " + entry.item.id, done++, std::ssize(cases));
    auto input = inputOf(plan, entry.item);
    if (!input) return fail(input.error(), entry.item.id);
    LORKD_CHECK(digests.of(entry));  // hours may lie between the first look and this one
    LORKD_CHECK(each([&](nn::Network& net, int task, std::vector<Answered>& out) -> Result<void> {
      const auto outputs = plan.tasks[static_cast<std::size_t>(task)].second.outputs;
      const auto shares = classProbabilities(net, task, input->to(device), outputs);
      const auto* share = shares.template data_ptr<double>();
      out.push_back({entry.item.id, {share, share + shares.numel()}});
      return {};
    }));
  }
  std::vector<fs::path> written;
  for (std::size_t n = 0; n < networks.size(); ++n)
    for (std::size_t t = 0; t < tasks.size(); ++t) {
      const auto& [name, task] = plan.tasks[static_cast<std::size_t>(tasks[t])];
      written.push_back(root / (networks[n].first + fileNameOf(name) + ".csv"));
      LORKD_CHECK(writeTable(written.back(), plan, task, answers[n][t]));
    }
  progress.report("predicting", std::ssize(cases), std::ssize(cases));
  return written;
}

}  // namespace lorkd::workflow
