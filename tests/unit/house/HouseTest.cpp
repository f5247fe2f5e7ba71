// The shape of the house: imports point down, the engine knows no images and no window, files stay short.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <regex>
#include <sstream>
#include <vector>

#include "core/base/File.h"

namespace lorkd {
namespace fs = std::filesystem;

struct Source {
  std::string path;  ///< from the root, with '/'
  std::vector<std::string> includes;
  std::size_t lines = 0;
};

std::string textOf(const std::string& path) { return readFile(fs::path(LORKD_SOURCE_DIR) / path).value(); }

/// What the #include lines of a source name, in <> or "".
std::vector<std::string> includesOf(const std::string& text) {
  static const std::regex pattern(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])");
  std::vector<std::string> out;
  std::istringstream in(text);
  std::smatch match;
  for (std::string line; std::getline(in, line);)
    if (std::regex_search(line, match, pattern)) out.push_back(match[1]);
  return out;
}

/// Every .h and .cpp below the folders of the project's own code.
const std::vector<Source>& sources() {
  static const auto all = [] {
    std::vector<Source> out;
    for (const char* folder : {"core", "plugins", "widgets", "app", "tests"})
      for (const auto& entry : fs::recursive_directory_iterator(fs::path(LORKD_SOURCE_DIR) / folder)) {
        const auto extension = entry.path().extension();
        if (extension != ".h" && extension != ".cpp") continue;
        const auto path = fs::relative(entry.path(), LORKD_SOURCE_DIR).generic_string();
        const auto text = textOf(path);
        out.push_back({path, includesOf(text), static_cast<std::size_t>(std::ranges::count(text, '\n'))});
      }
    return out;
  }();
  return all;
}

/// "core/io/Series.h" -> "core/io"; "plugins/x/y.h" -> "plugins/x".
std::string roomOf(const std::string& path) { return path.substr(0, path.find('/', path.find('/') + 1)); }

bool startsWithOneOf(const std::string& text, const std::vector<std::string>& prefixes) {
  return std::ranges::any_of(prefixes, [&](const auto& prefix) { return text.starts_with(prefix); });
}

bool isQt(const std::string& include) {
  static const std::regex pattern("^(Qt?[A-Z][A-Za-z0-9]*(/.*)?|qcustomplot\\.h|q[a-z0-9]+\\.h)$");
  return std::regex_match(include, pattern);
}
bool isVtk(const std::string& include) { return include.starts_with("vtk"); }
bool isImaging(const std::string& include) {
  return startsWithOneOf(include, {"itk", "gdcm", "dcmtk/", "vnl/", "nifti"});
}
bool isTorch(const std::string& include) { return startsWithOneOf(include, {"torch/", "ATen/", "c10/", "caffe2/"}); }

/// Rooms in the order in which a CMakeLists.txt adds them: lowest first.
std::vector<std::string> floorsOf(const std::string& file) {
  std::smatch match;
  const auto text = textOf(file);
  if (!std::regex_search(text, match, std::regex(R"(foreach\(room ([a-z ]+)\))"))) return {};
  std::istringstream words(match[1]);
  return {std::istream_iterator<std::string>(words), {}};
}

/// Every (file, include) for which `wrong` says so, in words.
template <class Wrong>
std::vector<std::string> offences(const std::vector<std::string>& folders, Wrong wrong) {
  std::vector<std::string> out;
  std::size_t looked = 0;
  for (const auto& source : sources()) {
    if (!startsWithOneOf(source.path, folders)) continue;
    ++looked;
    for (const auto& include : source.includes)
      if (wrong(source.path, include)) out.push_back(source.path + " includes " + include);
  }
  EXPECT_GT(looked, 0u) << "no source below " << folders.front() << ": nothing was checked";
  return out;
}

using testing::IsEmpty;

TEST(House, TheRulesRecogniseWhatTheyForbid) {
  EXPECT_THAT(includesOf("#include <QWidget>\n  #  include \"core/io/VolumeFile.h\"\nint x; // #include <no>\n"),
              testing::ElementsAre("QWidget", "core/io/VolumeFile.h"));
  EXPECT_TRUE(isQt("QtWidgets/QLabel") && isQt("QString") && isQt("qcustomplot.h") && !isQt("Queue.h"));
  EXPECT_TRUE(isVtk("vtkImageData.h") && isImaging("itkImage.h") && isImaging("dcmtk/dcmdata/dctk.h"));
  EXPECT_EQ(roomOf("core/io/Series.h"), "core/io");
  const std::vector<std::string> core{"base",   "run",  "image", "io",   "pacs",   "data",   "nn",
                                      "models", "feed", "train", "eval", "expert", "plugin", "workflow"};
  EXPECT_EQ(floorsOf("core/CMakeLists.txt"), core);
}

TEST(House, CoreKnowsNoWindow) {
  EXPECT_THAT(offences({"core/", "plugins/"}, [](auto&, auto& include) { return isQt(include) || isVtk(include); }),
              IsEmpty());
}

TEST(House, OnlyIoSeesItkAndGdcmAndOnlyIoAndPacsSeeDcmtk) {
  EXPECT_THAT(offences({"core/", "plugins/", "widgets/", "app/"},
                       [](auto& path, auto& include) {
                         const bool pacs = roomOf(path) == "core/pacs" && include.starts_with("dcmtk/");
                         return isImaging(include) && roomOf(path) != "core/io" && !pacs;
                       }),
              IsEmpty());
}

