#include "widgets/form/NetworkEditor.h"

#include <QComboBox>
#include <QSignalBlocker>
#include <QStyle>
#include <algorithm>

namespace lorkd::form {
namespace {

QString textAt(const PlanModel* model, const QString& path) {
  const auto value = model->value(path);
  return value.is_string() ? QString::fromStdString(value.get<std::string>()) : QString();
}

QString beside(const QString& path, const char* field) {
  return path.section('.', 0, -2) + QLatin1Char('.') + QLatin1String(field);
}

const NetworkInfo* find(const PlanModel* model, const QString& name) {
  const auto& all = model->networks();
  const auto found = std::ranges::find(all, name, &NetworkInfo::name);
  return found == all.end() ? nullptr : &*found;
}

void fill(QComboBox* box, const PlanModel* model, const QString& path) {
  const QSignalBlocker quiet(box);
  box->clear();
  const bool network = path.endsWith(QLatin1String(".name"));
  const auto* chosen = find(model, textAt(model, beside(path, "name")));
  if (network)
    for (const auto& info : model->networks())
      box->addItem(PlanModel::tr("%1 (%2)").arg(info.title, info.name), info.name);
  else if (chosen)
    for (const auto& preset : chosen->presets) box->addItem(preset, preset);
  const auto value = textAt(model, path);
  const bool listed = box->count() > 0;
  if (box->findData(value) < 0) {
    box->addItem(value, value);
    if (listed) {
      const auto text = network ? PlanModel::tr("%1 — not a network of this program").arg(value)
                                : PlanModel::tr("%1 — not a preset of %2").arg(value, chosen->title);
      box->setItemText(box->count() - 1, text);
      box->setItemIcon(box->count() - 1, box->style()->standardIcon(QStyle::SP_MessageBoxWarning));
    }
  }
  box->setCurrentIndex(box->findData(value));
}

void choose(PlanModel* model, const QString& path, const QString& value) {
  if (textAt(model, path) == value) return;
  model->setValue(path, value.toStdString());
  const auto* network = path.endsWith(QLatin1String(".name")) ? find(model, value) : nullptr;
  if (!network) return;
  const plan::Backbone fresh;
  const auto preset = beside(path, "preset"), usual = QString::fromStdString(fresh.preset);
  if (!network->presets.contains(textAt(model, preset)))
    model->setValue(preset,
                    network->presets.value(std::max<qsizetype>(0, network->presets.indexOf(usual))).toStdString());
  model->setValue(beside(path, "widths"), fresh.widths);
}

}  // namespace

std::vector<NetworkInfo> networksFromJson(const Json& answer) {
  std::vector<NetworkInfo> out;
  for (const auto& entry : answer.value("networks", Json::array())) {
    NetworkInfo info{QString::fromStdString(entry.value("name", std::string())),
                     QString::fromStdString(entry.value("title", std::string())),
                     {}};
    for (const auto& preset : entry.value("presets", std::vector<std::string>()))
      info.presets << QString::fromStdString(preset);
    if (!info.name.isEmpty()) out.push_back(std::move(info));
  }
  return out;
}

bool namesNetwork(const QString& path) {
  return path.endsWith(QLatin1String("backbone.name")) || path.endsWith(QLatin1String("backbone.preset"));
}

QWidget* makeNetworkEditor(PlanModel* model, const QString& path, QWidget* parent) {
  auto* box = new QComboBox(parent);
  const auto network = path.section('.', 0, -2);
  fill(box, model, path);
  QObject::connect(model, &PlanModel::networksChanged, box, [=] { fill(box, model, path); });
  QObject::connect(model, &PlanModel::changed, box, [=](const QString& changed) {
    if (network.startsWith(changed) || changed.startsWith(network)) fill(box, model, path);
  });
  QObject::connect(box, &QComboBox::activated, box, [=] { choose(model, path, box->currentData().toString()); });
  return box;
}

}  // namespace lorkd::form
