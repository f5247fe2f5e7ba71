#include "core/run/Strangers.h"

namespace lorkd::run {
namespace {

namespace fs = std::filesystem;

/// Whether nothing tells whom the weights that a run began with have learnt from.
bool unknownBeginning(const fs::path& run) {
  const auto origin = readJson(run / "initial.json");
  if (!origin || !origin->is_object()) return false;
  return origin->value("learnt", Json()).is_null() || origin->value("same_project", Json()) == false;
}

}  // namespace

std::string unknownTeacher(const plan::Teacher& teacher, const fs::path& project) {
  if (teacher.source != plan::TeacherSource::Checkpoint || !RunDirectory::isRun(teacher.checkpoint)) return {};
  const auto run = RunDirectory::open(teacher.checkpoint);
  if (!run) return {};
  const std::string nothing = "Nothing tells whether the teacher has learnt from the test patients: ";
  std::error_code ec;
  if (!fs::equivalent(run->project(), project, ec)) return nothing + "its run lies in another project.";
  return unknownBeginning(run->path())
             ? nothing + "it began with weights that come from another project, or without their run."
             : std::string();
}

std::vector<std::string> unknownPatients(const RunDirectory& run) {
  std::vector<std::string> out;
  if (auto teacher = unknownTeacher(run.plan().teacher, run.project()); !teacher.empty())
    out.push_back(std::move(teacher));
  if (unknownBeginning(run.path()))
    out.push_back(
        "Nothing tells whether the weights that the run began with have learnt from the test patients: they "
        "come from another project, or without their run.");
  return out;
}

}  // namespace lorkd::run
