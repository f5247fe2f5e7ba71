// What masks are called after, whose labels are, and which of them are answers to one question.
#include <gmock/gmock.h>

#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class NamedMasks : public LayoutTree {
 protected:
  void anew() {
    fs::remove_all(m_data.path());
    fs::create_directories(m_data.path());
    fs::remove(m_elsewhere / "index.sqlite");
  }
  static std::vector<int> cube(int first, int end) {
    std::vector<int> out(static_cast<std::size_t>(end));
    for (int n = first; n < end; ++n) out[static_cast<std::size_t>(n)] = 1;
    return out;
  }
};

TEST_F(NamedMasks, CopiesOfLabelsAreAnswersToOneQuestion) {
  const std::vector<std::vector<std::string>> sets{
      {"p1/seg_v1", "p1/seg_v2"},        {"p1/seg", "p1/seg_old"},       {"p1/seg", "p1/seg (1)"},
      {"p1/seg", "p1/seg - Kopie"},      {"p1/mask", "p1/mask_copy2"},   {"p1/seg", "p1/seg_backup_20210101"},
      {"p1/label_rev1", "p1/label_new"}, {"p1/seg_reader1", "p1/seg_v2"}};
  for (const auto& set : sets) {
    anew();
    image("p1/ct.nii.gz");
    for (const auto& path : set) labels(path + ".nii.gz", {1, 1});
    scan();
    EXPECT_THAT(m_cases.at(0).labels, ElementsAre("1")) << set[1];
    EXPECT_THAT(m_cases.at(0).contested, ElementsAre("1")) << set[1];
  }
  anew();
  image("images/p1.nii.gz");
  labels("labels/p1.nii.gz", {1});
  labels("labels/p1_v2.nii.gz", {1});
  labels("masks/p1_liver_seg_v1.nii.gz", {1});
  labels("masks/p1_liver_seg_v2.nii.gz", {1});
  scan();
  EXPECT_THAT(m_cases.at(0).contested, ElementsAre("1"));
}

TEST_F(NamedMasks, AVisitIsNoCopy) {
  for (const std::string n : {"v1", "v2"}) {
    image("a/ct_" + n + ".nii.gz");
    labels("a/seg_" + n + ".nii.gz", {1});
    image("scans/q_" + n + ".nii.gz");
    labels("drawn/seg_q_" + n + ".nii.gz", {1});
  }
  // That of another person is not meant.
  image("b/p1/ct.nii.gz");
  image("b/p2/ct_v2.nii.gz");
  labels("b/p1/seg_v2.nii.gz", {1});
  labels("b/p2/ct_v2_seg.nii.gz", {1});
  image("images/img_7.nii.gz");
  labels("labels/seg_v2_7.nii.gz", {1});
  scan();
  for (const auto& c : m_cases) {
    EXPECT_THAT(c.labels, ElementsAre("1")) << c.imageFiles.front();
    EXPECT_THAT(c.contested, IsEmpty()) << c.imageFiles.front();
  }
}

TEST_F(NamedMasks, AWordOfCopiesMayBeAStructures) {
  image("p1/ct.nii.gz");
  for (const std::string name : {"V1", "V2", "infarct_old", "infarct_new"}) {
    labels("p1/masks/" + name + ".nii.gz", cube(static_cast<int>(name.back()), static_cast<int>(name.back()) + 3));
    labels("p1/" + name + "_mask.nii.gz", {});
  }
  scan();
  EXPECT_THAT(m_cases.at(0).labels, UnorderedElementsAre("V1", "V2", "infarct_old", "infarct_new"));
}

TEST_F(NamedMasks, InitialsOfReadersAreAskedAbout) {
  const auto asked = [&](const std::string& a, const std::string& b, int shift) {
    anew();
    for (const std::string n : {"p1", "p2"}) {
      image(n + "/ct.nii.gz");
      labels(n + "/" + a + ".nii.gz", cube(0, 20));
      labels(n + "/" + b + ".nii.gz", cube(shift, 20 + shift));
    }
    scan();
    EXPECT_EQ(m_cases.at(0).consent, m_cases.at(1).consent);
    return m_cases.at(0).consent == std::vector<std::string>{"possible-answers"};
  };
  EXPECT_TRUE(asked("seg_AB", "seg_CD", 4));
  EXPECT_TRUE(asked("tumour_mask_meier", "tumour_mask_vogt", 4));
  EXPECT_FALSE(asked("seg_LV", "seg_RV", 20)) << "they lie apart";
  EXPECT_FALSE(asked("seg_liver", "seg_tumour", 4)) << "structures may lie in one another";
  EXPECT_FALSE(asked("seg_tumour", "seg_tumour_rim", 4)) << "the one says more than the other";
}

