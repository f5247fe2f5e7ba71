// What names alone say of volume files: whose they are, which are labels, which of several answers counts. The sets are
// named after those that come so; what each means is theirs.
#include <gmock/gmock.h>

#include "core/data/Channels.h"
#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class LayoutNames : public LayoutTree {
 protected:
  void anew() {
    fs::remove_all(m_data.path());
    fs::create_directories(m_data.path());
    fs::remove(m_elsewhere / "index.sqlite");
  }
  /// An image of half the voxels along each axis, in the same space.
  void coarse(const std::string& path) {
    auto geometry = grid();
    for (std::size_t a = 0; a < 3; ++a) {
      geometry.size[a] /= 2;
      geometry.origin[a] += geometry.spacing[a] / 2;
      geometry.spacing[a] *= 2;
    }
    image::Volume volume(geometry);
    for (std::size_t n = 0; n < volume.voxels.size(); ++n) volume.voxels[n] = static_cast<float>(n * 5 % 29);
    write(path, volume);
  }
  std::string messageOf(const std::string& code) const {
    const auto rejected = Catalogue::open(m_elsewhere / "index.sqlite")->rejected();
    for (const auto& [file, finding] : *rejected)
      if (finding.code == code) return finding.message;
    return {};
  }
};

TEST_F(LayoutNames, OnePersonIsNotDivided) {
  struct Set {
    std::string name;
    std::vector<std::string> images;
    std::size_t people;
  };
  const std::vector<Set> sets{
      {"BraTS 2023",
       {"T/BraTS-GLI-00000-000/BraTS-GLI-00000-000-t1n.nii.gz", "T/BraTS-GLI-00002-000/BraTS-GLI-00002-000-t1n.nii.gz",
        "T/BraTS-GLI-00002-001/BraTS-GLI-00002-001-t1n.nii.gz"},
       2},
      {"BraTS 2020",
       {"BraTS20_Training_001/BraTS20_Training_001_t1.nii.gz", "BraTS20_Training_002/BraTS20_Training_002_t1.nii.gz"},
       2},
      {"UCSF-PDGM",
       {"UCSF-PDGM-0004_nifti/UCSF-PDGM-0004_T1.nii.gz", "UCSF-PDGM-0005_nifti/UCSF-PDGM-0005_T1.nii.gz",
        "UCSF-PDGM-0005_FU003d_nifti/UCSF-PDGM-0005_FU003d_T1.nii.gz"},
       2},
      {"autoPET", {"i/fdg_0011f3deaf_10445.nii.gz", "i/fdg_0011f3deaf_10446.nii.gz", "i/psma_01140d52d8_5.nii.gz"}, 2},
      {"M&Ms-2", {"d/001/001_SA_ED.nii.gz", "d/001/001_LA_ES.nii.gz", "d/002/002_SA_ED.nii.gz"}, 2},
      {"dates", {"P1_20190305.nii.gz", "P1_2020-08-11.nii.gz", "P2_20190305.nii.gz"}, 2},
      {"only dates", {"IMG_20190305.nii.gz", "IMG_20200811.nii.gz"}, 2},
      {"sides", {"9000_left.nii.gz", "9000_right.nii.gz", "9001_L.nii.gz", "9001_R.nii.gz", "9002L.nii.gz"}, 3},
      {"CT-RATE",
       {"t/train_1/train_1_a/train_1_a_1.nii.gz", "t/train_1/train_1_a/train_1_a_2.nii.gz",
        "t/train_2/train_2_a/train_2_a_1.nii.gz"},
       2},
      {"the same in one folder", {"train_1_a_1.nii.gz", "train_1_b_1.nii.gz", "train_2_a_1.nii.gz"}, 2},
      {"IXI",
       {"IXI-T1/IXI002-Guys-0828-T1.nii.gz", "IXI-T2/IXI002-Guys-0828-T2.nii.gz", "IXI-T1/IXI012-HH-1211-T1.nii.gz"},
       2},
      {"prepared", {"original/images/case_0.nii.gz", "resampled/images/case_0.nii.gz"}, 1},
      {"two sites", {"SiteA/case_0.nii.gz", "SiteB/case_0.nii.gz"}, 2},
      {"CT and MR apart", {"ct_train/ct_train_1001_image.nii.gz", "mr_train/mr_train_1001_image.nii.gz"}, 2},
      {"studies by date",
       {"x/PETCT_0a1/03-23-2003-NA-PET-1/SUV.nii.gz", "x/PETCT_0a1/05-02-2004-NA-PET-2/SUV.nii.gz",
        "x/PETCT_0a2/05-02-2004-NA-PET-3/SUV.nii.gz"},
       2},
      {"numbered folders", {"7/1.nii.gz", "7/2.nii.gz", "8/1.nii.gz"}, 2},
      {"BIDS in one folder", {"sub-01_ses-1_T1w.nii.gz", "sub-01_ses-2_T1w.nii.gz", "sub-02_ses-1_T1w.nii.gz"}, 2},
      {"UIDs",
       {"1.2.826.0.1.3680043.8.498.1.nii.gz", "1.2.826.0.1.3680043.8.498.2.nii.gz",
        "1.2.826.0.1.3680043.9.498.1.nii.gz"},
       3},
      {"OASIS", {"OAS1_0001_MR1/mri/orig.nii.gz", "OAS1_0001_MR2/mri/orig.nii.gz", "OAS1_0002_MR1/mri/orig.nii.gz"}, 2},
      {"ADNI",
       {"ADNI_002_S_0295_MR_MP-RAGE_raw_20070525_1_S32678_I54640.nii.gz",
        "ADNI_002_S_0295_MR_MP-RAGE_raw_20080601_1_S41000_I60000.nii.gz", "ADNI_002_S_0413_MR_raw_1_S32_I5.nii.gz"},
       2},
      {"TCGA", {"TCGA-06-0184_1.nii.gz", "TCGA-06-0184_2.nii.gz", "TCGA-06-0185_1.nii.gz", "TCGA-08-0185_1.nii.gz"}, 3},
      {"years in names", {"FLARE22_Tr_0001.nii.gz", "FLARE22_Tr_0002.nii.gz", "FLARE22_Va_0001.nii.gz"}, 3}};
  for (const auto& set : sets) {
    anew();
    for (const auto& path : set.images) image(path);
    scan();
    EXPECT_EQ(m_cases.size(), set.images.size()) << set.name;
    EXPECT_EQ(patients(), set.people) << set.name;
  }
}

