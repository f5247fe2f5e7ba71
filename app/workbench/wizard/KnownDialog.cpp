#include "app/workbench/wizard/KnownDialog.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QTableWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "app/workbench/Text.h"
#include "core/data/Annotations.h"
#include "core/data/Channels.h"

namespace lorkd::workbench {
namespace {

QString path(const std::string& source, const char* field) {
  return "data.sources." + QString::fromStdString(source) + "." + field;
}

QLabel* explained(const QString& words, QWidget* parent) {
  auto* label = new QLabel(words, parent);
  label->setWordWrap(true);
  return label;
}

QTableWidgetItem* cell(const QString& words) {
  auto* item = new QTableWidgetItem(words);
  item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable);
  return item;
}

bool names(const Json& list, const std::string& name) {
  return list.is_array() && std::ranges::any_of(list, [&](const Json& entry) {
           return entry.is_string() && image::sameLabel(entry.get<std::string>(), name);
         });
}

}  // namespace

std::vector<std::pair<std::string, int>> channelsOf(const std::vector<data::Case>& cases) {
  std::vector<std::pair<std::string, int>> out;
  for (const auto& c : cases) {
    if (c.kind == "picture") continue;
    for (const auto& name : data::channelNames(c)) {
      const auto known =
          std::ranges::find_if(out, [&](const auto& entry) { return image::sameLabel(entry.first, name); });
      if (known == out.end())
        out.emplace_back(name, 1);
      else
        ++known->second;
    }
  }
  return out;
}

