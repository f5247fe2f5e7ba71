// lorkd-bench-images: how fast folders are scanned and volumes are read, beside the libraries that others use for it.
#include <dcmtk/config/osconfig.h>
// osconfig.h comes first: DCMTK's other headers need it.
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/oflog/oflog.h>
#include <gdcmScanner.h>
#include <gdcmStrictScanner.h>
#include <gdcmTrace.h>
#include <itkGDCMImageIO.h>
#include <itkGDCMSeriesFileNames.h>
#include <itkImageSeriesReader.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>

#include "core/data/Catalogue.h"

namespace {

namespace fs = std::filesystem;
using namespace lorkd;

double secondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

[[noreturn]] void stop(const std::string& why) { throw std::runtime_error(why); }

template <class T>
T orStop(Result<T> result) {
  if (!result) stop(result.error().text());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

void checked(const OFCondition& status) {
  if (status.bad()) stop(status.text());
}

// A CT header as scanners write it: some ninety elements, two sequences and two private blocks.
void describe(DcmDataset& d, int columns) {
  const auto text = [&](const DcmTag& tag, const char* value) { checked(d.putAndInsertString(tag, value)); };
  text(DCM_SpecificCharacterSet, "ISO_IR 100");
  text(DCM_ImageType, "ORIGINAL\\PRIMARY\\AXIAL");
  text(DCM_SOPClassUID, UID_CTImageStorage);
  for (const auto& tag : {DCM_StudyDate, DCM_SeriesDate, DCM_AcquisitionDate, DCM_ContentDate}) text(tag, "20200101");
  for (const auto& tag : {DCM_StudyTime, DCM_SeriesTime, DCM_AcquisitionTime, DCM_ContentTime}) text(tag, "101010.5");
  const std::pair<DcmTagKey, const char*> texts[] = {{DCM_AccessionNumber, "A1"},
                                                     {DCM_Modality, "CT"},
                                                     {DCM_Manufacturer, "Phantom"},
                                                     {DCM_InstitutionName, "None"},
                                                     {DCM_StationName, "CT1"},
                                                     {DCM_StudyDescription, "Chest"},
                                                     {DCM_SeriesDescription, "CT 1 mm"},
                                                     {DCM_ManufacturerModelName, "M1"},
                                                     {DCM_PatientName, "Phantom^One"},
                                                     {DCM_PatientBirthDate, "19600101"},
                                                     {DCM_PatientSex, "O"},
                                                     {DCM_PatientAge, "060Y"},
                                                     {DCM_BodyPartExamined, "CHEST"},
                                                     {DCM_SliceThickness, "1.0"},
                                                     {DCM_KVP, "120"},
                                                     {DCM_DataCollectionDiameter, "500"},
                                                     {DCM_ProtocolName, "Chest"},
                                                     {DCM_ReconstructionDiameter, "400"},
                                                     {DCM_DistanceSourceToDetector, "1000"},
                                                     {DCM_DistanceSourceToPatient, "500"},
                                                     {DCM_GantryDetectorTilt, "0"},
                                                     {DCM_TableHeight, "150"},
                                                     {DCM_RotationDirection, "CW"},
                                                     {DCM_ExposureTime, "500"},
                                                     {DCM_XRayTubeCurrent, "200"},
                                                     {DCM_Exposure, "100"},
                                                     {DCM_FilterType, "W"},
                                                     {DCM_GeneratorPower, "50"},
                                                     {DCM_ConvolutionKernel, "B30f"},
                                                     {DCM_PatientPosition, "HFS"},
                                                     {DCM_StudyID, "1"},
                                                     {DCM_SeriesNumber, "2"},
                                                     {DCM_AcquisitionNumber, "1"},
                                                     {DCM_ImageOrientationPatient, "1\\0\\0\\0\\1\\0"},
                                                     {DCM_PhotometricInterpretation, "MONOCHROME2"},
                                                     {DCM_PixelSpacing, "0.78125\\0.78125"},
                                                     {DCM_WindowCenter, "40"},
                                                     {DCM_WindowWidth, "400"},
                                                     {DCM_RescaleIntercept, "-1024"},
                                                     {DCM_RescaleSlope, "1"},
                                                     {DCM_RescaleType, "HU"}};
  for (const auto& [tag, value] : texts) text(tag, value);
  const std::pair<DcmTagKey, int> numbers[] = {
      {DCM_SamplesPerPixel, 1}, {DCM_Rows, columns}, {DCM_Columns, columns},      {DCM_BitsAllocated, 16},
      {DCM_BitsStored, 12},     {DCM_HighBit, 11},   {DCM_PixelRepresentation, 0}};
  for (const auto& [tag, value] : numbers) checked(d.putAndInsertUint16(tag, static_cast<Uint16>(value)));
  DcmItem* item = nullptr;
  checked(d.findOrCreateSequenceItem(DCM_ProcedureCodeSequence, item));
  checked(item->putAndInsertString(DCM_CodeValue, "CHEST"));
  checked(item->putAndInsertString(DCM_CodeMeaning, "Chest"));
  checked(d.findOrCreateSequenceItem(DCM_ReferencedStudySequence, item));
  checked(item->putAndInsertString(DCM_ReferencedSOPInstanceUID, "1.2.3.8"));
  for (const int group : {0x0009, 0x0019}) {
    text(DcmTag(static_cast<Uint16>(group), 0x0010, EVR_LO), "PHANTOM");
    for (int n = 0; n < 20; ++n)
      text(DcmTag(static_cast<Uint16>(group), static_cast<Uint16>(0x1000 + n), EVR_LO), "a value of the maker");
  }
}

// `count` files of `slices` a series and two series a patient.
void writeSeries(const fs::path& folder, int count, int slices, int columns, E_TransferSyntax syntax) {
  DcmFileFormat file;
  auto& d = *file.getDataset();
  describe(d, columns);
  std::vector<Uint16> pixels(static_cast<std::size_t>(columns) * static_cast<std::size_t>(columns));
  for (int n = 0; n < count; ++n) {
    const int series = n / slices, slice = n % slices, patient = series / 2;
    const auto uid = [](int kind, int a, int b) {
      return "1.2.826.0.1.3680043.10.511." + std::to_string(kind) + "." + std::to_string(a) + "." + std::to_string(b);
    };
    checked(d.putAndInsertString(DCM_PatientID, ("P" + std::to_string(patient)).c_str()));
    checked(d.putAndInsertString(DCM_StudyInstanceUID, uid(1, patient, 0).c_str()));
    checked(d.putAndInsertString(DCM_FrameOfReferenceUID, uid(2, patient, 0).c_str()));
    checked(d.putAndInsertString(DCM_SeriesInstanceUID, uid(3, series, 0).c_str()));
    checked(d.putAndInsertString(DCM_SOPInstanceUID, uid(4, series, slice).c_str()));
    const auto time = "1010" + std::to_string(10 + slice % 50) + "." + std::to_string(slice);
    for (const auto& tag : {DCM_AcquisitionTime, DCM_ContentTime}) checked(d.putAndInsertString(tag, time.c_str()));
    checked(d.putAndInsertString(DCM_InstanceNumber, std::to_string(slice + 1).c_str()));
    checked(d.putAndInsertString(DCM_ImagePositionPatient, ("-200\\-200\\" + std::to_string(slice)).c_str()));
    // Rings of tissue in air with noise: as compressible as a CT slice.
    for (int y = 0; y < columns; ++y)
      for (int x = 0; x < columns; ++x) {
        const int dx = x - columns / 2, dy = y - columns / 2, r = dx * dx + dy * dy;
        const int noise = (x * 7919 + y * 104729 + slice * 31) % 16;
        pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(columns) + static_cast<std::size_t>(x)] =
            static_cast<Uint16>(r < columns * columns / 6 ? 1000 + noise + 60 * ((r / 512 + slice) % 3) : 24);
      }
    checked(d.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size()));
    if (syntax != EXS_LittleEndianExplicit) checked(d.chooseRepresentation(syntax, nullptr));
    char name[64];
    std::snprintf(name, sizeof name, "p%05d/s%d/%06d.dcm", patient, series % 2, n);
    fs::create_directories((folder / name).parent_path());
    checked(file.saveFile((folder / name).c_str(), syntax));
    if (syntax != EXS_LittleEndianExplicit) checked(d.chooseRepresentation(EXS_LittleEndianExplicit, nullptr));
  }
}

