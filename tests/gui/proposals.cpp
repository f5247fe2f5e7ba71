// Tasks that the program proposes, by regions, body parts and templates, shown before they are taken.
#include <QFileDialog>
#include <QMessageBox>

#include "tests/gui/TasksWindow.h"
#include "widgets/form/Regions.h"

using namespace lorkd;
using namespace lorkd::form;

class ProposalsTest : public TasksWindow {
  Q_OBJECT
 private Q_SLOTS:
  void init() { open(); }
  void cleanup() { close(); }
  void regionsAreProposed();
  void bodyPartsBecomeTasks();
  void replacingTasksIsAsked();
  void namesOfPublishedSetsHaveTheirRegions();
  void templatesGoRound();
  void aTemplateSaysWhatItMisses();
  void aFaultyTemplateIsNamed();
};

void ProposalsTest::regionsAreProposed() {
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

void ProposalsTest::bodyPartsBecomeTasks() {
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

void ProposalsTest::replacingTasksIsAsked() {
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
void ProposalsTest::namesOfPublishedSetsHaveTheirRegions() {
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

void ProposalsTest::templatesGoRound() {
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
  QVERIFY2(plan, plan ? "" : plan.error().text().c_str());
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

void ProposalsTest::aTemplateSaysWhatItMisses() {
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

void ProposalsTest::aFaultyTemplateIsNamed() {
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

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  ProposalsTest test;
  return runTasksTest(test, argc, argv);
}

#include "proposals.moc"
