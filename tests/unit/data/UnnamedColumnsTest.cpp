// Tables of pictures whose first line names none of their columns.
#include <gmock/gmock.h>

#include "core/base/File.h"
#include "core/data/PictureSet.h"
#include "core/data/PictureTable.h"
#include "core/data/UnnamedColumns.h"
#include "core/io/Images2D.h"
#include "tests/unit/data/Support.h"

namespace lorkd::data {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class UnnamedColumns : public testing::Test {
 protected:
  TemporaryFolder m_folder;

  void picture(const std::string& path) {
    fs::create_directories((m_folder / path).parent_path());
    ASSERT_TRUE(io::writePng(m_folder / path, {4, 3, 1, std::vector<std::uint8_t>(12, 7)}));
  }
  void table(const std::string& path, const std::string& text) {
    ASSERT_TRUE(writeFileAtomically(m_folder / path, text));
  }
  Result<io::PictureSet> read(const std::vector<std::string>& tables) {
    std::vector<fs::path> files;
    for (const auto& name : tables) files.push_back(m_folder / name);
    files.push_back(m_folder.path());
    return readPictureSet(files);
  }
  /// Studies of two pictures each, as MURA has them.
  void studies() {
    for (const std::string person : {"patient00011", "patient00012"})
      for (const std::string study : {"study1_positive", "study2_negative"})
        for (const std::string image : {"image1.png", "image2.png"})
          picture("MURA/train/XR_ELBOW/" + person + "/" + study + "/" + image);
  }
};

TEST_F(UnnamedColumns, AFoldersLabelIsThatOfItsPictures) {
  studies();
  std::string paths, labels;
  for (const std::string person : {"patient00011", "patient00012"})
    for (const std::string study : {"study1_positive", "study2_negative"}) {
      const auto folder = "MURA/train/XR_ELBOW/" + person + "/" + study + "/";
      paths += folder + "image1.png\n" + folder + "image2.png\n";
      labels += folder + (study.ends_with("positive") ? ",1\n" : ",0\n");
    }
  table("MURA/train_image_paths.csv", paths);
  table("MURA/train_labeled_studies.csv", labels);
  const auto places = layout::PicturePlaces::open(m_folder.path());
  ASSERT_TRUE(places);
  const auto sets =
      setsOfTables({m_folder / "MURA/train_image_paths.csv", m_folder / "MURA/train_labeled_studies.csv"}, *places);
  EXPECT_THAT(sets.faults, IsEmpty());
  ASSERT_THAT(sets.sets, ElementsAre(SizeIs(2)));
  const auto set = read({"MURA/train_image_paths.csv", "MURA/train_labeled_studies.csv"});
  ASSERT_TRUE(set) << set.error().text();
  EXPECT_THAT(set->classes, ElementsAre("0", "1"));
  ASSERT_EQ(set->examples.size(), 8u);
  std::set<std::string> people;
  for (const auto& example : set->examples) {
    EXPECT_THAT(example.labels, ElementsAre(example.id.find("positive") != std::string::npos ? 1 : 0)) << example.id;
    EXPECT_EQ(example.split, "train");
    people.insert(example.patient);
  }
  EXPECT_EQ(people.size(), 2u);
}

TEST_F(UnnamedColumns, TheArchivesOwnFolderMayBeLost) {
  studies();
  table("MURA/list.csv",
        "Archive/train/XR_ELBOW/patient00011/study1_positive/,1\n"
        "Archive/train/XR_ELBOW/patient00011/study2_negative/,0\n"
        "Archive/train/XR_ELBOW/patient00012/study1_positive/,1\n"
        "Archive/train/XR_ELBOW/patient00012/study2_negative/,0\n");
  const auto set = read({"MURA/list.csv"});
  ASSERT_TRUE(set) << set.error().text();
  EXPECT_EQ(set->examples.size(), 8u);
  const auto places = layout::PicturePlaces::open(m_folder / "MURA");
  ASSERT_TRUE(places);
  const layout::PictureHints hints{m_folder / "MURA", nullptr, ""};
  EXPECT_THAT(places->below("MURA/train/XR_ELBOW/patient00011", hints), SizeIs(4));
  EXPECT_THAT(places->below("test/XR_ELBOW/../patient00011", hints), IsEmpty());
  EXPECT_THAT(places->below("XR_ELBOW/study1_positive", hints), IsEmpty());  // a folder that is there does not hold it
}

TEST_F(UnnamedColumns, WhatIsNotClearIsRefused) {
  for (int n = 0; n < 8; ++n) picture("p/" + std::to_string(n) + ".png");
  const auto lines = [](const std::vector<std::string>& cells) {
    std::string out;
    for (std::size_t n = 0; n < cells.size(); ++n) out += "p/" + std::to_string(n) + ".png," + cells[n] + "\n";
    return out;
  };
  const auto refuses = [&](const std::string& text) {
    table("t.csv", text);
    return !read({"t.csv"});
  };
  EXPECT_TRUE(refuses(lines({"61", "52", "61", "70", "52", "43", "43", "70"})));  // ages
  EXPECT_TRUE(refuses(lines({"a", "b", "c", "d", "e", "f", "g", "h"})));          // each has its own
  EXPECT_TRUE(refuses(lines({"1,a", "1,b", "0,a", "0,b", "1,a", "1,b", "0,a", "0,b"})));
  EXPECT_FALSE(refuses(lines({"cat", "dog", "cat", "dog", "cat", "dog", "cat", "cat"})));
  EXPECT_FALSE(refuses(lines({"1", "2", "1", "2", "1", "2", "1", "2"})));
}

}  // namespace
}  // namespace lorkd::data
