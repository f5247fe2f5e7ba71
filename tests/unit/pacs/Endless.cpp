#include "tests/unit/pacs/Endless.h"

#include <dcmtk/config/osconfig.h>
// osconfig.h comes first: DCMTK's other headers need it.
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>
#include <dcmtk/dcmnet/dul.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/unit/pacs/Support.h"

namespace lorkd::pacs::test {
namespace {

/// One conversation, until the other side has enough or the test ends.
class Talk {
 public:
  Talk(T_ASC_Association& association, Endless::Kind kind, const std::atomic<bool>& stop)
      : m_association(association), m_kind(kind), m_stop(stop) {}

  void run() {
    if (!accepted()) return;
    while (!m_stop) {
      T_ASC_PresentationContextID context = 0;
      T_DIMSE_Message message{};
      const auto condition = DIMSE_receiveCommand(&m_association, DIMSE_NONBLOCKING, 1, &context, &message, nullptr);
      if (condition == DIMSE_NODATAAVAILABLE) continue;
      if (condition == DUL_PEERREQUESTEDRELEASE) ASC_acknowledgeRelease(&m_association);
      if (condition.bad()) return;
      DcmDataset* raw = nullptr;
      if (message.CommandField != DIMSE_C_ECHO_RQ && message.CommandField != DIMSE_C_CANCEL_RQ)
        DIMSE_receiveDataSetInMemory(&m_association, DIMSE_BLOCKING, 0, &context, &raw, nullptr, nullptr);
      const std::unique_ptr<DcmDataset> request(raw);
      if (message.CommandField == DIMSE_C_FIND_RQ) find(context, message.msg.CFindRQ);
      if (message.CommandField == DIMSE_C_GET_RQ) get(context, message.msg.CGetRQ);
    }
  }

 private:
  bool accepted() {
    const char* syntaxes[] = {UID_LittleEndianExplicitTransferSyntax, UID_LittleEndianImplicitTransferSyntax};
    std::vector<const char*> classes(dcmAllStorageSOPClassUIDs,
                                     dcmAllStorageSOPClassUIDs + numberOfDcmAllStorageSOPClassUIDs);
    for (const char* service : {UID_FINDStudyRootQueryRetrieveInformationModel,
                                UID_GETStudyRootQueryRetrieveInformationModel, UID_VerificationSOPClass})
      classes.push_back(service);
    return ASC_acceptContextsWithPreferredTransferSyntaxes(m_association.params, classes.data(),
                                                           static_cast<int>(classes.size()), syntaxes, 2)
               .good() &&
           ASC_acknowledgeAssociation(&m_association).good();
  }

  void find(T_ASC_PresentationContextID context, T_DIMSE_C_FindRQ& request) {
    T_DIMSE_C_FindRSP response{};
    response.MessageIDBeingRespondedTo = request.MessageID;
    response.DataSetType = DIMSE_DATASET_NULL;
    for (int n = 0; m_kind == Endless::Kind::Answers && !m_stop; ++n) {
      DcmDataset study;
      study.putAndInsertString(DCM_QueryRetrieveLevel, "STUDY");
      study.putAndInsertString(DCM_StudyInstanceUID, ("1.2.3." + std::to_string(n + 1)).c_str());
      study.putAndInsertString(DCM_SeriesInstanceUID, ("1.2.3.4." + std::to_string(n + 1)).c_str());
      response.DimseStatus = STATUS_FIND_Pending_MatchesAreContinuing;
      response.DataSetType = DIMSE_DATASET_PRESENT;
      if (DIMSE_sendFindResponse(&m_association, context, &request, &response, &study, nullptr).bad()) return;
    }
    response.DimseStatus = STATUS_FIND_Success;
    response.DataSetType = DIMSE_DATASET_NULL;
    DIMSE_sendFindResponse(&m_association, context, &request, &response, nullptr, nullptr);
  }