TEST_F(LayoutNames, AFolderForEachPersonMayBeCalledAnything) {
  for (const auto& names : {std::vector<std::string>{"4711234", "4711235", "4711299"},
                            {"Meier", "Huber", "Ito"},
                            {"AB12", "AB13", "CD07"},
                            {"UKE-0012", "UKE-0013", "UKE-0044"}})
    for (const std::string file : {"ct", "scan_", "img"}) {
      anew();
      for (const auto& name : names)
        for (const std::string n : {"1", "2"}) {
          image("data/" + name + "/" + file + n + ".nii.gz");
          labels("data/" + name + "/" + file + n + "_seg.nii.gz", {1});
        }
      scan();
      std::set<std::string> patients;
      for (const auto& c : m_cases) patients.insert(c.patient);
      EXPECT_EQ(patients.size(), 3u) << names.front() << " " << file;
      EXPECT_EQ(m_cases.size(), 6u);
    }
  // Two hospitals that number from 1 are not two people.
  anew();
  for (const std::string site : {"Berlin", "Bonn"})
    for (const std::string n : {"001", "002", "003"}) image(site + "/" + n + ".nii.gz");
  scan();
  std::set<std::string> patients;
  for (const auto& c : m_cases) patients.insert(c.patient);
  EXPECT_EQ(patients.size(), 6u);
}

