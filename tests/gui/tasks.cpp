// The task editor in a real window, with the mouse and the keys of a person: labels to tasks, classes merged, split and
// moved, proposals, templates.
#include <QApplication>
#include <QColorDialog>
#include <QComboBox>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QProcess>
#include <QPushButton>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QToolButton>
#include <QtTest>
#include <fstream>

#include "widgets/form/ProposalDialog.h"
#include "widgets/form/Regions.h"
#include "widgets/form/TaskEditor.h"

using namespace lorkd;
using namespace lorkd::form;

namespace {

image::Label label(const std::string& name, int number = 0, const std::string& color = {}, plan::Code code = {},
                   plan::Code modifier = {}) {
  image::Label out;
  out.name = name;
  out.number = number;
  out.color = color;
  out.code = std::move(code);
  out.modifier = std::move(modifier);
  return out;
}

const plan::Code kKidney{"SCT", "64033007", "Kidney"}, kLeft{"SCT", "7771000", "Left"},
    kRight{"SCT", "24028007", "Right"};

/// Three images of the abdomen and two of the head.
std::vector<ImageInfo> images() {
  const auto liver = label("liver", 1, "#dd8265", {"SCT", "10200004", "Liver"});
  const auto left = label("Left Kidney", 2, "#b9664d", kKidney, kLeft);
  const auto right = label("Right Kidney", 3, "#b96650", kKidney, kRight);
  const ImageInfo abdomen{"ct", "ABDOMEN", {liver, left, right}}, head{"ct", "HEAD", {label("brain", 1)}};
  return {abdomen, abdomen, {"ct", "ABDOMEN", {liver, left}}, head, head};
}

}  // namespace

class TasksTest : public QObject {
  Q_OBJECT
 private Q_SLOTS:
  void init();
  void cleanup() { m_editor.reset(); }
  void labelsBecomeClasses();
  void severalLabelsBecomeOneClass();
  void labelsOfAnyScriptStayApart();
  void codesAndColoursComeAlong();
  void imagesAreCounted();
  void theFilterFinds();
  void aFaultyExpressionIsNamed();
  void usedLabelsLookUsed();
  void enterAddsAndDeleteRemoves();
  void labelsAreDraggedToATaskAClassAndBeside();
  void classesAreDragged();
  void classesAreMergedAndSplit();
  void coloursAreChosen();
  void stepsAreTakenBack();
  void regionsAreProposed();
  void bodyPartsBecomeTasks();
  void replacingTasksIsAsked();
  void namesOfPublishedSetsHaveTheirRegions();
  void templatesGoRound();
  void aTemplateSaysWhatItMisses();
  void aFaultyTemplateIsNamed();
  void kindHoldsForEveryTask();
  void renamingKeepsTheLabels();

 private:
  void show(std::vector<ImageInfo> images);
  QTreeWidget* labels() const { return m_editor->labels()->list(); }
  QTreeWidget* tasks() const { return m_editor->tasks(); }
  QTreeWidgetItem* row(QTreeWidget* tree, const QString& name) const {
    const auto found = tree->findItems(name, Qt::MatchExactly | Qt::MatchRecursive);
    return found.isEmpty() ? nullptr : found.front();
  }
  QPoint placeOf(QTreeWidget* tree, const QString& name) const {
    tree->scrollToItem(row(tree, name));
    const auto rect = tree->visualItemRect(row(tree, name));
    return {rect.left() + 40, rect.center().y()};
  }
  /// Clicks the rows, the first alone and the others with Ctrl.
  void choose(QTreeWidget* tree, const QStringList& names) {
    tree->clearSelection();
    for (const auto& name : names)
      QTest::mouseClick(tree->viewport(), Qt::LeftButton, name == names.front() ? Qt::NoModifier : Qt::ControlModifier,
                        placeOf(tree, name));
  }
  void press(const char* name, QWidget* in = nullptr) {
    auto* button = (in ? in : m_editor.get())->findChild<QAbstractButton*>(name);
    QVERIFY2(button && button->isEnabled(), name);
    QTest::mouseClick(button, Qt::LeftButton);
  }
  void type(const QString& text) {
    auto* filter = m_editor->findChild<QLineEdit*>("labelFilter");
    filter->setFocus();
    filter->selectAll();
    QTest::keyClick(filter, Qt::Key_Delete);
    QTest::keyClicks(filter, text);
  }
  QStringList shown() const {
    QStringList out;
    for (int n = 0; n < labels()->topLevelItemCount(); ++n)
      if (!labels()->topLevelItem(n)->isHidden()) out << labels()->topLevelItem(n)->text(0);
    return out;
  }
  Json classes(const char* task) const { return m_model->value("tasks").at(task).at("classes"); }
  /// A drag with the pointer of the display: Qt's own events do not reach a drag between windows.
  bool drag(QTreeWidget* from, QPoint start, QTreeWidget* to, QPoint end);
  void acceptProposal(const char* choice = nullptr);