  void get(T_ASC_PresentationContextID context, T_DIMSE_C_GetRQ& request) {
    if (m_kind == Endless::Kind::Dribble || m_kind == Endless::Kind::Flood) return store();
    T_DIMSE_Message message{};
    message.CommandField = DIMSE_C_GET_RSP;
    auto& response = message.msg.CGetRSP;
    response.MessageIDBeingRespondedTo = request.MessageID;
    OFStandard::strlcpy(response.AffectedSOPClassUID, request.AffectedSOPClassUID, sizeof response.AffectedSOPClassUID);
    response.DataSetType = DIMSE_DATASET_NULL;
    response.DimseStatus = STATUS_GET_Pending_SubOperationsAreContinuing;
    response.NumberOfRemainingSubOperations = 1;
    response.opts = O_GET_AFFECTEDSOPCLASSUID | O_GET_NUMBEROFREMAININGSUBOPERATIONS;
    while (!m_stop &&
           DIMSE_sendMessageUsingMemoryData(&m_association, context, &message, nullptr, nullptr, nullptr, nullptr)
               .good()) {
    }
  }

  /// A C-STORE request (PS3.7 section 9.3.1.1), and behind it pixel data that do not end.
  void store() {
    const auto context = ASC_findAcceptedPresentationContextID(&m_association, UID_CTImageStorage);
    std::string command = number(0x0002, UID_CTImageStorage) + number(0x0100, std::string("\x01\0", 2)) +
                          number(0x0110, std::string("\x07\0", 2)) + number(0x0700, std::string("\0\0", 2)) +
                          number(0x0800, std::string("\x01\0", 2)) + number(0x1000, "1.2.3.4.5");
    const auto length = static_cast<char>(command.size());
    command.insert(0, number(0x0000, std::string(1, length) + std::string(3, '\0')));
    if (!write(context, DUL_COMMANDPDV, true, command)) return;
    std::string part("\xe0\x7f\x10\0OW\0\0\0\0\0\xf0", 12);
    while (!m_stop && write(context, DUL_DATASETPDV, false, part)) {
      part.assign(m_kind == Endless::Kind::Dribble ? 8 : 16000, '\1');
      if (m_kind == Endless::Kind::Dribble) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  /// An element of the command group, implicit little endian.
  static std::string number(unsigned element, std::string value) {
    if (value.size() % 2 != 0) value += '\0';
    return std::string{'\0',
                       '\0',
                       static_cast<char>(element & 255),
                       static_cast<char>(element >> 8),
                       static_cast<char>(value.size()),
                       '\0',
                       '\0',
                       '\0'} +
           value;
  }
  bool write(T_ASC_PresentationContextID context, DUL_DATAPDV kind, bool last, std::string& bytes) {
    DUL_PDV pdv{};
    pdv.presentationContextID = context;
    pdv.pdvType = kind;
    pdv.lastPDV = last ? OFTrue : OFFalse;
    pdv.fragmentLength = bytes.size();
    pdv.data = bytes.data();
    DUL_PDVLIST list{};
    list.count = 1;
    list.pdv = &pdv;
    return DUL_WritePDVs(&m_association.DULassociation, &list).good();
  }

  T_ASC_Association& m_association;
  const Endless::Kind m_kind;
  const std::atomic<bool>& m_stop;
};

}  // namespace

Endless::Endless(Kind kind) : m_kind(kind), m_port(freePort()) {
  m_thread = std::thread([this] { run(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
}

Endless::~Endless() {
  m_stop = true;
  m_thread.join();
}

void Endless::run() {
  T_ASC_Network* network = nullptr;
  if (ASC_initializeNetwork(NET_ACCEPTOR, m_port, 5, &network).bad()) return;
  while (!m_stop) {
    if (!ASC_associationWaiting(network, 0)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      continue;
    }
    T_ASC_Association* association = nullptr;
    if (ASC_receiveAssociation(network, &association, 65536, nullptr, nullptr, OFFalse, DUL_NOBLOCK, 5).good())
      Talk(*association, m_kind, m_stop).run();
    if (association) {
      ASC_dropAssociation(association);
      ASC_destroyAssociation(&association);
    }
  }
  ASC_dropNetwork(&network);
}

}  // namespace lorkd::pacs::test
