// The port on which a PACS delivers what a C-MOVE asked for. Inside this room only.
#pragma once

#include <memory>
#include <mutex>
#include <thread>

#include "core/pacs/Receiver.h"

namespace lorkd::pacs {

/// Accepts associations for our AE title, one after the other, on a thread of its own, as long as it lives.
class MoveListener {
 public:
  /// `asking` is the watch of the conversation that asked: deliveries are signs of life for it, too. Errors: Io when
  /// the port cannot be opened; InvalidArgument for TLS files that cannot be used.
  static Result<std::unique_ptr<MoveListener>> open(const Node& node, Receiver& receiver, Watch& asking);
  ~MoveListener() { stop(); }
  /// Ends the thread. What has arrived is in place afterwards.
  void stop();
  /// The fault that ended a delivery, if one did; after stop().
  const Result<void>& outcome() const { return m_outcome; }

 private:
  MoveListener(const Node& node, Receiver& receiver, Watch& asking);
  void run(const std::stop_token& stop);
  void serve(T_ASC_Association& association, const std::stop_token& stop);
  OFCondition accept(T_ASC_Association& association);

  Node m_node;
  Receiver& m_receiver;
  Watch& m_asking;
  Watch m_watch;  ///< ends a delivery that blocks when the listener stops
  std::unique_ptr<DcmTransportLayer> m_transport;
  std::unique_ptr<T_ASC_Network, void (*)(T_ASC_Network*)> m_network;
  Result<void> m_outcome;
  std::jthread m_thread;
};

}  // namespace lorkd::pacs
