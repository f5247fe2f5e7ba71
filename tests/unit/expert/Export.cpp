#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "tests/unit/expert/TinyNetwork.h"

using namespace lorkd;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

/// Writes a file and then does as told.
class TroubleExporter final : public expert::Exporter {
 public:
  enum class Kind { Fails, Throws, Wrong, WrongShape, NotANumber, WritesNothing, Unreadable };
  explicit TroubleExporter(Kind kind) : m_kind(kind) {}
  std::string name() const override { return "trouble"; }
  std::string fileName() const override { return "trouble.bin"; }
  Result<void> write(const fs::path& file, nn::Network&, int, const torch::Tensor&, const expert::Manifest&) override {
    if (m_kind != Kind::WritesNothing) std::ofstream(file) << "half";
    if (m_kind == Kind::Fails) return fail(ErrorCode::Io, "the disk is full");
    TORCH_CHECK(m_kind != Kind::Throws, "an exporter's fault");
    return {};
  }
  Result<torch::Tensor> readBack(const fs::path&, nn::Network& network, int task, const torch::Tensor& input) override {
    if (m_kind == Kind::Unreadable) return torch::Tensor();
    const auto right = network->predict(input, task);
    if (m_kind == Kind::WrongShape) return right.slice(1, 0, 1);
    if (m_kind == Kind::NotANumber) return right / 0.0 * 0.0;
    return right + 1e-3;
  }

 private:
  Kind m_kind;
};

std::vector<std::shared_ptr<expert::Exporter>> safetensorsOnly() { return {expert::safetensorsExporter()}; }

Result<expert::Manifest> exportTo(const fs::path& folder, nn::Network& network,
                                  const std::vector<std::shared_ptr<expert::Exporter>>& exporters) {
  SilentProgress progress;
  return expert::exportExpert(folder, network, 1, test::tinyInputs(), test::tinyManifest(), exporters, progress);
}

}  // namespace

TEST(Export, FilesManifestAndAnUntouchedNetwork) {
  auto network = test::tinyNetwork();
  network->train();
  const auto before = test::snapshot(network);
  const auto folder = test::freshFolder("good");
  const auto manifest = exportTo(folder / "deep" / "lung", network, safetensorsOnly());
  ASSERT_TRUE(manifest) << manifest.error().text();
  EXPECT_TRUE(test::unchanged(network, before));
  EXPECT_TRUE(network->is_training());
  EXPECT_THAT(test::entriesOf(folder / "deep"), ElementsAre("lung"));
  EXPECT_THAT(test::entriesOf(folder / "deep" / "lung"), ElementsAre("expert.safetensors", "manifest.json"));
  EXPECT_GE(manifest->parity, 0);
  EXPECT_LT(manifest->parity, 1e-5);
  EXPECT_EQ(manifest->paritySamples, 4);
  EXPECT_EQ(manifest->parameters, network->expertParameters(1));
  EXPECT_EQ(manifest->files.at("expert.safetensors"),
            sha256File(folder / "deep" / "lung" / "expert.safetensors").value());
  const auto read = expert::readManifest(folder / "deep" / "lung");
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(Json(*read), Json(*manifest));
  EXPECT_TRUE(read->versions.contains("libtorch"));
}

TEST(Export, FileHoldsTheFusedWeightsAndNothingElse) {
  auto network = test::tinyNetwork();
  const auto folder = test::freshFolder("weights") / "lung";
  ASSERT_TRUE(exportTo(folder, network, safetensorsOnly()));
  const auto file = safetensors::File::open(folder / "expert.safetensors").value();
  std::int64_t elements = 0;
  for (const auto& [name, tensor] : file.tensors()) {
    EXPECT_THAT(name, testing::Not(HasSubstr(".a."))) << name;
    elements += nn::mappedTensor(file, name)->numel();
  }
  EXPECT_EQ(elements, network->expertParameters(1));
  // A network without factors runs the file as it is.
  nn::Network plain(nn::makeUNet({.dims = 3, .inputChannels = 1, .widths = {4, 6, 8}}, {}).value(),
                    std::vector<nn::HeadSpec>{{"lung.left", 3, true}});
  for (const auto& [name, tensor] : expert::expertState(plain, 0)) {
    torch::NoGradGuard noGrad;
    tensor.detach().copy_(nn::mappedTensor(file, name).value());
  }
  for (const auto& x : test::tinyInputs())
    EXPECT_TRUE(torch::allclose(plain->predict(x, 0), network->predict(x, 1), 0, 1e-5));
  EXPECT_FALSE(torch::allclose(plain->predict(test::tinyInputs()[0], 0).slice(1, 0, 2),
                               network->predict(test::tinyInputs()[0], 0), 0, 1e-2))
      << "another task's expert must differ, or this test proves nothing";
  EXPECT_EQ(parseJson(file.metadata().at("manifest"), "metadata")->at("task"), "lung.left");
}

