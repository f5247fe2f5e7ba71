// Readers of data sets: each takes its own set, as its archive unpacks, and no other.
#include <gmock/gmock.h>

#include <set>

#include "core/data/layout/Readers.h"
#include "core/data/layout/Reading.h"

namespace lorkd::data::layout {
namespace {

using testing::IsEmpty;
using Paths = std::vector<std::string>;

/// A set of two or three cases, and what it means.
struct Known {
  std::string reader;
  Paths volumes;
  std::size_t images, labels, patients;
  std::set<std::string> channels{}, structures{};
  Paths folders{};  ///< of DICOM
};

/// Names from each set's own description.
const std::vector<Known>& knownSets() {
  static const std::vector<Known> sets{
      {"luna16",
       {"subset0/1.3.6.1.4.1.1.mhd", "subset1/1.3.6.1.4.1.2.mhd", "seg-lungs-LUNA16/1.3.6.1.4.1.1.mhd",
        "seg-lungs-LUNA16/1.3.6.1.4.1.2.mhd"},
       2,
       2,
       2},
      {"covid19-20cases",
       {"COVID-19-CT-Seg_20cases/coronacases_001.nii.gz", "COVID-19-CT-Seg_20cases/radiopaedia_4_85506_1.nii.gz",
        "Lung_Mask/coronacases_001.nii.gz", "Lung_Mask/radiopaedia_4_85506_1.nii.gz",
        "Infection_Mask/coronacases_001.nii.gz", "Lung_and_Infection_Mask/coronacases_001.nii.gz",
        "Lung_and_Infection_Mask/radiopaedia_4_85506_1.nii.gz"},
       2,
       2,
       2},
      {"segrap2023",
       {"S/segrap_0000/image.nii.gz", "S/segrap_0000/image_contrast.nii.gz", "S/segrap_0000/Brain.nii.gz",
        "S/segrap_0000/OpticNerve_L.nii.gz", "S/segrap_0001/image.nii.gz", "S/segrap_0001/image_contrast.nii.gz",
        "S/segrap_0001/Brain.nii.gz"},
       2,
       3,
       2,
       {"image", "image_contrast"},
       {"Brain", "OpticNerve_L"}},
      {"hecktor2021",
       {"CHGJ007_ct.nii.gz", "CHGJ007_pt.nii.gz", "CHGJ007_gtvt.nii.gz", "CHUM001_ct.nii.gz", "CHUM001_pt.nii.gz",
        "CHUM001_gtvt.nii.gz"},
       2,
       2,
       2,
       {"ct", "pt"},
       {"gtvt"}},
      {"hecktor2025",
       {"CHUM-001/CHUM-001__CT.nii.gz", "CHUM-001/CHUM-001__PT.nii.gz", "CHUM-001/CHUM-001.nii.gz",
        "MDA-010/MDA-010__CT.nii.gz", "MDA-010/MDA-010__PT.nii.gz", "MDA-010/MDA-010.nii.gz"},
       2,
       2,
       2,
       {"CT", "PT"}},
      {"autopet",
       {"FDG/PETCT_0011f3deaf/03-23-2003-NA-94484/CT.nii.gz", "FDG/PETCT_0011f3deaf/03-23-2003-NA-94484/CTres.nii.gz",
        "FDG/PETCT_0011f3deaf/03-23-2003-NA-94484/PET.nii.gz", "FDG/PETCT_0011f3deaf/03-23-2003-NA-94484/SUV.nii.gz",
        "FDG/PETCT_0011f3deaf/03-23-2003-NA-94484/SEG.nii.gz", "FDG/PETCT_0011f3deaf/05-02-2004-NA-84321/CT.nii.gz",
        "FDG/PETCT_0011f3deaf/05-02-2004-NA-84321/SUV.nii.gz", "FDG/PETCT_0011f3deaf/05-02-2004-NA-84321/SEG.nii.gz"},
       2,
       2,
       1,
       {"CT", "CTres", "PET", "SUV"}},
      {"autopet-nnunet",
       {"imagesTr/fdg_0011f3deaf_03-23-2003-NA-Unspecified CTPETRM-94484_0000.nii.gz",
        "imagesTr/fdg_0011f3deaf_03-23-2003-NA-Unspecified CTPETRM-94484_0001.nii.gz",
        "labelsTr/fdg_0011f3deaf_03-23-2003-NA-Unspecified CTPETRM-94484.nii.gz",
        "imagesTr/psma_95b833d65be26d9f_2018-04-23_0000.nii.gz",
        "imagesTr/psma_95b833d65be26d9f_2018-04-23_0001.nii.gz", "labelsTr/psma_95b833d65be26d9f_2018-04-23.nii.gz"},
       2,
       2,
       2,
       {"0000", "0001"}},
      {"spider",
       {"images/1_t1.mha", "images/1_t2.mha", "images/2_t2_SPACE.mha", "masks/1_t1.mha", "masks/1_t2.mha",
        "masks/2_t2_SPACE.mha"},
       3,
       3,
       2},
      {"han-seg",
       {"set_1/case_01/case_01_IMG_CT.nrrd", "set_1/case_01/case_01_IMG_MR_T1.nrrd",
        "set_1/case_01/case_01_OAR_Bone_Mandible.seg.nrrd", "set_1/case_02/case_02_IMG_CT.nrrd",
        "set_1/case_02/case_02_OAR_Bone_Mandible.seg.nrrd"},
       2,
       2,
       2,
       {},
       {"OAR_Bone_Mandible"}},
      {"lndb",
       {"data0/LNDb-0001.mhd", "data1/LNDb-0002.mhd", "masks/LNDb-0001_rad1.mhd", "masks/LNDb-0001_rad2.mhd",
        "masks/LNDb-0002_rad1.mhd"},
       2,
       3,
       2},
      {"topcow",
       {"imagesTr/topcow_ct_001_0000.nii.gz", "imagesTr/topcow_mr_001_0000.nii.gz",
        "cow_seg_labelsTr/topcow_ct_001.nii.gz", "cow_seg_labelsTr/topcow_mr_001.nii.gz"},
       2,
       2,
       1},
      {"pi-cai",
       {"fold0/10000/10000_1000000_t2w.mha", "fold0/10000/10000_1000000_adc.mha", "fold0/10000/10000_1000000_hbv.mha",
        "fold0/10000/10000_1000000_sag.mha", "fold0/10001/10001_1000001_t2w.mha", "fold0/10001/10001_1000002_t2w.mha",
        "picai_labels/csPCa_lesion_delineations/human_expert/resampled/10000_1000000.nii.gz",
        "picai_labels/csPCa_lesion_delineations/human_expert/original/10000_1000000.nii.gz",
        "picai_labels/csPCa_lesion_delineations/human_expert/resampled/10001_1000001.nii.gz",
        "picai_labels/csPCa_lesion_delineations/AI/Bosma22a/10001_1000002.nii.gz",
        "picai_labels/anatomical_delineations/whole_gland/AI/Bosma22b/10000_1000000.nii.gz"},
       3,
       2,
       2,
       {"t2w", "adc", "hbv"}},
      {"isles2022",
       {"sub-strokecase0001/ses-0001/dwi/sub-strokecase0001_ses-0001_dwi.nii.gz",
        "sub-strokecase0001/ses-0001/dwi/sub-strokecase0001_ses-0001_adc.nii.gz",
        "sub-strokecase0001/ses-0001/anat/sub-strokecase0001_ses-0001_FLAIR.nii.gz",
        "derivatives/sub-strokecase0001/ses-0001/sub-strokecase0001_ses-0001_msk.nii.gz"},
       2,
       1,
       1,
       {"dwi", "adc"}},
      {"wmh",
       {"training/Utrecht/0/pre/FLAIR.nii.gz", "training/Utrecht/0/pre/T1.nii.gz", "training/Utrecht/0/wmh.nii.gz",
        "training/Utrecht/0/orig/FLAIR.nii.gz", "training/Amsterdam/GE3T/100/pre/FLAIR.nii.gz",
        "training/Amsterdam/GE3T/100/pre/T1.nii.gz", "training/Amsterdam/GE3T/100/wmh.nii.gz"},
       2,
       2,
       2,
       {"FLAIR", "T1"}},
      {"mrbrains18",
       {"training/1/pre/FLAIR.nii.gz", "training/1/pre/reg_IR.nii.gz", "training/1/pre/reg_T1.nii.gz",
        "training/1/pre/T1.nii.gz", "training/1/segm.nii.gz", "training/4/pre/FLAIR.nii.gz",
        "training/4/pre/reg_IR.nii.gz", "training/4/segm.nii.gz"},
       2,
       2,
       2,
       {"FLAIR", "reg_IR", "reg_T1"}},
      {"left-atrium2018",
       {"Training Set/0RZDK210BSMWAA6467LU/lgemri.nrrd", "Training Set/0RZDK210BSMWAA6467LU/laendo.nrrd",
        "Training Set/1D7CUD1955YZPGK8XHJX/lgemri.nrrd", "Training Set/1D7CUD1955YZPGK8XHJX/laendo.nrrd"},
       2,
       2,
       2},
      {"kits21",
       {"kits21/data/case_00000/imaging.nii.gz", "kits21/data/case_00000/aggregated_AND_seg.nii.gz",
        "kits21/data/case_00000/aggregated_MAJ_seg.nii.gz", "kits21/data/case_00000/aggregated_OR_seg.nii.gz",
        "kits21/data/case_00000/segmentations/kidney_instance-1_annotation-1.nii.gz"},
       1,
       1,
       1},
      {"abdomenatlas",
       {"BDMAP_00000001/ct.nii.gz", "BDMAP_00000001/combined_labels.nii.gz",
        "BDMAP_00000001/segmentations/liver.nii.gz", "BDMAP_00000001/segmentations/gall_bladder.nii.gz",
        "BDMAP_00000002/ct.nii.gz", "BDMAP_00000002/segmentations/liver.nii.gz"},
       2,
       3,
       2,
       {},
       {"liver", "gall_bladder"}},
      {"freesurfer",
       {"subjects/OAS1_0001_MR1/mri/orig.nii.gz", "subjects/OAS1_0001_MR1/mri/aseg.nii.gz",
        "subjects/OAS1_0001_MR1/mri/brainmask.nii.gz", "subjects/OAS1_0001_MR1/mri/aparc+aseg.nii.gz"},
       1,
       1,
       1},
      {"crossmoda",
       {"source_training/crossmoda_1_ceT1.nii.gz", "source_training/crossmoda_1_Label.nii.gz",
        "source_training/crossmoda_2_ceT1.nii.gz", "source_training/crossmoda_2_Label.nii.gz",
        "target_training/crossmoda_105_hrT2.nii.gz"},
       3,
       2,
       3},
      {"mrbrains13",
       {"TrainingData/1/T1.nii", "TrainingData/1/T1_IR.nii", "TrainingData/1/T2_FLAIR.nii", "TrainingData/1/T1_1mm.nii",
        "TrainingData/1/LabelsForTraining.nii", "TrainingData/1/LabelsForTesting.nii", "TestData/1/T1.nii"},
       2,
       1,
       2,
       {"T1", "T1_IR", "T2_FLAIR"}},
      {"adam2020",
       {"10001/pre/TOF.nii.gz", "10001/orig/TOF.nii.gz", "10001/aneurysms.nii.gz", "10044B/pre/TOF.nii.gz",
        "10044B/aneurysms.nii.gz", "10044F/pre/TOF.nii.gz", "10044F/pre/struct_aligned.nii.gz",
        "10044F/aneurysms.nii.gz"},
       3,
       3,
       2,
       {"TOF"}},
      {"isbi-ms2015",
       {"training01/preprocessed/training01_01_flair_pp.nii", "training01/preprocessed/training01_01_t2_pp.nii",
        "training01/preprocessed/training01_02_flair_pp.nii", "training01/masks/training01_01_mask1.nii",
        "training01/masks/training01_01_mask2.nii", "training01/masks/training01_02_mask1.nii",
        "training01/orig/training01_01_flair.nii.gz"},
       2,
       3,
       1,
       {"flair", "t2"}},
      {"neurite-oasis",
       {"OASIS_OAS1_0001_MR1/aligned_norm.nii.gz", "OASIS_OAS1_0001_MR1/aligned_seg35.nii.gz",
        "OASIS_OAS1_0001_MR1/aligned_seg4.nii.gz", "OASIS_OAS1_0001_MR1/orig.nii.gz",
        "OASIS_OAS1_0002_MR1/aligned_norm.nii.gz", "OASIS_OAS1_0002_MR1/aligned_seg35.nii.gz"},
       2,
       2,
       2},
      {"ibsr18",
       {"IBSR_01/IBSR_01_ana.nii.gz", "IBSR_01/IBSR_01_seg_ana.nii.gz", "IBSR_01/IBSR_01_segTRI_ana.nii.gz",
        "IBSR_01/IBSR_01_ana_strip.nii.gz", "IBSR_02/IBSR_02_ana.nii.gz", "IBSR_02/IBSR_02_seg_ana.nii.gz"},
       2,
       2,
       2},
      {"malc2012",
       {"train/1000_3.nii", "train/1000_3_glm.nii", "train/1000_4.nii", "train/1001_3.nii", "train/1001_3_glm.nii"},
       3,
       2,
       2},
      {"myops2020",
       {"train25/myops_training_101_C0.nii.gz", "train25/myops_training_101_DE.nii.gz",
        "train25/myops_training_101_T2.nii.gz", "train25_myops_gd/myops_training_101_gd.nii.gz"},
       1,
       1,
       1,
       {"C0", "DE", "T2"}},
      {"visceral",
       {"volumes/10000100_1_CTce_ThAb.nii.gz", "segmentations/10000100_1_CTce_ThAb_58_6.nii.gz",
        "segmentations/10000100_1_CTce_ThAb_1247_6.nii.gz", "volumes/10000104_1_CTce_ThAb.nii.gz",
        "segmentations/10000104_1_CTce_ThAb_480_.nii.gz"},
       2,
       3,
       2,
       {},
       {"58", "1247", "480"}},
      {"pancreas-ct",
       {"TCIA_pancreas_labels-02-05-2017/label0001.nii.gz", "TCIA_pancreas_labels-02-05-2017/label0002.nii.gz"},
       2,
       2,
       2,
       {},
       {},
       {"Pancreas-CT/PANCREAS_0001/11-24-2015-PANCREAS0001-Pancreas-18957/Pancreas-99667/",
        "Pancreas-CT/PANCREAS_0002/11-24-2015-PANCREAS0002-Pancreas-63502/Pancreas-23732/"}},
      {"sliver07",
       {"training/liver-orig001.mhd", "training/liver-seg001.mhd", "training/liver-orig002.mhd",
        "training/liver-seg002.mhd"},
       2,
       2,
       2},
      {"ctpelvic1k",
       {"CTPelvic1K_dataset6_data/dataset6_CLINIC_0001_data.nii.gz",
        "ipcai2021_dataset6_Anonymized/dataset6_CLINIC_0001_mask_4label.nii.gz"},
       1,
       1,
       1}};
  return sets;
}

/// Sets that the words in their names tell, and folders of anyone.
const std::vector<std::pair<std::string, Paths>>& foreignSets() {
  static const std::vector<std::pair<std::string, Paths>> sets{
      {"MSD", {"Task09_Spleen/imagesTr/spleen_10.nii.gz", "Task09_Spleen/labelsTr/spleen_10.nii.gz"}},
      {"nnU-Net", {"Dataset001_X/imagesTr/la_001_0000.nii.gz", "Dataset001_X/labelsTr/la_001.nii.gz"}},
      {"AMOS", {"amos22/imagesVa/amos_0004.nii.gz", "amos22/labelsVa/amos_0004.nii.gz"}},
      {"TotalSegmentator", {"s0000/ct.nii.gz", "s0000/segmentations/liver.nii.gz"}},
      {"BraTS 2021",
       {"BraTS2021_00000/BraTS2021_00000_flair.nii.gz", "BraTS2021_00000/BraTS2021_00000_t1.nii.gz",
        "BraTS2021_00000/BraTS2021_00000_seg.nii.gz"}},
      {"BraTS 2023",
       {"BraTS-GLI-00000-000/BraTS-GLI-00000-000-t1c.nii.gz", "BraTS-GLI-00000-000/BraTS-GLI-00000-000-seg.nii.gz"}},
      {"KiTS 2019", {"data/case_00000/imaging.nii.gz", "data/case_00000/segmentation.nii.gz"}},
      {"KiTS 2023",
       {"dataset/case_00000/imaging.nii.gz", "dataset/case_00000/segmentation.nii.gz",
        "dataset/case_00000/instances/kidney_instance-1_annotation-1.nii.gz"}},
      {"LiTS", {"Training Batch 1/volume-0.nii", "Training Batch 1/segmentation-0.nii"}},
      {"BTCV", {"RawData/Training/img/img0001.nii.gz", "RawData/Training/label/label0001.nii.gz"}},
      {"SegTHOR", {"train/Patient_01/Patient_01.nii.gz", "train/Patient_01/GT.nii.gz"}},
      {"HECKTOR 2022", {"imagesTr/CHUP-001__CT.nii.gz", "imagesTr/CHUP-001__PT.nii.gz", "labelsTr/CHUP-001.nii.gz"}},
      {"VerSe",
       {"rawdata/sub-verse500/sub-verse500_dir-ax_ct.nii.gz",
        "derivatives/sub-verse500/sub-verse500_dir-ax_seg-vert_msk.nii.gz"}},
      {"ATLAS",
       {"sub-r001s001/ses-1/anat/sub-r001s001_ses-1_T1w.nii.gz",
        "sub-r001s001/ses-1/anat/sub-r001s001_ses-1_label-L_mask.nii.gz"}},
      {"PROMISE12", {"TrainingData_Part1/Case00.mhd", "TrainingData_Part1/Case00_segmentation.mhd"}},
      {"Prostate158", {"train/020/t2.nii.gz", "train/020/adc.nii.gz", "train/020/t2_anatomy_reader1.nii.gz"}},
      {"ACDC", {"patient001/patient001_frame01.nii.gz", "patient001/patient001_frame01_gt.nii.gz"}},
      {"contrasts with labels each", {"images/case1_t1.nii.gz", "masks/case1_t1.nii.gz"}},
      {"masks of structures", {"P1/image.nii.gz", "P1/liver.nii.gz", "P1/spleen.nii.gz"}},
      {"numbered labels", {"scans/image0001.nii.gz", "scans/label0001.nii.gz"}},
      {"patients of letters", {"A/A.nii.gz", "A/A_seg.nii.gz"}},
      {"pre and post", {"1/pre/FLAIR.nii.gz", "1/post/FLAIR.nii.gz"}},
      {"images alone", {"BDMAP_00000001/ct.nii.gz", "BDMAP_00000002/ct.nii.gz"}},
      {"labels alone", {"seg-lungs-LUNA16/1.2.mhd"}}};
  return sets;
}

Files filesOf(Paths volumes, Paths folders = {}) {
  std::ranges::sort(volumes);
  return {"/data", std::move(volumes), {}, std::move(folders)};
}
Files filesOf(const Known& set) { return filesOf(set.volumes, set.folders); }

TEST(ReadersTest, EachTakesItsOwnSetAndNoOther) {
  std::set<std::string> seen;
  for (const auto& reader : builtInReaders()) {
    EXPECT_TRUE(seen.insert(reader.name).second) << reader.name;
    EXPECT_EQ(std::ranges::count(knownSets(), reader.name, &Known::reader), 1) << reader.name;
    for (const auto& set : knownSets()) {
      const double score = reader.score(filesOf(set));
      if (set.reader == reader.name)
        EXPECT_EQ(score, 1) << reader.name;
      else
        EXPECT_EQ(score, 0) << reader.name << " takes " << set.reader;
    }
    for (const auto& [name, volumes] : foreignSets())
      EXPECT_EQ(reader.score(filesOf(volumes)), 0) << reader.name << " takes " << name;
  }
}

TEST(ReadersTest, EachReadsItsSetRightly) {
  for (const auto& set : knownSets()) {
    const auto found = preview({}, filesOf(set));
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_EQ(found->reader, set.reader);
    EXPECT_EQ(found->images, set.images) << set.reader;
    EXPECT_EQ(found->labels, set.labels) << set.reader;
    EXPECT_EQ(found->patients, set.patients) << set.reader;
    EXPECT_EQ(found->labelsWithoutImages, 0u) << set.reader;
    std::set<std::string> channels, structures;
    for (const auto& [name, count] : found->channels) channels.insert(name);
    for (const auto& [name, count] : found->structures) structures.insert(name);
    EXPECT_EQ(channels, set.channels) << set.reader;
    EXPECT_EQ(structures, set.structures) << set.reader;
  }
}

TEST(ReadersTest, AReaderIsChosenByNameOrLeftOut) {
  const auto files = filesOf(knownSets().front().volumes);
  EXPECT_EQ(preview({{.reader = "names"}}, files)->reader, "names");
  EXPECT_EQ(preview({{.reader = "luna16"}}, files)->reader, "luna16");
  const auto unknown = preview({{.reader = "luna61"}}, files);
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().hint, testing::HasSubstr("luna16"));
  // Files that are not the set's own are left out and told; where they are most, it is another set.
  auto more = knownSets().front().volumes;
  more.push_back("mine/predictions/1.nii.gz");
  const auto found = preview({}, filesOf(more));
  EXPECT_EQ(found->reader, "luna16");
  ASSERT_EQ(found->left, 1u);
  EXPECT_EQ(found->firstLeft.front().code, "no-rule");
  for (int n = 0; n < 9; ++n) more.push_back("mine/" + std::to_string(n) + ".nii.gz");
  EXPECT_EQ(preview({}, filesOf(more))->reader, "names");
}

TEST(ReadersTest, OfAPluginGoesTheSameWay) {
  const LayoutReader plugin{"mine", "My set", "*.scan.nii", [](const Files&) { return 1.0; },
                            [](const Files& files) -> Result<Assignment> {
                              Assignment out;
                              for (const auto& path : files.volumes) out[path].key["image"] = path;
                              return out;
                            }};
  const auto found = preview({{}, {plugin}}, filesOf({"1.scan.nii", "2.scan.nii"}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->title, "My set");
  EXPECT_EQ(found->images, 2u);
  // Two that explain as much: one is taken, and the other told.
  const auto reading = readingOf({{}, {plugin}}, filesOf(knownSets().front().volumes));
  ASSERT_TRUE(reading);
  EXPECT_THAT(reading->alsoFitting, testing::ElementsAre("My set"));
}

}  // namespace
}  // namespace lorkd::data::layout
