// The build step that turns the schema into the typed plan.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "core/base/File.h"
#include "core/base/Json.h"

namespace fs = std::filesystem;
using namespace lorkd;

namespace {

/// Runs the step on a schema; true if it succeeded.
bool generate(const fs::path& folder, const Json& schema) {
  if (!writeFileAtomically(folder / "schema.json", schema.dump(2))) return false;
  const auto command = std::string("'" LORKD_BIN_DIR "/lorkd_plan_structs' '") + (folder / "schema.json").string() +
                       "' '" + (folder / "Plan.h").string() + "' '" + (folder / "Schema.cpp").string() + "'";
  return std::system(command.c_str()) == 0;
}

}  // namespace

TEST(PlanStructs, WordsOfTheSchemaRebuildTheirOwnSourceAlone) {
  const auto folder = fs::path(testing::TempDir()) / "lorkd_plan_structs";
  fs::remove_all(folder);
  fs::create_directories(folder);
  auto schema = parseJson(*readFile(LORKD_SOURCE_DIR "/resources/schema/plan.schema.json"), "schema").value();
  ASSERT_TRUE(generate(folder, schema));
  const auto longAgo = fs::file_time_type::clock::now() - std::chrono::hours(24);
  const auto touched = [&](const char* file) { return fs::last_write_time(folder / file) != longAgo; };
  const auto age = [&] {
    for (const char* file : {"Plan.h", "Schema.cpp"}) fs::last_write_time(folder / file, longAgo);
  };
  age();
  auto& steps = schema["$defs"]["Training"]["properties"]["steps"];
  steps["description"] = "Other words.";
  steps["maximum"] = 77;
  ASSERT_TRUE(generate(folder, schema));
  EXPECT_FALSE(touched("Plan.h"));
  EXPECT_TRUE(touched("Schema.cpp"));
  // What the struct holds is in the header.
  age();
  steps["default"] = 76;
  ASSERT_TRUE(generate(folder, schema));
  EXPECT_TRUE(touched("Plan.h"));
  EXPECT_NE(readFile(folder / "Plan.h")->find("steps{76}"), std::string::npos);
}
