#include "core/data/Digests.h"

namespace lorkd::data {

Result<std::string> Digests::of(const AssignedCase& c) {
  auto& known = m_known[c.item.source + "\n" + c.item.id];
  if (known.empty()) {
    LORKD_TRY(digest, inputDigest(c.item));
    known = digest;
  }
  if (!c.digest.empty() && c.digest != known)
    return fail(ErrorCode::Mismatch, "the files of the case have changed since the run was frozen",
                "restore them, or start a new run", c.item.id);
  return known;
}

}  // namespace lorkd::data
