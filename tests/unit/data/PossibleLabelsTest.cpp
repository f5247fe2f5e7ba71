// Volumes that nobody calls labels, and lists and tables that say what names do not.
#include <gmock/gmock.h>

#include "core/data/PossibleLabels.h"
#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class PossibleLabels : public LayoutTree {
 protected:
  template <class Value>
  Result<ValueLook> lookOf(std::int64_t side, const Value& value) {
    image::Geometry geometry{{side, side, side}};
    image::Volume volume(geometry);
    std::size_t at = 0;
    for (std::int64_t z = 0; z < side; ++z)
      for (std::int64_t y = 0; y < side; ++y)
        for (std::int64_t x = 0; x < side; ++x) volume.voxels[at++] = static_cast<float>(value(x, y, z));
    write("x.nii.gz", volume);
    return lookAtValues(m_data / "x.nii.gz");
  }
  /// Values from `first` to `last`, each voxel's another than its neighbours'.
  static image::LabelMap noise(int first, int last) {
    image::LabelMap map(grid());
    unsigned random = 1;
    for (auto& voxel : map.voxels) {
      random = random * 1664525u + 1013904223u;
      voxel = static_cast<std::uint16_t>(first + static_cast<int>((random >> 8) % static_cast<unsigned>(last - first)));
    }
    return map;
  }
};

TEST_F(PossibleLabels, AreKnownByTheirValues) {
  const auto likeLabels = [&](const auto& value) {
    const auto look = lookOf(24, value);
    EXPECT_TRUE(look) << look.error().text();
    return look && look->likeLabels();
  };
  unsigned random = 1;
  const auto noise = [&](unsigned levels) { return (random = random * 1664525u + 1013904223u) >> 8 & (levels - 1); };
  EXPECT_TRUE(likeLabels([](auto x, auto, auto) { return x == 12; }));
  EXPECT_TRUE(likeLabels([](auto, auto, auto) { return 0; })) << "an empty mask";
  EXPECT_TRUE(likeLabels([](auto x, auto y, auto z) { return x / 6 * 16 + y / 6 * 4 + z / 6; })) << "64 structures";
  EXPECT_TRUE(likeLabels([&](auto, auto, auto) { return noise(256) == 0; })) << "single voxels";
  EXPECT_FALSE(likeLabels([&](auto, auto, auto) { return noise(256); })) << "an image of 8 bits";
  // A bright ball in darkness, of few grey levels; the background is black.
  EXPECT_FALSE(likeLabels([&](auto x, auto y, auto z) {
    const bool in = (x - 12) * (x - 12) + (y - 12) * (y - 12) + (z - 12) * (z - 12) < 64;
    return in ? 60 + noise(32) : 0;
  }));
  EXPECT_FALSE(likeLabels([](auto x, auto, auto) { return x == 3 ? -1000 : 40; })) << "no label is negative";
  EXPECT_FALSE(likeLabels([](auto x, auto, auto) { return 0.5 * static_cast<double>(x > 3); }));
  EXPECT_FALSE(likeLabels([](auto x, auto y, auto) { return x * 24 + y; })) << "a slope";
}

TEST_F(PossibleLabels, AreAskedAboutBesideTheirImage) {
  const std::vector<std::array<std::string, 2>> sets{
      {"h/CHUM-001/CHUM-001__CT.nii.gz", "h/CHUM-001/CHUM-001.nii.gz"},
      {"Training Set/0RZ/lgemri.nii.gz", "Training Set/0RZ/laendo.nii.gz"},
      {"t/17/pre/FLAIR.nii.gz", "t/17/wmh.nii.gz"},
      {"scans/p1.nii.gz", "drawn/p1.nii.gz"}};
  for (const auto& [imagePath, labelPath] : sets) {
    image(imagePath);
    labels(labelPath, {1, 1});
  }
  image("lone/p1_a.nii.gz");
  scan();
  EXPECT_EQ(m_cases.size(), 9u);
  for (const auto& [imagePath, labelPath] : sets) {
    EXPECT_THAT(of(imagePath).consent, IsEmpty()) << imagePath;
    EXPECT_THAT(of(labelPath).consent, ElementsAre("possible-labels")) << labelPath;
  }
  EXPECT_THAT(of("lone/p1_a.nii.gz").consent, IsEmpty());
  EXPECT_THAT(refused(), ElementsAre("possible-labels", "possible-labels", "possible-labels", "possible-labels"));
}