  std::unique_ptr<PlanModel> m_model;
  std::unique_ptr<TaskEditor> m_editor;
};

void TasksTest::show(std::vector<ImageInfo> images) {
  m_model = std::make_unique<PlanModel>();
  m_editor = std::make_unique<TaskEditor>(m_model.get());
  m_editor->resize(1100, 640);
  m_editor->move(20, 20);
  m_editor->setImages(std::move(images));
  m_editor->show();
  QVERIFY(QTest::qWaitForWindowExposed(m_editor.get()));
}

void TasksTest::init() { show(images()); }

bool TasksTest::drag(QTreeWidget* from, QPoint start, QTreeWidget* to, QPoint end) {
  if (QStandardPaths::findExecutable("xdotool").isEmpty()) return false;
  const auto a = from->viewport()->mapToGlobal(start), b = to->viewport()->mapToGlobal(end);
  QStringList steps{"mousemove", QString::number(a.x()), QString::number(a.y()), "mousedown", "1"};
  for (int n = 1; n <= 8; ++n)
    steps << "sleep"
          << "0.04"
          << "mousemove" << QString::number(a.x() + (b.x() - a.x()) * n / 8)
          << QString::number(a.y() + (b.y() - a.y()) * n / 8);
  steps << "sleep"
        << "0.2"
        << "mouseup"
        << "1";
  QProcess hand;
  hand.start("xdotool", steps);
  while (hand.state() != QProcess::NotRunning) QTest::qWait(20);
  QTest::qWait(300);
  return hand.exitCode() == 0;
}

#define DRAG(from, start, to, end) \
  if (!drag(from, start, to, end)) QSKIP("xdotool is not installed")

void TasksTest::acceptProposal(const char* choice) {
  auto* dialog = m_editor->findChild<ProposalDialog*>("proposal");
  QVERIFY(dialog);
  QTRY_VERIFY(dialog->isVisible());
  if (choice) press(choice, dialog);
  press("proposalUse", dialog);
  QTRY_VERIFY(!m_editor->findChild<ProposalDialog*>("proposal"));
}

void TasksTest::labelsBecomeClasses() {
  choose(labels(), {"liver", "brain"});
  press("addClasses");
  const auto task = m_model->value("tasks.task");
  QVERIFY(task.contains("classes"));
  QCOMPARE(task["classes"]["liver"]["labels"], Json({"liver"}));
  QVERIFY(task["classes"].contains("brain"));
  QVERIFY(m_model->faults().empty());
}

void TasksTest::severalLabelsBecomeOneClass() {
  choose(labels(), {"Left Kidney", "Right Kidney"});
  press("mergeClasses");
  const auto made = m_model->value("tasks.task.classes");
  QCOMPARE(made.size(), std::size_t(1));
  QCOMPARE(made.front()["labels"], Json({"Left Kidney", "Right Kidney"}));
}