// As GDCM reads what tells volumes apart and makes their grids.
template <class Scanner>
void scanByGdcm(const fs::path& folder) {
  static constexpr std::pair<std::uint16_t, std::uint16_t> kTags[] = {
      {0x10, 0x20}, {0x20, 0xd},  {0x20, 0xe},  {0x20, 0x52}, {0x8, 0x16},  {0x8, 0x18}, {0x8, 0x60},
      {0x18, 0x50}, {0x20, 0x32}, {0x20, 0x37}, {0x28, 0x10}, {0x28, 0x11}, {0x28, 0x30}};
  gdcm::Directory directory;
  directory.Load(folder, true);
  // It counts its references, and no object on the stack ends at none.
  const gdcm::SmartPointer<Scanner> scanner = new Scanner;
  for (const auto& [group, element] : kTags) scanner->AddTag(gdcm::Tag(group, element));
  if (!scanner->Scan(directory.GetFilenames())) stop("GDCM could not scan");
}

void headers(const fs::path& folder, int count, int rounds) {
  std::printf("writing %d headers to %s\n", count, folder.c_str());
  writeSeries(folder / "data", count, 200, 16, EXS_LittleEndianExplicit);
  std::vector<double> whole, again, gdcmTimes, strictTimes, open;
  SilentProgress silent;
  for (int round = -1; round < rounds; ++round) {  // the first warms the page cache
    const auto index = folder / ("index" + std::to_string(round) + ".sqlite");
    const auto scan = [&] {
      auto catalogue = orStop(data::Catalogue::open(index));
      orStop(catalogue.scan("s", folder / "data", silent, CancelToken()));
    };
    const double first = secondsOf(scan), second = secondsOf(scan);
    const double reopened = secondsOf([&] {
      const auto cases = orStop(orStop(data::Catalogue::open(index)).cases());
      if (cases.size() != static_cast<std::size_t>((count + 199) / 200)) stop("wrong cases");
    });
    const double theirs = secondsOf([&] { scanByGdcm<gdcm::Scanner>(folder / "data"); });
    const double strict = secondsOf([&] { scanByGdcm<gdcm::StrictScanner>(folder / "data"); });
    if (round < 0) continue;
    whole.push_back(first);
    again.push_back(second);
    open.push_back(reopened);
    gdcmTimes.push_back(theirs);
    strictTimes.push_back(strict);
  }
  const double theirs = median(gdcmTimes), strict = median(strictTimes);
  std::printf("%-52s %9s %12s %12s\n", "", "seconds", "GDCM/this", "strict/this");
  const auto row = [&](const char* what, const std::vector<double>& times) {
    std::printf("%-52s %9.2f %12.1f %12.1f\n", what, median(times), theirs / median(times), strict / median(times));
  };
  row("GDCM's scanner, 13 tags", gdcmTimes);
  row("GDCM's strict scanner, 13 tags", strictTimes);
  row("scan into a new index, cases paired", whole);
  row("scan again, nothing changed", again);
  row("open the index and read its cases", open);
}