TEST_F(PossibleLabels, AreAskedAboutWhateverTheirFoldersAreCalled) {
  // Channels of which each has its own; folders of which neither name nor file is called as the image's.
  const std::vector<std::array<std::string, 2>> sets{{"a/p0_t1.nii.gz", "b/p0_t1.nii.gz"},
                                                     {"CT/CT_000.nii.gz", "ROI/ROI_000.nii.gz"},
                                                     {"in/cas_0.nii.gz", "m/cas_0_tout.nii.gz"},
                                                     {"scans/7/t1.nii.gz", "scans/7/wmh.nii.gz"}};
  for (const auto& [imagePath, labelPath] : sets) {
    image(imagePath);
    labels(labelPath, {1, 1});
  }
  image("a/p0_t2.nii.gz");
  labels("b/p0_t2.nii.gz", {1, 2});
  scan();
  EXPECT_EQ(m_cases.size(), 8u);
  for (const auto& [imagePath, labelPath] : sets) {
    EXPECT_THAT(of(imagePath).consent, IsEmpty()) << imagePath;
    EXPECT_THAT(of(labelPath).consent, ElementsAre("possible-labels")) << labelPath;
  }
  EXPECT_EQ(of("b/p0_t1.nii.gz").imageFiles.size(), 2u);
}

TEST_F(PossibleLabels, IntensitiesAreNoLabelsWhateverTheNameSays) {
  image("1_T1.nii.gz");
  write("1_T1_mask.nii.gz", noise(1, 700));
  image("2_T1.nii.gz");
  write("2_T1_mask.nii.gz", noise(200, 250));
  text("2_T1_mask.csv", "value,name\n200,one\n");
  // Soft edges around what is marked.
  image("3_T1.nii.gz");
  auto soft = noise(1, 200);
  for (std::size_t n = 0; n < soft.voxels.size(); ++n) soft.voxels[n] = n < 72 ? 255 : n < 150 ? soft.voxels[n] : 0;
  write("3_T1_mask.nii.gz", soft);
  // Nine vessels of one voxel's thickness, in every other row and slice.
  image("4_T1.nii.gz");
  image::LabelMap vessels(grid());
  for (std::size_t n = 0; n < 9; ++n)
    for (std::size_t x = 0; x < 6; ++x) vessels.voxels[n / 3 * 72 + n % 3 * 12 + x] = static_cast<std::uint16_t>(n + 1);
  write("4_T1_mask.nii.gz", vessels);
  scan();
  EXPECT_THAT(of("1_T1.nii.gz").labels, IsEmpty());
  EXPECT_THAT(of("3_T1.nii.gz").labels, IsEmpty());
  EXPECT_EQ(of("4_T1.nii.gz").labels.size(), 9u);
  EXPECT_FALSE(of("2_T1.nii.gz").labels.empty()) << "a table names its values";
  EXPECT_THAT(refused(), ElementsAre("label-values", "label-values"));
}

TEST_F(PossibleLabels, NamesInOtherLettersAreOneStructure) {
  for (const std::string n : {"1", "2", "3"}) {
    image("p" + n + "/ct.nii.gz");
    labels("p" + n + "/masks/" + (n == "2" ? "Liver" : "liver") + ".nii.gz", {1});
    labels("p" + n + "/masks/spleen.nii.gz", {0, 1});
  }
  scan();
  for (const auto& c : m_cases) EXPECT_THAT(voxelsOf(c), ElementsAre(Pair("liver", 1), Pair("spleen", 1)));
  for (const auto& c : m_cases) EXPECT_THAT(c.labels, UnorderedElementsAre("liver", "spleen"));
  EXPECT_THAT(refused(), ElementsAre("classes-joined"));
}

