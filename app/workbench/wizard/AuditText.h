// An audit's answer as rows and a page of text, made on a worker.
#pragma once

#include <optional>

#include "app/workbench/wizard/RowsModel.h"
#include "core/base/Json.h"
#include "core/data/Audit.h"

namespace lorkd::workbench {

struct AuditText {
  std::vector<Row> rows;  ///< images, those with findings first, with their findings below them
  QString status, html;
  std::optional<data::Advice> advice;
};

/// Pictures in the rows are squares of this many pixels, so that what stands beside them is aligned.
constexpr int kAuditPicture = 56;

/// "spacing 1 × 1 × 2 mm, patch 64 × 64 × 32 voxels".
QString adviceText(const data::Advice& advice);

/// Of the answer of `lorkd audit`; `voxels`: it has read them. Errors: Format.
Result<AuditText> auditText(const Json& answer, bool voxels);

}  // namespace lorkd::workbench