void TasksTest::labelsOfAnyScriptStayApart() {
  // Letter case tells no labels apart, as in training.
  show({{"ct", "", {label("肝脏"), label("脾脏"), label("Liver")}}, {"ct", "", {label("liver")}}});
  QCOMPARE(labels()->topLevelItemCount(), 3);
  for (int twice = 0; twice < 2; ++twice) {
    press("selectShown");
    press("addClasses");
  }
  const auto made = m_model->value("tasks.task.classes");
  QCOMPARE(made.size(), std::size_t(3));
  QCOMPARE(made["肝脏"]["labels"], Json::array({"肝脏"}));
  QCOMPARE(made["脾脏"]["labels"], Json::array({"脾脏"}));
  QCOMPARE(tasks()->topLevelItem(0)->text(2), QString("2"));
  QVERIFY(m_model->faults().empty());
}

void TasksTest::codesAndColoursComeAlong() {
  choose(labels(), {"Left Kidney", "Right Kidney", "liver"});
  press("addClasses");
  const auto one = classes("task")["left kidney"];
  QCOMPARE(one["color"], Json("#b9664d"));
  QCOMPARE(one["code"]["value"], Json("64033007"));
  QCOMPARE(one["modifier"]["meaning"], Json("Left"));
  // Both are kidneys, of no one side.
  press("mergeClasses");
  const auto both = classes("task")["left kidney 2"];
  QCOMPARE(both["labels"], Json({"Left Kidney", "liver", "Right Kidney"}));
  QCOMPARE(both["code"]["value"], Json(""));
  choose(labels(), {"Left Kidney", "Right Kidney"});
  press("mergeClasses");
  const auto kidneys = classes("task")["left kidney 3"];
  QCOMPARE(kidneys["code"]["value"], Json("64033007"));
  QCOMPARE(kidneys["modifier"]["value"], Json(""));
  QVERIFY(m_model->faults().empty());
  // Where images contradict each other, nothing is said.
  show({{"ct", "", {label("x", 1, "#111111", kKidney)}}, {"ct", "", {label("x", 2, "#111111", kLeft)}}});
  QVERIFY(labels()->topLevelItem(0)->toolTip(0).contains("code"));
  QVERIFY(labels()->topLevelItem(0)->text(1).isEmpty());
  choose(labels(), {"x"});
  press("addClasses");
  QCOMPARE(classes("task")["x"]["color"], Json("#111111"));
  QCOMPARE(classes("task")["x"]["code"]["value"], Json(""));
}

void TasksTest::imagesAreCounted() {
  choose(labels(), {"Left Kidney", "Right Kidney", "brain"});
  press("mergeClasses");
  // Two images have both kidneys, one the left alone, two a brain: five images, not nine labels.
  QCOMPARE(tasks()->topLevelItem(0)->text(2), QString("5"));
  QCOMPARE(row(labels(), "Right Kidney")->text(3), QString("2"));
  m_model->setValue("tasks.task.body_parts", Json({"abdomen"}));
  QCOMPARE(tasks()->topLevelItem(0)->text(2), QString("3"));
  m_model->setValue("tasks.task.sources", Json({"elsewhere"}));
  QCOMPARE(tasks()->topLevelItem(0)->child(0)->text(2), QString("0"));
}

void TasksTest::theFilterFinds() {
  type("KIDNEY");
  QCOMPARE(shown(), QStringList({"Left Kidney", "Right Kidney"}));
  press("selectShown");
  QCOMPARE(labels()->selectedItems().size(), 2);
  type("10200004");  // a code
  QCOMPARE(shown(), QStringList({"liver"}));
  QCOMPARE(labels()->selectedItems().size(), 0);  // what is not seen is not chosen
  type("head");                                   // a body part
  QCOMPARE(shown(), QStringList({"brain"}));
  type("^(left|right) ");
  QVERIFY(shown().isEmpty());  // plain text
  press("labelFilterRegular");
  QCOMPARE(shown(), QStringList({"Left Kidney", "Right Kidney"}));
  QVERIFY(m_editor->findChild<QLabel*>("labelCount")->text().contains("2 of 4"));
}

