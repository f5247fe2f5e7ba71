// The networks and presets that a plan can name, as the engine lists them, and the editors that offer them.
#pragma once

#include <QStringList>
#include <QWidget>
#include <vector>

#include "widgets/form/PlanModel.h"

namespace lorkd::form {

/// The answer of `lorkd networks`; entries without a name are left out.
std::vector<NetworkInfo> networksFromJson(const Json& answer);

/// True for the fields that name a network or one of its presets.
bool namesNetwork(const QString& path);

/// A list of the model's networks, or of the presets of the network named beside `path`. A value that is not among them
/// stays in the list with a warning. Choosing another network gives up a preset that it does not have, and widths.
QWidget* makeNetworkEditor(PlanModel* model, const QString& path, QWidget* parent);

}  // namespace lorkd::form
