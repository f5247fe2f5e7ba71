#include "widgets/run/JobsPanel.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>
#include <algorithm>

#include "widgets/plot/CurvePlot.h"
#include "widgets/run/StateLook.h"

namespace lorkd::watch {
namespace {

/// States of jobs look like those of runs.
run::State lookOf(Job::State state) {
  switch (state) {
    case Job::State::Waiting:
      return run::State::Queued;
    case Job::State::Running:
      return run::State::Running;
    case Job::State::Done:
      return run::State::Finished;
    case Job::State::Cancelled:
      return run::State::Interrupted;
    case Job::State::Failed:
      return run::State::Failed;
  }
  return run::State::Queued;
}

QString words(const Job& job) {
  switch (job.state()) {
    case Job::State::Waiting:
      return JobRow::tr("waiting");
    case Job::State::Running:
      if (job.cancelRequested()) return JobRow::tr("cancelling …");
      return job.what().isEmpty() ? JobRow::tr("running") : job.what();
    case Job::State::Done:
      return JobRow::tr("done in %1").arg(plot::durationText(job.seconds()));
    case Job::State::Cancelled:
      return JobRow::tr("cancelled");
    case Job::State::Failed:
      return JobRow::tr("failed");
  }
  return QString();
}

/// One line that is cut with dots where room is short.
class ShortLabel : public QLabel {
 public:
  using QLabel::QLabel;
  QSize minimumSizeHint() const override { return {24, QLabel::minimumSizeHint().height()}; }

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter painter(this);
    painter.setPen(palette().color(QPalette::WindowText));
    painter.drawText(contentsRect(), Qt::AlignLeft | Qt::AlignVCenter,
                     fontMetrics().elidedText(text(), Qt::ElideMiddle, contentsRect().width()));
  }
};

}  // namespace

JobRow::JobRow(Job* job, QWidget* parent)
    : QWidget(parent),
      m_job(job),
      m_title(new ShortLabel(this)),
      m_state(new ShortLabel(this)),
      m_error(new QLabel(this)),
      m_bar(new QProgressBar(this)),
      m_cancel(new QPushButton(tr("Cancel"), this)),
      m_more(new QToolButton(this)),
      m_details(new QPlainTextEdit(this)) {
  setObjectName(QStringLiteral("job"));
  setAccessibleName(job->title());
  QFont bold = font();
  bold.setBold(true);
  m_title->setFont(bold);
  m_title->setTextFormat(Qt::PlainText);
  m_title->setText(job->title());
  m_title->setToolTip(job->title());
  m_state->setObjectName(QStringLiteral("state"));
  m_state->setTextFormat(Qt::PlainText);
  m_error->setObjectName(QStringLiteral("error"));
  m_error->setTextFormat(Qt::PlainText);
  m_error->setWordWrap(true);
  m_error->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_bar->setObjectName(QStringLiteral("progress"));
  m_bar->setAccessibleName(tr("Progress of %1").arg(job->title()));
  m_bar->setMaximumHeight(14);
  m_cancel->setObjectName(QStringLiteral("cancel"));
  m_cancel->setAccessibleName(tr("Cancel %1").arg(job->title()));
  m_more->setObjectName(QStringLiteral("more"));
  m_more->setAccessibleName(tr("Details of %1").arg(job->title()));
  m_more->setText(tr("Details"));
  m_more->setCheckable(true);
  m_more->setAutoRaise(true);
  m_details->setObjectName(QStringLiteral("details"));
  m_details->setAccessibleName(tr("Output of %1").arg(job->title()));
  m_details->setReadOnly(true);
  m_details->setMaximumBlockCount(1000);
  m_details->setMaximumHeight(140);
  m_details->hide();
  auto* head = new QHBoxLayout;
  auto* icon = new QLabel(this);
  icon->setObjectName(QStringLiteral("icon"));
  head->addWidget(icon);
  head->addWidget(m_title);
  head->addWidget(m_state, 1);
  head->addWidget(m_more);
  head->addWidget(m_cancel);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(6, 4, 6, 4);
  column->setSpacing(3);
  column->addLayout(head);
  column->addWidget(m_bar);
  column->addWidget(m_error);
  column->addWidget(m_details);
  connect(m_cancel, &QPushButton::clicked, job, &Job::cancel);
  connect(m_more, &QToolButton::toggled, this, [this](bool on) {
    m_details->setVisible(on);
    refresh();
  });
  connect(job, &Job::changed, this, &JobRow::refresh);
  refresh();
}

