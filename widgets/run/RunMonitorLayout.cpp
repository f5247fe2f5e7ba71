// The widgets of the run monitor and where they stand.
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QVBoxLayout>

#include "widgets/run/RunMonitor.h"

namespace lorkd::watch {

void RunMonitor::build() {
  const auto label = [this](const char* name) {
    auto* made = new QLabel(this);
    made->setObjectName(QLatin1String(name));
    made->setTextFormat(Qt::PlainText);
    return made;
  };
  const auto button = [this](const char* name, const QString& text, const QString& spoken) {
    auto* made = new QPushButton(text, this);
    made->setObjectName(QLatin1String(name));
    made->setAccessibleName(spoken);
    made->setToolTip(spoken);
    return made;
  };
  m_icon = label("stateIcon");
  m_name = label("runName");
  m_state = label("runState");
  m_figures = label("runFigures");
  m_message = label("runMessage");
  QFont large = font();
  large.setPointSizeF(font().pointSizeF() * 1.25);
  large.setBold(true);
  m_name->setFont(large);
  m_name->setMinimumWidth(80);
  m_message->setWordWrap(true);
  m_message->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_figures->setWordWrap(true);
  m_bar = new PhaseBar(this);
  m_bar->setObjectName(QStringLiteral("runProgress"));
  m_bar->setAccessibleName(tr("Progress of the run"));
  m_start = button("start", tr("Start"), tr("Start or continue training"));
  m_pause = button("pause", tr("Pause"), tr("Pause or resume training"));
  m_checkpoint = button("checkpoint", tr("Checkpoint"), tr("Write a checkpoint now"));
  m_stop = button("stop", tr("Stop"), tr("Stop training after this step"));
  m_alone = button("alone", tr("Hide other runs"), tr("Show this run's curves alone"));
  m_showTeacher = button("showTeacher", tr("Teacher"), tr("Show the curves and the log of the teacher's training"));
  m_showOwn = button("showOwn", QString(), tr("Show the curves and the log of what is trained with the teacher"));
  for (auto* each : {m_showTeacher, m_showOwn}) each->setCheckable(true);
  connect(m_showTeacher, &QPushButton::clicked, this, [this] { chooseTeacher(true); });
  connect(m_showOwn, &QPushButton::clicked, this, [this] { chooseTeacher(false); });
  connect(m_start, &QPushButton::clicked, this, &RunMonitor::startOrContinue);
  connect(m_pause, &QPushButton::clicked, this, [this] {
    const auto status = m_watcher ? m_watcher->status() : std::nullopt;
    const bool paused = status && status->state == lorkd::run::State::Paused;
    act(paused ? lorkd::run::Command::Resume : lorkd::run::Command::Pause, paused ? tr("resuming …") : tr("pausing …"));
  });
  connect(m_checkpoint, &QPushButton::clicked, this, [this] { act(lorkd::run::Command::Checkpoint, QString()); });
  connect(m_stop, &QPushButton::clicked, this, &RunMonitor::askStop);
  connect(m_alone, &QPushButton::clicked, this, &RunMonitor::clearOverlays);

  m_losses = new plot::LossPlot(plot::Subject::Losses, this);
  m_metrics = new plot::LossPlot(plot::Subject::Metrics, this);
  m_conflict = new plot::ConflictPanel(this);
  m_log = new QPlainTextEdit(this);
  m_log->setObjectName(QStringLiteral("log"));
  m_log->setAccessibleName(tr("Log of the run"));
  m_log->setReadOnly(true);
  m_log->setMaximumBlockCount(10000);
  m_log->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  m_log->setFrameShape(QFrame::NoFrame);
  m_pages = new QTabWidget(this);
  m_pages->setObjectName(QStringLiteral("pages"));
  m_pages->setAccessibleName(tr("Pages of the run"));
  m_pages->setDocumentMode(true);
  m_pages->addTab(m_losses, tr("Losses"));
  m_pages->addTab(m_metrics, tr("Metrics"));
  m_pages->addTab(m_conflict, tr("Conflict"));
  m_pages->addTab(m_log, tr("Log"));

  auto* head = new QHBoxLayout;
  head->setSpacing(6);
  head->addWidget(m_icon);
  head->addWidget(m_name);
  head->addWidget(m_state, 1);
  auto* views = new QHBoxLayout;
  views->setSpacing(0);
  for (auto* each : {m_showTeacher, m_showOwn}) views->addWidget(each);
  head->addLayout(views);
  for (auto* each : {m_alone, m_start, m_pause, m_checkpoint, m_stop}) head->addWidget(each);
  auto* top = new QVBoxLayout;
  top->setContentsMargins(8, 6, 8, 4);
  top->setSpacing(4);
  top->addLayout(head);
  top->addWidget(m_bar);
  top->addWidget(m_figures);
  top->addWidget(m_message);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addLayout(top);
  column->addWidget(m_pages, 1);
}

}  // namespace lorkd::watch