void TasksTest::aFaultyExpressionIsNamed() {
  press("labelFilterRegular");
  auto* fault = m_editor->findChild<QLabel*>("labelFilterFault");
  type("^l");
  QCOMPARE(shown(), QStringList({"Left Kidney", "liver"}));
  QVERIFY(!fault->isVisible());
  type("^l(");
  QVERIFY(fault->isVisible());
  QVERIFY2(fault->text().contains("character 3"), qPrintable(fault->text()));
  QCOMPARE(shown(), QStringList({"Left Kidney", "liver"}));
  type("^l(i)");
  QVERIFY(!fault->isVisible());
  QCOMPARE(shown(), QStringList({"liver"}));
}

void TasksTest::usedLabelsLookUsed() {
  choose(labels(), {"liver"});
  press("addClasses");
  QVERIFY(row(labels(), "liver")->font(0).italic());
  QVERIFY(row(labels(), "liver")->toolTip(0).contains("task › liver"));
  QVERIFY(!row(labels(), "brain")->font(0).italic());
  press("onlyUnused");
  QCOMPARE(shown(), QStringList({"brain", "Left Kidney", "Right Kidney"}));
  choose(labels(), {"brain"});
  press("addClasses");
  QCOMPARE(shown(), QStringList({"Left Kidney", "Right Kidney"}));
}

void TasksTest::enterAddsAndDeleteRemoves() {
  labels()->setFocus();
  QTest::keyClick(labels(), Qt::Key_Home);
  QTest::keyClick(labels(), Qt::Key_Down, Qt::ShiftModifier);
  QTest::keyClick(labels(), Qt::Key_Return);
  QCOMPARE(classes("task").size(), std::size_t(2));
  choose(tasks(), {"brain"});
  QTest::keyClick(tasks(), Qt::Key_Delete);
  QTRY_COMPARE(classes("task").size(), std::size_t(1));
  QVERIFY(!classes("task").contains("brain"));
  // A name is edited with F2, and Enter ends it.
  choose(tasks(), {"task"});
  QTest::keyClick(tasks(), Qt::Key_F2);
  auto* edit = tasks()->findChild<QLineEdit*>();
  QVERIFY(edit);
  edit->selectAll();
  QTest::keyClicks(edit, "Abdomen");
  QTest::keyClick(edit, Qt::Key_Return);
  QTRY_VERIFY(m_model->value("tasks").contains("abdomen"));
}

void TasksTest::labelsAreDraggedToATaskAClassAndBeside() {
  const QPoint beside(120, tasks()->viewport()->height() - 20);
  choose(labels(), {"liver"});
  DRAG(labels(), placeOf(labels(), "liver"), tasks(), beside);
  QCOMPARE(classes("task").size(), std::size_t(1));
  DRAG(labels(), placeOf(labels(), "brain"), tasks(), beside);
  QVERIFY(classes("task 2").contains("brain"));
  // Both chosen rows come along with the one that is taken.
  choose(labels(), {"Left Kidney", "Right Kidney"});
  DRAG(labels(), placeOf(labels(), "Right Kidney"), tasks(), placeOf(tasks(), "task"));
  QCOMPARE(classes("task").size(), std::size_t(3));
  // On a class: its union with them.
  m_editor->undo();
  QCOMPARE(classes("task").size(), std::size_t(1));
  choose(labels(), {"Left Kidney", "Right Kidney"});
  DRAG(labels(), placeOf(labels(), "Left Kidney"), tasks(), placeOf(tasks(), "liver"));
  QCOMPARE(classes("task").size(), std::size_t(1));
  QCOMPARE(classes("task")["liver"]["labels"], Json({"liver", "Left Kidney", "Right Kidney"}));
  QCOMPARE(m_model->value("tasks").size(), std::size_t(2));
}

