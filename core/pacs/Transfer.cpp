#include "core/pacs/Transfer.h"

#include <algorithm>

#include "core/pacs/MoveListener.h"
#include "core/pacs/Storage.h"

namespace lorkd::pacs {
namespace {

Result<std::unique_ptr<DcmDataset>> identifiersOf(const Wanted& wanted) {
  auto dataset = std::make_unique<DcmDataset>();
  std::string instances;
  for (const auto& uid : wanted.instances) instances += (instances.empty() ? "" : "\\") + uid;
  auto condition = dataset->putAndInsertString(DCM_QueryRetrieveLevel, instances.empty() ? "SERIES" : "IMAGE");
  if (condition.good()) condition = dataset->putAndInsertString(DCM_StudyInstanceUID, wanted.study.c_str());
  if (condition.good()) condition = dataset->putAndInsertString(DCM_SeriesInstanceUID, wanted.series.c_str());
  if (condition.good() && !instances.empty())
    condition = dataset->putAndInsertString(DCM_SOPInstanceUID, instances.c_str());
  if (condition.bad())
    return fail(ErrorCode::Internal, std::string("the request cannot be written: ") + condition.text());
  return dataset;
}

template <class Request>
void fill(Request& request, Association& association, const char* sopClass) {
  request.MessageID = association.raw()->nextMsgID++;
  OFStandard::strlcpy(request.AffectedSOPClassUID, sopClass, sizeof request.AffectedSOPClassUID);
  request.Priority = DIMSE_PRIORITY_MEDIUM;
  request.DataSetType = DIMSE_DATASET_PRESENT;
}

Result<void> send(Association& association, const char* sopClass, const Wanted& wanted) {
  const Node& node = association.node();
  const bool move = node.retrieve == Retrieve::Move;
  LORKD_TRY(context, association.context(sopClass, move ? "retrieval by C-MOVE" : "retrieval by C-GET"));
  LORKD_TRY(identifiers, identifiersOf(wanted));
  T_DIMSE_Message message{};
  if (move) {
    message.CommandField = DIMSE_C_MOVE_RQ;
    fill(message.msg.CMoveRQ, association, sopClass);
    OFStandard::strlcpy(message.msg.CMoveRQ.MoveDestination, node.calling.c_str(),
                        sizeof message.msg.CMoveRQ.MoveDestination);
  } else {
    message.CommandField = DIMSE_C_GET_RQ;
    fill(message.msg.CGetRQ, association, sopClass);
  }
  const auto condition = DIMSE_sendMessageUsingMemoryData(association.raw(), context, &message, nullptr,
                                                          identifiers.get(), nullptr, nullptr);
  if (condition.bad()) return association.failed(condition, "asking for the images");
  return {};
}

// What a C-GET or C-MOVE response says; nothing while it goes on. Their structs differ in name only.
template <class Response>
std::optional<Ending> endingOf(const Response& response, const char* text, DcmDataset* detail) {
  const auto status = response.DimseStatus;
  if (status == STATUS_GET_Pending_SubOperationsAreContinuing) return std::nullopt;
  Ending ending;
  if (status != STATUS_GET_Success) ending.problem = statusText(text, status, detail);
  if (status == STATUS_MOVE_Refused_MoveDestinationUnknown)
    ending.problem += "; our AE title must be registered there with this machine's address and receiving port";
  const bool warning = status == STATUS_GET_Warning_SubOperationsCompleteOneOrMoreFailures;
  ending.refused = status != STATUS_GET_Success && !warning;
  return ending;
}

Result<Ending> follow(Association& association, Receiver& receiver) {
  while (true) {
    T_ASC_PresentationContextID context = 0;
    T_DIMSE_Message message{};
    DcmDataset* raw = nullptr;
    auto condition =
        DIMSE_receiveCommand(association.raw(), DIMSE_NONBLOCKING, association.patience(), &context, &message, &raw);
    std::unique_ptr<DcmDataset> detail(raw);
    if (condition.bad()) return association.failed(condition, "retrieval");
    if (message.CommandField == DIMSE_C_STORE_RQ)
      association.watch().touch();
    else
      association.watch().count();
    std::optional<Ending> ending;
    T_DIMSE_DataSetType attached = DIMSE_DATASET_NULL;
    if (message.CommandField == DIMSE_C_STORE_RQ) {
      auto taken =
          receiver.take(*association.raw(), context, message.msg.CStoreRQ, association.node(), association.watch());
      if (!taken) {
        association.watch().end();
        return std::unexpected(taken.error());
      }
      continue;
    } else if (message.CommandField == DIMSE_C_GET_RSP) {
      const auto& response = message.msg.CGetRSP;
      ending = endingOf(response, DU_cgetStatusString(response.DimseStatus), detail.get());
      attached = response.DataSetType;
    } else if (message.CommandField == DIMSE_C_MOVE_RSP) {
      const auto& response = message.msg.CMoveRSP;
      ending = endingOf(response, DU_cmoveStatusString(response.DimseStatus), detail.get());
      attached = response.DataSetType;
    } else {
      return association.failed(DIMSE_BADCOMMANDTYPE, "retrieval");
    }
    // A list of the objects that failed may follow; which are missing is seen without it.
    if (attached != DIMSE_DATASET_NULL) {
      raw = nullptr;
      condition = DIMSE_receiveDataSetInMemory(association.raw(), DIMSE_NONBLOCKING, association.patience(), &context,
                                               &raw, nullptr, nullptr);
      detail.reset(raw);
      if (condition.bad()) return association.failed(condition, "retrieval");
    }
    if (ending) return *ending;
  }
}

}  // namespace

std::vector<Context> receivingContexts(std::vector<std::string> sopClasses) {
  constexpr int kMostClasses = kMostContexts / 2 - 1;
  // DCMTK's short list, with label maps in place of its last two, which hold no images.
  if (sopClasses.empty() || sopClasses.size() > kMostClasses) {
    sopClasses.assign(
        dcmShortSCUStorageSOPClassUIDs,
        dcmShortSCUStorageSOPClassUIDs + std::min(numberOfDcmShortSCUStorageSOPClassUIDs, kMostClasses - 1));
    sopClasses.push_back(kLabelMapStorage);
  }
  const auto compressions =
      std::min(kCompressed.size(), (kMostContexts - 1) / sopClasses.size() - 1);  // one is for the service itself
  std::vector<Context> contexts;
  for (const auto& sopClass : sopClasses) {
    contexts.push_back(plainContext(sopClass));
    for (std::size_t n = 0; n < compressions; ++n) contexts.push_back({sopClass, {kCompressed[n]}});
  }
  for (auto& context : contexts) context.receive = true;
  return contexts;
}

Result<Ending> transfer(const Node& node, const Wanted& wanted, const std::vector<std::string>& sopClasses,
                        Receiver& receiver, const CancelToken& cancel) {
  const bool move = node.retrieve == Retrieve::Move;
  const char* service =
      move ? UID_MOVEStudyRootQueryRetrieveInformationModel : UID_GETStudyRootQueryRetrieveInformationModel;
  std::vector<Context> contexts{plainContext(service)};
  if (!move) std::ranges::move(receivingContexts(sopClasses), std::back_inserter(contexts));
  LORKD_TRY(association, Association::open(node, contexts, cancel));
  if (!move) {
    LORKD_CHECK(send(*association, service, wanted));
    return follow(*association, receiver);
  }
  LORKD_TRY(listener, MoveListener::open(node, receiver, association->watch()));
  LORKD_CHECK(send(*association, service, wanted));
  auto ending = follow(*association, receiver);
  listener->stop();
  if (!listener->outcome()) return std::unexpected(listener->outcome().error());
  return ending;
}

}  // namespace lorkd::pacs
