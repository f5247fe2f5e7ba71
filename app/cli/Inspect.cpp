#include "core/models/Inspect.h"

#include <filesystem>

#include "app/cli/Context.h"
#include "core/base/File.h"
#include "core/models/Archive.h"

namespace lorkd::cli {
namespace {

namespace fs = std::filesystem;

struct InspectOptions {
  std::string path, entry, unpack;
};

/// A folder that goes when its work is done.
class Unpacked {
 public:
  explicit Unpacked(fs::path folder) : m_folder(std::move(folder)) {}
  ~Unpacked() {
    std::error_code ec;
    fs::remove_all(m_folder, ec);
  }
  Unpacked(const Unpacked&) = delete;
  Unpacked& operator=(const Unpacked&) = delete;

 private:
  fs::path m_folder;
};

/// An archive is unpacked into --unpack, or for the time of looking at it.
Result<models::Inspection> inspectArchive(const InspectOptions& options, const Context& context) {
  if (!options.unpack.empty()) {
    LORKD_CHECK(models::unpack(options.path, options.unpack, *context.progress, context.cancel()));
    auto seen = models::inspectFolder(options.unpack, options.entry);
    if (seen) {
      seen->facts["unpacked"] = options.unpack;
      seen->sentences.push_back("The archive was unpacked into " + options.unpack + ".");
    }
    return seen;
  }
  const auto folder = temporaryBeside(fs::temp_directory_path() / "model");
  const Unpacked gone(folder);
  LORKD_CHECK(models::unpack(options.path, folder, *context.progress, context.cancel()));
  return models::inspectFolder(folder, options.entry);
}

Result<models::Inspection> look(const InspectOptions& options, const Context& context) {
  std::error_code ec;
  if (fs::is_directory(options.path, ec)) return models::inspectFolder(options.path, options.entry);
  LORKD_TRY(archive, models::isFolderArchive(options.path));
  if (archive) return inspectArchive(options, context);
  return models::inspectWeights(options.path, options.entry);
}

Result<void> inspect(const InspectOptions& options, const Context& context) {
  LORKD_TRY(seen, look(options, context));
  std::string text;
  for (const auto& sentence : seen.sentences) text += sentence + "\n";
  context.answer(seen.facts, text);
  return {};
}

}  // namespace

void addInspect(CLI::App& app, Context& context) {
  auto options = std::make_shared<InspectOptions>();
  auto* command = app.add_subcommand(
      "inspect",
      "Say what a foreign model is: a file of weights (.pth, .pt, .bin, .ckpt, .safetensors, or the index.json of its "
      "parts), a folder of nnU-Net v2 or TotalSegmentator, or the zip archive of one. Nothing in it is run");
  command->add_option("path", options->path, "File, folder or archive")->required();
  command->add_option("--entry", options->entry, "Which set of weights, where a file holds several");
  command->add_option("--unpack", options->unpack, "Unpack an archive into this new folder and keep it");
  command->callback(
      [options, &context] { context.action = [options, &context] { return inspect(*options, context); }; });
}

}  // namespace lorkd::cli
