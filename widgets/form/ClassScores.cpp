#include "widgets/form/ClassScores.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QLabel>
#include <algorithm>

#include "widgets/field/FaultLine.h"
#include "widgets/field/NumberField.h"
#include "widgets/form/FieldEditor.h"

namespace lorkd::form {
namespace {

const QString kToleranceField = "tasks.NAME.classes.NAME.tolerance", kLesionsField = "tasks.NAME.classes.NAME.lesions";

plan::Class classIn(const Json& tasks, const TaskPlace& place) {
  return tasks.at(place.task).at("classes").at(place.cls).get<plan::Class>();
}

}  // namespace

std::vector<TaskPlace> classesOf(const Json& tasks, const std::vector<TaskPlace>& places) {
  std::vector<TaskPlace> out;
  for (const auto& place : places) {
    if (!place.cls.empty()) {
      out.push_back(place);
      continue;
    }
    for (const auto& [cls, unused] : tasks.at(place.task).at("classes").items()) out.push_back({place.task, cls});
  }
  return out;
}

ClassScores::ClassScores(QWidget* parent) : QWidget(parent) {
  m_tolerance = new field::NumberField(fieldLimits(kToleranceField), this);
  m_tolerance->setObjectName("classTolerance");
  m_tolerance->setAccessibleName(fieldTitle(kToleranceField));
  m_tolerance->setToolTip(fieldHelp(kToleranceField));
  m_fault = new field::FaultLine(this);
  m_fault->setObjectName("classToleranceFault");
  m_lesions = new QCheckBox(tr("&Lesions"), this);
  m_lesions->setObjectName("classLesions");
  m_lesions->setToolTip(fieldHelp(kLesionsField));
  m_title = new QLabel(tr("S&urface tolerance"), this);
  m_title->setToolTip(m_tolerance->toolTip());
  m_title->setBuddy(m_tolerance);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(0, 0, 0, 0);
  row->addWidget(m_title);
  row->addWidget(m_tolerance);
  row->addWidget(m_lesions);
  row->addWidget(m_fault, 1);
  row->addStretch();
  // Of what is not taken the plan keeps the last number that was; the fault line says so.
  const auto take = [this] { Q_EMIT entered({{"tolerance", m_tolerance->value()}}); };
  connect(m_tolerance, &field::NumberField::faultChanged, m_fault, &field::FaultLine::say);
  connect(m_tolerance, &field::NumberField::faultChanged, this, take);
  connect(m_tolerance, &field::NumberField::valueChanged, this, take);
  connect(m_lesions, &QCheckBox::clicked, this, [this](bool on) {
    m_lesions->setTristate(false);  // what a person says is on or off
    Q_EMIT entered({{"lesions", on}});
  });
}

void ClassScores::show(const Json& tasks, const std::vector<TaskPlace>& places, plan::TaskKind kind) {
  const auto classes = classesOf(tasks, places);
  m_title->setVisible(kind == plan::TaskKind::Segmentation);
  m_tolerance->setVisible(kind == plan::TaskKind::Segmentation);
  m_lesions->setVisible(plan::marks(kind));
  m_tolerance->setEnabled(!classes.empty());
  m_lesions->setEnabled(!classes.empty());
  const QSignalBlocker quietTolerance(m_tolerance), quietLesions(m_lesions);
  const double tolerance = (classes.empty() ? plan::Class() : classIn(tasks, classes.front())).tolerance;
  // Not while somebody types: what stands there may be half a number.
  if (m_tolerance->value() != tolerance || window()->focusWidget() != m_tolerance) {
    m_tolerance->setValue(tolerance);
    m_fault->say(m_tolerance->why());
  }
  const auto lesions = std::ranges::count_if(classes, [&](const auto& at) { return classIn(tasks, at).lesions; });
  const bool mixed = lesions > 0 && lesions < std::ssize(classes);
  m_lesions->setTristate(mixed);
  m_lesions->setCheckState(mixed ? Qt::PartiallyChecked : lesions > 0 ? Qt::Checked : Qt::Unchecked);
}

}  // namespace lorkd::form
