#include "core/pacs/Receiver.h"

#include <dcmtk/dcmdata/dcostrmf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/File.h"
#include "core/io/dicom/Consumer.h"
#include "core/io/dicom/Dicom.h"
#include "core/pacs/Uid.h"

namespace lorkd::pacs {
namespace fs = std::filesystem;
namespace {

// Where DCMTK writes a data set. When the disk is full the rest is swallowed: DCMTK would wait for more of it for ever,
// and the peer is owed an answer.
class Sink final : public io::dicom::Consumer {
 public:
  explicit Sink(const fs::path& file) : m_fd(::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)) {
    if (m_fd < 0) m_error = errno;
  }
  ~Sink() override {
    if (m_fd >= 0) ::close(m_fd);
  }
  offile_off_t write(const void* bytes, offile_off_t size) override {
    const char* at = static_cast<const char*>(bytes);
    m_given += static_cast<std::uintmax_t>(size);
    for (auto left = size; left > 0 && m_error == 0;) {
      const auto n = ::write(m_fd, at, static_cast<std::size_t>(left));
      if (n < 0 && errno != EINTR) m_error = errno;
      if (n == 0) m_error = ENOSPC;
      if (n > 0) {
        at += n;
        left -= n;
      }
    }
    return size;
  }
  int error() const { return m_error; }
  /// Bytes of the data set, written or not.
  std::uintmax_t given() const { return m_given; }

 private:
  int m_fd, m_error = 0;
  std::uintmax_t m_given = 0;
};

void onBytes(void* watch, unsigned long) { static_cast<Watch*>(watch)->touch(); }

// Why the file just received is not what was announced; empty when it is.
std::string faultOf(const fs::path& file, const std::string& series, const char* instance) {
  const auto loaded = io::dicom::load(file);
  if (!loaded) return loaded.error().message;
  if (loaded->status.bad()) return std::string("it is damaged: ") + loaded->status.text();
  if (io::dicom::text(loaded->dataset(), DCM_SeriesInstanceUID) != series) return "it belongs to another series";
  if (io::dicom::text(loaded->dataset(), DCM_SOPInstanceUID) != instance) return "it is another than announced";
  return {};
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
  std::string fault;
  if (!isUid(uid))
    fault = "its UID is not valid";
  else if (!m_wanted.empty() && !m_wanted.contains(uid))
    fault = "it was not asked for";
  OFCondition connection = EC_Normal;
  std::uintmax_t length = 0;
  const auto name = fault.empty() ? uid + ".dcm" : std::string("refused.dcm");
  const auto outcome = writeAtomically(
      m_folder / name,
      [&](const fs::path& temporary) -> Result<void> {
        DcmOutputFileStream* meta = nullptr;
        const bool begun = DIMSE_createFilestream(temporary.c_str(), &request, &association, context, 1, &meta).good();
        delete meta;
        // DCMTK does not say when its last block reaches no disk: then there is no header.
        std::error_code ec;
        constexpr std::uintmax_t preamble = 132;
        const auto header = fs::file_size(temporary, ec);
        const bool headed = begun && !ec && header > preamble;
        Sink sink(temporary);
        io::dicom::ConsumerStream stream(sink);
        connection = DIMSE_receiveDataSetInFile(&association, DIMSE_NONBLOCKING, node.timeout + 5, &context, &stream,
                                                onBytes, &watch);
        if (connection.bad()) return networkError(node, watch, connection, "receiving");
        if (!headed || sink.error() != 0)
          return fail(ErrorCode::Io, std::string("cannot write: ") + std::strerror(headed ? sink.error() : ENOSPC),
                      "is the disk full? Free some space and retrieve again", m_folder.string());
        length = header + sink.given();
        if (fault.empty()) fault = faultOf(temporary, m_series, request.AffectedSOPInstanceUID);
        if (!fault.empty()) return fail(ErrorCode::Format, fault);
        return {};
      },
      [&](const fs::path& written) -> Result<void> {  // what it holds was looked at above
        std::error_code ec;
        if (fs::file_size(written, ec) == length && !ec) return {};
        return fail(ErrorCode::Io, "it is not as long as what was received");
      });
  if (connection.bad()) return outcome;
  // The answer comes after the file is in its place, so that it is true.
  T_DIMSE_C_StoreRSP response{};
  response.MessageIDBeingRespondedTo = request.MessageID;
  response.DataSetType = DIMSE_DATASET_NULL;
  response.DimseStatus = outcome          ? STATUS_STORE_Success
                         : !fault.empty() ? STATUS_STORE_Error_CannotUnderstand
                                          : STATUS_STORE_Refused_OutOfResources;
  OFStandard::strlcpy(response.AffectedSOPClassUID, request.AffectedSOPClassUID, sizeof response.AffectedSOPClassUID);
  OFStandard::strlcpy(response.AffectedSOPInstanceUID, request.AffectedSOPInstanceUID,
                      sizeof response.AffectedSOPInstanceUID);
  response.opts = O_STORE_AFFECTEDSOPCLASSUID | O_STORE_AFFECTEDSOPINSTANCEUID;
  connection = DIMSE_sendStoreResponse(&association, context, &request, &response, nullptr);
  if (outcome) {
    m_held.insert(uid);
    if (m_onArrival) m_onArrival(m_held.size());
  } else if (!fault.empty()) {
    m_refusal = fault;
  } else {
    return outcome;
  }
  if (connection.bad()) return networkError(node, watch, connection, "answering");
  return {};
}

}  // namespace lorkd::pacs
