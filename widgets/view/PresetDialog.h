// Editing the grey-window presets.
#pragma once

#include <QDialog>

#include "widgets/view/Presets.h"

class QTableWidget;

namespace lorkd::view {

/// A table of name, width and centre; rows are added from the current window and removed. Read presets() after accept.
class PresetDialog : public QDialog {
  Q_OBJECT

 public:
  PresetDialog(const std::vector<WindowPreset>& presets, const scene::Window& current, QWidget* parent = nullptr);
  std::vector<WindowPreset> presets() const;

 private:
  void addRow(const WindowPreset& preset);
  QTableWidget* m_table;
};

}  // namespace lorkd::view