TEST_F(NamedMasks, WordsOfContrastMayBeAStructures) {
  for (const std::string n : {"p1", "p2"}) {
    image(n + "/ct.nii.gz");
    labels(n + "/rectus_IR_mask.nii.gz", {1});
    if (n == "p1") labels(n + "/rectus_MR_mask.nii.gz", {0, 1});
  }
  image("q_CT.nii.gz");
  labels("q_T1_mask.nii.gz", {1});
  labels("q_T2_mask.nii.gz", {0, 1});
  labels("q_L1_mask.nii.gz", {0, 0, 1});
  // The image's own contrast is none.
  image("r_T1.nii.gz");
  labels("r_T1_tumour_mask.nii.gz", {1});
  labels("r_T1_oedema_mask.nii.gz", {0, 1});
  scan();
  EXPECT_THAT(of("p1/ct.nii.gz").labels, UnorderedElementsAre("rectus_IR", "rectus_MR"));
  EXPECT_THAT(of("p2/ct.nii.gz").labels, ElementsAre("rectus_IR")) << "one structure has one name";
  EXPECT_THAT(of("q_CT.nii.gz").labels, UnorderedElementsAre("T1", "T2", "L1"));
  EXPECT_THAT(of("r_T1.nii.gz").labels, UnorderedElementsAre("oedema", "tumour"));
}

TEST_F(NamedMasks, LabelsOnTheGridOfSeveralImagesAreAskedAbout) {
  for (const std::string name : {"T1_pre", "T1_post", "T2"}) image("a/" + name + ".nii.gz");
  labels("a/seg.nii.gz", {1});
  for (const std::string name : {"b_T1_early", "b_CT"}) image("b/" + name + ".nii.gz");
  labels("b/b_liver_mask.nii.gz", {1});
  for (const std::string name : {"T1", "T1_brain"}) image("c/" + name + ".nii.gz");
  labels("c/brain_mask.nii.gz", {1});
  scan();
  EXPECT_THAT(of("a/T2.nii.gz").consent, ElementsAre("label-image"));
  EXPECT_THAT(of("b/b_CT.nii.gz").consent, ElementsAre("label-image"));
  EXPECT_THAT(of("c/T1_brain.nii.gz").consent, ElementsAre("label-image"));
  EXPECT_THAT(of("a/T1_pre.nii.gz").consent, IsEmpty());
  auto codes = refused();
  std::erase(codes, "patients-by-name");  // before and after are of one person
  EXPECT_THAT(codes, Each("label-image"));
}

TEST_F(NamedMasks, LabelsThatSayTheirImageAreNotAskedAbout) {
  image("a/T2.nii.gz");
  image("a/T1_post.nii.gz");
  labels("a/T2_seg.nii.gz", {1});  // the contrast says it
  image("b/T2.nii.gz");
  image("b/T1_post.nii.gz");
  labels("b/seg.nii.gz", {1});
  labels("b/T1_post_seg.nii.gz", {1});  // the other has its own
  image("c_1_ct.nii.gz");
  image("c_1_2_ct.nii.gz");
  labels("c_1_seg.nii.gz", {1});  // another image, by its number
  image("d/T1.nii.gz");
  image("d/FLAIR.nii.gz");
  labels("d/brain_mask.nii.gz", {1});  // channels of one
  scan();
  for (const auto& c : m_cases) EXPECT_THAT(c.consent, IsEmpty()) << c.imageFiles.front();
  EXPECT_THAT(of("d/FLAIR.nii.gz").labels, ElementsAre("brain"));
}

}  // namespace
}  // namespace lorkd::data
