#include "core/models/Weights.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "core/base/Printable.h"
#include "core/base/SafeTensors.h"
#include "core/models/StateDict.h"
#include "core/models/TorchFile.h"

namespace lorkd::models {

namespace fs = std::filesystem;

/// One of the two kinds of file.
struct Weights::Open {
  std::optional<TorchFile> torch;
  std::optional<safetensors::File> tensors;
  std::vector<const std::byte*> places;  // of safetensors' tensors
};

namespace {

constexpr std::size_t mostShards = 1000;
constexpr std::size_t mostWeights = 200'000;

std::vector<std::int64_t> contiguous(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> stride(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) stride[d - 1] = stride[d] * std::max<std::int64_t>(shape[d], 1);
  return stride;
}

std::unexpected<Error> unsupported(const std::string& what, const fs::path& path) {
  return fail(ErrorCode::Unsupported, "the file is " + what + ", which is not read",
              "weights are read from files of torch.save() (.pth, .pt, .bin) and from safetensors", path.string());
}

/// What the first bytes of a file tell.
enum class FileKind { Torch, SafeTensors };
Result<FileKind> kindOf(const fs::path& path) {
  LORKD_TRY(file, openToRead(path));
  char first[512] = {};
  LORKD_TRY(got, readAt(file.get(), 0, first, sizeof first, path));
  const std::string_view bytes(first, got);
  if (bytes.starts_with(std::string_view("PK\x03\x04", 4)) || beginsLegacy(bytes)) return FileKind::Torch;
  if (bytes.size() > 8 && bytes[8] == '{') return FileKind::SafeTensors;
  if (bytes.starts_with("\x89HDF")) return unsupported("an HDF5 file (of Keras or MATLAB)", path);
  if (bytes.starts_with("\x1f\x8b")) return unsupported("packed by gzip", path);
  if (bytes.size() > 262 && bytes.substr(257).starts_with("ustar"))
    return unsupported("a tar archive (so did PyTorch write before its version 0.1.10)", path);
  if (bytes.starts_with("\x80")) return unsupported("a pickle, but not one of torch.save()", path);
  if (path.extension() == ".onnx") return unsupported("an ONNX file", path);
  return unsupported("of an unknown kind", path);
}

/// Takes "module." and "_orig_mod." off, as long as every name begins with it; returns what was taken off.
std::string takeWrappersOff(std::vector<Weight>& weights) {
  std::string taken;
  for (bool again = true; again && !weights.empty();) {
    again = false;
    for (const std::string_view wrapper : {"module.", "_orig_mod."}) {
      const auto wrapped = [&](const Weight& weight) {
        return weight.name.starts_with(wrapper) && weight.name.size() > wrapper.size();
      };
      if (!std::ranges::all_of(weights, wrapped)) continue;
      for (auto& weight : weights) weight.name.erase(0, wrapper.size());
      taken += wrapper;
      again = true;
    }
  }
  return taken;
}

using Block = std::tuple<std::size_t, std::size_t, std::uint64_t, std::vector<std::int64_t>, std::vector<std::int64_t>>;
Block blockOf(const Weight& weight) {
  return {weight.file, weight.tensor.storage, weight.tensor.offset, weight.tensor.shape, weight.tensor.stride};
}

}  // namespace

/// Reads one file after another into one set of weights.
class WeightsReader {
 public:
  explicit WeightsReader(std::string entry) : m_entry(std::move(entry)) {}

  Result<void> add(const fs::path& path) {
    LORKD_TRY(kind, kindOf(path));
    auto added = kind == FileKind::Torch ? torch(path) : tensors(path);
    if (!added && added.error().context.empty()) added.error().context = path.string();
    if (added && m_out.all.size() > mostWeights)
      return fail(ErrorCode::Unsupported, "there are more than " + std::to_string(mostWeights) + " weights", "",
                  path.string());
    return added;
  }

  /// Shards beside an index {"weight_map": {name: file}}.
  Result<void> shards(const fs::path& index) {
    LORKD_TRY(text, readFile(index, std::uintmax_t(64) << 20));
    LORKD_TRY(json, parseSortedJson(text, index.string()));
    const auto bad = [&](const std::string& what) {
      return fail(ErrorCode::Format, "the index of weights cannot be used: " + what, "get the model again",
                  index.string());
    };
    if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
      return bad("it has no weight_map");
    std::map<std::string, std::set<std::string>> byFile;
    for (const auto& [name, file] : json["weight_map"].items()) {
      const auto plain = file.is_string() ? file.get<std::string>() : std::string();
      if (plain.empty() || fs::path(plain).filename() != plain || plain == "." || plain == "..")
        return bad("weight " + printable(name, false) + " is not in a file beside it");
      byFile[plain].insert(name);
    }
    if (byFile.empty() || byFile.size() > mostShards)
      return bad("it names " + std::to_string(byFile.size()) + " files");
    for (const auto& [file, names] : byFile) {
      const auto first = m_out.all.size();
      LORKD_CHECK(add(index.parent_path() / file));
      std::set<std::string> there;
      for (auto n = first; n < m_out.all.size(); ++n) there.insert(m_out.all[n].name);
      std::vector<std::string> differ;
      std::ranges::set_symmetric_difference(names, there, std::back_inserter(differ));
      if (!differ.empty())
        return fail(ErrorCode::Mismatch,
                    "index and shard disagree about " + std::to_string(differ.size()) + " weights, the first is " +
                        printable(differ.front(), false),
                    "get the model again", (index.parent_path() / file).string());
    }
    return {};
  }

  Result<Weights> finish() {
    m_out.prefix = takeWrappersOff(m_out.all);
    return std::move(m_out);
  }

