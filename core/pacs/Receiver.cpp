#include "core/pacs/Receiver.h"

#include "core/base/File.h"
#include "core/io/Dicom.h"
#include "core/pacs/Uid.h"

namespace lorkd::pacs {
namespace fs = std::filesystem;
namespace {

// One object on its way.
struct Incoming {
  const std::string& series;
  Watch& watch;
  std::string fault;
};

// Why the file just received is not what was announced; empty when it is.
std::string faultOf(const fs::path& file, const std::string& series, const char* instance) {
  const auto loaded = io::dicom::load(file);
  if (!loaded) return loaded.error().message;
  if (loaded->status.bad()) return std::string("it is damaged: ") + loaded->status.text();
  if (io::dicom::text(loaded->dataset(), DCM_SeriesInstanceUID) != series) return "it belongs to another series";
  if (io::dicom::text(loaded->dataset(), DCM_SOPInstanceUID) != instance) return "it is another than announced";
  return {};
}

void onProgress(void* data, T_DIMSE_StoreProgress* progress, T_DIMSE_C_StoreRQ* request, char* file, DcmDataset**,
                T_DIMSE_C_StoreRSP* response, DcmDataset**) {
  auto& incoming = *static_cast<Incoming*>(data);
  incoming.watch.touch();
  if (progress->state != DIMSE_StoreEnd) return;
  if (incoming.fault.empty()) incoming.fault = faultOf(file, incoming.series, request->AffectedSOPInstanceUID);
  if (!incoming.fault.empty()) response->DimseStatus = STATUS_STORE_Error_CannotUnderstand;
}

}  // namespace

Receiver::Receiver(fs::path folder, std::string series, const std::vector<Instance>& wanted)
    : m_folder(std::move(folder)), m_series(std::move(series)) {
  for (const auto& instance : wanted) m_wanted.insert(instance.uid);
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(m_folder, ec)) {
    const auto uid = entry.path().stem().string();
    const bool whole = entry.path().extension() == ".dcm" && isUid(uid);
    if (whole && (m_wanted.empty() || m_wanted.contains(uid)))
      m_held.insert(uid);
    else
      fs::remove(entry.path(), ec);  // the rest of an object that was cut off, or one that the PACS no longer has
  }
}

Result<void> Receiver::take(T_ASC_Association& association, T_ASC_PresentationContextID context,
                            T_DIMSE_C_StoreRQ& request, const Node& node, Watch& watch) {
  const std::string uid = request.AffectedSOPInstanceUID;
  Incoming incoming{m_series, watch, {}};
  if (!isUid(uid))
    incoming.fault = "its UID is not valid";
  else if (!m_wanted.empty() && !m_wanted.contains(uid))
    incoming.fault = "it was not asked for";
  const auto name = incoming.fault.empty() ? uid + ".dcm" : std::string("refused.dcm");
  const auto outcome = writeAtomically(m_folder / name, [&](const fs::path& temporary) -> Result<void> {
    const auto condition = DIMSE_storeProvider(&association, context, &request, temporary.c_str(), 1, nullptr,
                                               onProgress, &incoming, DIMSE_NONBLOCKING, node.timeout + 5);
    if (condition.bad()) return networkError(node, watch, condition, "receiving");
    if (!incoming.fault.empty()) return fail(ErrorCode::Format, incoming.fault);
    return {};
  });
  if (outcome) {
    m_held.insert(uid);
    if (m_onArrival) m_onArrival(m_held.size());
  } else if (!incoming.fault.empty() && outcome.error().code == ErrorCode::Format) {
    m_refusal = incoming.fault;
  } else {
    return outcome;
  }
  return {};
}

}  // namespace lorkd::pacs
