// Sets of pictures from the folder to prepared tensors: tables, DICOM among pictures, patients kept together.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/base/SafeTensors.h"
#include "core/data/CaseList.h"
#include "core/data/Prepare.h"
#include "core/io/Images2D.h"
#include "tests/unit/data/Support.h"

namespace lorkd::data {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

void drawGrey(const fs::path& file, int value) {
  ASSERT_TRUE(io::writePng(file, {8, 8, 1, std::vector<std::uint8_t>(64, static_cast<std::uint8_t>(value))}));
}

/// Codes of what the index says that is of no image, in order.
std::vector<std::string> toldOf(const fs::path& index) {
  std::vector<std::string> codes;
  const auto rejected = Catalogue::open(index)->rejected().value();
  for (const auto& [place, finding] : rejected) codes.push_back(finding.code);
  std::ranges::sort(codes);
  return codes;
}

plan::Task taskOf(std::initializer_list<std::pair<const char*, const char*>> classes) {
  plan::Task task;
  task.kind = plan::TaskKind::Classification;
  for (const auto& [name, label] : classes) task.classes.emplace_back(name, plan::Class{{label}, ""});
  return task;
}

// By task and split, the grey value that each prepared picture was drawn in, and its class.
using Examples = std::map<std::pair<int, std::string>, std::vector<std::pair<int, std::int64_t>>>;

Examples preparedOf(const plan::Plan& plan, const std::vector<Case>& cases, const fs::path& cache) {
  Examples out;
  const auto list = assign(plan, cases);
  EXPECT_TRUE(list) << list.error().text();
  SilentProgress progress;
  if (!list) return out;
  const auto done = prepare(plan, *list, cache, progress, CancelToken());
  EXPECT_TRUE(done) << done.error().text();
  if (!done) return out;
  const auto index = readJson(*done).value();
  for (const auto& entry : index) {
    const auto file = safetensors::File::open(cache / entry["file"].get<std::string>()).value();
    const auto images = *file.tensor("images"), labels = *file.tensor("labels");
    const auto count = static_cast<std::size_t>(labels.shape[0]), size = images.bytes.size() / 4 / count;
    std::vector<float> pixels(images.bytes.size() / 4);
    std::memcpy(pixels.data(), images.bytes.data(), images.bytes.size());
    std::vector<std::int64_t> classes(count);
    std::memcpy(classes.data(), labels.bytes.data(), labels.bytes.size());
    auto& rows = out[{entry["tasks"][0].get<int>(), entry["split"].get<std::string>()}];
    for (std::size_t n = 0; n < count; ++n)
      rows.emplace_back(static_cast<int>(std::lround((pixels[n * size] + 1) * 127.5)), classes[n]);
  }
  return out;
}

TEST(PictureSets, TasksNameColumnsOfATableAndPatientsStayTogether) {
  TemporaryFolder folder;
  std::string table = "filename,edema,side,patient\n";
  // Forty patients with three pictures each, drawn in the patient's grey; edema is unknown of every fifth patient.
  for (int p = 0; p < 40; ++p)
    for (int n = 0; n < 3; ++n) {
      const auto name = "p" + std::to_string(p) + "-" + std::to_string(n) + ".png";
      drawGrey(folder / ("set/images/" + name), 5 * p);
      table += name + "," +
               (p % 5 == 0 ? ""
                : p % 2    ? "1"
                           : "0") +
               "," + (n == 0 ? "left" : "right") + ",patient" + std::to_string(p) + "\n";
    }
  ASSERT_TRUE(writeFileAtomically(folder / "set/labels.csv", table));
  const auto cases = scanned(folder / "set", folder / "index.sqlite");
  ASSERT_TRUE(cases) << cases.error().text();
  ASSERT_EQ(cases->size(), 1u);
  EXPECT_THAT(cases->at(0).labels, ElementsAre("edema=0", "edema=1", "side=left", "side=right"));
  EXPECT_THAT(toldOf(folder / "index.sqlite"), ElementsAre("label-columns"));
  EXPECT_EQ(cases->at(0).counts.pictures, 120);
  EXPECT_EQ(cases->at(0).counts.people, 40);
  EXPECT_EQ(Json(cases->at(0)).get<Case>().counts, cases->at(0).counts);

  plan::Plan plan;
  plan.data.patch = {8, 8, 8};
  plan.data.normalisation = plan::DataNormalisation::Scale;
  plan.data.split = {};
  plan.data.split.validation = plan.data.split.test = 0.2;
  plan.tasks.emplace_back("edema", taskOf({{"no", "edema=0"}, {"yes", "edema=1"}}));
  plan.tasks.emplace_back("side", taskOf({{"left", "side=left"}, {"right", "side=right"}}));
  const auto prepared = preparedOf(plan, *cases, folder / "cache");
  std::map<int, std::set<std::string>> splitsOf;  // by grey value, that is by patient
  std::map<int, std::size_t> counts;
  for (const auto& [key, rows] : prepared)
    for (const auto& [grey, cls] : rows) {
      splitsOf[grey].insert(key.second);
      ++counts[key.first];
      ASSERT_EQ(grey % 5, 0);
      if (key.first == 0) {
        EXPECT_EQ(cls, grey / 5 % 2) << grey;
      }
    }
  EXPECT_EQ(counts[0], 32u * 3);
  EXPECT_EQ(counts[1], 40u * 3);
  EXPECT_EQ(splitsOf.size(), 40u);
  std::map<std::string, int> patients;
  for (const auto& [grey, splits] : splitsOf) {
    EXPECT_EQ(splits.size(), 1u) << grey;
    ++patients[*splits.begin()];
  }
  EXPECT_EQ(patients["test"], 8);
  EXPECT_EQ(patients["validation"], 8);

  // Folds: every patient is tested in one of them.
  plan.data.split.folds = 4;
  std::map<int, int> tested;  // by grey value, that is by patient
  for (plan.data.split.fold = 0; plan.data.split.fold < 4; ++plan.data.split.fold) {
    std::set<int> inTest, others;
    for (const auto& [key, rows] : preparedOf(plan, *cases, folder / "cache"))
      for (const auto& [grey, cls] : rows) (key.second == "test" ? inTest : others).insert(grey);
    EXPECT_EQ(inTest.size(), 10u);
    EXPECT_EQ(others.size(), 30u);
    for (const int grey : inTest) ++tested[grey];
  }
  EXPECT_EQ(tested.size(), 40u);
}

TEST(PictureSets, SplitsOfTheTableAreKept) {
  TemporaryFolder folder;
  std::string table = "file;label;split\n";
  for (int n = 0; n < 30; ++n) {
    drawGrey(folder / ("set/" + std::to_string(n) + ".png"), 8 * n);
    table += std::to_string(n) + ".png;" + (n % 2 ? "odd" : "even") + ";" +
             (n < 10   ? "train"
              : n < 20 ? "valid"
                       : "test") +
             "\n";
  }
  ASSERT_TRUE(writeFileAtomically(folder / "set/table.csv", table));
  const auto cases = scanned(folder / "set/table.csv", folder / "index.sqlite");
  ASSERT_TRUE(cases) << cases.error().text();
  plan::Plan plan;
  plan.data.patch = {8, 8, 8};
  plan.data.normalisation = plan::DataNormalisation::Scale;
  plan.tasks.emplace_back("parity", taskOf({{"even", "even"}, {"odd", "odd"}}));
  for (const auto& [key, rows] : preparedOf(plan, *cases, folder / "cache")) {
    EXPECT_EQ(rows.size(), 10u);
    for (const auto& [grey, cls] : rows) {
      EXPECT_EQ(key.second, grey < 80 ? "train" : grey < 160 ? "validation" : "test");
      EXPECT_EQ(cls, grey / 8 % 2);
    }
  }
}

TEST(PictureSets, ThePicturesOfATableAreItsInput) {
  TemporaryFolder folder;
  drawGrey(folder / "set/a.png", 1);
  drawGrey(folder / "set/b.png", 2);
  ASSERT_TRUE(writeFileAtomically(folder / "set/t.csv", "file,label\na.png,x\nb.png,y\nmissing.png,y\n"));
  const auto cases = scanned(folder / "set", folder / "index.sqlite");
  ASSERT_TRUE(cases) << cases.error().text();
  EXPECT_THAT(toldOf(folder / "index.sqlite"), ElementsAre("label-columns", "people-unknown", "picture-missing"));
  const auto before = inputDigest(cases->at(0)).value();
  EXPECT_EQ(inputDigest(cases->at(0)).value(), before);
  drawGrey(folder / "set/b.png", 3);
  EXPECT_NE(inputDigest(cases->at(0)).value(), before);
}

TEST(PictureSets, DicomPicturesAreNoVolumes) {
  TemporaryFolder folder;
  const auto command = "/usr/bin/python3 " LORKD_SOURCE_DIR "/tests/support/dicom_pictures.py '" +
                       (folder / "all").string() + "' 2>/dev/null";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "pydicom is not there";
  const auto copy = [&](const char* from, const std::string& to) {
    fs::create_directories((folder / to).parent_path());
    fs::copy_file(folder / ("all/" + std::string(from)), folder / to);
  };
  copy("rgb.dcm", "table/rgb.dcm");
  copy("deep.dcm", "table/deep.dcm");
  ASSERT_TRUE(writeFileAtomically(folder / "table/t.csv", "image,class\nrgb.dcm,colour\ndeep.dcm,grey\n"));
  copy("rgb.dcm", "folders/colour/1");
  copy("palette.dcm", "folders/colour/2");
  copy("deep.dcm", "folders/grey/1");
  copy("windowed.dcm", "folders/grey/3");
  drawGrey(folder / "folders/grey/2.png", 4);
  for (const char* name : {"table", "folders"}) {
    const auto cases = scanned(folder / name, folder / "index.sqlite");
    ASSERT_TRUE(cases) << cases.error().text();
    ASSERT_EQ(cases->size(), 1u) << name;
    EXPECT_EQ(cases->at(0).kind, "picture");
    EXPECT_THAT(cases->at(0).labels, ElementsAre("colour", "grey"));
    const auto told = toldOf(folder / "index.sqlite");
    if (std::string(name) == "table")
      EXPECT_THAT(told, ElementsAre("label-columns", "people-unknown"));
    else
      EXPECT_THAT(told, ElementsAre("burned-in", "people-unknown"));
  }
}

TEST(PictureSets, VolumesOfAnArchiveWaitForConsent) {
  TemporaryFolder folder;
  const auto command = "/usr/bin/python3 -c \"import numpy as n; n.savez('" + (folder / "v.npz").string() +
                       "', train_images=n.zeros((4, 8, 8, 8), 'u1'), train_labels=[0, 1, 0, 1])\" 2>/dev/null";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "numpy is not there";
  const auto cases = scanned(folder / "v.npz", folder / "index.sqlite");
  ASSERT_TRUE(cases) << cases.error().text();
  EXPECT_THAT(cases->at(0).consent, ElementsAre("middle-slice"));
}

TEST(PictureSets, ATableThatSpeaksOfThePicturesIsNeverPassedOverForFolders) {
  TemporaryFolder folder;
  for (const char* name : {"cat/1.png", "cat/2.png", "dog/3.png", "dog/4.png"})
    drawGrey(folder / ("set/" + std::string(name)), 1);
  const auto index = folder / "index.sqlite";
  ASSERT_EQ(scanned(folder / "set", index)->size(), 1u);
  // The names are of other pictures.
  ASSERT_TRUE(writeFileAtomically(folder / "set/t.csv", "image,label\nISIC_1,x\nISIC_2,y\n"));
  auto cases = scanned(folder / "set", index);
  ASSERT_TRUE(cases) << cases.error().text();
  EXPECT_THAT(*cases, IsEmpty());
  EXPECT_THAT(toldOf(index), ElementsAre("picture-table"));
  // A table of something else is none of theirs.
  ASSERT_TRUE(writeFileAtomically(folder / "set/t.csv", "ward,beds\nA,20\nB,30\n"));
  cases = scanned(folder / "set", index);
  ASSERT_TRUE(cases) << cases.error().text();
  ASSERT_EQ(cases->size(), 1u);
  EXPECT_THAT(cases->at(0).labels, ElementsAre("cat", "dog"));
  EXPECT_THAT(toldOf(index), ElementsAre("people-unknown", "unknown-kind"));
}

TEST(PictureSets, TheTableMayLieBesideThePictures) {
  TemporaryFolder folder;
  std::string table = "image,MEL,NV\n";
  for (int n = 0; n < 6; ++n) {
    const auto name = "ISIC_002430" + std::to_string(n);
    drawGrey(folder / ("set/ISIC2018_Task3_Training_Input/" + name + ".png"), n);
    table += name + (n % 2 ? ",1.0,0.0\n" : ",0.0,1.0\n");
  }
  ASSERT_TRUE(writeFileAtomically(folder / "set/ISIC2018_Task3_Training_GroundTruth/truth.csv", table));
  const auto cases = scanned(folder / "set", folder / "index.sqlite");
  ASSERT_TRUE(cases) << cases.error().text();
  ASSERT_EQ(cases->size(), 1u);
  EXPECT_THAT(cases->at(0).labels, ElementsAre("MEL=0", "MEL=1", "NV=0", "NV=1"));
  EXPECT_EQ(cases->at(0).counts.pictures, 6);
  // Moved as a whole, it is still found.
  fs::rename(folder / "set", folder / "moved");
  const auto moved = scanned(folder / "moved", folder / "index.sqlite");
  ASSERT_TRUE(moved) << moved.error().text();
  EXPECT_TRUE(inputDigest(moved->at(0)));
}

TEST(PictureSets, WhatHasNoClassesEndsWithAFinding) {
  TemporaryFolder folder;
  for (const char* name : {"images/1.png", "images/2.png", "heatmaps/1.png", "heatmaps/2.png"})
    drawGrey(folder / ("set/" + std::string(name)), 1);
  const auto cases = scanned(folder / "set", folder / "index.sqlite");
  ASSERT_TRUE(cases) << cases.error().text();
  EXPECT_THAT(*cases, IsEmpty());
  const auto rejected = Catalogue::open(folder / "index.sqlite")->rejected().value();
  ASSERT_EQ(rejected.size(), 1u);
  EXPECT_EQ(rejected[0].second.severity, io::Finding::Severity::Unusable);
  EXPECT_THAT(rejected[0].second.message, testing::HasSubstr("2D segmentation"));
}

TEST(PictureSets, PatientsOfNamesStayTogetherAndPartsThatShareThemAreTold) {
  TemporaryFolder folder;
  for (int p = 0; p < 20; ++p)
    for (int n = 0; n < 3; ++n) {
      const std::string cls = p % 2 ? "CNV" : "NORMAL";
      drawGrey(folder / ("set/" + cls + "/" + cls + "-" + std::to_string(1000 + p) + "-" + std::to_string(n) + ".png"),
               10 * p);
    }
  const auto cases = scanned(folder / "set", folder / "index.sqlite");
  ASSERT_TRUE(cases) << cases.error().text();
  EXPECT_EQ(cases->at(0).counts.people, 20);
  EXPECT_THAT(toldOf(folder / "index.sqlite"), ElementsAre("patients-by-name"));
  plan::Plan plan;
  plan.data.patch = {8, 8, 8};
  plan.data.normalisation = plan::DataNormalisation::Scale;
  plan.data.split.validation = plan.data.split.test = 0.2;
  plan.tasks.emplace_back("cnv", taskOf({{"no", "NORMAL"}, {"yes", "CNV"}}));
  std::map<int, std::set<std::string>> splitsOf;
  for (const auto& [key, rows] : preparedOf(plan, *cases, folder / "cache"))
    for (const auto& [grey, cls] : rows) splitsOf[grey].insert(key.second);
  EXPECT_EQ(splitsOf.size(), 20u);
  for (const auto& [grey, splits] : splitsOf) EXPECT_EQ(splits.size(), 1u) << grey;

  for (const char* name : {"train/a/P7/1.png", "test/a/P7/2.png", "train/b/P8/3.png", "test/b/P9/4.png"})
    drawGrey(folder / ("parts/" + std::string(name)), 1);
  const auto parts = scanned(folder / "parts", folder / "index.sqlite");
  ASSERT_TRUE(parts) << parts.error().text();
  EXPECT_EQ(parts->at(0).counts.people, 3);
  EXPECT_EQ(parts->at(0).counts.parts.at("test"), 2);
  EXPECT_THAT(toldOf(folder / "index.sqlite"), ElementsAre("patient-in-splits"));
}

}  // namespace
}  // namespace lorkd::data