KnownDialog::KnownDialog(form::PlanModel* model, const std::vector<data::Case>& cases, QWidget* parent)
    : QDialog(parent), m_model(model) {
  setWindowTitle(tr("What the labels say"));
  setObjectName("knownDialog");
  auto* layout = new QVBoxLayout(this);
  addMatrix(layout, cases);
  addAnswers(layout);
  addChannels(layout, cases);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
  connect(buttons, &QDialogButtonBox::accepted, this, &KnownDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  layout->addWidget(buttons);
  resize(720, 560);
}

void KnownDialog::addMatrix(QVBoxLayout* layout, const std::vector<data::Case>& cases) {
  const auto matrix = data::annotationMatrix(cases);
  m_sources = matrix.sources;
  m_contested.assign(m_sources.size(), 0);
  layout->addWidget(explained(
      tr("How many of the images with labels speak of each structure. Of the other images nobody knows whether they "
         "have "
         "it: they count nowhere for it. Tick a source where every image was looked through for the structure; then it "
         "is absent wherever it is not marked."),
      this));
  m_matrix = new QTableWidget(static_cast<int>(matrix.rows.size()), static_cast<int>(m_sources.size()) + 1, this);
  m_matrix->setObjectName("annotationMatrix");
  m_matrix->setAccessibleName(tr("Annotated structures by source"));
  QStringList headers{tr("Structure")};
  for (const auto& source : m_sources) headers << text(source);
  m_matrix->setHorizontalHeaderLabels(headers);
  m_matrix->verticalHeader()->hide();
  m_matrix->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  m_matrix->horizontalHeader()->setStretchLastSection(true);
  m_matrix->setAlternatingRowColors(true);
  for (std::size_t row = 0; row < matrix.rows.size(); ++row) {
    const auto& [structure, bySource] = matrix.rows[row];
    m_structures.push_back(structure);
    m_matrix->setItem(static_cast<int>(row), 0, cell(text(structure)));
    for (std::size_t s = 0; s < m_sources.size(); ++s) {
      const auto& spoken = bySource[s];
      m_contested[s] += spoken.contested;
      auto words = spoken.annotated == spoken.images ? tr("all %1").arg(spoken.images)
                                                     : tr("%1 of %2").arg(spoken.annotated).arg(spoken.images);
      if (spoken.contested > 0) words += ", " + tr("%1 with several answers").arg(spoken.contested);
      auto* item = cell(words);
      if (spoken.annotated < spoken.images) {
        item->setFlags(item->flags() | Qt::ItemIsUserCheckable);
        item->setCheckState(names(m_model->value(path(m_sources[s], "annotates")), structure) ? Qt::Checked
                                                                                              : Qt::Unchecked);
        item->setToolTip(
            tr("Ticked: every image of %1 was looked through for %2").arg(text(m_sources[s]), text(structure)));
      }
      m_matrix->setItem(static_cast<int>(row), static_cast<int>(s) + 1, item);
    }
  }
  layout->addWidget(m_matrix, 1);
}

void KnownDialog::addAnswers(QVBoxLayout* layout) {
  for (std::size_t s = 0; s < m_sources.size(); ++s) {
    if (m_contested[s] == 0) continue;
    auto* choice = new QComboBox(this);
    choice->setObjectName("answers-" + text(m_sources[s]));
    for (const auto& [value, words] : {std::pair{"ask", tr("none: the structure counts nowhere there")},
                                       {"first", tr("the first, by the names of the files")},
                                       {"last", tr("the last, by the names of the files")},
                                       {"union", tr("voxels that any of them marks")},
                                       {"intersection", tr("voxels that all of them mark")},
                                       {"majority", tr("voxels that more than half of them mark")},
                                       {"staple", tr("the truth they come closest to (STAPLE)")}})
      choice->addItem(words, QString(value));
    const auto known = m_model->value(path(m_sources[s], "answers"));
    choice->setCurrentIndex(std::max(0, choice->findData(known.is_string() ? text(known.get<std::string>()) : "ask")));
    auto* label = new QLabel(tr("Of several answers in %1, what counts:").arg(text(m_sources[s])), this);
    label->setBuddy(choice);
    auto* row = new QHBoxLayout;
    row->addWidget(label);
    row->addWidget(choice, 1);
    layout->addLayout(row);
    m_answers.emplace_back(m_sources[s], choice);
  }
}

void KnownDialog::addChannels(QVBoxLayout* layout, const std::vector<data::Case>& cases) {
  if (std::ranges::none_of(cases, [](const auto& c) { return c.channels.size() > 1; })) return;
  layout->addWidget(
      explained(tr("Images have several channels. Tick those that the network sees; an image that lacks one "
                   "is left out, or gets zeros there."),
                this));
  const auto channels = channelsOf(cases);
  const auto inputs = m_model->value("data.inputs");
  m_channels = new QTableWidget(static_cast<int>(channels.size()), 3, this);
  m_channels->setObjectName("channels");
  m_channels->setAccessibleName(tr("Channels of the images"));
  m_channels->setHorizontalHeaderLabels({tr("Channel"), tr("Images"), tr("Zeros where it is missing")});
  m_channels->verticalHeader()->hide();
  m_channels->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
  m_channels->horizontalHeader()->setStretchLastSection(true);
  for (int row = 0; row < m_channels->rowCount(); ++row) {
    const auto& [name, images] = channels[static_cast<std::size_t>(row)];
    const bool known = inputs.is_object() && inputs.contains(name);
    auto* item = cell(text(name));
    item->setFlags(item->flags() | Qt::ItemIsUserCheckable);
    item->setCheckState(known ? Qt::Checked : Qt::Unchecked);
    m_channels->setItem(row, 0, item);
    m_channels->setItem(row, 1, cell(QString::number(images)));
    auto* fill = cell({});
    fill->setFlags(fill->flags() | Qt::ItemIsUserCheckable);
    fill->setCheckState(known && inputs[name].value("fill", false) ? Qt::Checked : Qt::Unchecked);
    m_channels->setItem(row, 2, fill);
  }
  m_channels->setMaximumHeight(170);
  layout->addWidget(m_channels);
}

void KnownDialog::accept() {
  for (std::size_t s = 0; s < m_sources.size(); ++s) {
    // What the plan says of structures that no image here has stays.
    auto annotates = m_model->value(path(m_sources[s], "annotates"));
    if (!annotates.is_array()) annotates = Json::array();
    Json kept = Json::array();
    for (const auto& entry : annotates)
      if (std::ranges::none_of(m_structures, [&](const auto& known) {
            return entry.is_string() && image::sameLabel(known, entry.get<std::string>());
          }))
        kept.push_back(entry);
    for (std::size_t row = 0; row < m_structures.size(); ++row) {
      const auto* item = m_matrix->item(static_cast<int>(row), static_cast<int>(s) + 1);
      const bool ticked = (item->flags() & Qt::ItemIsUserCheckable) != 0 && item->checkState() == Qt::Checked;
      if (ticked) kept.push_back(m_structures[row]);
    }
    m_model->setValue(path(m_sources[s], "annotates"), kept);
  }
  for (const auto& [source, choice] : m_answers)
    m_model->setValue(path(source, "answers"), choice->currentData().toString().toStdString());
  if (m_channels) {
    const auto before = m_model->value("data.inputs");
    Json inputs = Json::object();
    for (int row = 0; row < m_channels->rowCount(); ++row) {
      if (m_channels->item(row, 0)->checkState() != Qt::Checked) continue;
      const auto name = m_channels->item(row, 0)->text().toStdString();
      auto input = before.is_object() && before.contains(name) ? before[name] : Json::object();
      input["fill"] = m_channels->item(row, 2)->checkState() == Qt::Checked;
      inputs[name] = std::move(input);
    }
    m_model->setValue("data.inputs", inputs);
  }
  QDialog::accept();
}

}  // namespace lorkd::workbench