TEST_F(LayoutNames, ManyNumbersBehindAFewAreNotTimes) {
  for (int n = 0; n < 14; ++n)
    image("images/0" + std::to_string(1 + n / 7) + "_" + std::to_string(100 + n) + ".nii.gz");
  scan();
  EXPECT_EQ(patients(), 14u);
}

TEST_F(LayoutNames, WhoIsTakenForOneIsTold) {
  image("images/P1_pre.nii.gz");
  image("images/P1_post.nii.gz");
  scan();
  EXPECT_EQ(patients(), 1u);
  EXPECT_THAT(messageOf("patients-by-name"), HasSubstr("P1_pre"));
}

TEST_F(LayoutNames, FoldersOfLabelsAreKnownByTheirNames) {
  // Image and labels, with # for the number of two cases.
  const std::vector<std::array<std::string, 3>> sets{
      {"AMOS", "amos22/imagesVa/amos_000#.nii.gz", "amos22/labelsVa/amos_000#.nii.gz"},
      {"TopCoW", "T/imagesTr/topcow_ct_00#_0000.nii.gz", "T/cow_seg_labelsTr/topcow_ct_00#.nii.gz"},
      {"PI-CAI", "images/1000#/1000#_100000#_t2w.nii.gz",
       "picai_labels/csPCa_lesion_delineations/human_expert/resampled/1000#_100000#.nii.gz"},
      {"LUNA16", "subset#/1.2.826.0.1.3680043.8.#.nii.gz", "seg-lungs-LUNA16/1.2.826.0.1.3680043.8.#.nii.gz"},
      {"COVID-19", "COVID-19-CT-Seg_20cases/coronacases_00#.nii.gz", "Infection_Mask/coronacases_00#.nii.gz"},
      {"words in one", "CT/p#.nii.gz", "TumorMasks/p#.nii.gz"},
      {"LNDb", "data0/LNDb-000#.nii.gz", "masks/LNDb-000#_rad1.nii.gz"},
      {"SLIVER07", "training/liver-orig00#.nii.gz", "training/liver-seg00#.nii.gz"},
      {"crossMoDA", "s/crossmoda_#_ceT1.nii.gz", "s/crossmoda_#_Label.nii.gz"},
      {"CTPelvic1K", "data/d6_CLINIC_000#_data.nii.gz", "ipcai/d6_CLINIC_000#_mask_4label.nii.gz"},
      {"FreeSurfer", "subjects/s#/mri/orig.nii.gz", "subjects/s#/mri/aparc+aseg.nii.gz"},
      {"train_images", "train_images/x#.nii.gz", "train_labels/x#.nii.gz"}};
  for (const auto& [name, imagePath, labelPath] : sets) {
    anew();
    const auto numbered = [](std::string path, char number) {
      std::ranges::replace(path, '#', number);
      return path;
    };
    for (const char number : {'1', '2'}) {
      image(numbered(imagePath, number));
      labels(numbered(labelPath, number), {1, 2, 2});
    }
    scan();
    EXPECT_THAT(spoken(), ElementsAre(Pair(numbered(imagePath, '1'), UnorderedElementsAre("1", "2")),
                                      Pair(numbered(imagePath, '2'), UnorderedElementsAre("1", "2"))))
        << name;
    EXPECT_EQ(patients(), 2u) << name;
  }
}

TEST_F(LayoutNames, ASetCalledAfterSegmentationMayHoldImages) {
  for (const std::string n : {"1", "2"}) {
    image("HaN-Seg/case_" + n + "/ct.nii.gz");
    labels("HaN-Seg/case_" + n + "/mask.nii.gz", {1});
    image("Liver-Seg/v" + n + ".nii.gz");
  }
  scan();
  EXPECT_EQ(m_cases.size(), 4u);
  EXPECT_THAT(of("HaN-Seg/case_1/ct.nii.gz").labels, ElementsAre("1"));
}

