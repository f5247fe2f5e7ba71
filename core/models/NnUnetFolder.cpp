#include <algorithm>
#include <charconv>

#include "core/base/Printable.h"
#include "core/models/NnUnet.h"

namespace lorkd::models {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t mostFolders = 10'000;

bool isFile(const fs::path& path) {
  std::error_code ec;
  return fs::is_regular_file(path, ec);
}

/// Folders with plans.json and dataset.json, at most `levels` below.
void lookFor(const fs::path& folder, int levels, std::size_t& left, std::vector<fs::path>& found) {
  if (isFile(folder / "plans.json") && isFile(folder / "dataset.json")) {
    found.push_back(folder);
    return;
  }
  if (levels == 0) return;
  std::error_code ec;
  std::vector<fs::path> below;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end && left > 0; it.increment(ec), --left)
    if (it->is_directory(ec)) below.push_back(it->path());
  std::ranges::sort(below);
  for (const auto& path : below) lookFor(path, levels - 1, left, found);
}

/// "trainer__plans__configuration".
std::vector<std::string> partsOf(const std::string& name) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (auto at = name.find("__"); at != name.npos; at = name.find("__", from)) {
    parts.push_back(name.substr(from, at - from));
    from = at + 2;
  }
  parts.push_back(name.substr(from));
  return parts;
}

/// 291 of "Dataset291_Name".
std::optional<int> numberOf(const std::string& name) {
  if (!name.starts_with("Dataset") || name.find('_') == name.npos) return {};
  int number = 0;
  const auto* end = name.data() + name.find('_');
  const auto [at, error] = std::from_chars(name.data() + 7, end, number);
  return error == std::errc() && at == end ? std::optional(number) : std::nullopt;
}

void findFolds(NnUnetFolder& out) {
  std::error_code ec;
  std::vector<std::string> folds;
  for (fs::directory_iterator it(out.folder, ec), end; !ec && it != end; it.increment(ec))
    if (it->path().filename().string().starts_with("fold_")) folds.push_back(it->path().filename().string());
  std::ranges::sort(folds);
  for (const auto& fold : folds)
    for (const char* name : {"checkpoint_final.pth", "checkpoint_best.pth", "checkpoint_latest.pth"})
      if (isFile(out.folder / fold / name)) {
        out.folds.emplace_back(printable(fold.substr(5), false), out.folder / fold / name);
        break;
      }
}

/// The configuration that the folder's name says, else the only one there is.
Result<std::string> configurationOf(const std::vector<std::string>& parts, const Json& plans) {
  if (parts.size() == 3) return parts[2];
  const auto all = plans.is_object() ? plans.value("configurations", Json()) : Json();
  if (all.is_object() && all.size() == 1) return all.begin().key();
  return fail(ErrorCode::InvalidArgument, "the folder's name does not say which configuration it holds",
              "nnU-Net calls it <trainer>__<plans>__<configuration>");
}

}  // namespace

Result<std::optional<NnUnetFolder>> readNnUnetFolder(const fs::path& folder) {
  std::vector<fs::path> found;
  std::size_t left = mostFolders;
  lookFor(folder, 2, left, found);
  if (found.empty()) return std::optional<NnUnetFolder>();
  if (found.size() > 1) {
    std::string names;
    for (std::size_t n = 0; n < std::min<std::size_t>(found.size(), 8); ++n)
      names += (n ? ", " : "") + fs::relative(found[n], folder).string();
    return fail(ErrorCode::InvalidArgument, "the folder holds " + std::to_string(found.size()) + " models of nnU-Net",
                "name one of them: " + printable(names, false), folder.string());
  }
  NnUnetFolder out;
  out.folder = found.front();
  const auto full = fs::weakly_canonical(out.folder);
  const auto parts = partsOf(full.filename().string());
  if (parts.size() == 3) out.trainer = printable(parts[0], false);
  LORKD_TRY(plans, readJson(out.folder / "plans.json"));
  LORKD_TRY(dataset, readJson(out.folder / "dataset.json"));
  const auto named = [&](const Error& error) { return fail(error, out.folder.string()); };
  const auto configuration = configurationOf(parts, plans);
  if (!configuration) return named(configuration.error());
  auto read = readNnUnetPlans(plans, dataset, *configuration);
  if (!read) return named(read.error());
  out.plans = std::move(*read);
  const auto above = full.parent_path().filename().string();
  out.dataset = printable(numberOf(above) ? above : out.plans.dataset, false);
  out.number = numberOf(out.dataset);
  findFolds(out);
  return std::optional(std::move(out));
}

}  // namespace lorkd::models
