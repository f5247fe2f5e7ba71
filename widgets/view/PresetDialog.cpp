#include "widgets/view/PresetDialog.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QPushButton>
#include <QTableWidget>
#include <QVBoxLayout>

#include "widgets/field/FaultLine.h"
#include "widgets/field/NumberField.h"

namespace lorkd::view {

PresetDialog::PresetDialog(const std::vector<WindowPreset>& presets, const scene::Window& current, QWidget* parent)
    : QDialog(parent), m_table(new QTableWidget(0, 3, this)), m_fault(new field::FaultLine(this)) {
  setObjectName("presetDialog");
  setWindowTitle(tr("Window presets"));
  m_table->setObjectName("presetTable");
  m_table->setAccessibleName(tr("Window presets"));
  m_table->setHorizontalHeaderLabels({tr("Name"), tr("Width"), tr("Level")});
  m_table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
  m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
  m_accept = buttons->button(QDialogButtonBox::Ok);
  for (const auto& preset : presets) addRow(preset);
  const auto button = [&](const QString& text, const QString& name) {
    auto* b = buttons->addButton(text, QDialogButtonBox::ActionRole);
    b->setObjectName(name);
    b->setAccessibleName(text);
    b->setAutoDefault(false);
    return b;
  };
  connect(button(tr("Add current"), "addPreset"), &QPushButton::clicked, this, [this, current] {
    addRow({tr("New preset"), current.center, current.width});
  });
  connect(button(tr("Remove"), "removePreset"), &QPushButton::clicked, this, [this] {
    m_table->removeRow(m_table->currentRow());
    judge();
  });
  connect(button(tr("Standard"), "standardPresets"), &QPushButton::clicked, this, [this] {
    m_table->setRowCount(0);
    for (const auto& preset : standardPresets()) addRow(preset);
    judge();
  });
  connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  auto* box = new QVBoxLayout(this);
  box->addWidget(m_table);
  box->addWidget(m_fault);
  box->addWidget(buttons);
  resize(460, 320);
}

void PresetDialog::addRow(const WindowPreset& preset) {
  const int row = m_table->rowCount();
  m_table->insertRow(row);
  m_table->setItem(row, 0, new QTableWidgetItem(preset.name));
  const auto spin = [&](int column, double value, double low, const QString& name) {
    auto* box = new field::NumberField({low, 1e6}, m_table);
    box->setAccessibleName(name);
    box->setValue(value);
    connect(box, &field::NumberField::faultChanged, this, &PresetDialog::judge);
    m_table->setCellWidget(row, column, box);
  };
  spin(1, preset.width, 0.1, tr("Width"));
  spin(2, preset.center, -1e6, tr("Level"));
}

void PresetDialog::judge() {
  QStringList faults;
  for (int row = 0; row < m_table->rowCount(); ++row)
    for (const int column : {1, 2})
      if (const auto* box = static_cast<field::NumberField*>(m_table->cellWidget(row, column)); !box->why().isEmpty())
        faults << tr("%1, %2 – %3").arg(m_table->item(row, 0)->text(), box->accessibleName(), box->why());
  m_fault->say(faults.join('\n'));
  m_accept->setEnabled(faults.isEmpty());
}

std::vector<WindowPreset> PresetDialog::presets() const {
  std::vector<WindowPreset> out;
  for (int row = 0; row < m_table->rowCount(); ++row) {
    const auto value = [&](int column) {
      return static_cast<field::NumberField*>(m_table->cellWidget(row, column))->value();
    };
    out.push_back({m_table->item(row, 0)->text(), value(2), value(1)});
  }
  return out;
}

}  // namespace lorkd::view
