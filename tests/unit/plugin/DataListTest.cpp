// Lists of images and labels as MONAI has them.
#include <gtest/gtest.h>

#include <fstream>

#include "core/plugin/Registry.h"
#include "plugins/Plugins.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::plugin {
namespace {

using data::layout::Assigned;
using data::layout::Files;

const data::layout::LayoutReader& reader() {
  registerPlugins(registry());
  for (const auto& one : registry().readers())
    if (one.name == "monai-datalist") return one;
  throw std::runtime_error("no reader of data lists");
}

TEST(DataList, SaysWhatTheListSays) {
  const test::TemporaryFolder folder;
  // As in MONAI's tutorials: four contrasts a case, folds, and files of no use.
  std::ofstream(folder / "dataset_0.json") << R"({"name": "x", "training": [
    {"fold": 0, "image": ["a/flair.nii.gz", "a/t1.nii.gz"], "label": "a/seg.nii.gz"},
    {"fold": 1, "image": ["b/flair.nii.gz", "./b/t1.nii.gz"], "label": "b/seg.nii.gz"},
    {"fold": 1, "image": "gone.nii.gz", "label": "a/gone.nii.gz"}],
    "validation": [{"image": "c/flair.nii.gz"}], "test": ["d/flair.nii.gz"]})";
  std::ofstream(folder / "other.json") << R"([{"image": "a/flair.nii.gz"}])";
  std::ofstream(folder / "broken.json") << "{";
  const Files files{folder.path(),
                    {"a/flair.nii.gz", "a/seg.nii.gz", "a/t1.nii.gz", "b/flair.nii.gz", "b/seg.nii.gz", "b/t1.nii.gz",
                     "c/flair.nii.gz", "d/flair.nii.gz", "e/flair.nii.gz", "f/flair.nii.gz"},
                    {"broken.json", "dataset_0.json", "other.json"}};
  EXPECT_DOUBLE_EQ(reader().score(files), 0.8);
  const auto found = reader().assign(files);
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_EQ(found->size(), 8u);
  EXPECT_EQ(found->at("a/seg.nii.gz").use, Assigned::Use::Labels);
  EXPECT_EQ(found->at("a/t1.nii.gz").use, Assigned::Use::Image);
  EXPECT_EQ(found->at("a/t1.nii.gz").key, found->at("a/seg.nii.gz").key);
  EXPECT_EQ(found->at("a/t1.nii.gz").key, found->at("a/flair.nii.gz").key);
  EXPECT_NE(found->at("a/t1.nii.gz").channel, found->at("a/flair.nii.gz").channel);
  EXPECT_NE(found->at("b/t1.nii.gz").key, found->at("a/t1.nii.gz").key);
  EXPECT_EQ(found->at("b/t1.nii.gz").split, "train");
  EXPECT_EQ(found->at("c/flair.nii.gz").split, "validation");
  EXPECT_EQ(found->at("d/flair.nii.gz").split, "test");
}

TEST(DataList, LeavesOthersAlone) {
  const test::TemporaryFolder folder;
  const auto score = [&](const std::string& name, const std::string& json) {
    std::ofstream(folder / name) << json;
    return reader().score({folder.path(), {"a.nii.gz", "b.nii.gz"}, {name}});
  };
  // nnU-Net's own description, images without labels, and classes.
  EXPECT_EQ(score("dataset.json", R"({"training": [{"image": "a.nii.gz", "label": "b.nii.gz"}]})"), 0);
  EXPECT_EQ(score("x.json", R"({"training": [{"image": "a.nii.gz"}, {"image": "b.nii.gz"}]})"), 0);
  EXPECT_EQ(score("y.json", R"({"training": [{"image": "a.nii.gz", "label": 1}]})"), 0);
  EXPECT_EQ(score("z.json", R"({"training": {"image": "a.nii.gz", "label": "b.nii.gz"}})"), 0);
  EXPECT_EQ(score("w.json", R"({"training": [{"image": "a.nii.gz", "label": "b.nii.gz"}]})"), 1);
}

}  // namespace
}  // namespace lorkd::plugin