void TasksTest::classesAreDragged() {
  choose(labels(), {"liver", "Left Kidney", "Right Kidney", "brain"});
  press("addClasses");
  const QPoint beside(120, tasks()->viewport()->height() - 20);
  choose(tasks(), {"left kidney", "right kidney"});
  DRAG(tasks(), placeOf(tasks(), "left kidney"), tasks(), beside);
  QCOMPARE(classes("task").size(), std::size_t(2));
  QCOMPARE(classes("task 2").size(), std::size_t(2));
  choose(tasks(), {"liver"});
  DRAG(tasks(), placeOf(tasks(), "liver"), tasks(), placeOf(tasks(), "task 2"));
  QVERIFY(classes("task 2").contains("liver"));
  choose(tasks(), {"right kidney"});
  DRAG(tasks(), placeOf(tasks(), "right kidney"), tasks(), placeOf(tasks(), "left kidney"));
  QCOMPARE(classes("task 2")["left kidney"]["labels"], Json({"Left Kidney", "Right Kidney"}));
  QCOMPARE(classes("task 2").size(), std::size_t(2));
  // A task that gave its last class away is gone.
  choose(tasks(), {"brain"});
  DRAG(tasks(), placeOf(tasks(), "brain"), tasks(), placeOf(tasks(), "task 2"));
  QCOMPARE(m_model->value("tasks").size(), std::size_t(1));
  QVERIFY(m_model->faults().empty());
}

void TasksTest::classesAreMergedAndSplit() {
  choose(labels(), {"liver", "Left Kidney", "Right Kidney"});
  press("addClasses");
  choose(tasks(), {"left kidney", "right kidney"});
  press("mergeTaskClasses");
  QCOMPARE(classes("task").size(), std::size_t(2));
  QCOMPARE(classes("task")["left kidney"]["labels"], Json({"Left Kidney", "Right Kidney"}));
  QCOMPARE(classes("task")["left kidney"]["code"]["value"], Json("64033007"));
  QVERIFY(!m_editor->findChild<QPushButton*>("mergeTaskClasses")->isEnabled());
  choose(tasks(), {"left kidney"});
  press("splitClass");
  QCOMPARE(classes("task").size(), std::size_t(3));
  QCOMPARE(classes("task")["right kidney"]["labels"], Json({"Right Kidney"}));
  QCOMPARE(classes("task")["right kidney"]["modifier"]["meaning"], Json("Right"));
  QVERIFY(m_model->faults().empty());
}

void TasksTest::coloursAreChosen() {
  choose(labels(), {"liver", "brain"});
  press("addClasses");
  choose(tasks(), {"liver", "brain"});
  press("taskColor");
  auto* dialog = m_editor->findChild<QColorDialog*>("taskColorDialog");
  QVERIFY(dialog);
  QTRY_VERIFY(dialog->isVisible());
  QLineEdit* html = nullptr;
  for (auto* edit : dialog->findChildren<QLineEdit*>())
    if (edit->text().startsWith('#')) html = edit;
  QVERIFY(html);
  html->selectAll();
  QTest::keyClicks(html, "#123456");
  QTest::keyClick(html, Qt::Key_Return);
  QTRY_COMPARE(classes("task")["liver"]["color"], Json("#123456"));
  QCOMPARE(classes("task")["brain"]["color"], Json("#123456"));
}

void TasksTest::stepsAreTakenBack() {
  const auto begun = m_model->value("tasks");
  choose(labels(), {"liver"});
  press("addClasses");
  const auto first = m_model->value("tasks");
  choose(labels(), {"brain"});
  press("addClasses");
  const auto second = m_model->value("tasks");
  press("undoTasks");
  QCOMPARE(m_model->value("tasks"), first);
  press("undoTasks");
  QCOMPARE(m_model->value("tasks"), begun);
  QVERIFY(!m_editor->findChild<QPushButton*>("undoTasks")->isEnabled());
  press("redoTasks");
  press("redoTasks");
  QCOMPARE(m_model->value("tasks"), second);
  m_editor->activateWindow();
  tasks()->setFocus();
  QTest::keySequence(tasks(), QKeySequence::Undo);
  QCOMPARE(m_model->value("tasks"), first);
  // What was changed elsewhere is not taken back.
  m_model->setValue("tasks.task.rank", 9);
  QVERIFY(!m_editor->findChild<QPushButton*>("undoTasks")->isEnabled());
  m_editor->undo();
  QCOMPARE(m_model->value("tasks.task.rank"), Json(9));
}

