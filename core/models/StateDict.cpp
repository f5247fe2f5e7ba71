#include "core/models/StateDict.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "core/base/Printable.h"
#include "core/models/Pickle.h"

namespace lorkd::models {

using Kind = Value::Kind;

namespace {

constexpr std::size_t deepestEntry = 3;
constexpr std::size_t longestWeightName = 500;
constexpr std::array usualNames{"network_weights", "state_dict", "model_state_dict", "model",  "net",
                                "network",         "weights",    "model_weights",    "module", "net_state_dict"};
constexpr std::array neverWeights{"optim", "scheduler", "lr_sched", "scaler", "grad_scaler", "hyper_parameters"};

std::string joinedKey(const std::string& outer, std::string_view key) {
  return outer.empty() ? std::string(key) : outer + "." + std::string(key);
}

/// An object made in a tensor's place: quantised, of a subclass, of a type that is not read.
bool standsForTensor(const Value& value) {
  if (value.kind != Kind::Object) return false;
  const auto name = value.text;
  return name.starts_with("torch._utils._rebuild") || name.ends_with("Storage") || name.ends_with("Tensor") ||
         (name.starts_with("torch.") && name.find("float8") != name.npos);
}

bool isModule(const Tree& tree, Id id) {
  return tree.is(id, Kind::Object) && tree.find(tree.at(id).state, "_modules") != nowhere &&
         tree.find(tree.at(id).state, "_parameters") != nowhere;
}

bool isScriptModule(const Tree& tree, Id id) {
  return tree.is(id, Kind::Object) && tree.at(id).text.starts_with("__torch__.") &&
         tree.is(tree.at(id).state, Kind::Dict);
}

/// How many tensors a dictionary names if it may be a state dict, else 0.
std::size_t tensorsNamed(const Tree& tree, const Value& dict) {
  std::size_t tensors = 0, arrays = 0;
  for (std::size_t n = 0; n + 1 < dict.items.size(); n += 2) {
    if (!tree.is(dict.items[n], Kind::Text)) return 0;
    const auto& value = tree.at(dict.items[n + 1]);
    if (value.kind == Kind::Dict || isModule(tree, dict.items[n + 1])) return 0;
    const bool tensor = value.kind == Kind::Tensor;
    tensors += tensor || standsForTensor(value);
    arrays += tensor ? !tree.tensors[static_cast<std::size_t>(value.integer)].shape.empty() : standsForTensor(value);
  }
  return arrays > 0 && 4 * tensors >= dict.items.size() ? tensors : 0;  // half of the values
}

/// Whether a key says that it holds no weights.
bool isAside(std::string_view key) {
  return std::ranges::any_of(neverWeights, [&](std::string_view word) { return key.find(word) != key.npos; });
}

/// Walks a module as state_dict() does.
class ModuleWalk {
 public:
  explicit ModuleWalk(const Tree& tree) : m_tree(tree) {}

  Result<void> walk(Id id, const std::string& prefix, std::size_t depth = 0) {
    if (depth > deepestPickle || ++m_visited > mostEntriesOfModule)
      return fail(ErrorCode::Unsupported, "the modules of the file hold one another too often or too deeply",
                  "save the state dict instead: torch.save(model.state_dict(), file)");
    const auto state = m_tree.at(id).state;
    if (isScriptModule(m_tree, id)) return attributes(state, prefix, depth);
    add(m_tree.find(state, "_parameters"), prefix, nowhere);
    add(m_tree.find(state, "_buffers"), prefix, m_tree.find(state, "_non_persistent_buffers_set"));
    const auto modules = m_tree.find(state, "_modules");
    if (!m_tree.is(modules, Kind::Dict)) return {};
    const auto& items = m_tree.at(modules).items;
    for (std::size_t n = 0; n + 1 < items.size(); n += 2)
      if (m_tree.is(items[n], Kind::Text) && isModule(m_tree, items[n + 1]))
        LORKD_CHECK(walk(items[n + 1], joinedKey(prefix, m_tree.at(items[n]).text), depth + 1));
    return {};
  }
  NamedIds found;

 private:
  static constexpr std::size_t mostEntriesOfModule = 100'000;

  void add(Id dict, const std::string& prefix, Id leftOut) {
    if (!m_tree.is(dict, Kind::Dict)) return;
    const auto& items = m_tree.at(dict).items;
    for (std::size_t n = 0; n + 1 < items.size(); n += 2) {
      const auto& value = m_tree.at(items[n + 1]);
      if (!m_tree.is(items[n], Kind::Text) || (value.kind != Kind::Tensor && !standsForTensor(value))) continue;
      const auto name = m_tree.at(items[n]).text;
      const bool kept = !m_tree.is(leftOut, Kind::Set) || std::ranges::none_of(m_tree.at(leftOut).items, [&](Id other) {
        return m_tree.is(other, Kind::Text) && m_tree.at(other).text == name;
      });
      if (kept) found.emplace_back(joinedKey(prefix, name), items[n + 1]);
    }
  }

