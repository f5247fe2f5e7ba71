// Tasks that the program proposes, for the researcher to accept.
#pragma once

#include "core/run/Plan.h"
#include "widgets/form/DataLabels.h"

namespace lorkd::form {

struct Proposal {
  QString title;
  Json tasks = Json::object();
  QStringList left{};     ///< labels of the data that fit nowhere
  Json complete{};        ///< with classes that no label of the data serves; null if there are none
  QStringList missing{};  ///< these classes, as "task › class"
};

/// A task for each region of the body that labels belong to; see Regions.h.
Proposal proposeRegions(const DataLabels& data, plan::TaskKind kind);

/// A task for each Body Part Examined, of its images alone. A structure seen in several is learnt in each of them.
Proposal proposeBodyParts(const DataLabels& data, plan::TaskKind kind);

}  // namespace lorkd::form