void JobRow::refresh() {
  const auto& job = *m_job;
  findChild<QLabel*>(QStringLiteral("icon"))->setPixmap(stateIcon(lookOf(job.state()), palette()).pixmap(16, 16));
  m_state->setText(words(job));
  m_state->setToolTip(m_state->text());
  m_cancel->setVisible(!job.over());
  m_cancel->setEnabled(!job.cancelRequested());
  m_bar->setVisible(job.state() == Job::State::Running);
  // A bar counts in ints; totals may be bytes.
  const bool known = job.total() > 0;
  m_bar->setRange(0, known ? 1000 : 0);
  if (known)
    m_bar->setValue(static_cast<int>(1000.0 * static_cast<double>(job.done()) / static_cast<double>(job.total())));
  m_bar->setFormat(tr("%p %"));
  const auto& error = job.error();
  const bool failed = job.state() == Job::State::Failed;
  m_error->setVisible(failed);
  if (failed) {
    QString text = QString::fromStdString(error.message);
    if (!error.context.empty()) text += QStringLiteral("\n") + QString::fromStdString(error.context);
    if (!error.hint.empty()) text += QStringLiteral("\n→ ") + QString::fromStdString(error.hint);
    m_error->setText(text);
    m_error->setAccessibleName(text);
  }
  m_more->setVisible(!job.details().isEmpty() || m_more->isChecked());
  if (m_more->isChecked()) {
    const QString all = job.details().join(QLatin1Char('\n'));
    if (m_details->toPlainText() != all) m_details->setPlainText(all);
  }
}

JobsPanel::JobsPanel(JobQueue* queue, QWidget* parent)
    : QWidget(parent),
      m_queue(queue),
      m_list(nullptr),
      m_empty(new QLabel(tr("No jobs"), this)),
      m_clear(new QPushButton(tr("Clear finished"), this)) {
  setObjectName(QStringLiteral("jobs"));
  setAccessibleName(tr("Jobs"));
  m_clear->setObjectName(QStringLiteral("clearFinished"));
  m_clear->setAccessibleName(tr("Clear finished jobs"));
  m_empty->setAlignment(Qt::AlignCenter);
  auto* inner = new QWidget;
  m_list = new QVBoxLayout(inner);
  m_list->setContentsMargins(0, 0, 0, 0);
  m_list->addStretch(1);
  auto* scroll = new QScrollArea(this);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidget(inner);
  auto* foot = new QHBoxLayout;
  foot->addWidget(m_empty, 1);
  foot->addStretch(1);
  foot->addWidget(m_clear);
  auto* column = new QVBoxLayout(this);
  column->addWidget(scroll, 1);
  column->addLayout(foot);
  connect(m_clear, &QPushButton::clicked, queue, &JobQueue::clearFinished);
  connect(queue, &JobQueue::added, this, &JobsPanel::add);
  connect(queue, &JobQueue::activeChanged, this, &JobsPanel::refresh);
  connect(queue, &JobQueue::removed, this, [this](Job* job) {
    delete m_rows.take(job);
    refresh();
  });
  for (auto* job : queue->jobs()) add(job);
  refresh();
}

void JobsPanel::add(Job* job) {
  auto* row = new JobRow(job, this);
  m_rows.insert(job, row);
  m_list->insertWidget(0, row);
  refresh();
}

void JobsPanel::refresh() {
  m_empty->setVisible(m_rows.isEmpty());
  m_clear->setEnabled(std::ranges::any_of(m_queue->jobs(), [](const Job* job) { return job->over(); }));
}

}  // namespace lorkd::watch
