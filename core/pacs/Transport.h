// Sockets and TLS below an association. Inside this room only.
#pragma once

#include <memory>

#include "core/pacs/Dcmnet.h"
#include "core/pacs/Node.h"
#include "core/pacs/Watch.h"

namespace lorkd::pacs {

/// Connects to the node's port and hangs up again, so that an address that is wrong, refuses or swallows everything is
/// told apart, can be cancelled, and never costs more than the node's timeout. Errors: NotFound (nobody there),
/// Cancelled.
Result<void> reach(const Node& node, const CancelToken& cancel);

/// Opens plain or TLS connections, by the node, and gives each to `watch`. `role` says who speaks first: we (requestor)
/// or the PACS (acceptor, for C-MOVE). Errors: InvalidArgument, naming a file that cannot be used.
Result<std::unique_ptr<DcmTransportLayer>> makeTransport(const Node& node, T_ASC_NetworkRole role, Watch& watch);

}  // namespace lorkd::pacs