TEST_F(LayoutNames, FoldersAreCalledSoInOtherLanguages) {
  for (const auto& [images, masks] :
       {std::pair("Bilder", "Masken"), {"imagenes", "mascaras"}, {"immagini", "maschere"}}) {
    anew();
    for (const std::string n : {"p1", "p2"}) {
      image(images + ("/" + n) + ".nii.gz");
      labels(masks + ("/" + n) + ".nii.gz", {1});
    }
    scan();
    ASSERT_EQ(m_cases.size(), 2u) << images;
    for (const auto& c : m_cases) EXPECT_THAT(c.labels, ElementsAre("1")) << masks;
  }
}

TEST_F(LayoutNames, VertebraeAreNoContrasts) {
  image("s0/ct.nii.gz");
  for (const std::string one : {"vertebrae_T1", "vertebrae_T2", "vertebrae_T3", "liver"})
    labels("s0/segmentations/" + one + ".nii.gz", {1});
  scan();
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_THAT(m_cases.front().labels, UnorderedElementsAre("vertebrae_T1", "vertebrae_T2", "vertebrae_T3", "liver"));
  EXPECT_THAT(m_cases.front().contested, IsEmpty());
}

TEST_F(LayoutNames, MasksInFoldersOfStructures) {
  for (const std::string n : {"1", "2"}) {
    image("images/case_" + n + ".nii.gz");
    labels("masks/liver/case_" + n + ".nii.gz", {1});
    labels("masks/spleen/case_" + n + ".nii.gz", {0, 1});
    image("COVID-19-CT/c_" + n + ".nii.gz");
    labels("Lung_Mask/c_" + n + ".nii.gz", {1, 2});
    labels("Infection_Mask/c_" + n + ".nii.gz", {0, 1});
  }
  scan();
  EXPECT_THAT(voxelsOf(of("images/case_1.nii.gz")), ElementsAre(Pair("liver", 1), Pair("spleen", 1)));
  EXPECT_THAT(of("COVID-19-CT/c_2.nii.gz").labels, UnorderedElementsAre("Lung 1", "Lung 2", "Infection"));
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_F(LayoutNames, FoldersOfReadersAreAnswersToOneQuestion) {
  image("images/case_1.nii.gz");
  labels("masks/Alice/case_1.nii.gz", {1});
  labels("masks/Bob/case_1.nii.gz", {0, 1});
  scan();
  EXPECT_THAT(of("images/case_1.nii.gz").contested, ElementsAre("1"));
  EXPECT_THAT(refused(), ElementsAre("second-answer"));
}

TEST_F(LayoutNames, PeoplesAnswersGoBeforePrograms) {
  image("images/7/7_1.nii.gz");
  labels("labels/human_expert/resampled/7_1.nii.gz", {1});
  labels("labels/AI/Bosma22a/7_1.nii.gz", {0, 1, 1});
  image("kits/case_1/imaging.nii.gz");
  for (const std::string way : {"AND", "MAJ", "OR"})
    labels("kits/case_1/aggregated_" + way + "_seg.nii.gz", {1, 2, way == "MAJ"});
  labels("kits/case_1/segmentations/kidney_instance-1_annotation-1.nii.gz", {1});
  scan();
  EXPECT_THAT(voxelsOf(of("images/7/7_1.nii.gz")), ElementsAre(Pair("1", 1)));
  EXPECT_THAT(voxelsOf(of("kits/case_1/imaging.nii.gz")), ElementsAre(Pair("1", 2), Pair("2", 1)));
  EXPECT_THAT(refused(), UnorderedElementsAre("second-label", "second-label", "second-label", "part-of-annotation"));
}

TEST_F(LayoutNames, NamedMasksSayMoreThanAMapOfNumbers) {
  image("c1/ct.nii.gz");
  labels("c1/combined_labels.nii.gz", {1, 2});
  labels("c1/segmentations/liver.nii.gz", {1});
  labels("c1/segmentations/spleen.nii.gz", {0, 1});
  scan();
  EXPECT_THAT(voxelsOf(of("c1/ct.nii.gz")), ElementsAre(Pair("liver", 1), Pair("spleen", 1)));
  EXPECT_THAT(refused(), ElementsAre("second-label"));
}

TEST_F(LayoutNames, PredictionsAreNeitherImagesNorLabels) {
  image("images/case_1.nii.gz");
  labels("labels/case_1.nii.gz", {1});
  labels("predictions/case_1.nii.gz", {2});
  labels("nnUNet_results/Dataset001_X/fold_0/validation/case_1.nii.gz", {2});
  labels("labels/case_1_pred.nii.gz", {2});
  scan();
  EXPECT_THAT(spoken(), ElementsAre(Pair("images/case_1.nii.gz", UnorderedElementsAre("1"))));
  EXPECT_THAT(refused(), ElementsAre("prediction", "prediction", "prediction"));
}

TEST_F(LayoutNames, ContrastsWithLabelsOfTheirOwnAreImages) {
  for (const std::string contrast : {"t1", "t2"}) {
    image("images/1_" + contrast + ".nii.gz");
    labels("masks/1_" + contrast + ".nii.gz", {1, contrast == "t2"});
  }
  image("images/2_t1.nii.gz");
  image("images/2_t2.nii.gz");
  labels("masks/2_t1.nii.gz", {1});
  scan();
  EXPECT_THAT(voxelsOf(of("images/1_t1.nii.gz")), ElementsAre(Pair("1", 1)));
  EXPECT_THAT(voxelsOf(of("images/1_t2.nii.gz")), ElementsAre(Pair("1", 2)));
  EXPECT_THAT(channelNames(of("images/2_t1.nii.gz")), ElementsAre("t1", "t2"));
  EXPECT_EQ(patients(), 2u);
}

TEST_F(LayoutNames, WhereNamesFitAlikeTheGridDecides) {
  image("sub-1/dwi/sub-1_dwi.nii.gz");
  coarse("sub-1/anat/sub-1_FLAIR.nii.gz");
  labels("derivatives/sub-1/sub-1_msk.nii.gz", {1});
  // CT, the same on PET's grid, and PET: the labels are of that.
  const std::string study = "P7/base/";
  image(study + "CT.nii.gz");
  for (const std::string name : {"CTres", "PET"}) coarse(study + name + ".nii.gz");
  image::LabelMap map(io::readVolumeGeometry(m_data / (study + "PET.nii.gz")).value());
  map.voxels[3] = 1;
  write(study + "SEG.nii.gz", map);
  scan();
  EXPECT_THAT(of("sub-1/dwi/sub-1_dwi.nii.gz").labels, ElementsAre("1"));
  const auto& pet = of(study + "CTres.nii.gz");
  EXPECT_THAT(channelNames(pet), ElementsAre("CTres", "PET", "CT"));
  EXPECT_THAT(pet.consent, IsEmpty());
  EXPECT_THAT(voxelsOf(pet), ElementsAre(Pair("1", 1)));
  EXPECT_EQ(pet.geometry.size, (std::array<std::int64_t, 3>{kSide / 2, kSide / 2, kSide / 2}));
}

TEST_F(LayoutNames, LabelsThatFindNoImageSayWhichCameNear) {
  image("a/case_1.nii.gz");
  image("b/case_1.nii.gz");
  labels("masks/case_1.nii.gz", {1});
  scan();
  EXPECT_THAT(refused(), ElementsAre("unpaired-label"));
  EXPECT_THAT(messageOf("unpaired-label"), testing::AllOf(HasSubstr("a/case_1"), HasSubstr("b/case_1")));
}

}  // namespace
}  // namespace lorkd::data