void pixels(const fs::path& folder, int slices, int rounds) {
  std::printf("%-28s %12s %12s %12s\n", "512x512 slices", "this, s", "ITK, s", "ITK/this");
  DcmRLEEncoderRegistration::registerCodecs();
  for (const auto& [name, syntax] : {std::pair{"raw", EXS_LittleEndianExplicit}, std::pair{"RLE", EXS_RLELossless}}) {
    const auto place = folder / name;
    writeSeries(place, slices, slices, 512, syntax);
    std::vector<double> ours, theirs;
    SilentProgress silent;
    double sumOurs = 0, sumTheirs = 0;
    for (int round = -1; round < rounds; ++round) {
      const double own = secondsOf([&] {
        const auto scan = orStop(io::scanFolder(place, silent, CancelToken()));
        const auto volume = orStop(io::readSeries(scan.series.at(0)));
        sumOurs = 0;
        for (std::size_t n = 0; n < volume.voxels.size(); n += 997) sumOurs += volume.voxels[n];
      });
      const double itkTime = secondsOf([&] {
        const auto names = itk::GDCMSeriesFileNames::New();
        names->SetRecursive(true);
        names->SetDirectory(place.string());
        const auto reader = itk::ImageSeriesReader<itk::Image<float, 3>>::New();
        reader->SetImageIO(itk::GDCMImageIO::New());
        reader->SetFileNames(names->GetFileNames(names->GetSeriesUIDs().front()));
        reader->Update();
        const auto* image = reader->GetOutput();
        sumTheirs = 0;
        const auto voxels = image->GetBufferedRegion().GetNumberOfPixels();
        for (std::size_t n = 0; n < voxels; n += 997) sumTheirs += image->GetBufferPointer()[n];
      });
      if (sumOurs != sumTheirs) stop("the volumes differ");
      if (round < 0) continue;
      ours.push_back(own);
      theirs.push_back(itkTime);
    }
    std::printf("%-28s %12.3f %12.3f %12.2f\n", name, median(ours), median(theirs), median(theirs) / median(ours));
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Measures how fast headers are scanned and volumes are read, beside GDCM and ITK"};
  app.require_subcommand(1);
  int files = 100000, slices = 120, rounds = 3;
  std::string work = fs::temp_directory_path() / "lorkd-bench-images";
  auto* scan = app.add_subcommand("headers", "scan generated headers, beside GDCM's scanner");
  auto* read = app.add_subcommand("pixels", "read a volume, raw and RLE, beside ITK's series reader");
  scan->add_option("--files", files, "how many")->check(CLI::Range(1, 10000000));
  read->add_option("--slices", slices, "of the volume")->check(CLI::Range(2, 2000));
  for (auto* command : {scan, read}) {
    command->add_option("--rounds", rounds, "timed runs of each")->check(CLI::Range(1, 100));
    command->add_option("--folder", work, "where to write (a folder of its own, gone afterwards)")
        ->capture_default_str();
  }
  CLI11_PARSE(app, argc, argv);
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  gdcm::Trace::WarningOff();
  try {
    const fs::path folder = fs::path(work) / std::to_string(::getpid());
    fs::create_directories(folder);
    if (scan->parsed()) headers(folder, files, rounds);
    if (read->parsed()) pixels(folder, slices, rounds);
    fs::remove_all(folder);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