 private:
  Result<void> torch(const fs::path& path) {
    LORKD_TRY(file, TorchFile::open(path));
    const auto& tree = file.tree();
    const auto found = stateDictsOf(tree);
    LORKD_TRY(chosen, choose(found, m_entry));
    LORKD_TRY(named, tensorsOf(tree, chosen));
    for (auto& [name, id] : named.tensors) {
      const auto& tensor = tree.tensors[static_cast<std::size_t>(tree.at(id).integer)];
      const auto elements = elementsOf(tensor.shape).value_or(0);
      const auto& storage = tree.storages[tensor.storage];
      // A few numbers may stand for any amount of memory.
      if (elements > storage.bytes / std::max<std::size_t>(safetensors::elementSize(tensor.dtype), 1))
        return fail(ErrorCode::Unsupported,
                    name + " of shape " + shapeText(tensor.shape) + " repeats the " + std::to_string(storage.bytes) +
                        " bytes of its storage",
                    "save it with tensor.contiguous()");
      m_out.all.push_back({std::move(name), tensor, m_out.files.size()});
    }
    for (const auto& dict : found)
      if (dict.entry != chosen.entry) m_out.otherEntries.push_back(dict.entry);
    m_out.form = file.form() == TorchFile::Form::Zip      ? WeightsForm::TorchZip
                 : file.form() == TorchFile::Form::Legacy ? WeightsForm::TorchLegacy
                                                          : WeightsForm::TorchScript;
    m_out.entry = chosen.entry;
    m_out.module = chosen.module;
    m_out.notTensors = std::move(named.others);
    auto rest = toJson(tree, tree.root, chosen.id);
    m_out.rest = std::move(rest.json);
    m_out.restWhole = rest.whole;
    auto open = std::make_shared<Weights::Open>();
    open->torch = std::move(file);
    m_out.m_open.push_back(open);
    m_out.files.push_back(path);
    return {};
  }

  Result<void> tensors(const fs::path& path) {
    LORKD_TRY(file, safetensors::File::open(path));
    auto open = std::make_shared<Weights::Open>();
    std::map<const std::byte*, const std::pair<const std::string, safetensors::File::Tensor>*> inOrder;
    std::vector<const std::pair<const std::string, safetensors::File::Tensor>*> empty;
    for (const auto& item : file.tensors()) {
      if (printable(item.first, false) != item.first || item.first.empty())
        return fail(ErrorCode::Format,
                    "a weight has the name '" + printable(item.first, false).substr(0, 100) + "', which cannot be one");
      LORKD_CHECK(checkPlace(item.second.shape, contiguous(item.second.shape), 0,
                             item.second.bytes.size() / safetensors::elementSize(item.second.dtype)));
      if (item.second.bytes.empty())
        empty.push_back(&item);
      else
        inOrder.emplace(item.second.bytes.data(), &item);
    }
    const auto add = [&](const auto& item) {
      m_out.all.push_back(
          {item.first,
           {item.second.dtype, item.second.shape, contiguous(item.second.shape), 0, open->places.size()},
           m_out.files.size()});
      open->places.push_back(item.second.bytes.data());
    };
    for (const auto& [place, item] : inOrder) add(*item);
    for (const auto* item : empty) add(*item);
    if (file.tensors().empty()) return fail(ErrorCode::NotFound, "the file holds no weights");
    m_out.form = WeightsForm::SafeTensors;
    m_out.rest = Json::object();
    for (const auto& [key, value] : file.metadata()) m_out.rest[printable(key)] = printable(value);
    open->tensors = std::move(file);
    m_out.m_open.push_back(open);
    m_out.files.push_back(path);
    return {};
  }

  std::string m_entry;
  Weights m_out;
};

const char* toString(WeightsForm form) {
  switch (form) {
    case WeightsForm::TorchZip:
      return "a PyTorch file (zip form)";
    case WeightsForm::TorchLegacy:
      return "a PyTorch file (legacy form)";
    case WeightsForm::TorchScript:
      return "a TorchScript program";
    case WeightsForm::SafeTensors:
      return "a safetensors file";
  }
  return "";
}

const Weight* Weights::find(const std::string& name) const {
  const auto found = std::ranges::find(all, name, &Weight::name);
  return found == all.end() ? nullptr : &*found;
}

Result<std::shared_ptr<const std::byte>> Weights::storage(const Weight& weight) const {
  const auto& open = *m_open[weight.file];
  if (open.torch) return open.torch->storage(weight.tensor.storage);
  return std::shared_ptr<const std::byte>(open.tensors->mapping(), open.places[weight.tensor.storage]);
}

std::uint64_t Weights::parameters() const {
  std::set<Block> seen;
  std::uint64_t sum = 0;
  for (const auto& weight : all)
    if (seen.insert(blockOf(weight)).second) sum += elementsOf(weight.tensor.shape).value_or(0);
  return sum;
}

std::size_t Weights::distinct() const {
  std::set<Block> seen;
  for (const auto& weight : all) seen.insert(blockOf(weight));
  return seen.size();
}

Result<std::string> Weights::digest() const {
  if (files.size() == 1) return sha256File(files.front());
  std::string lines;
  for (const auto& file : files) {
    LORKD_TRY(digest, sha256File(file));
    lines += digest + "  " + file.filename().string() + "\n";
  }
  return sha256(lines);
}

Result<Weights> readWeights(const fs::path& path, const std::string& entry) {
  WeightsReader reader(entry);
  LORKD_CHECK(path.filename().string().ends_with(".index.json") ? reader.shards(path) : reader.add(path));
  return reader.finish();
}

}  // namespace lorkd::models
