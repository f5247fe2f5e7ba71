#include "core/data/layout/Readers.h"

#include <algorithm>
#include <memory>
#include <set>

#include "core/data/layout/Rule.h"

namespace lorkd::data::layout {
namespace {

constexpr double kEnough = 0.5;  // of the volumes: what is not the data set's own is left out, and told

/// A reader that is nothing but patterns.
struct Patterns {
  const char *name, *title, *form;
  std::vector<std::string> images, labels;
  /// Files that are known, and why they are not used.
  std::vector<std::pair<std::string, const char*>> unused{};
};

constexpr const char* kNetwork = "a network's answer, no truth";
constexpr const char* kOther = "another way to put together the same annotations";
constexpr const char* kForm = "another form of the same image or labels";
constexpr const char* kRaw = "the same image before its correction";

/// Data sets whose names the general words do not tell right. Each has words of its own in its patterns, so that it
/// takes no other set; what differs between the data set's releases is open.
const std::vector<Patterns>& table() {
  static const std::vector<Patterns> all{
      {"luna16",
       "LUNA16",
       "subset0/UID.mhd, seg-lungs-LUNA16/UID.mhd",
       {"**/subset{subset:[0-9]}/{case}.mhd"},
       {"**/seg-lungs-LUNA16/{case}.mhd"}},
      {"covid19-20cases",
       "COVID-19 CT lung and infection segmentation (20 cases)",
       "COVID-19-CT-Seg_20cases/X.nii.gz, Lung_and_Infection_Mask/X.nii.gz",
       {"**/COVID-19-CT-Seg_20cases/{case}"},
       {"**/Lung_and_Infection_Mask/{case}"},
       {{"**/Lung_Mask/*", "Lung_and_Infection_Mask holds these labels, too"},
        {"**/Infection_Mask/*", "Lung_and_Infection_Mask holds these labels, too"}}},
      {"segrap2023",
       "SegRap2023",
       "segrap_0000/image.nii.gz, image_contrast.nii.gz, Brain.nii.gz",
       {"**/segrap_{patient:[0-9]{4}}/{channel:image|image_contrast}"},
       {"**/segrap_{patient}/{label}"}},
      {"hecktor2021",
       "HECKTOR 2020 and 2021",
       "CHGJ007_ct.nii.gz, CHGJ007_pt.nii.gz, CHGJ007_gtvt.nii.gz",
       {"**/{patient:CH[A-Z]{2}[0-9]{3}}_{channel:ct|pt}"},
       {"**/{patient}_{label:gtvt|gtvn}"}},
      {"hecktor2025",
       "HECKTOR since 2025",
       "CHUM-001/CHUM-001__CT.nii.gz, CHUM-001__PT.nii.gz, CHUM-001.nii.gz",
       {"**/{patient:[A-Z]{2,5}-[0-9]{3}}/{patient}__{channel:CT|PT}"},
       {"**/{patient}/{patient}"}},
      {"autopet",
       "autoPET (FDG-PET-CT-Lesions)",
       "PETCT_0123456789/STUDY/CT.nii.gz, CTres.nii.gz, PET.nii.gz, SUV.nii.gz, SEG.nii.gz",
       {"**/{patient:PETCT_[0-9a-f]+}/{study}/{channel:CT|CTres|PET|SUV}"},
       {"**/{patient}/{study}/SEG"}},
      {"autopet-nnunet",
       "autoPET III",
       "imagesTr/fdg_PATIENT_STUDY_0000.nii.gz, labelsTr/fdg_PATIENT_STUDY.nii.gz",
       {"**/imagesTr/{tracer:fdg|psma}_{patient:[0-9a-f]{8,}}_{study}_{channel:[0-9]{4}}"},
       {"**/labelsTr/{tracer}_{patient}_{study}"}},
      {"spider",
       "SPIDER (lumbar spine)",
       "images/1_t1.mha, images/1_t2.mha, masks/1_t1.mha, masks/1_t2.mha",
       {"**/images/{patient:[0-9]+}_{sequence:t1|t2|t2_SPACE}.mha"},
       {"**/masks/{patient}_{sequence}.mha"}},
      {"han-seg",
       "HaN-Seg",
       "case_01/case_01_IMG_CT.nrrd, case_01_IMG_MR_T1.nrrd, case_01_OAR_X.seg.nrrd",
       {"**/case_{patient:[0-9]+}/case_{patient}_IMG_CT.nrrd"},
       {"**/case_{patient}/case_{patient}_{label:OAR_.+}.seg.nrrd"},
       {{"**/case_*/case_*_IMG_MR_T1.nrrd", "the MR is not registered to the CT, on which the organs are drawn"}}},
      {"lndb",
       "LNDb",
       "data0/LNDb-0001.mhd, masks/LNDb-0001_rad1.mhd",
       {"**/LNDb-{patient:[0-9]+}.mhd"},
       {"**/LNDb-{patient}_{reader:rad[0-9]+}.mhd"}},
      {"topcow",
       "TopCoW",
       "imagesTr/topcow_ct_001_0000.nii.gz, cow_seg_labelsTr/topcow_ct_001.nii.gz",
       {"**/imagesTr/topcow_{modality:ct|mr}_{patient:[0-9]+}_0000"},
       {"**/cow_seg_labelsTr/topcow_{modality}_{patient}"}},
      {"pi-cai",
       "PI-CAI",
       "PATIENT/PATIENT_STUDY_t2w.mha, csPCa_lesion_delineations/human_expert/resampled/PATIENT_STUDY.nii.gz",
       {"**/{patient:[0-9]{5}}/{patient}_{study:[0-9]{7}}_{channel:t2w|adc|hbv}.mha"},
       {"**/csPCa_lesion_delineations/human_expert/resampled/{patient}_{study}"},
       {{"**/{patient:[0-9]{5}}/{patient}_{study:[0-9]{7}}_{view:sag|cor}.mha",
         "a view on another grid, without labels"},
        {"**/csPCa_lesion_delineations/human_expert/**/*", "resampled holds the same labels on the grid of the images"},
        {"**/csPCa_lesion_delineations/AI/**/*", kNetwork},
        {"**/anatomical_delineations/**/*", kNetwork}}},
      {"isles2022",
       "ISLES 2022",
       "sub-strokecase0001/ses-0001/dwi/..._dwi.nii.gz, derivatives/.../..._msk.nii.gz",
       {"**/sub-strokecase{subject:[0-9]+}/ses-{session:[0-9]+}/**/sub-*_{channel:dwi|adc}",
        "**/sub-strokecase{plain:[0-9]+}/ses-{time:[0-9]+}/**/sub-*_{contrast:FLAIR|flair}"},
       {"**/derivatives/sub-strokecase{subject}/ses-{session}/sub-*_msk"}},
      {"wmh",
       "WMH challenge",
       "training/SITE/0/pre/FLAIR.nii.gz, pre/T1.nii.gz, wmh.nii.gz",
       {"{site:**}/{case:[0-9]+}/pre/{channel:FLAIR|T1}"},
       {"{site:**}/{case:[0-9]+}/wmh"},
       {{"**/orig/*", kRaw}, {"**/pre/3DT1", "T1 is the same on the grid of FLAIR"}}},
      {"mrbrains18",
       "MRBrainS18",
       "training/1/pre/FLAIR.nii.gz, reg_IR.nii.gz, reg_T1.nii.gz, segm.nii.gz",
       {"{site:**}/{case:[0-9]+}/pre/{channel:FLAIR|reg_IR|reg_T1}"},
       {"{site:**}/{case:[0-9]+}/segm"},
       {{"**/orig/*", kRaw}, {"**/pre/{contrast:IR|T1|3DT1}", "reg_ is the same on the grid of FLAIR"}}},
      {"left-atrium2018",
       "Left Atrium 2018",
       "Training Set/CODE/lgemri.nrrd, laendo.nrrd",
       {"**/{patient}/lgemri.nrrd"},
       {"**/{patient}/laendo.nrrd"},
       {{"**/{patient}/lawall.nrrd", "the wall is what lies around the labels"}}},
      {"kits21",
       "KiTS21",
       "case_00000/imaging.nii.gz, aggregated_MAJ_seg.nii.gz",
       {"**/case_{patient:[0-9]{5}}/imaging"},
       {"**/case_{patient}/aggregated_MAJ_seg"},
       {{"**/case_*/aggregated_AND_seg", kOther},
        {"**/case_*/aggregated_OR_seg", kOther},
        {"**/case_*/segmentations/*", "a piece of an annotation, which the labels beside it hold whole"}}},
      {"abdomenatlas",
       "AbdomenAtlas",
       "BDMAP_00000001/ct.nii.gz, segmentations/liver.nii.gz",
       {"**/BDMAP_{patient:[0-9]{8}}/ct"},
       {"**/BDMAP_{patient}/segmentations/{label}"},
       {{"**/BDMAP_*/combined_labels", "the same masks as one map"}}},
      {"freesurfer",
       "FreeSurfer",
       "SUBJECT/mri/orig.mgz, aseg.mgz",
       {"{folder:**}/{patient}/mri/orig"},
       {"{folder:**}/{patient}/mri/aseg"},
       {{"{folder:**}/{patient}/mri/**/*", "another result of FreeSurfer; aseg holds the labels"}}},
      {"crossmoda",
       "crossMoDA",
       "source_training/crossmoda_1_ceT1.nii.gz, crossmoda_1_Label.nii.gz, target_training/crossmoda_105_hrT2.nii.gz",
       {"**/{patient:crossmoda.*}_{contrast:ceT1|hrT2}"},
       {"**/{patient}_Label"}},
      {"mrbrains13",
       "MRBrainS13",
       "TrainingData/1/T1.nii, T1_IR.nii, T2_FLAIR.nii, LabelsForTraining.nii",
       {"{site:**}/{case:[0-9]+}/{channel:T1|T1_IR|T2_FLAIR}"},
       {"{site:**}/{case}/LabelsForTraining"},
       {{"**/LabelsForTesting", "LabelsForTraining holds more classes of the same"},
        {"**/T1_1mm", "T1 is the same on the grid of the labels"}}},
      {"adam2020",
       "ADAM (aneurysms in TOF MRA)",
       "10001/pre/TOF.nii.gz, 10001/aneurysms.nii.gz",
       {"**/{patient:[0-9]{5}}{visit:[BF]?}/pre/{channel:TOF}"},
       {"**/{patient}{visit}/aneurysms"},
       {{"**/orig/*", kRaw}, {"**/pre/struct*", "not the image that was annotated"}}},
      {"isbi-ms2015",
       "ISBI 2015 longitudinal MS lesions",
       "training01/preprocessed/training01_01_flair_pp.nii, masks/training01_01_mask1.nii",
       {"**/preprocessed/{patient:training[0-9]{2}}_{time:[0-9]{2}}_{channel:flair|mprage|pd|t2}_pp"},
       {"**/masks/{patient}_{time}_mask{reader:[0-9]}"},
       {{"**/orig/*", kRaw}}},
      {"neurite-oasis",
       "OASIS-1 as Neurite and Learn2Reg have it",
       "OASIS_OAS1_0001_MR1/aligned_norm.nii.gz, aligned_seg35.nii.gz",
       {"**/OASIS_OAS1_{patient:[0-9]{4}}_MR{visit:[0-9]}/aligned_norm"},
       {"**/OASIS_OAS1_{patient}_MR{visit}/aligned_seg35"},
       {{"**/OASIS_OAS1_*/*", kForm}}},
      {"ibsr18",
       "IBSR-18",
       "IBSR_01/IBSR_01_ana.nii.gz, IBSR_01_seg_ana.nii.gz",
       {"**/IBSR_{patient:[0-9]{2}}_ana"},
       {"**/IBSR_{patient}_seg_ana"},
       {{"**/IBSR_*", kForm}}},
      {"malc2012",
       "MICCAI 2012 multi-atlas labelling",
       "1000_3.nii, 1000_3_glm.nii",
       {"**/{patient:1[0-9]{3}}_{scan:[0-9]}"},
       {"**/{patient}_{scan}_glm"},
       {{"**/*_brainmask", "a mask of the whole brain"}}},
      {"myops2020",
       "MyoPS 2020",
       "myops_training_101_C0.nii.gz, _DE, _T2, _gd",
       {"**/{patient:myops_training_[0-9]+}_{channel:C0|DE|T2}"},
       {"**/{patient}_gd"}},
      {"visceral",
       "VISCERAL Anatomy",
       "10000100_1_CTce_ThAb.nii.gz, 10000100_1_CTce_ThAb_58_6.nii.gz (structure by its RadLex number, annotator)",
       {"**/{patient:[0-9]{8}}_{scan:[0-9]+}_{modality:(CT|MR)[A-Za-z0-9]*}_{region:[A-Za-z]+}"},
       {"**/{patient}_{scan}_{modality}_{region}_{label:[0-9]+}_{reader:[0-9]*}"}},
      {"pancreas-ct",
       "Pancreas-CT",
       "PANCREAS_0001/STUDY/SERIES/*.dcm, TCIA_pancreas_labels-02-05-2017/label0001.nii.gz",
       {"**/PANCREAS_{case:[0-9]{4}}/*/*/"},
       {"**/label{case}"}},
      {"sliver07",
       "SLIVER07",
       "liver-orig001.mhd, liver-seg001.mhd",
       {"**/liver-orig{patient:[0-9]+}"},
       {"**/liver-seg{patient}"}},
      {"ctpelvic1k",
       "CTPelvic1K",
       "dataset6_CLINIC_0001_data.nii.gz, dataset6_CLINIC_0001_mask_4label.nii.gz",
       {"**/{patient:dataset[0-9]+_.+}_data"},
       {"**/{patient}_mask_4label"}},
  };
  return all;
}

/// Patterns, compiled.
struct Compiled {
  Rule rule, labels;
  bool ofFolders = false;  ///< images are folders of DICOM
  std::vector<std::pair<Rule, const char*>> unused;
};

/// What the patterns say of volumes and of folders of DICOM.
Assignment own(const Compiled& reader, const Files& files) {
  auto out = reader.rule.assign(files.volumes);
  out.merge(reader.rule.assign(files.folders));
  return out;
}

/// What each volume is; those that the set leaves out have a reason.
Assignment assign(const Compiled& reader, const Files& files) {
  auto out = own(reader, files);
  for (const auto& path : files.volumes) {
    if (out.contains(path)) continue;
    for (const auto& [rule, reason] : reader.unused)
      if (!rule.assign({path}).empty()) {
        Assigned one;
        one.use = Assigned::Use::None;
        one.reason = reason;
        out.emplace(path, std::move(one));
        break;
      }
  }
  return out;
}

/// The share of the volumes that it knows; none where no image has labels, or most labels have no image.
double score(const Compiled& reader, const Files& files) {
  if (!reader.rule.mayFit(files.volumes) && !reader.ofFolders) return 0;
  if (reader.labels.assign(files.volumes).empty()) return 0;
  const auto named = own(reader, files);
  const auto labels =
      std::ranges::count_if(named, [](const auto& one) { return one.second.use == Assigned::Use::Labels; });
  std::size_t paired = 0;
  for (const auto& image : arrange(named).images) paired += image.labels.size();
  if (paired == 0 || 2 * paired < static_cast<std::size_t>(labels)) return 0;
  const auto known =
      std::ranges::count_if(assign(reader, files), [](const auto& one) { return !one.first.ends_with('/'); });
  return static_cast<double>(known) / static_cast<double>(files.volumes.size());
}

LayoutReader made(const Patterns& patterns) {
  auto compiled = std::make_shared<Compiled>();
  compiled->rule = Rule::compile(patterns.images, patterns.labels).value();
  compiled->ofFolders = std::ranges::any_of(patterns.images, [](const auto& text) { return text.ends_with('/'); });
  compiled->labels = Rule::compile({}, patterns.labels).value();
  for (const auto& [text, reason] : patterns.unused)
    compiled->unused.emplace_back(Rule::compile({text}, {}).value(), reason);
  return {patterns.name, patterns.title, patterns.form,
          [compiled](const Files& files) { return score(*compiled, files); },
          [compiled](const Files& files) -> Result<Assignment> { return assign(*compiled, files); }};
}

}  // namespace

const std::vector<LayoutReader>& builtInReaders() {
  static const std::vector<LayoutReader> readers = [] {
    std::vector<LayoutReader> out;
    for (const auto& patterns : table()) out.push_back(made(patterns));
    return out;
  }();
  return readers;
}

std::vector<std::pair<double, const LayoutReader*>> fitting(const Files& files,
                                                            const std::vector<LayoutReader>& readers) {
  std::vector<std::pair<double, const LayoutReader*>> out;
  for (const auto& reader : readers)
    if (const double score = reader.score(files); score >= kEnough) out.emplace_back(score, &reader);
  std::ranges::stable_sort(out, std::greater(), [](const auto& one) { return one.first; });
  return out;
}

}  // namespace lorkd::data::layout