TEST(House, ImportsOfCorePointDown) {
  const auto floors = floorsOf("core/CMakeLists.txt");
  const auto level = [&](const std::string& room) {
    return std::ranges::find(floors, room.substr(room.find('/') + 1)) - floors.begin();
  };
  EXPECT_THAT(offences({"core/"},
                       [&](auto& path, auto& include) {
                         if (startsWithOneOf(include, {"plugins/", "widgets/", "app/", "tests/"})) return true;
                         return include.starts_with("core/") && level(roomOf(include)) > level(roomOf(path));
                       }),
              IsEmpty());
  for (const auto& entry : fs::directory_iterator(fs::path(LORKD_SOURCE_DIR) / "core"))
    if (entry.is_directory()) {
      EXPECT_THAT(floors, testing::Contains(entry.path().filename().string()));
    }
}

TEST(House, ImportsOfWidgetsPointDown) {
  const auto floors = floorsOf("widgets/CMakeLists.txt");
  ASSERT_FALSE(floors.empty());
  const auto level = [&](const std::string& room) {
    return std::ranges::find(floors, room.substr(room.find('/') + 1)) - floors.begin();
  };
  EXPECT_THAT(offences({"widgets/"},
                       [&](auto& path, auto& include) {
                         if (startsWithOneOf(include, {"plugins/", "app/", "tests/"})) return true;
                         return include.starts_with("widgets/") && level(roomOf(include)) > level(roomOf(path));
                       }),
              IsEmpty());
}

TEST(House, PluginsKnowCoreAlone) {
  EXPECT_THAT(offences({"plugins/"},
                       [](auto& path, auto& include) {
                         if (startsWithOneOf(include, {"widgets/", "app/", "tests/"})) return true;
                         return include.starts_with("plugins/") && include != "plugins/Plugins.h" &&
                                roomOf(include) != roomOf(path);
                       }),
              IsEmpty());
}

TEST(House, ScenesKnowNoQtAndTheCommandLineNoWindow) {
  EXPECT_THAT(offences({"widgets/scene/"}, [](auto&, auto& include) { return isQt(include); }), IsEmpty());
  EXPECT_THAT(
      offences({"app/cli/"},
               [](auto&, auto& include) { return isQt(include) || isVtk(include) || include.starts_with("widgets/"); }),
      IsEmpty());
}

TEST(House, TheEngineKnowsNoImages) {
  EXPECT_THAT(offences({"core/base/", "core/run/", "core/nn/", "core/models/", "core/feed/", "core/train/",
                        "core/eval/", "core/expert/", "core/plugin/"},
                       [](auto& path, auto& include) {
                         // What a plugin says of names of files: structs alone.
                         if (roomOf(path) == "core/plugin" && include == "core/data/layout/Reader.h") return false;
                         return startsWithOneOf(include, {"core/io/", "core/pacs/", "core/data/", "core/image/"});
                       }),
              IsEmpty());
}

TEST(House, TheWindowKeepsLibTorchOut) {
  EXPECT_THAT(offences({"widgets/", "core/base/", "core/run/", "core/image/", "core/io/", "core/pacs/", "core/data/"},
                       [](auto&, auto& include) { return isTorch(include); }),
              IsEmpty());
}

/// The links of lorkd_room() state the same floors as the includes: a room may link only rooms below it.
TEST(House, LinksPointDown) {
  const auto floors = floorsOf("core/CMakeLists.txt");
  for (std::size_t i = 0; i < floors.size(); ++i) {
    const auto text = textOf("core/" + floors[i] + "/CMakeLists.txt");
    static const std::regex link(R"(lorkd::([a-z]+))");
    for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it) {
      const auto below = std::ranges::find(floors, (*it)[1].str());
      if (below != floors.end()) {
        EXPECT_LT(below - floors.begin(), static_cast<std::ptrdiff_t>(i)) << floors[i];
      }
    }
  }
}

TEST(House, NoFileIsLongerThanFourHundredLines) {
  std::vector<std::string> tooLong;
  for (const auto& source : sources())
    if (source.lines > 400) tooLong.push_back(source.path + ": " + std::to_string(source.lines));
  EXPECT_THAT(tooLong, IsEmpty());
}

TEST(House, EveryTestIsRun) {
  const auto list = textOf("tests/CMakeLists.txt");
  const std::filesystem::path tests = std::filesystem::path(LORKD_SOURCE_DIR) / "tests";
  std::vector<std::string> forgotten;
  const auto look = [&](const char* folder, const std::string& before, const char* ending) {
    for (const auto& entry : std::filesystem::directory_iterator(tests / folder)) {
      const auto name = entry.path().stem().string();
      if (entry.path().extension() == ending && name != "common" &&
          !std::regex_search(list, std::regex(before + "\\b" + name + "\\b")))
        forgotten.push_back(folder + ("/" + name));
    }
  };
  look("unit", "lorkd_test\\(", "");
  look("gui", "lorkd_gui_test\\(", ".cpp");
  look("e2e", "(foreach\\(name [a-z_ ]*|NAME e2e\\.)", ".sh");
  EXPECT_THAT(forgotten, IsEmpty());
}

TEST(House, EveryHeaderHasAGuardAndSaysWhatItIsFor) {
  std::vector<std::string> bare;
  for (const auto& source : sources()) {
    if (!source.path.ends_with(".h")) continue;
    const auto text = textOf(source.path);
    if (!text.starts_with("//") || text.find("\n#pragma once\n") == text.npos) bare.push_back(source.path);
  }
  EXPECT_THAT(bare, IsEmpty());
}

}  // namespace lorkd
