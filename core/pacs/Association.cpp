#include "core/pacs/Association.h"

#include <dcmtk/dcmtls/tlscond.h>

#include <algorithm>
#include <cstdio>
#include <mutex>

#include "core/io/dicom/Dicom.h"

namespace lorkd::pacs {
namespace {

std::unexpected<Error> rejected(const Node& node, T_ASC_Parameters* parameters) {
  T_ASC_RejectParameters why{};
  ASC_getRejectParameters(parameters, &why);
  switch (why.reason) {
    case ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED:
      return fail(ErrorCode::InvalidArgument,
                  "the PACS refuses the connection: '" + node.called + "' is not its AE title",
                  "correct the called AE title of the node", node.place());
    case ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED:
      return fail(ErrorCode::InvalidArgument,
                  "the PACS refuses the connection: it does not know our AE title '" + node.calling + "'",
                  "have it registered at the PACS, or correct the calling AE title of the node", node.place());
    case ASC_REASON_SP_PRES_TEMPORARYCONGESTION:
    case ASC_REASON_SP_PRES_LOCALLIMITEXCEEDED:
      return fail(ErrorCode::Io, "the PACS refuses the connection: it has too many at the moment", "try again later",
                  node.place());
    default: {
      OFString text;
      ASC_printRejectParameters(text, &why);
      std::string line = text.c_str();
      std::ranges::replace(line, '\n', ' ');
      return fail(ErrorCode::InvalidArgument, "the PACS refuses the connection: " + line,
                  "are both AE titles registered at the PACS?", node.place());
    }
  }
}

Result<void> prepare(const Node& node) {
  LORKD_CHECK(check(node));
  LORKD_CHECK(io::dicom::setup());
  static std::once_flag once;
  std::call_once(once, [] {
    dcmDisableGethostbyaddr.set(OFTrue);
    // DCMTK sets its sockets anew after us, and without this it turns Nagle's algorithm on again.
    ::setenv("TCP_NODELAY", "1", 1);
  });
  dcmConnectionTimeout.set(node.timeout);
  dcmSocketReceiveTimeout.set(node.timeout + 5);
  dcmSocketSendTimeout.set(node.timeout + 5);
  return {};
}

}  // namespace

Context plainContext(const std::string& sopClass) {
  return {sopClass, {UID_LittleEndianExplicitTransferSyntax, UID_LittleEndianImplicitTransferSyntax}};
}

std::unexpected<Error> networkError(const Node& node, const Watch& watch, const OFCondition& condition,
                                    const std::string& doing) {
  if (watch.cause() == Watch::Cause::Cancelled) return fail(ErrorCode::Cancelled, "cancelled", "", node.place());
  // Of no use to repeat, so not an Io error.
  const auto beyond = [&](const char* field, const std::string& limit) {
    return fail(ErrorCode::InvalidArgument, doing + ": given up at the limit of " + limit + " for one operation",
                std::string("if the PACS is sound, raise ") + field + " of the node", node.place());
  };
  if (watch.cause() == Watch::Cause::TooLong) return beyond("most_seconds", std::to_string(node.limits.seconds) + " s");
  if (watch.cause() == Watch::Cause::TooMuch)
    return beyond("most_megabytes", std::to_string(node.limits.megabytes) + " MB");
  if (watch.cause() == Watch::Cause::TooMany)
    return beyond("most_answers", std::to_string(node.limits.answers) + " answers");
  if (watch.cause() == Watch::Cause::Silent)
    return fail(ErrorCode::Io, doing + ": the PACS gave no sign of life for " + std::to_string(node.timeout) + " s",
                "it may be busy or stuck: try again, or give the node a longer timeout", node.place());
  if (condition.module() == OFM_dcmtls || condition == makeDcmnetCondition(DULC_TLSERROR, OF_error, ""))
    return fail(
        ErrorCode::InvalidArgument, doing + ": TLS failed: " + condition.text(),
        "is this the TLS port, has the PACS's certificate been signed by the authority given and is it for this "
        "host, and does the PACS ask for a certificate of ours?",
        node.place());
  if (condition == DUL_PEERABORTEDASSOCIATION || condition == DUL_PEERREQUESTEDRELEASE)
    return fail(ErrorCode::Io, doing + ": the PACS hung up", "try again; its log may say why", node.place());
  return fail(ErrorCode::Io, doing + ": the connection broke: " + condition.text(), "try again", node.place());
}

std::string statusText(const char* name, DIC_US status, DcmDataset* detail) {
  char code[16];
  std::snprintf(code, sizeof code, " (0x%04x)", status);
  std::string text = std::string(name) + code;
  if (detail) {
    const auto comment = io::dicom::ascii(io::dicom::text(*detail, DCM_ErrorComment));
    if (!comment.empty()) text += ": " + comment;
  }
  return text;
}

Result<std::unique_ptr<Association>> Association::open(const Node& node, const std::vector<Context>& contexts,
                                                       const CancelToken& cancel) {
  LORKD_CHECK(prepare(node));
  LORKD_CHECK(reach(node, cancel));
  std::unique_ptr<Association> association(new Association(node, cancel));
  LORKD_CHECK(association->request(contexts));
  return association;
}

Result<void> Association::request(const std::vector<Context>& contexts) {
  LORKD_TRY(transport, makeTransport(m_node, NET_REQUESTOR, m_watch));
  m_transport = std::move(transport);
  T_ASC_Parameters* parameters = nullptr;
  auto condition = ASC_initializeNetwork(NET_REQUESTOR, 0, patience(), &m_network);
  if (condition.good()) condition = ASC_setTransportLayer(m_network, m_transport.get(), 0);
  if (condition.good()) condition = ASC_createAssociationParameters(&parameters, kLargestPdu);
  if (condition.good()) condition = ASC_setTransportLayerType(parameters, m_node.tls ? OFTrue : OFFalse);
  if (condition.good()) condition = ASC_setAPTitles(parameters, m_node.calling.c_str(), m_node.called.c_str(), nullptr);
  const auto address = m_node.host + ":" + std::to_string(m_node.port);
  if (condition.good()) condition = ASC_setPresentationAddresses(parameters, "localhost", address.c_str());
  T_ASC_PresentationContextID id = 1;
  for (const auto& context : contexts) {
    std::vector<const char*> syntaxes;
    for (const auto& syntax : context.syntaxes) syntaxes.push_back(syntax.c_str());
    if (condition.good())
      condition = ASC_addPresentationContext(parameters, id, context.sopClass.c_str(), syntaxes.data(),
                                             static_cast<int>(syntaxes.size()),
                                             context.receive ? ASC_SC_ROLE_SCP : ASC_SC_ROLE_DEFAULT);
    id = static_cast<T_ASC_PresentationContextID>(id + 2);
  }
  if (condition.good()) {
    m_watch.touch();
    condition =
        ASC_requestAssociation(m_network, parameters, &m_association, nullptr, nullptr, DUL_NOBLOCK, patience());
  }
  if (condition == DUL_ASSOCIATIONREJECTED) {
    m_broken = true;
    return rejected(m_node, parameters);
  }
  if (condition.bad()) {
    if (!m_association && parameters) ASC_destroyAssociationParameters(&parameters);
    return failed(condition, "connecting");
  }
  m_watch.touch();
  if (ASC_countAcceptedPresentationContexts(parameters) == 0)
    return fail(ErrorCode::Unsupported, "the PACS offers none of the services asked for",
                "are queries and retrieval allowed for our AE title '" + m_node.calling + "' there?", m_node.place());
  return {};
}

Association::~Association() {
  if (m_association) {
    if (m_broken || m_watch.cause() != Watch::Cause::None)
      ASC_abortAssociation(m_association);
    else
      ASC_releaseAssociation(m_association);
    ASC_destroyAssociation(&m_association);
  }
  if (m_network) ASC_dropNetwork(&m_network);
}

Result<T_ASC_PresentationContextID> Association::context(const std::string& sopClass, const std::string& what) {
  const auto id = ASC_findAcceptedPresentationContextID(m_association, sopClass.c_str());
  if (id == 0)
    return fail(ErrorCode::Unsupported, "the PACS does not offer " + what,
                "is it allowed for our AE title '" + m_node.calling + "' there?", m_node.place());
  return id;
}

std::unexpected<Error> Association::failed(const OFCondition& condition, const std::string& doing) {
  m_broken = true;
  return networkError(m_node, m_watch, condition, doing);
}

}  // namespace lorkd::pacs