TEST_F(PossibleLabels, WhatIsSaidToBeAnImageIsNotAskedAbout) {
  labels("images/a.nii.gz", {1});
  labels("images/b.nii.gz", {1});
  scan();
  EXPECT_EQ(m_cases.size(), 2u);
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_F(PossibleLabels, AListOfFilesSaysWhatTheyAre) {
  for (const std::string n : {"ax", "by"}) {
    image("D3/recon/" + n + "_venous.nii.gz");
    image("D3/more/" + n + "_late.nii.gz");
    labels("D3/drawn/" + n + "_hand.nii.gz", {1, 2});
    image("M/" + n + "/in.nii.gz");
    labels("M/" + n + "/out.nii.gz", {1});
  }
  text("D3/dataset.json",
       R"({"labels": {"background": 0, "liver": 1, "tumour": 2}, "channel_names": {"0": "CT", "1": "late"}, "dataset": {
         "one": {"images": ["recon/ax_venous.nii.gz", "more/ax_late.nii.gz"], "label": "drawn/ax_hand.nii.gz"},
         "two": {"images": ["recon/by_venous.nii.gz", "more/by_late.nii.gz"], "label": "drawn/by_hand.nii.gz"}}})");
  text("M/dataset.json", R"({"training": [{"image": "./ax/in.nii.gz", "label": "./ax/out.nii.gz"},
                                          {"image": "./by/in.nii.gz", "label": "../elsewhere.nii.gz"}]})");
  scan();
  const auto& one = of("D3/recon/ax_venous.nii.gz");
  EXPECT_THAT(one.imageFiles, ElementsAre(m_data / "D3/recon/ax_venous.nii.gz", m_data / "D3/more/ax_late.nii.gz"));
  EXPECT_THAT(voxelsOf(one), ElementsAre(Pair("liver", 1), Pair("tumour", 1)));
  EXPECT_THAT(of("M/ax/in.nii.gz").labels, ElementsAre("1"));
  // What the list says of no file that is there is left to names and values.
  EXPECT_THAT(of("M/by/in.nii.gz").labels, IsEmpty());
  EXPECT_THAT(of("M/by/out.nii.gz").consent, ElementsAre("possible-labels"));
}

TEST_F(PossibleLabels, NamesInTheOrderOfTheirValues) {
  image("a/imagesTr/x.nii.gz");
  labels("a/labelsTr/x.nii.gz", {1, 2, 2});
  text("a/dataset.json", R"({"labels": ["background", "liver", "tumour"]})");
  image("b/imagesTr/x.nii.gz");
  labels("b/labelsTr/x.nii.gz", {1, 2, 2});
  text("b/dataset.json", R"({"labels": ["liver", "tumour"]})");
  scan();
  EXPECT_THAT(voxelsOf(of("a/imagesTr/x.nii.gz")), ElementsAre(Pair("liver", 1), Pair("tumour", 2)));
  EXPECT_THAT(of("b/imagesTr/x.nii.gz").labels, IsEmpty());
  EXPECT_THAT(refused(), ElementsAre("label-values")) << "whether liver is 0 or 1 is not said";
}

TEST_F(PossibleLabels, TablesOfBidsNameValues) {
  for (const std::string n : {"sub-1", "sub-2"}) {
    image(n + "/anat/" + n + "_T1w.nii.gz");
    const auto place = "derivatives/manual/" + n + "/anat/" + n;
    labels(place + (n == "sub-1" ? "_dseg.nii.gz" : "_desc-lobes_dseg.nii.gz"), {1, 2});
  }
  text("derivatives/manual/dseg.tsv", "index\tname\tabbreviation\n1\tGrey matter\tGM\n2\tWhite matter\tWM\n");
  text("derivatives/manual/desc-lobes_dseg.tsv", "index\tname\n1\tfrontal\n2\ttemporal\n");
  text("derivatives/manual/desc-other_dseg.tsv", "index\tname\n1\tno\n2\tneither\n");
  scan();
  EXPECT_THAT(of("sub-1/anat/sub-1_T1w.nii.gz").labels, UnorderedElementsAre("Grey matter", "White matter"));
  EXPECT_THAT(of("sub-2/anat/sub-2_T1w.nii.gz").labels, UnorderedElementsAre("frontal", "temporal"));
}

}  // namespace
}  // namespace lorkd::data
