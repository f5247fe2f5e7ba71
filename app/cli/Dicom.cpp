#include <algorithm>
#include <iterator>

#include "app/cli/Context.h"
#include "core/io/VolumeFile.h"
#include "core/io/dicom/DicomWriter.h"

namespace lorkd::cli {
namespace {

namespace fs = std::filesystem;

struct DicomOptions {
  std::string image, labels, names, out, bodyPart, patient = "ANONYMOUS";
};

/// NIfTI image (and labels) to FOLDER/CT/*.dcm and FOLDER/SEG.dcm.
Result<void> dicom(const DicomOptions& options, const Context& context) {
  if (fs::exists(fs::path(options.out) / "CT"))
    return fail(ErrorCode::InvalidArgument, "the folder holds a series already", "choose another folder", options.out);
  LORKD_TRY(volume, io::readVolume(options.image));
  io::DicomHeader header;
  header.patientId = header.patientName = options.patient;
  header.bodyPart = options.bodyPart;
  header.seriesDescription = "converted from NIfTI";
  LORKD_TRY(written, io::writeCtSeries(fs::path(options.out) / "CT", volume, header));
  std::string text = "wrote " + std::to_string(written.files.size()) + " slices to " + options.out;
  if (!options.labels.empty()) {
    LORKD_TRY(layers, io::readLabelLayers(options.labels));
    const auto names = options.names.empty() && io::namesItsLabels(options.labels) ? options.labels : options.names;
    image::SegmentSet segments{layers.front().geometry, {}};
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      LORKD_TRY(set, io::segmentsFromLabels(layers[layer], names, static_cast<int>(layer)));
      std::ranges::move(set.segments, std::back_inserter(segments.segments));
    }
    auto segHeader = written.header;
    segHeader.seriesUid.clear();
    segHeader.seriesNumber = 2;
    segHeader.seriesDescription = "segmentation";
    LORKD_CHECK(io::writeSeg(fs::path(options.out) / "SEG.dcm", segments, written, segHeader));
    text += " and " + std::to_string(segments.segments.size()) + " segments";
  }
  context.answer({{"slices", written.files.size()}}, text);
  return {};
}

}  // namespace

void addDicom(CLI::App& app, Context& context) {
  auto options = std::make_shared<DicomOptions>();
  auto* command = app.add_subcommand("dicom", "Write a NIfTI CT (and its labels) as a DICOM series (and a SEG)");
  command->add_option("image", options->image, "CT in HU, .nii or .nii.gz")->required();
  command->add_option("--labels", options->labels, "Label map on the same grid");
  command->add_option("--names", options->names, "CSV with columns value,name; a .seg.nrrd names its own");
  command->add_option("--body-part", options->bodyPart, "Body Part Examined, for example ABDOMEN");
  command->add_option("--patient", options->patient, "Patient id and name to write")->capture_default_str();
  command->add_option("--out", options->out, "Folder to write into")->required();
  command->callback([options, &context] { context.action = [options, &context] { return dicom(*options, context); }; });
}

}  // namespace lorkd::cli
