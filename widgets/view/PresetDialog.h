// Editing the grey-window presets.
#pragma once

#include <QDialog>

#include "widgets/view/Presets.h"

class QPushButton;
class QTableWidget;

namespace lorkd::field {
class FaultLine;
}

namespace lorkd::view {

/// A table of name, width and centre; rows are added from the current window and removed. Read presets() after accept.
class PresetDialog : public QDialog {
  Q_OBJECT

 public:
  PresetDialog(const std::vector<WindowPreset>& presets, const scene::Window& current, QWidget* parent = nullptr);
  std::vector<WindowPreset> presets() const;

 private:
  void addRow(const WindowPreset& preset);
  /// Says which number cannot be read; until it can, nothing is taken.
  void judge();
  QTableWidget* m_table;
  field::FaultLine* m_fault;
  QPushButton* m_accept;
};

}  // namespace lorkd::view
