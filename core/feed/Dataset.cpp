#include "core/feed/Dataset.h"

#include <algorithm>
#include <atomic>
#include <map>

#include "core/base/Json.h"
#include "core/base/Truth.h"
#include "core/nn/TensorFile.h"

namespace lorkd::feed {
namespace fs = std::filesystem;
namespace {

constexpr auto prepareAgain = "prepare the cases again for this plan";

/// The examples of one file for one task: one volume, or all pictures of a split.
struct Block {
  std::string id;
  torch::Tensor images;   ///< of a volume that is marked (channels, D, H, W); else (N, C, H, W) or (1, C, D, H, W)
  torch::Tensor targets;  ///< of what is classified: (N) int64, or (N, classes) uint8
  Labels labels;          ///< of a volume
  std::size_t count = 1;
  bool pictures = false;
  std::pair<std::int64_t, std::int64_t> scored{};
  std::vector<std::string> sets{};  ///< of pictures: the cases that they come from
  torch::Tensor origins{};          ///< (N, 3) int64: see data::prepare(); undefined where the file does not say
  std::string patient{};            ///< of a volume that is classified
};

/// Blocks in index order; starts[i] is the number of the first example of block i.
struct Shelf {
  std::vector<Block> blocks;
  std::vector<std::size_t> starts;
  std::size_t size = 0;
  void add(Block block) {
    starts.push_back(size);
    size += block.count;
    blocks.push_back(std::move(block));
  }
};

std::unexpected<Error> mismatch(const std::string& what, const fs::path& where) {
  return fail(ErrorCode::Mismatch, what, prepareAgain, where.string());
}

std::string shapeText(const std::vector<std::int64_t>& shape) {
  std::string out = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + ")";
}

Result<safetensors::File::Tensor> typed(const safetensors::File& file, const std::string& name,
                                        const std::string& dtype, std::size_t dims) {
  LORKD_TRY(tensor, file.tensor(name));
  const bool empty = std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end();
  if (tensor.dtype != dtype || tensor.shape.size() != dims || empty)
    return fail(ErrorCode::Format,
                "tensor '" + name + "' is " + tensor.dtype + " " + shapeText(tensor.shape) + ", expected " + dtype +
                    " with " + std::to_string(dims) + " sizes above 0",
                prepareAgain, file.path().string());
  return tensor;
}

Result<Block> volumeBlock(const safetensors::File& file, std::string id, int task, const plan::Plan& plan) {
  const auto& [name, options] = plan.tasks[static_cast<std::size_t>(task)];
  LORKD_TRY(image, typed(file, "image", "F32", 4));
  if (image.shape[0] != plan::inputChannels(plan))
    return mismatch("the plan has " + std::to_string(plan::inputChannels(plan)) + " input channel(s), the file has " +
                        std::to_string(image.shape[0]),
                    file.path());
  LORKD_TRY(labels, Labels::of(file, task, {image.shape[1], image.shape[2], image.shape[3]}));
  if (labels.classes() != static_cast<std::int64_t>(options.classes.size()))
    return mismatch("task '" + name + "' has " + std::to_string(options.classes.size()) + " classes, the file has " +
                        std::to_string(labels.classes()),
                    file.path());
  LORKD_TRY(imageView, nn::mappedTensor(file, "image"));
  return Block{std::move(id), imageView, {}, std::move(labels), 1, false, {0, image.shape[1]}};
}

/// Where each picture comes from.
Result<void> readOrigins(Block& block, const safetensors::File& file) {
  LORKD_TRY(origins, typed(file, "origins", "I64", 2));
  LORKD_TRY(view, nn::mappedTensor(file, "origins"));
  const auto sets = file.metadata().find("sets");
  const auto names = sets == file.metadata().end() ? Json() : Json::parse(sets->second, nullptr, false);
  const bool sound = names.is_array() && std::ranges::all_of(names, [](const auto& name) { return name.is_string(); });
  if (!sound || origins.shape != std::vector<std::int64_t>{static_cast<std::int64_t>(block.count), 3} ||
      view.select(1, 0).lt(0).any().item<bool>() ||
      view.select(1, 0).ge(static_cast<std::int64_t>(names.size())).any().item<bool>())
    return fail(ErrorCode::Format, "tensor 'origins' does not say which picture of which set each is", prepareAgain,
                file.path().string());
  block.sets = names.get<std::vector<std::string>>();
  block.origins = view;
  return {};
}

/// Class numbers (N), or a flag for each class (N, classes) where they overlap.
Result<torch::Tensor> classTargets(const safetensors::File& file, const std::string& tensor,
                                   const std::pair<std::string, plan::Task>& task) {
  const auto& [name, options] = task;
  const auto classes = static_cast<std::int64_t>(options.classes.size());
  const bool overlapping = options.outputs == plan::TaskOutputs::Overlapping;
  LORKD_TRY(labels, typed(file, tensor, overlapping ? "U8" : "I64", overlapping ? 2 : 1));
  LORKD_TRY(view, nn::mappedTensor(file, tensor));
  if (overlapping) {
    if (labels.shape[1] != classes)
      return mismatch("task '" + name + "' has " + std::to_string(classes) + " classes, the file has " +
                          std::to_string(labels.shape[1]),
                      file.path());
    if (view.gt(1).logical_and(view.ne(static_cast<std::int64_t>(notKnown))).any().item<bool>())
      return fail(ErrorCode::Format, "tensor '" + tensor + "' holds a value that is neither 0 nor 1 nor 255",
                  prepareAgain, file.path().string());
    return view;
  }
  const auto* values = view.data_ptr<std::int64_t>();
  const auto* end = values + labels.shape[0];
  if (const auto* bad = std::find_if(values, end, [&](auto v) { return v < 0 || v >= classes; }); bad != end)
    return mismatch("task '" + name + "' has " + std::to_string(classes) + " classes, picture " +
                        std::to_string(bad - values) + " has the class number " + std::to_string(*bad),
                    file.path());
  return view;
}

/// A volume that is classified whole.
Result<Block> wholeBlock(const safetensors::File& file, std::string id, int task, const plan::Plan& plan) {
  LORKD_TRY(image, typed(file, "image", "F32", 4));
  const auto [x, y, z] = plan::patchOf(plan);
  if (image.shape != std::vector<std::int64_t>{plan::inputChannels(plan), z, y, x})
    return mismatch("the volume has the size " + shapeText(image.shape) + ", which is not that of the plan",
                    file.path());
  LORKD_TRY(view, nn::mappedTensor(file, "image"));
  LORKD_TRY(labels, classTargets(file, "label." + std::to_string(task), plan.tasks[static_cast<std::size_t>(task)]));
  if (labels.size(0) != 1) return mismatch("a volume has the labels of several", file.path());
  const auto patient = file.metadata().find("patient");
  Block block{std::move(id), view.unsqueeze(0), labels, {}, 1, true};
  block.patient = patient == file.metadata().end() ? block.id : patient->second;
  return block;
}

Result<Block> pictureBlock(const safetensors::File& file, std::string id, int task, const plan::Plan& plan) {
  LORKD_TRY(images, typed(file, "images", "F32", 4));
  LORKD_TRY(labels, classTargets(file, "labels", plan.tasks[static_cast<std::size_t>(task)]));
  if (labels.size(0) != images.shape[0])
    return mismatch(std::to_string(images.shape[0]) + " pictures but " + std::to_string(labels.size(0)) + " labels",
                    file.path());
  LORKD_TRY(imageView, nn::mappedTensor(file, "images"));
  Block block{std::move(id), imageView, labels, {}, static_cast<std::size_t>(images.shape[0]), true};
  if (file.tensors().contains("origins")) LORKD_CHECK(readOrigins(block, file));
  return block;
}

Example picture(const Block& block, std::int64_t row) {
  if (!block.patient.empty()) return {block.id, block.patient, block.images[row], block.targets[row], {}, {}};
  auto id = block.id + "#" + std::to_string(row), patient = id;
  if (block.origins.defined()) {
    const auto* origin = block.origins.data_ptr<std::int64_t>() + 3 * row;
    const auto& set = block.sets[static_cast<std::size_t>(origin[0])];
    id = set + "#" + std::to_string(origin[1]);
    patient = origin[2] < 0 ? id : set + "/" + std::to_string(origin[2]);
  }
  return {id, patient, block.images[row], block.targets[row], {}, {}};
}

/// A task given by its index or its name.
Result<int> taskIndex(const Json& value, const plan::Plan& plan, const fs::path& where) {
  int index = -1;
  if (value.is_number_integer()) {
    const auto number = value.get<std::int64_t>();
    if (number >= 0 && number < static_cast<std::int64_t>(plan.tasks.size())) index = static_cast<int>(number);
  } else if (value.is_string()) {
    const auto text = value.get<std::string>();
    index = plan.tasks.indexOf(text);
    for (std::size_t i = 0; index < 0 && i < plan.tasks.size(); ++i)
      if (text == std::to_string(i)) index = static_cast<int>(i);
  }
  if (index < 0)
    return mismatch("task " + value.dump() + " is not among the plan's " + std::to_string(plan.tasks.size()) + " tasks",
                    where);
  return index;
}

/// Takes the slices that count from an index's entry.
Result<void> narrow(Block& block, const Json& scored, const fs::path& index) {
  const bool two =
      scored.is_array() && scored.size() == 2 && scored[0].is_number_integer() && scored[1].is_number_integer();
  const auto first = two ? scored[0].get<std::int64_t>() : -1, end = two ? scored[1].get<std::int64_t>() : -1;
  if (first < 0 || end <= first || end > block.scored.second)
    return fail(ErrorCode::Format, "\"scored\" is no range of the file's slices: " + scored.dump(), prepareAgain,
                index.string());
  block.scored = {first, end};
  return {};
}

/// Files of an index lie inside its folder: no absolute path, no way upward.
bool staysInside(const fs::path& file) {
  return !file.empty() && file.is_relative() && std::find(file.begin(), file.end(), "..") == file.end();
}

}  // namespace

struct Dataset::Impl {
  int tasks = 0;
  std::size_t budget = 0;                      ///< bytes of examples that may be in memory; 0: any
  mutable std::atomic<std::size_t> asked = 0;  ///< since files were released
  std::vector<safetensors::File> files;
  std::map<std::string, std::vector<Shelf>> splits;
  const Shelf* shelf(const std::string& split, int task) const {
    const auto it = splits.find(split);
    return it == splits.end() || task < 0 || task >= tasks ? nullptr : &it->second[static_cast<std::size_t>(task)];
  }
  Result<void> add(const Json& entry, const fs::path& index, const plan::Plan& plan);
  /// Called for what is about to be read.
  void count(const Example& example) const {
    if (budget == 0) return;
    const auto bytes =
        example.image.nbytes() + (example.target.defined() ? example.target.nbytes() : 0) + example.labels.bytes();
    if (asked.fetch_add(bytes) + bytes <= budget) return;
    asked = bytes;
    for (const auto& file : files) file.release();
  }
};

Result<void> Dataset::Impl::add(const Json& entry, const fs::path& index, const plan::Plan& plan) {
  const auto text = [&](const char* key) {
    return entry.is_object() && entry.contains(key) && entry[key].is_string() ? entry[key].get<std::string>() : "";
  };
  const fs::path name = text("file");
  const auto split = text("split");
  if (!staysInside(name) || split.empty())
    return fail(ErrorCode::Format, "an entry needs \"file\" (inside this folder) and \"split\": " + entry.dump(),
                prepareAgain, index.string());
  LORKD_TRY(file, safetensors::File::open(index.parent_path() / name, safetensors::Digest::Required));
  const bool pictures = text("kind") == "picture" || file.tensors().contains("images");
  files.push_back(file);

  Json wanted = entry.value("tasks", Json());
  if (wanted.is_null() && file.metadata().contains("task")) wanted = Json::array({file.metadata().at("task")});
  if (!wanted.is_array())
    return fail(ErrorCode::Format, "\"tasks\" is not a list in " + entry.dump(), prepareAgain, index.string());
  auto& shelves = splits.try_emplace(split, static_cast<std::size_t>(tasks)).first->second;
  for (const auto& value : wanted) {
    LORKD_TRY(task, taskIndex(value, plan, index));
    const auto& [taskName, options] = plan.tasks[static_cast<std::size_t>(task)];
    if (pictures != (options.kind == plan::TaskKind::Classification))
      return mismatch("task '" + taskName + "' is " + plan::toString(options.kind) + ", but the file holds " +
                          (pictures ? "pictures" : "a volume"),
                      file.path());
    const auto id = text("case").empty() ? name.stem().string() : text("case");
    auto block = pictures                    ? pictureBlock(file, id, task, plan)
                 : plan::marks(options.kind) ? volumeBlock(file, id, task, plan)
                                             : wholeBlock(file, id, task, plan);
    if (!block) return std::unexpected(block.error());
    if (entry.contains("scored")) LORKD_CHECK(narrow(*block, entry["scored"], index));
    shelves[static_cast<std::size_t>(task)].add(std::move(*block));
  }
  return {};
}

Result<Dataset> Dataset::open(const fs::path& file, const plan::Plan& plan) {
  constexpr auto largest = std::uintmax_t(256) << 20;
  LORKD_TRY(index, readJson(file, largest));
  const Json& entries = index.is_object() && index.contains("cases") ? index["cases"] : index;
  if (!entries.is_array())
    return fail(ErrorCode::Format, "the index is not a list of cases", prepareAgain, file.string());
  auto impl = std::make_shared<Impl>();
  impl->tasks = static_cast<int>(plan.tasks.size());
  impl->budget = static_cast<std::size_t>(plan.training.memory / 2 * (1 << 30));
  if (index.is_object() && index.contains("tasks"))
    for (std::size_t i = 0; i < plan.tasks.size(); ++i)
      if (!index["tasks"].is_array() || index["tasks"].size() != plan.tasks.size() ||
          index["tasks"].at(i) != plan.tasks[i].first)
        return mismatch("prepared for the tasks " + index["tasks"].dump(), file);
  try {
    for (const auto& entry : entries) LORKD_CHECK(impl->add(entry, file, plan));
    // With a header the system may map the first megabytes of a file.
    if (impl->budget > 0)
      for (const auto& part : impl->files) part.release();
  } catch (const c10::Error& e) {
    return fail(ErrorCode::Internal, e.what_without_backtrace(), "", file.string());
  }
  Dataset out;
  out.m_impl = std::move(impl);
  return out;
}

int Dataset::tasks() const { return m_impl->tasks; }

std::size_t Dataset::size(const std::string& split, int task) const {
  const auto* shelf = m_impl->shelf(split, task);
  return shelf ? shelf->size : 0;
}

Result<Example> Dataset::example(const std::string& split, int task, std::size_t index) const {
  const auto* shelf = m_impl->shelf(split, task);
  if (!shelf || index >= shelf->size)
    return fail(ErrorCode::NotFound, "no example " + std::to_string(index) + " of task " + std::to_string(task) +
                                         " in split '" + split + "'");
  const auto after = std::upper_bound(shelf->starts.begin(), shelf->starts.end(), index);
  const auto& block = shelf->blocks[static_cast<std::size_t>(after - shelf->starts.begin() - 1)];
  const auto row = static_cast<std::int64_t>(index - *(after - 1));
  auto out =
      block.pictures ? picture(block, row) : Example{block.id, block.id, block.images, {}, block.labels, block.scored};
  m_impl->count(out);
  return out;
}

}  // namespace lorkd::feed
