#include <algorithm>
#include <cctype>
#include <numeric>

#include "core/workflow/Study.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace fs = std::filesystem;
namespace {

template <class T>
std::vector<T> eachOnce(const std::vector<T>& list) {
  std::vector<T> out;
  for (const auto& item : list)
    if (std::ranges::find(out, item) == out.end()) out.push_back(item);
  return out;
}

plan::PlanMethod methodOf(const std::string& name) { return Json(name).get<plan::PlanMethod>(); }

bool needsTeacher(plan::PlanMethod method) {
  return method == plan::PlanMethod::MtlKd || method == plan::PlanMethod::StlKd;
}

}  // namespace

plan::Split foldOf(plan::Split split, int fold) {
  split.fold = fold;
  split.heldOut = plan::SplitHeldOut::Test;  // every patient is to be tested once
  return split;
}

std::string studyName(const plan::Plan& plan) {
  std::string out;
  for (const char c : plan.name) {
    const auto u = static_cast<unsigned char>(c);
    const bool good = std::isalnum(u) || u >= 0x80 || c == '_';
    if (good) out += c;
    if (!good && !out.empty() && out.back() != '-') out += '-';
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "study" : out;
}

Result<std::vector<StudyRun>> studyRuns(const plan::Plan& plan, const StudyOptions& options) {
  const auto& losses = plan.losses;
  const bool taught =
      plan.teacher.source != plan::TeacherSource::None && (losses.transfer > 0 || losses.transferLogits > 0);
  auto methods = options.methods;
  if (methods.empty())
    for (const auto& name : plan.study.methods) methods.push_back(methodOf(name));
  if (options.methods.empty() && plan.study.methods == plan::Study{}.methods && !taught)
    std::erase_if(methods, needsTeacher);  // nobody asked for them
  methods = eachOnce(methods);
  const auto seeds = eachOnce(options.seeds.empty() ? plan.study.seeds : options.seeds);
  if (methods.empty() || seeds.empty())
    return fail(ErrorCode::InvalidArgument, "a study needs at least one method and one seed", "", "study");
  for (const auto method : methods)
    if (needsTeacher(method) && !taught)
      return fail(ErrorCode::InvalidArgument, toString(method) + " learns from a teacher, but the plan has none",
                  "set teacher.source to train or checkpoint and losses.transfer or losses.transfer_logits above 0, or "
                  "leave the method out",
                  "study.methods");
  const bool train = taught && plan.teacher.source == plan::TeacherSource::Train &&
                     std::ranges::any_of(methods, [](auto m) { return takesTeacher(m); });
  const bool compared = std::ranges::find(methods, plan::PlanMethod::Teacher) != methods.end();

  const auto folder = fs::absolute(options.folder).lexically_normal();
  std::vector<int> folds{-1};
  if (plan.study.folds) {
    folds.resize(static_cast<std::size_t>(plan.data.split.folds));
    std::iota(folds.begin(), folds.end(), 0);
  }
  std::vector<StudyRun> out;
  const auto add = [&](plan::PlanMethod method, std::int64_t seed, int fold, plan::Plan own, int teacher, bool shown) {
    const auto end = toString(method) + "-" + std::to_string(seed) + (fold < 0 ? "" : "-fold" + std::to_string(fold));
    if (fold >= 0) own.data.split = foldOf(plan.data.split, fold);
    own.method = method;
    own.seed = seed;
    if (method == plan::PlanMethod::Stl || method == plan::PlanMethod::StlKd)
      own.training = plan::ofSeparate(own.training, plan.study);
    own.study = {};  // methods and seeds may be added later
    own.name = plan.name + " " + end;
    out.push_back({method, seed, folder / (studyName(plan) + "-" + end), std::move(own), teacher, shown, fold});
    return static_cast<int>(out.size()) - 1;
  };
  const auto addAll = [&](std::int64_t seed, int fold) {
    int teacher = -1;
    if (train || compared) {
      auto joint = teacherPlan(plan);
      joint.teacher.source = plan::TeacherSource::None;
      joint.teacher.checkpoint.clear();
      teacher = add(plan::PlanMethod::Teacher, seed, fold, std::move(joint), -1, compared);
    }
    for (const auto method : methods) {
      if (method == plan::PlanMethod::Teacher) continue;
      auto own = plan;
      const bool pupil = train && takesTeacher(method);
      if (pupil) {
        own.teacher.source = plan::TeacherSource::Checkpoint;
        own.teacher.checkpoint = out[static_cast<std::size_t>(teacher)].path.string();
      } else if (!takesTeacher(method)) {
        own.teacher.source = plan::TeacherSource::None;
        own.teacher.checkpoint.clear();
      }
      add(method, seed, fold, std::move(own), pupil ? teacher : -1, true);
    }
  };
  for (const auto seed : seeds)
    for (const int fold : folds) addAll(seed, fold);
  return out;
}

}  // namespace lorkd::workflow
