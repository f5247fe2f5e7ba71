#include "core/pacs/Store.h"

#include <algorithm>
#include <set>

#include "core/io/FileKind.h"
#include "core/io/dicom/Dicom.h"
#include "core/pacs/Association.h"
#include "core/pacs/Uid.h"

namespace lorkd::pacs {
namespace fs = std::filesystem;
namespace {

// What a file says about itself.
struct Parcel {
  fs::path file;
  std::string sopClass, sopInstance, syntax;
};

Result<Parcel> look(const fs::path& file) {
  LORKD_TRY(loaded, io::dicom::load(file));
  if (loaded.status.bad())
    return fail(ErrorCode::Format, std::string("the file is damaged: ") + loaded.status.text(), "", file.string());
  Parcel parcel{file, io::dicom::text(loaded.dataset(), DCM_SOPClassUID),
                io::dicom::text(loaded.dataset(), DCM_SOPInstanceUID),
                DcmXfer(loaded.dataset().getOriginalXfer()).getXferID()};
  if (!isUid(parcel.sopClass) || !isUid(parcel.sopInstance))
    return fail(ErrorCode::Format, "the file does not say which object it is", "", file.string());
  return parcel;
}

bool compressed(const std::string& syntax) { return DcmXfer(syntax.c_str()).isEncapsulated(); }

Result<std::vector<Context>> contextsFor(const std::vector<Parcel>& parcels, const Node& node) {
  std::set<std::pair<std::string, std::string>> kinds;
  for (const auto& parcel : parcels)
    kinds.insert({parcel.sopClass, compressed(parcel.syntax) ? parcel.syntax : std::string()});
  if (kinds.size() > kMostContexts)
    return fail(ErrorCode::Unsupported, "the files are of more than 128 kinds and encodings", "send them in portions",
                node.place());
  std::vector<Context> contexts;
  for (const auto& [sopClass, syntax] : kinds)
    contexts.push_back(syntax.empty() ? plainContext(sopClass) : Context{sopClass, {syntax}});
  return contexts;
}

void onProgress(void* data, T_DIMSE_StoreProgress*, T_DIMSE_C_StoreRQ*) { static_cast<Watch*>(data)->touch(); }

/// The first error is of the file, the second of the connection.
Result<Result<void>> send(Association& association, const Parcel& parcel) {
  const auto context =
      ASC_findAcceptedPresentationContextID(association.raw(), parcel.sopClass.c_str(), parcel.syntax.c_str());
  T_ASC_PresentationContext accepted{};
  if (context != 0) ASC_findAcceptedPresentationContext(association.raw()->params, context, &accepted);
  if (context == 0 || compressed(accepted.acceptedTransferSyntax) != compressed(parcel.syntax))
    return Result<void>(fail(ErrorCode::Unsupported,
                             std::string("the PACS does not take ") +
                                 dcmFindNameOfUID(parcel.sopClass.c_str(), "such objects") + " as " +
                                 dcmFindNameOfUID(parcel.syntax.c_str(), parcel.syntax.c_str()),
                             "convert the file, or have its kind enabled at the PACS", parcel.file.string()));
  T_DIMSE_C_StoreRQ request{};
  request.MessageID = association.raw()->nextMsgID++;
  OFStandard::strlcpy(request.AffectedSOPClassUID, parcel.sopClass.c_str(), sizeof request.AffectedSOPClassUID);
  OFStandard::strlcpy(request.AffectedSOPInstanceUID, parcel.sopInstance.c_str(),
                      sizeof request.AffectedSOPInstanceUID);
  request.DataSetType = DIMSE_DATASET_PRESENT;
  request.Priority = DIMSE_PRIORITY_MEDIUM;
  T_DIMSE_C_StoreRSP response{};
  DcmDataset* raw = nullptr;
  const auto condition =
      DIMSE_storeUser(association.raw(), context, &request, parcel.file.c_str(), nullptr, onProgress,
                      &association.watch(), DIMSE_NONBLOCKING, association.patience(), &response, &raw);
  const std::unique_ptr<DcmDataset> detail(raw);
  if (condition.bad()) return std::unexpected(association.failed(condition, "sending").error());
  association.watch().touch();
  // Warnings (0xb000 and the like) mean stored.
  if (response.DimseStatus != STATUS_STORE_Success && (response.DimseStatus & 0xf000) != 0xb000)
    return Result<void>(fail(ErrorCode::Unsupported,
                             "the PACS refuses the file: " + statusText(DU_cstoreStatusString(response.DimseStatus),
                                                                        response.DimseStatus, detail.get()),
                             "", parcel.file.string()));
  return Result<void>();
}

}  // namespace

Result<std::vector<fs::path>> dicomFiles(const std::vector<fs::path>& paths) {
  std::vector<fs::path> files;
  for (const auto& path : paths) {
    std::error_code ec;
    if (!fs::exists(path, ec))
      return fail(ErrorCode::NotFound, "no such file or folder", "check the path", path.string());
    if (!fs::is_directory(path, ec)) {
      files.push_back(path);
      continue;
    }
    for (fs::recursive_directory_iterator it(path, ec), end; !ec && it != end; it.increment(ec))
      if (std::error_code kind; it->is_regular_file(kind) && io::fileKind(it->path()) == io::FileKind::Dicom)
        files.push_back(it->path());
    if (ec) return fail(ErrorCode::Io, "the folder cannot be listed: " + ec.message(), "", path.string());
  }
  if (files.empty())
    return fail(ErrorCode::InvalidArgument, "there is no DICOM file", "choose files or folders with some");
  std::ranges::sort(files);
  return files;
}

Result<StoreOutcome> store(const Node& node, const std::vector<fs::path>& files, Progress& progress,
                           const CancelToken& cancel) {
  StoreOutcome outcome;
  std::vector<Parcel> parcels;
  const auto total = static_cast<std::int64_t>(files.size());
  for (const auto& file : files) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "cancelled; nothing was sent", "", node.place());
    progress.report("reading headers", static_cast<std::int64_t>(parcels.size()), total);
    if (auto parcel = look(file))
      parcels.push_back(std::move(*parcel));
    else
      outcome.failed.emplace_back(file, parcel.error());
  }
  if (parcels.empty()) return outcome;
  LORKD_TRY(contexts, contextsFor(parcels, node));
  LORKD_TRY(association, Association::open(node, contexts, cancel));
  for (const auto& parcel : parcels) {
    progress.report("sending", static_cast<std::int64_t>(outcome.stored.size()), total);
    auto sent = send(*association, parcel);
    if (!sent) {
      auto error = sent.error();
      error.message += "; " + std::to_string(outcome.stored.size()) + " of " + std::to_string(total) +
                       " files were stored until then";
      return std::unexpected(error);
    }
    if (*sent)
      outcome.stored.push_back(parcel.file);
    else
      outcome.failed.emplace_back(parcel.file, sent->error());
  }
  progress.report("sending", total, total);
  return outcome;
}

}  // namespace lorkd::pacs
