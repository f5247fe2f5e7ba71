// Lists of names as ITK-SNAP, 3D Slicer, FreeSurfer, TotalSegmentator and MONAI write them.
#include <gmock/gmock.h>

#include "core/base/File.h"
#include "core/io/NamedValues.h"
#include "core/io/VolumeFile.h"
#include "tests/unit/io/Support.h"

namespace lorkd::io {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class NamedValues : public testing::Test {
 protected:
  test::Folder m_folder;

  fs::path written(const std::string& name, const std::string& text) {
    EXPECT_TRUE(writeFileAtomically(m_folder / name, text));
    return m_folder / name;
  }
  /// Value and name.
  std::map<int, std::string> read(const std::string& name, const std::string& text) {
    const auto file = written(name, text);
    EXPECT_TRUE(namesValues(file)) << name;
    const auto labels = namedValues(file);
    std::map<int, std::string> out;
    if (!labels) ADD_FAILURE() << labels.error().text();
    if (labels)
      for (const auto& [value, label] : *labels) out[value] = label.name;
    return out;
  }
  std::string refused(const std::string& name, const std::string& text) {
    const auto labels = namedValues(written(name, text));
    return labels ? "read" : labels.error().text();
  }
};

const std::string kSnap =
    "################################################\n# ITK-SnAP Label Description File\n"
    "# File format:\n# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL\n"
    "    0     0    0    0        0  0  0    \"Clear Label\"\n"
    "    1   255    0    0        1  1  1    \"Left kidney\"\n"
    "    2     0  255    0        0.5  1  1    \"Spleen\"\r\n"
    "    3     0    0  255        1  1  1    \"Label 3\"\n";

TEST_F(NamedValues, OfItkSnap) {
  for (const char* name : {"labels.txt", "any.label"})
    EXPECT_THAT(read(name, kSnap), ElementsAre(Pair(0, "Clear Label"), Pair(1, "Left kidney"), Pair(2, "Spleen")));
  EXPECT_EQ(namedValues(m_folder / "labels.txt")->at(2).color, "#00ff00");
}

TEST_F(NamedValues, OfSlicerAndFreeSurfer) {
  const std::string slicer =
      "# Color table file\n# 3 values\n0 Background 0 0 0 0\n1 liver 221 130 101 255\n"
      "7 left_lung 197 165 145 255\n";
  EXPECT_THAT(read("a.ctbl", slicer), ElementsAre(Pair(0, "Background"), Pair(1, "liver"), Pair(7, "left_lung")));
  EXPECT_EQ(namedValues(m_folder / "a.ctbl")->at(1).color, "#dd8265");
  EXPECT_THAT(read("FreeSurferColorLUT.txt",
                   "#$Id$\n\n#No. Label Name:                            R   G   B   A\n\n"
                   "17  Left-Hippocampus                        220 216 20  0\n18  Left Amygdala  103 255 255 0\n"),
              ElementsAre(Pair(17, "Left-Hippocampus"), Pair(18, "Left Amygdala")));
}

TEST_F(NamedValues, OfJson) {
  EXPECT_THAT(read("labels.json", R"({"1": "spleen", "2": "kidney_right"})"),
              ElementsAre(Pair(1, "spleen"), Pair(2, "kidney_right")));
  EXPECT_THAT(read("class_map.json", R"({"spleen": 1, "kidney_right": 2})"),
              ElementsAre(Pair(1, "spleen"), Pair(2, "kidney_right")));
  EXPECT_THAT(read("label_map.json", R"({"about": "x", "labels": {"spleen": 1}})"), ElementsAre(Pair(1, "spleen")));
  EXPECT_THAT(read("metadata.json", R"({"version": "1.0", "network_data_format": {"outputs": {"pred": {"type": "image",
      "channel_def": {"0": "background", "1": "spleen"}}}}})"),
              ElementsAre(Pair(0, "background"), Pair(1, "spleen")));
}

TEST_F(NamedValues, OthersAreNone) {
  EXPECT_FALSE(namesValues(written("notes.txt", "1 liver 221 130 101 255\n")));
  EXPECT_FALSE(namesValues(written("read.txt", "# Data of the study\nsee the paper\n")));
  EXPECT_FALSE(namesValues(written("sub-01_T1w.json", R"({"Slices": 3})")));
  EXPECT_FALSE(namesValues(written("metadata.json", R"({"Modality": "CT"})")));
  EXPECT_FALSE(namesValues(written("labels.json", "[1, 2]")));
  EXPECT_FALSE(namesValues(m_folder / "absent.txt"));
}

TEST_F(NamedValues, FaultsAreNamed) {
  EXPECT_THAT(refused("a.ctbl", "1 liver 221 130 101 255\nliver\n"), HasSubstr("line 2"));
  EXPECT_THAT(refused("a.ctbl", "70000 liver 221 130 101 255\n"), HasSubstr("line 1"));
  EXPECT_THAT(refused("a.ctbl", "1 liver 221 300 101 255\n"), HasSubstr("line 1"));
  EXPECT_THAT(refused("labels.json", R"({"spleen": -1})"), HasSubstr("\"spleen\""));
}

TEST_F(NamedValues, NameTheLabelsOfAMap) {
  const auto labels = labelsOf({1, 3}, written("s.label", kSnap));
  ASSERT_TRUE(labels) << labels.error().text();
  EXPECT_EQ((*labels)[0].name, "Left kidney");
  EXPECT_EQ((*labels)[1].name, "3");  // "Label 3" says nothing
}

}  // namespace
}  // namespace lorkd::io
