#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QTabWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"
#include "widgets/field/Number.h"
#include "widgets/form/FieldEditor.h"

namespace lorkd::workbench {
namespace {

/// Half or double is a choice; more is far.
constexpr double kFar = 2;

/// The largest ratio between the sides of two grids, at least 1.
template <class A, class B>
double ratio(const A& a, const B& b) {
  double out = 1;
  for (std::size_t i = 0; i < 3; ++i) {
    const double each = static_cast<double>(a[i]) / static_cast<double>(b[i]);
    out = std::max({out, each, 1 / each});
  }
  return out;
}

template <class T>
QString sides(const T& values) {
  QStringList parts;
  for (const auto value : values) parts << field::numberText(static_cast<double>(value));
  return parts.join(QStringLiteral(" × "));
}

/// One sentence about a grid far from the advised one; empty if it is near.
QString gridWarning(const image::Vec3& spacing, const std::array<std::int64_t, 3>& patch, const data::Advice& advice) {
  QStringList far;
  if (ratio(spacing, advice.spacing) > kFar)
    far << TrainingPage::tr("a spacing of %1 mm (here: %2 mm)").arg(sides(advice.spacing), sides(spacing));
  if (ratio(patch, advice.patch) > kFar)
    far << TrainingPage::tr("a patch of %1 voxels (here: %2)").arg(sides(advice.patch), sides(patch));
  return far.isEmpty() ? QString()
                       : TrainingPage::tr("This is far from what suits the data: %1. “Look at the data” can set it.")
                             .arg(far.join(TrainingPage::tr(" and ")));
}

}  // namespace

TrainingPage::TrainingPage(RunWizard* wizard) : PlanPage(wizard) {
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
      {"training.accumulate", "training.ema", "training.best", "training.patience", "training.sampling",
       "training.checkpoint_every"});
  add(tr("Losses and conflict"), {"losses.dice", "losses.bce", "losses.cross_entropy"},
      {"conflict.enabled", "conflict.every", "conflict.batches"});
  add(tr("Data"),
      {"data.clip", "data.channels", "data.longer_side", "data.foreground", "data.split.given", "data.split.slab"},
      {"data.split.folds", "data.split.fold", "data.split.held_out", "evaluation.overlap", "evaluation.threshold",
       "evaluation.lesion_overlap", "evaluation.lesion_volume"});
  add(tr("Augmentation"), {"data.mirror", "data.rotate", "data.zoom"}, {"data.intensity", "data.noise"});
  add(tr("Machine"), {"training.precision", "training.memory"}, {"training.loader_threads", "threads"});
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(pages);
  m_warning = new QLabel(this);
  m_warning->setObjectName("gridWarning");
  m_warning->setWordWrap(true);
  layout->addWidget(m_warning);
  connect(wizard->model(), &form::PlanModel::changed, this, [this](const QString& path) {
    if (path.isEmpty() || path.startsWith("data")) showWarning();
  });
  showWarning();
}

void TrainingPage::showWarning() {
  const auto data = m_wizard->model()->value("data");
  const auto words = m_wizard->advice()
                         ? gridWarning(data["spacing"].get<image::Vec3>(),
                                       data["patch"].get<std::array<std::int64_t, 3>>(), *m_wizard->advice())
                         : QString();
  m_warning->setText(words.isEmpty() ? QString() : "⚠ " + words);
  m_warning->setVisible(!words.isEmpty());
}

}  // namespace lorkd::workbench
