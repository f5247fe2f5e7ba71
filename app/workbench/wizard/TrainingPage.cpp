#include <QHBoxLayout>
#include <QScrollArea>
#include <QTabWidget>
#include <QVBoxLayout>

#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"
#include "widgets/form/FieldEditor.h"

namespace lorkd::workbench {

TrainingPage::TrainingPage(RunWizard* wizard) : QWizardPage(wizard) {
  setTitle(tr("Training"));
  setSubTitle(tr("The defaults are sound for a first run. Hover a field for what it means and what is allowed."));
  auto* pages = new QTabWidget(this);
  pages->setObjectName("trainingTabs");
  const auto add = [&](const QString& title, const QStringList& left, const QStringList& right) {
    auto* page = new QWidget(pages);
    auto* columns = new QHBoxLayout(page);
    columns->setSpacing(32);
    for (const auto& paths : {left, right}) {
      auto* column = new QVBoxLayout;
      column->addWidget(new form::PlanForm(wizard->model(), paths, page));
      column->addStretch();
      columns->addLayout(column, 1);
    }
    auto* scroll = new QScrollArea(pages);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setWidget(page);
    pages->addTab(scroll, title);
  };
  add(tr("Essentials"),
      {"training.steps", "training.batch", "training.learning_rate", "training.validate_every", "seed"},
      {"data.spacing", "data.patch", "data.normalisation", "data.split.validation", "data.split.test", "device"});
  add(tr("Optimiser"),
      {"training.optimiser", "training.schedule", "training.warmup", "training.weight_decay", "training.momentum",
       "training.gradient_clip"},
      {"training.accumulate", "training.ema", "training.patience", "training.sampling", "training.checkpoint_every"});
  add(tr("Losses and conflict"), {"losses.dice", "losses.bce", "losses.cross_entropy"},
      {"conflict.enabled", "conflict.every", "conflict.batches"});
  add(tr("Data"), {"data.clip", "data.channels", "data.foreground", "data.split.slab"},
      {"evaluation.overlap", "evaluation.threshold"});
  add(tr("Augmentation"), {"data.mirror", "data.rotate", "data.zoom"}, {"data.intensity", "data.noise"});
  add(tr("Machine"), {"training.precision", "training.memory"}, {"training.loader_threads", "threads"});
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(pages);
}

}  // namespace lorkd::workbench
