// Whose images are, by names alone. The truth is what such names mean to people who give them.
#include <gmock/gmock.h>

#include <set>
#include <sstream>

#include "core/data/layout/People.h"

namespace lorkd::data::layout {
namespace {

namespace fs = std::filesystem;

/// People of images named in `paths`, with blanks between them.
People peopleIn(const std::string& paths, ImageKind kind) {
  std::vector<fs::path> relative;
  std::istringstream words(paths);
  for (std::string path; words >> path;) relative.emplace_back(path);
  const auto channels = channelStems(relative);
  NamedImages images;
  for (const auto& path : relative) images.emplace_back(path, nameOf(path, channels));
  return peopleOf(images, kind);
}

struct NamedSet {
  std::string paths;
  std::size_t people;
};

void check(const std::vector<NamedSet>& sets, ImageKind kind) {
  for (const auto& set : sets) {
    const auto people = peopleIn(set.paths, kind);
    EXPECT_EQ(std::set<std::string>(people.who.begin(), people.who.end()).size(), set.people) << set.paths;
    // Who is made one is told.
    EXPECT_EQ(people.joined.has_value(), set.people < people.who.size()) << set.paths;
  }
}

const std::vector<NamedSet> kBoth{
    // dates behind a name, in the ways of several countries, and before it
    {"Meier_20200101 Meier_20210101 Huber_20200101 Huber_20200401", 2},
    {"i/Meier_01.02.2020 i/Meier_03.04.2021 i/Huber_01.02.2020", 2},
    {"i/20200101_Meier i/20210101_Meier i/20200101_Huber", 2},
    {"Meier_2019 Meier_2020 Huber_2019", 2},
    {"Meier/20200101 Meier/20210101 Huber/20200101", 2},
    {"Meier_20200101/ct Meier_20210101/ct Huber_20200101/ct", 2},
    {"i/brain_20200101 i/brain_20210101 i/brain_20210201", 3},
    // letters and small numbers
    {"i/001a i/001b i/002a i/002b i/003a", 3},
    {"i/P01a i/P01b i/P02a i/P02b", 2},
    {"i/01_a i/01_b i/02_a i/02_b", 2},
    {"Meier_1 Meier_2 Huber_1 Huber_2", 2},
    {"i/liver_1 i/liver_2 i/lung_1 i/lung_2", 4},
    {"i/control_1 i/control_2 i/patient_1 i/patient_2", 4},
    {"i/berlin_1 i/berlin_2 i/berlin_3 i/berlin_4", 4},
    // kinds of people, as in HRF
    {"i/01_dr i/01_g i/01_h i/02_dr i/02_g i/02_h", 6},
    // words of time and sides
    {"i/P01_vor i/P01_nach i/P02_vor i/P02_nach", 2},
    {"i/dupont_avant i/dupont_après i/durand_avant i/durand_apres", 2},
    {"i/garcia_antes i/garcia_despues i/lopez_antes", 2},
    {"i/Meier_baseline i/Meier_followup i/Meier_follow-up i/Huber_baseline i/Huber_post-op", 2},
    {"i/Meier_links i/Meier_rechts i/Huber_OD i/Huber_OS", 2},
    // numbers of sites are nobody's
    {"i/site1_001 i/site1_002 i/site2_001 i/site2_002", 4},
    {"i/site1_001_1 i/site1_001_2 i/site1_002_1 i/site2_001_1", 3},
    // written in one
    {"i/pat1scan0 i/pat1scan1 i/pat2scan0 i/pat2scan1", 2},
    {"i/pat1slice1 i/pat1slice2 i/pat2slice1", 2},
    // visits in folders
    {"Meier/visit_1/ct Meier/visit_2/ct Huber/visit_1/ct Huber/visit_2/ct Ito/visit_1/ct", 3},
    {"000/visit_1/ct 000/visit_2/ct 001/visit_1/ct 001/visit_2/ct 002/visit_1/ct", 3},
    {"Meier/baseline/image Meier/followup/image Huber/baseline/image", 2},
    // one name in two forms of Unicode
    {"i/Müller_pre i/Mu\xcc\x88ller_post i/Huber_pre", 2}};

TEST(People, NamesDivideNobody) {
  check(kBoth, ImageKind::Volumes);
  check({{"Meier/ct1 Meier/ct2 Huber/ct1 Huber/ct2", 2},
         {"Berlin/001 Berlin/002 Berlin/003 Bonn/001 Bonn/002 Bonn/003", 6},
         {"imagesTr/liver_0 imagesTr/liver_1 imagesTr/liver_10", 3},
         {"i/Anna_Berg i/Anna_Thal i/Bert_Berg", 3}},
        ImageKind::Volumes);
}

TEST(People, PicturesAreReadAsVolumesAre) {
  check(kBoth, ImageKind::Pictures);
  std::string slices;  // a person may have many
  for (int n = 0; n < 30; ++n)
    slices += "i/12_" + std::to_string(n) + " i/13_" + std::to_string(n) + " i/14_" + std::to_string(n) + " ";
  check({{slices, 3},
         {"i/ISIC_0024306 i/ISIC_0024307 i/ISIC_0024308", 3},
         {"benign/benign_(1) benign/benign_(2) normal/normal_(1) normal/normal_(2)", 4},
         {"train_1 train_2 testA_1 testA_2 testB_1 testB_2", 6},
         {"i/010_HC i/010_2HC i/011_HC", 2},
         {"i/MCUCXR_0001_0 i/MCUCXR_0002_0 i/MCUCXR_0100_1 i/MCUCXR_0101_1", 4}},
        ImageKind::Pictures);
}

TEST(People, WhoIsJoinedIsCounted) {
  const auto people = peopleIn("P1_pre P1_post P2_pre P3_a P3_b P3_c", ImageKind::Volumes);
  EXPECT_EQ(people.images, 5u);
  EXPECT_EQ(people.people, 2u);
  ASSERT_TRUE(people.joined);
  EXPECT_EQ(people.joined->first, "P1_pre");
  EXPECT_EQ(people.joined->second, "P1_post");
}

}  // namespace
}  // namespace lorkd::data::layout