void TasksTest::regionsAreProposed() {
  auto data = images();
  data.push_back({"ct", "CHEST", {label("lesion 7"), label("target")}});
  data.push_back({"ct", "", {label("target")}});
  data.push_back({"ct", "KNEE", {label("target")}});
  show(data);
  press("suggestTasks");
  auto* dialog = m_editor->findChild<ProposalDialog*>("proposal");
  QVERIFY(dialog && m_model->value("tasks").empty());
  // By its body part where the name says nothing; nowhere where body parts contradict each other.
  auto* left = dialog->findChild<QLabel*>("proposalLeft");
  QVERIFY2(left->isVisibleTo(dialog) && left->text().contains("target") && !left->text().contains("lesion"),
           qPrintable(left->text()));
  auto* tree = dialog->findChild<QTreeWidget*>("proposalTree");
  QCOMPARE(tree->topLevelItemCount(), 3);
  row(tree, "thorax")->setCheckState(0, Qt::Unchecked);
  acceptProposal();
  const auto made = m_model->value("tasks");
  QCOMPARE(made.size(), std::size_t(2));
  QCOMPARE(made["abdomen"]["classes"].size(), std::size_t(3));
  QCOMPARE(made["abdomen"]["classes"]["liver"]["code"]["value"], Json("10200004"));
  QVERIFY(made["head and neck"]["classes"].contains("brain"));
  QVERIFY(m_model->faults().empty());
}

void TasksTest::bodyPartsBecomeTasks() {
  press("suggestTasks");
  auto* basis = m_editor->findChild<QComboBox*>("proposalBasis");
  QVERIFY(basis && basis->count() == 2);
  basis->setFocus();
  QTest::keyClick(basis, Qt::Key_Down);
  acceptProposal();
  const auto made = m_model->value("tasks");
  QCOMPARE(made.size(), std::size_t(2));
  QCOMPARE(made["abdomen"]["classes"].size(), std::size_t(3));
  QCOMPARE(made["abdomen"]["body_parts"], Json({"abdomen"}));
  QVERIFY(made["head"]["classes"].contains("brain"));
  QVERIFY(m_model->faults().empty());
}

void TasksTest::replacingTasksIsAsked() {
  choose(labels(), {"liver", "brain"});
  press("addClasses");
  const auto own = m_model->value("tasks");
  press("suggestTasks");
  auto* dialog = m_editor->findChild<ProposalDialog*>("proposal");
  dialog->reject();
  QTRY_VERIFY(!m_editor->findChild<ProposalDialog*>("proposal"));
  QCOMPARE(m_model->value("tasks"), own);
  press("suggestTasks");
  acceptProposal("proposalAdd");
  QCOMPARE(m_model->value("tasks").size(), std::size_t(3));
  QCOMPARE(m_model->value("tasks.task"), own["task"]);
  // Added once more, nothing comes twice.
  press("suggestTasks");
  acceptProposal("proposalAdd");
  QCOMPARE(classes("abdomen").size(), std::size_t(3));
  press("suggestTasks");
  acceptProposal();
  QVERIFY(!m_model->value("tasks").contains("task"));
}

