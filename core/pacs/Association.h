// One conversation with a PACS. Inside this room only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/pacs/Dcmnet.h"
#include "core/pacs/Node.h"
#include "core/pacs/Transport.h"
#include "core/pacs/Watch.h"

namespace lorkd::pacs {

/// What we propose to talk about: a service or kind of object, and in which encodings (PS3.8 section 7.1.1.13).
struct Context {
  std::string sopClass;
  std::vector<std::string> syntaxes;
  bool receive = false;  ///< the PACS sends these objects to us, as in C-GET
};

/// A context of the uncompressed little endian encodings.
Context plainContext(const std::string& sopClass);

class Association {
 public:
  /// Connects, shakes hands and negotiates. Errors: NotFound (nobody there), InvalidArgument (AE title or TLS refused),
  /// Unsupported (no context accepted), Io, Cancelled.
  static Result<std::unique_ptr<Association>> open(const Node& node, const std::vector<Context>& contexts,
                                                   const CancelToken& cancel);
  /// Says goodbye, or hangs up after a fault.
  ~Association();
  Association(const Association&) = delete;
  Association& operator=(const Association&) = delete;

  T_ASC_Association* raw() { return m_association; }
  Watch& watch() { return m_watch; }
  const Node& node() const { return m_node; }
  /// Seconds for DCMTK's own waiting; the watch is a little earlier.
  int patience() const { return m_node.timeout + 5; }
  /// The number of the accepted context. Errors: Unsupported.
  Result<T_ASC_PresentationContextID> context(const std::string& sopClass, const std::string& what);
  /// The error that `condition` stands for; the conversation is over.
  std::unexpected<Error> failed(const OFCondition& condition, const std::string& doing);

 private:
  Association(const Node& node, const CancelToken& cancel) : m_node(node), m_watch(node.timeout, node.limits, cancel) {}
  Result<void> request(const std::vector<Context>& contexts);

  Node m_node;
  Watch m_watch;
  std::unique_ptr<DcmTransportLayer> m_transport;
  T_ASC_Network* m_network = nullptr;
  T_ASC_Association* m_association = nullptr;
  bool m_broken = false;
};

/// The error behind a DCMTK condition of a conversation with `node` that `watch` may have ended.
std::unexpected<Error> networkError(const Node& node, const Watch& watch, const OFCondition& condition,
                                    const std::string& doing);

/// A DIMSE status in words: DCMTK's name for it, and the comment that the PACS may have sent.
std::string statusText(const char* name, DIC_US status, DcmDataset* detail);

}  // namespace lorkd::pacs