TEST(Export, ReadBackNoticesATamperedFile) {
  auto network = test::tinyNetwork();
  const auto folder = test::freshFolder("tampered") / "lung";
  ASSERT_TRUE(exportTo(folder, network, safetensorsOnly()));
  const auto before = test::snapshot(network);
  network->fuse(1);
  const auto exporter = expert::safetensorsExporter();
  const auto x = test::tinyInputs()[0];
  const auto same = exporter->readBack(folder / "expert.safetensors", network, 1, x).value();
  EXPECT_TRUE(same.equal(network->predict(x, 1)));
  // One weight changed in the file shows in the output.
  auto state = expert::expertState(network, 1);
  for (auto& [name, tensor] : state) tensor = tensor.detach().clone();
  state.front().second.view({-1})[0] += 1;
  ASSERT_TRUE(nn::saveTensors(folder / "changed.safetensors", state));
  EXPECT_FALSE(exporter->readBack(folder / "changed.safetensors", network, 1, x)->equal(same));
  state.pop_back();
  ASSERT_TRUE(nn::saveTensors(folder / "short.safetensors", state));
  EXPECT_EQ(exporter->readBack(folder / "short.safetensors", network, 1, x).error().code, ErrorCode::Mismatch);
  ASSERT_TRUE(writeFileAtomically(folder / "rubbish.safetensors", "rubbish"));
  EXPECT_FALSE(exporter->readBack(folder / "rubbish.safetensors", network, 1, x));
  network->unfuse();
  EXPECT_TRUE(test::unchanged(network, before));
}

TEST(Export, AFailureLeavesTheOldExpertAndNothingHalfWritten) {
  using Kind = TroubleExporter::Kind;
  auto network = test::tinyNetwork();
  const auto before = test::snapshot(network);
  const auto folder = test::freshFolder("trouble");
  const std::vector<std::pair<Kind, ErrorCode>> cases{{Kind::Fails, ErrorCode::Io},
                                                      {Kind::Throws, ErrorCode::Internal},
                                                      {Kind::Wrong, ErrorCode::Mismatch},
                                                      {Kind::WrongShape, ErrorCode::Mismatch},
                                                      {Kind::NotANumber, ErrorCode::Mismatch},
                                                      {Kind::WritesNothing, ErrorCode::Io}};
  for (bool existing : {false, true}) {
    if (existing) {
      ASSERT_TRUE(exportTo(folder / "lung", network, safetensorsOnly()));
    }
    const auto old = existing ? readFile(folder / "lung" / "manifest.json").value() : "";
    for (const auto& [kind, code] : cases) {
      const auto outcome =
          exportTo(folder / "lung", network, {expert::safetensorsExporter(), std::make_shared<TroubleExporter>(kind)});
      ASSERT_FALSE(outcome) << static_cast<int>(kind);
      EXPECT_EQ(outcome.error().code, code) << outcome.error().text();
      EXPECT_THAT(test::entriesOf(folder),
                  testing::ElementsAreArray(existing ? std::vector<std::string>{"lung"} : std::vector<std::string>{}));
      if (existing) {
        EXPECT_EQ(readFile(folder / "lung" / "manifest.json").value(), old);
      }
      EXPECT_TRUE(test::unchanged(network, before));
    }
  }
}

TEST(Export, ReplacesAnExpertButNothingElse) {
  auto network = test::tinyNetwork();
  const auto folder = test::freshFolder("replace");
  auto trouble = std::make_shared<TroubleExporter>(TroubleExporter::Kind::Unreadable);
  const auto first = exportTo(folder / "lung", network, {expert::safetensorsExporter(), trouble});
  ASSERT_TRUE(first) << "a format that cannot be run here is not compared: " << first.error().text();
  EXPECT_TRUE(fs::exists(folder / "lung" / "trouble.bin"));
  ASSERT_TRUE(exportTo(folder / "lung/", network, safetensorsOnly()));
  EXPECT_THAT(test::entriesOf(folder), ElementsAre("lung"));
  EXPECT_THAT(test::entriesOf(folder / "lung"), ElementsAre("expert.safetensors", "manifest.json"));

  fs::create_directories(folder / "thesis");
  std::ofstream(folder / "thesis" / "chapter1.txt") << "years of work";
  const auto refused = exportTo(folder / "thesis", network, safetensorsOnly());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(test::entriesOf(folder / "thesis"), ElementsAre("chapter1.txt"));
}

TEST(Export, RefusesWhatMakesNoSense) {
  auto network = test::tinyNetwork();
  SilentProgress progress;
  const auto folder = test::freshFolder("nonsense") / "x";
  const auto attempt = [&](int task, const std::vector<torch::Tensor>& inputs, auto exporters) {
    return expert::exportExpert(folder, network, task, inputs, test::tinyManifest(), exporters, progress).error().code;
  };
  EXPECT_EQ(attempt(3, test::tinyInputs(), safetensorsOnly()), ErrorCode::InvalidArgument);
  EXPECT_EQ(attempt(-1, test::tinyInputs(), safetensorsOnly()), ErrorCode::InvalidArgument);
  EXPECT_EQ(attempt(0, {}, safetensorsOnly()), ErrorCode::InvalidArgument);
  std::vector<std::shared_ptr<expert::Exporter>> twice{expert::safetensorsExporter(), expert::safetensorsExporter()};
  EXPECT_EQ(attempt(0, test::tinyInputs(), twice), ErrorCode::InvalidArgument);
  EXPECT_EQ(attempt(0, {torch::randn({1, 1, 7, 8, 8})}, safetensorsOnly()), ErrorCode::Internal);
  EXPECT_FALSE(fs::exists(folder));
}

TEST(Manifest, RubbishIsNamedAsSuch) {
  const auto folder = test::freshFolder("manifest");
  EXPECT_EQ(expert::readManifest(folder).error().code, ErrorCode::NotFound);
  for (const char* rubbish :
       {"{}", "[]", "{\"task\":1}", "not json", R"({"task":"a","kind":"b","classes":[],"backbone":"c","files":[]})"}) {
    ASSERT_TRUE(writeFileAtomically(folder / "manifest.json", rubbish));
    const auto manifest = expert::readManifest(folder);
    ASSERT_FALSE(manifest) << rubbish;
    EXPECT_EQ(manifest.error().code, ErrorCode::Format) << rubbish;
  }
}