// Regions that the published table gives (LoRKD, mod_lab(49).json), and what other sets call the same structures.
void TasksTest::namesOfPublishedSetsHaveTheirRegions() {
  const std::pair<const char*, QStringList> truth[] = {
      {"brain",
       {"brainstem", "left hippocampus", "optic chiasm", "pituitary gland",
        "mri_left superior temporal gyrus middle part", "left lateral ventricle temporal horn",
        "white matter hyperintensities", "left insula anterior short gyrus", "intracranial hemorrhage",
        "left caudate nucleus", "third ventricle", "stroke", "ventricles"}},
      {"head and neck",
       {"brain", "left anterior eyeball", "left carotid artery", "cervical esophagus", "larynx glottis",
        "left mandible", "left vestibule semicircular canal", "nasopharyngeal tumor", "thyroid", "trachea",
        "vestibular schwannoma", "pharynx constrictor muscle", "face", "Parotid_L"}},
      {"thorax",
       {"heart", "heart ascending aorta", "left heart atrium scar", "left lung lower lobe", "LungUpperLobe",
        "rib_left_12", "myocardial edema", "pulmonary embolism", "lung nodule", "autochthon_left",
        "heart_ventricle_left", "esophagus"}},
      {"abdomen",
       {"adrenal_gland_right", "aorta", "caudate lobe", "Gall Bladder", "iliac_vena_left", "IVC", "postcava",
        "kidney cyst", "left lateral superior segment of liver", "portal_vein_and_splenic_vein", "small_bowel",
        "liver tumor"}},
      {"pelvis",
       {"gluteus_maximus_left", "hip_left", "iliopsoas_right", "prostate/uterus", "urinary_bladder", "rectum"}},
      {"spine",
       {"vertebrae_L5", "thoracic vertebrae 10 (t10)", "C3", "sacrum", "spinal_cord",
        "intervertebral disc between lumbar vertebrae 5 (l5) and sacrum"}},
      {"upper limb", {"clavicula_left", "left clavicle", "humerus_right", "scapula_left"}},
      {"lower limb", {"femur_left", "head of right femur", "femur cartilage", "tibia bone", "patella"}}};
  QCOMPARE(regions().size(), std::size(truth));
  for (const auto& [region, names] : truth)
    for (const auto& name : names) {
      const auto* found = regionOf(name, {});
      QVERIFY2(found && found->name == region, qPrintable(name + " in " + (found ? found->name.c_str() : "none")));
    }
  for (const QString name : {"target", "7", "lesion", "hippo", "ribbon"})
    QVERIFY2(!regionOf(name, {}), qPrintable(name));
  QCOMPARE(regionOf("7", {"LSPINE"})->name, std::string("spine"));
}

void TasksTest::templatesGoRound() {
  QTemporaryDir folder;
  choose(labels(), {"liver", "Left Kidney"});
  press("addClasses");
  choose(tasks(), {"task"});
  m_model->setValue("tasks.task.rank", 7);
  m_model->setValue("tasks.task.sources", Json({"ct"}));
  const auto file = folder.filePath("abdomen.json");
  press("saveTemplate");
  auto* dialog = m_editor->findChild<QFileDialog*>("templateFile");
  QVERIFY(dialog);
  dialog->findChild<QLineEdit*>()->setText(file);
  QTest::keyClick(dialog->findChild<QLineEdit*>(), Qt::Key_Return);
  QTRY_VERIFY(!m_editor->findChild<QFileDialog*>("templateFile"));
  // A fragment of a plan, so that the engine takes it, too.
  std::ofstream(folder.filePath("plan.json").toStdString()) << R"({"data": {"sources": {"a": {"path": "x"}}}})";
  const auto plan = plan::load(folder.filePath("plan.json").toStdString(), {}, file.toStdString());
  QVERIFY2(plan, plan.error().text().c_str());
  QCOMPARE(plan->tasks.front().second.rank, std::int64_t(7));
  QVERIFY(plan->tasks.front().second.sources.empty());

  // Data that call the same structures otherwise: by words in another order, and by their code.
  show({{"mr", "", {label("KIDNEY_L"), label("foie", 4, "", {"SCT", "10200004", "Liver"}), label("tumour")}}});
  press("loadTemplate");
  dialog = m_editor->findChild<QFileDialog*>("templateFile");
  dialog->findChild<QLineEdit*>()->setText(file);
  QTest::keyClick(dialog->findChild<QLineEdit*>(), Qt::Key_Return);
  QTRY_VERIFY(m_editor->findChild<ProposalDialog*>("proposal"));
  QVERIFY(m_editor->findChild<QLabel*>("proposalLeft")->text().contains("tumour"));
  acceptProposal();
  QCOMPARE(classes("task")["left kidney"]["labels"], Json({"KIDNEY_L"}));
  QCOMPARE(classes("task")["left kidney"]["color"], Json("#b9664d"));
  QCOMPARE(classes("task")["left kidney"]["modifier"]["meaning"], Json("Left"));
  QCOMPARE(classes("task")["liver"]["labels"], Json({"foie"}));
  QCOMPARE(m_model->value("tasks.task.rank"), Json(7));
  QVERIFY(m_model->faults().empty());
}

