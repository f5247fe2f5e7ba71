#include "core/pacs/MoveListener.h"

#include "core/pacs/Storage.h"

namespace lorkd::pacs {

MoveListener::MoveListener(const Node& node, Receiver& receiver, Watch& asking)
    : m_node(node),
      m_receiver(receiver),
      m_asking(asking),
      m_watch(1 << 30, node.limits, asking.token()),
      m_network(nullptr, [](T_ASC_Network* network) { ASC_dropNetwork(&network); }) {}

Result<std::unique_ptr<MoveListener>> MoveListener::open(const Node& node, Receiver& receiver, Watch& asking) {
  std::unique_ptr<MoveListener> listener(new MoveListener(node, receiver, asking));
  LORKD_TRY(transport, makeTransport(node, NET_ACCEPTOR, listener->m_watch));
  listener->m_transport = std::move(transport);
  T_ASC_Network* network = nullptr;
  auto condition = ASC_initializeNetwork(NET_ACCEPTOR, node.receivePort, node.timeout, &network);
  listener->m_network.reset(network);
  if (condition.good()) condition = ASC_setTransportLayer(network, listener->m_transport.get(), 0);
  if (condition.bad())
    return fail(ErrorCode::Io,
                "the port " + std::to_string(node.receivePort) +
                    " for what the PACS sends cannot be opened: " + condition.text(),
                "is another retrieval at work? Otherwise give the node another receiving port", node.place());
  listener->m_thread = std::jthread([raw = listener.get()](const std::stop_token& stop) { raw->run(stop); });
  return listener;
}

void MoveListener::stop() {
  if (!m_thread.joinable()) return;
  m_thread.request_stop();
  m_watch.end();
  m_thread.join();
}

void MoveListener::run(const std::stop_token& stop) {
  while (!stop.stop_requested() && m_outcome) {
    // What comes here is the bulk of the operation that asked for it.
    if (const auto cause = m_watch.cause(); cause != Watch::Cause::None) {
      m_asking.end(cause);
      return;
    }
    if (!ASC_associationWaiting(m_network.get(), 0)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      continue;
    }
    T_ASC_Association* association = nullptr;
    const auto condition = ASC_receiveAssociation(m_network.get(), &association, kLargestPdu, nullptr, nullptr,
                                                  m_node.tls ? OFTrue : OFFalse, DUL_NOBLOCK, m_node.timeout);
    if (condition.good() && accept(*association).good()) serve(*association, stop);
    if (association) {
      ASC_dropAssociation(association);
      ASC_destroyAssociation(&association);
    }
  }
}

OFCondition MoveListener::accept(T_ASC_Association& association) {
  const auto refuse = [&](T_ASC_RejectParametersReason reason) {
    const T_ASC_RejectParameters why{ASC_RESULT_REJECTEDPERMANENT, ASC_SOURCE_SERVICEUSER, reason};
    ASC_rejectAssociation(&association, &why);
    return OFCondition(DUL_ASSOCIATIONREJECTED);
  };
  DIC_AE calling{}, called{}, responding{};
  ASC_getAPTitles(association.params, calling, sizeof calling, called, sizeof called, responding, sizeof responding);
  if (called != m_node.calling) return refuse(ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED);
  // Best first: as the objects are most probably stored, so that nothing is converted on the way.
  std::vector<const char*> syntaxes(kUncompressed.begin(), kUncompressed.end());
  syntaxes.insert(syntaxes.end(), kCompressed.begin(), kCompressed.end());
  auto classes = storageClasses();
  auto condition = ASC_acceptContextsWithPreferredTransferSyntaxes(association.params, classes.data(),
                                                                   static_cast<int>(classes.size()), syntaxes.data(),
                                                                   static_cast<int>(syntaxes.size()));
  const char* echo[] = {UID_VerificationSOPClass};
  if (condition.good())
    condition = ASC_acceptContextsWithPreferredTransferSyntaxes(association.params, echo, 1, syntaxes.data(), 2);
  if (condition.good()) condition = ASC_acknowledgeAssociation(&association);
  return condition;
}

void MoveListener::serve(T_ASC_Association& association, const std::stop_token& stop) {
  while (!stop.stop_requested() && m_outcome) {
    T_ASC_PresentationContextID context = 0;
    T_DIMSE_Message message{};
    const auto condition = DIMSE_receiveCommand(&association, DIMSE_NONBLOCKING, 1, &context, &message, nullptr);
    if (condition == DIMSE_NODATAAVAILABLE) continue;
    if (condition == DUL_PEERREQUESTEDRELEASE) {
      ASC_acknowledgeRelease(&association);
      return;
    }
    m_asking.touch();
    if (condition.bad()) return;
    if (message.CommandField == DIMSE_C_STORE_RQ) {
      auto taken = m_receiver.take(association, context, message.msg.CStoreRQ, m_node, m_asking);
      // A broken delivery is the sender's to repeat; that a file cannot be written is the end.
      if (!taken && taken.error().context != m_node.place()) m_outcome = taken;
      if (!taken) return;
    } else if (message.CommandField == DIMSE_C_ECHO_RQ) {
      DIMSE_sendEchoResponse(&association, context, &message.msg.CEchoRQ, STATUS_Success, nullptr);
    } else {
      ASC_abortAssociation(&association);
      return;
    }
  }
}

}  // namespace lorkd::pacs
