#include "app/cli/LayoutArguments.h"

#include <filesystem>
#include <sstream>

#include "core/data/layout/Readers.h"
#include "core/plugin/Registry.h"
#include "core/workflow/Workflow.h"

namespace lorkd::cli {
namespace {

namespace fs = std::filesystem;

/// The folder that a plan's paths of this source go from, whole.
fs::path placeOf(const std::string& source) {
  std::error_code ignored;
  const auto whole = fs::absolute(source).lexically_normal();
  return fs::is_regular_file(whole, ignored) ? whole.parent_path() : whole;
}

/// Makes the path of a table whole: it goes from the working folder, as the shell completes it, or from the source's,
/// as in a plan. Errors: InvalidArgument (both have such a file).
Result<void> findTable(std::string& file, const std::string& source, const std::string& flag) {
  if (file.empty()) return {};
  std::error_code ec;
  const auto here = fs::absolute(file).lexically_normal(), below = (placeOf(source) / file).lexically_normal();
  const bool isBelow = fs::exists(below, ec);
  if (isBelow && fs::exists(here, ec) && !fs::equivalent(here, below, ec))
    return fail(ErrorCode::InvalidArgument,
                "there are two files of this name, " + here.string() + " and " + below.string(), "give the whole path",
                flag + " " + file);
  file = (isBelow ? below : here).string();
  return {};
}

/// As a plan keeps it: from the source's folder where it lies below, so that both can be moved together.
void makePortable(std::string& file, const std::string& source) {
  const auto relative = fs::path(file).lexically_relative(placeOf(source));
  if (!file.empty() && !relative.empty() && *relative.begin() != "..") file = relative.generic_string();
}

Result<void> listReaders(const Context& context) {
  Json readers = Json::array();
  std::ostringstream text;
  for (const auto& reader : allReaders()) {
    readers.push_back({{"name", reader.name}, {"title", reader.title}, {"form", reader.form}});
    text << reader.name << ": " << reader.title << "\n    " << reader.form << "\n";
  }
  text << "Any other data set is read by the words in its names, or as patterns or a table say.";
  context.answer({{"readers", readers}}, text.str());
  return {};
}

}  // namespace

std::vector<data::layout::LayoutReader> allReaders() {
  auto out = data::layout::builtInReaders();
  const auto& plugins = plugin::registry().readers();
  out.insert(out.end(), plugins.begin(), plugins.end());
  return out;
}

void LayoutArguments::addTo(CLI::App& command) {
  const auto group = "How files are named (as data.sources.NAME.layout of a plan)";
  const auto add = [&](const std::string& name, auto& value, const char* field) {
    const auto schema = plan::fieldSchema("data.sources.NAME.layout." + std::string(field));
    std::string help = schema ? schema->value("description", "") : "";
    if (name.ends_with("table")) help += " Here the path may go from the working folder, too.";
    auto* option = command.add_option(name, value, help);
    option->group(group)->allow_extra_args(false);  // a folder may follow
  };
  add("--reader", layout.reader, "reader");
  add("--images", layout.images, "images");
  add("--labels", layout.labels, "labels");
  add("--table", layout.table, "table");
  add("--patients", layout.patients.pattern, "patients.pattern");
  add("--patients-table", layout.patients.table, "patients.table");
  command
      .add_option(
          "--nifti-place", niftiPlace,
          "Which place counts where NIfTI headers give two that differ; without it, what the last scan was told")
      ->check(CLI::IsMember({"ask", "sform", "qform"}))
      ->group(group);
  command.add_option("--plan", plan, "A plan that says all this of the source of that name (--source)")->group(group);
}

Result<data::layout::Chosen> LayoutArguments::chosen(const std::string& source, std::string& folder) const {
  const bool patterns = !layout.images.empty() || !layout.labels.empty();
  if (int(patterns) + int(!layout.table.empty()) + int(layout.reader != "auto") > 1)
    return fail(ErrorCode::InvalidArgument, "a folder is read by patterns, by a table or by a reader",
                "give one of --images and --labels, --table, --reader");
  plan::Source said;
  said.layout = layout;
  if (!plan.empty()) {
    if (layout != plan::Layout())
      return fail(ErrorCode::InvalidArgument, "both a plan and flags say how files are named", "leave out one of them");
    LORKD_TRY(loaded, plan::load(plan));
    const auto* named = loaded.data.sources.find(source);
    if (!named)
      return fail(ErrorCode::NotFound, "the plan has no source called '" + source + "'",
                  "name one of its data.sources with --source", plan);
    said = *named;
    if (folder.empty()) folder = named->path;
  }
  if (plan.empty() && !folder.empty()) {
    LORKD_CHECK(findTable(said.layout.table, folder, "--table"));
    LORKD_CHECK(findTable(said.layout.patients.table, folder, "--patients-table"));
  }
  auto out = workflow::chosenFor(said);
  if (plan.empty()) out.niftiPlace = niftiPlace.empty() ? std::nullopt : std::optional(niftiPlace);
  return out;
}

Json LayoutArguments::forPlan(const data::layout::Chosen& chosen, const std::string& folder) const {
  if (!plan.empty() || (layout == plan::Layout() && niftiPlace.empty())) return nullptr;
  auto told = chosen.layout;
  makePortable(told.table, folder);
  makePortable(told.patients.table, folder);
  Json names = told;
  const Json usual = plan::Layout();
  for (const auto& [field, value] : usual.items())
    if (names[field] == value) names.erase(field);
  Json out{{"path", fs::absolute(folder).lexically_normal().string()}};
  if (!names.empty()) out["layout"] = names;
  if (!niftiPlace.empty()) out["nifti_place"] = niftiPlace;
  return out;
}

void addLayouts(CLI::App& app, Context& context) {
  app.add_subcommand("layouts", "List the data sets that are known by the names of their files")->callback([&context] {
    context.action = [&context] { return listReaders(context); };
  });
}

}  // namespace lorkd::cli