void TasksTest::aTemplateSaysWhatItMisses() {
  QTemporaryDir folder;
  const auto file = folder.filePath("t.json");
  std::ofstream(file.toStdString()) << R"({"tasks": {"trunk": {"classes": {"liver": {}, "spleen": {}}},
                                                     "legs": {"classes": {"femur": {}}}}})";
  for (const bool keep : {false, true}) {
    QVERIFY(m_editor->loadTemplate(file));
    auto* missing = m_editor->findChild<QLabel*>("proposalMissing");
    QVERIFY(missing && missing->text().contains("(2)") && missing->text().contains("trunk › spleen") &&
            missing->text().contains("legs › femur"));
    acceptProposal(keep ? "proposalKeep" : nullptr);
    QCOMPARE(m_model->value("tasks").size(), keep ? std::size_t(2) : std::size_t(1));
    QCOMPARE(classes("trunk").contains("spleen"), keep);
  }
  QVERIFY(row(tasks(), "femur")->toolTip(0).contains("No image carries"));
}

void TasksTest::aFaultyTemplateIsNamed() {
  QTemporaryDir folder;
  const auto file = folder.filePath("t.json");
  std::ofstream(file.toStdString()) << R"({"tasks": {"a": {"classes": {"liver": {"colour": "red"}}}}})";
  press("loadTemplate");
  auto* dialog = m_editor->findChild<QFileDialog*>("templateFile");
  dialog->findChild<QLineEdit*>()->setText(file);
  QTest::keyClick(dialog->findChild<QLineEdit*>(), Qt::Key_Return);
  QTRY_VERIFY(m_editor->findChild<QMessageBox*>("templateFault"));
  auto* box = m_editor->findChild<QMessageBox*>("templateFault");
  QVERIFY2(box->text().contains("t.json") && box->text().contains("tasks.a.classes.liver.colour"),
           qPrintable(box->text()));
  QVERIFY(m_model->value("tasks").empty());
  box->close();
  QVERIFY(!m_editor->loadTemplate(folder.filePath("none.json")));
  QVERIFY(!m_editor->saveTemplate("/proc/none.json"));
}

void TasksTest::kindHoldsForEveryTask() {
  choose(labels(), {"liver", "brain"});
  press("addClasses");
  m_editor->setKind(plan::TaskKind::Classification);
  QCOMPARE(m_model->value("tasks.task.kind"), Json("classification"));
  press("suggestTasks");
  acceptProposal();
  QCOMPARE(m_model->value("tasks.abdomen.kind"), Json("classification"));
  press("newTask");
  QCOMPARE(m_model->value("tasks.task.kind"), Json("classification"));
}

void TasksTest::renamingKeepsTheLabels() {
  press("suggestTasks");
  acceptProposal();
  row(tasks(), "head and neck")->setText(0, "Neuro");
  QTRY_VERIFY(m_model->value("tasks").contains("neuro"));
  row(tasks(), "brain")->setText(0, "cerebrum");
  QTRY_VERIFY(m_model->value("tasks.neuro.classes").contains("cerebrum"));
  QCOMPARE(m_model->value("tasks.neuro.classes")["cerebrum"]["labels"], Json({"brain"}));
  // A name that is taken is refused.
  row(tasks(), "cerebrum")->parent()->setText(0, "abdomen");
  QTRY_VERIFY(row(tasks(), "neuro"));
  QCOMPARE(m_model->value("tasks").size(), std::size_t(2));
}

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  QTemporaryDir home;
  qputenv("XDG_CONFIG_HOME", home.path().toUtf8());
  QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
  TasksTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "tasks.moc"