  /// A program's modules have their tensors and modules as attributes.
  Result<void> attributes(Id state, const std::string& prefix, std::size_t depth) {
    add(state, prefix, nowhere);
    const auto& items = m_tree.at(state).items;
    for (std::size_t n = 0; n + 1 < items.size(); n += 2)
      if (m_tree.is(items[n], Kind::Text) && isScriptModule(m_tree, items[n + 1]))
        LORKD_CHECK(walk(items[n + 1], joinedKey(prefix, m_tree.at(items[n]).text), depth + 1));
    return {};
  }

  const Tree& m_tree;
  std::size_t m_visited = 0;
};

void look(const Tree& tree, Id id, const std::string& entry, std::size_t depth, std::vector<StateDict>& found) {
  if (isModule(tree, id) || isScriptModule(tree, id)) {
    ModuleWalk walk(tree);
    if (walk.walk(id, {}) && !walk.found.empty())
      found.push_back({entry, id, printable(tree.at(id).text, false), walk.found.size()});
    return;
  }
  if (!tree.is(id, Kind::Dict)) return;
  const auto& dict = tree.at(id);
  if (const auto tensors = tensorsNamed(tree, dict)) {
    found.push_back({entry, id, {}, tensors});
    return;
  }
  if (depth == deepestEntry) return;
  for (std::size_t n = 0; n + 1 < dict.items.size() && found.size() < 1000; n += 2)
    if (tree.is(dict.items[n], Kind::Text) && !isAside(tree.at(dict.items[n]).text))
      look(tree, dict.items[n + 1], joinedKey(entry, printable(tree.at(dict.items[n]).text, false)), depth + 1, found);
}

std::string listedEntries(const std::vector<StateDict>& found) {
  std::string text;
  for (std::size_t n = 0; n < found.size() && n < 12; ++n)
    text += (n ? ", '" : "'") + found[n].entry + "' (" + std::to_string(found[n].tensors) + " tensors)";
  return found.size() > 12 ? text + " and " + std::to_string(found.size() - 12) + " more" : text;
}

}  // namespace

std::vector<StateDict> stateDictsOf(const Tree& tree) {
  std::vector<StateDict> found;
  look(tree, tree.root, {}, 0, found);
  return found;
}

Result<StateDict> choose(const std::vector<StateDict>& found, const std::string& wanted) {
  if (found.empty())
    return fail(ErrorCode::NotFound, "the file holds no weights: no dictionary in it names tensors",
                "weights are saved by torch.save(model.state_dict(), file)");
  if (!wanted.empty()) {
    const auto named = std::ranges::find(found, wanted, &StateDict::entry);
    if (named != found.end()) return *named;
    return fail(ErrorCode::NotFound, "the file holds no weights at '" + printable(wanted, false) + "'",
                "it holds: " + listedEntries(found));
  }
  if (found.size() == 1) return found.front();
  const StateDict* usual = nullptr;
  for (const auto& dict : found) {
    const auto last = dict.entry.substr(dict.entry.rfind('.') + 1);
    if (std::ranges::find(usualNames, last) == usualNames.end()) continue;
    if (usual) {
      usual = nullptr;
      break;
    }
    usual = &dict;
  }
  if (usual) return *usual;
  return fail(ErrorCode::InvalidArgument, "the file holds several sets of weights: " + listedEntries(found),
              "say which is meant (--entry)");
}

Result<Named> tensorsOf(const Tree& tree, const StateDict& dict) {
  Named out;
  NamedIds all;
  if (!dict.module.empty()) {
    ModuleWalk walk(tree);
    LORKD_CHECK(walk.walk(dict.id, {}));
    all = std::move(walk.found);
  } else {
    const auto& items = tree.at(dict.id).items;
    for (std::size_t n = 0; n + 1 < items.size(); n += 2)
      all.emplace_back(std::string(tree.at(items[n]).text.substr(0, longestWeightName + 1)), items[n + 1]);
  }
  std::unordered_set<std::string> names;
  for (auto& [name, id] : all) {
    const auto shown = printable(name, false);
    if (name.empty() || name.size() > longestWeightName || shown != name)
      return fail(ErrorCode::Format, "a weight has the name '" + shown.substr(0, 100) + "', which cannot be one");
    if (!names.insert(name).second) return fail(ErrorCode::Format, "two weights have the name " + name);
    const auto& value = tree.at(id);
    if (value.kind == Kind::Tensor) {
      out.tensors.emplace_back(std::move(name), id);
      continue;
    }
    if (value.kind == Kind::Object) {
      const auto type = printable(value.text, false);
      if (type.find("rebuild_q") != type.npos || type.starts_with("torch.Q"))
        return fail(ErrorCode::Unsupported, name + " is quantised (" + type + ")",
                    "take the weights from before they were quantised");
      if (type.starts_with("torch.") && type.find("rebuild") == type.npos)
        return fail(ErrorCode::Unsupported, name + " is of type " + type + ", which is not read",
                    "load the file with PyTorch and save it as float32");
      return fail(ErrorCode::Unsupported, name + " is no plain tensor but an object (" + type + ")",
                  "load the file with PyTorch and save plain tensors: tensor.as_subclass(torch.Tensor)");
    }
    if (value.kind == Kind::List || value.kind == Kind::Tuple)
      return fail(ErrorCode::Unsupported, name + " is a list and no tensor", "save a state dict of plain tensors");
    out.others.push_back(std::move(name));
  }
  return out;
}

}  // namespace lorkd::models
