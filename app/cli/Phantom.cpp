#include "core/data/Phantom.h"

#include "app/cli/Context.h"
#include "core/io/Images2D.h"

namespace lorkd::cli {
namespace {

namespace fs = std::filesystem;

struct PhantomOptions {
  std::string folder;
  int patients = 24, pictures = 0;
  data::PhantomOptions phantom;
};

/// FOLDER/pictures/<split>/<class>/*.png and FOLDER/pictures.npz.
Result<void> writePictures(const fs::path& folder, const io::PictureSet& set) {
  for (const auto& example : set.examples)
    LORKD_CHECK(io::writePng(folder / "pictures" / example.split /
                                 set.classes[static_cast<std::size_t>(example.labels.front())] / (example.id + ".png"),
                             example.picture));
  return io::writeNpz(folder / "pictures.npz", set);
}

Result<void> phantom(const PhantomOptions& options, const Context& context) {
  if (options.patients > 0)
    LORKD_CHECK(
        data::writePhantomSet(options.folder, options.patients, options.phantom, *context.progress, context.cancel()));
  if (options.pictures > 0)
    LORKD_CHECK(writePictures(options.folder, data::makePictureSet(options.pictures, options.phantom.seed)));
  context.answer({{"folder", options.folder}, {"patients", options.patients}, {"pictures", options.pictures}},
                 "wrote " + std::to_string(options.patients) + " patients to " + options.folder);
  return {};
}

}  // namespace

void addPhantom(CLI::App& app, Context& context) {
  auto options = std::make_shared<PhantomOptions>();
  auto* command = app.add_subcommand("phantom", "Write synthetic CT patients as real DICOM series with segmentations");
  command->add_option("folder", options->folder, "Folder to write into")->required();
  command->add_option("--patients", options->patients, "CT patients; regions head, thorax, abdomen in turn")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  command->add_option("--pictures", options->pictures, "Pictures per class of a small 2D classification set")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  command->add_option("--seed", options->phantom.seed, "Same seed, same patients")->capture_default_str();
  command->add_option("--resolution", options->phantom.resolution, "1 gives about 96x96x56 voxels a patient")
      ->check(CLI::Range(0.25, 6.0))
      ->capture_default_str();
  command->callback(
      [options, &context] { context.action = [options, &context] { return phantom(*options, context); }; });
}

}  // namespace lorkd::cli
