// Where the objects of one series arrive. Inside this room only.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/pacs/Association.h"
#include "core/pacs/Query.h"

namespace lorkd::pacs {

/// Writes each object of the series as UID.dcm into a folder, as it comes over the wire (the data set's bytes are kept,
/// a meta header is put before them), once it has arrived whole and been read back. One at a time.
class Receiver {
 public:
  /// Takes up what the folder holds of `wanted`; when that is empty, anything of the series is wanted.
  Receiver(std::filesystem::path folder, std::string series, const std::vector<Instance>& wanted);

  /// Receives the object of a C-STORE request and answers it. Objects that are damaged or not asked for are refused to
  /// the peer and left out. Errors: the connection failed, or the file cannot be written.
  Result<void> take(T_ASC_Association& association, T_ASC_PresentationContextID context, T_DIMSE_C_StoreRQ& request,
                    const Node& node, Watch& watch);

  /// Called with the number of objects held, after each that arrived.
  void onArrival(std::function<void(std::size_t)> call) { m_onArrival = std::move(call); }
  /// SOP instance UIDs of what is there whole.
  const std::set<std::string>& held() const { return m_held; }
  /// Why the last object was refused; empty if none was.
  const std::string& refusal() const { return m_refusal; }

 private:
  std::filesystem::path m_folder;
  std::string m_series, m_refusal;
  std::set<std::string> m_wanted, m_held;
  std::function<void(std::size_t)> m_onArrival;
};

}  // namespace lorkd::pacs
