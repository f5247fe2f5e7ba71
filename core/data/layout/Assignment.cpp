#include "core/data/layout/Assignment.h"

#include <algorithm>
#include <optional>
#include <set>

#include "core/image/Label.h"

namespace lorkd::data::layout {
namespace {

using Key = std::map<std::string, std::string>;
using Names = std::vector<std::string>;

Names namesOf(const Key& key) {
  Names out;
  for (const auto& [name, value] : key) out.push_back(name);
  return out;
}

std::string words(const Key& key) {
  std::string out;
  for (const auto& [name, value] : key) out += (out.empty() ? "" : ", ") + name + " " + value;
  return out;
}

/// Images, found by some of the parts of their keys.
class Finder {
 public:
  void add(const Key& key, std::size_t image) { m_kinds[namesOf(key)].images.emplace_back(key, image); }

  /// Images that have a part of `key` in common, and no other value of any.
  std::set<std::size_t> find(const Key& key) {
    std::set<std::size_t> out;
    for (auto& [names, kind] : m_kinds) {
      Key shared;
      for (const auto& name : names)
        if (const auto part = key.find(name); part != key.end()) shared.insert(*part);
      if (shared.empty() && !(key.empty() && names.empty())) continue;
      auto& index = kind.by[namesOf(shared)];
      if (index.empty())
        for (const auto& [imageKey, image] : kind.images) {
          Key part;
          for (const auto& [name, value] : shared) part[name] = imageKey.at(name);
          index[part].push_back(image);
        }
      if (const auto found = index.find(shared); found != index.end())
        out.insert(found->second.begin(), found->second.end());
    }
    return out;
  }

 private:
  struct Kind {
    std::vector<std::pair<Key, std::size_t>> images;
    std::map<Names, std::map<Key, std::vector<std::size_t>>> by;
  };
  std::map<Names, Kind> m_kinds;
};

/// The work of arrange().
class Arranging {
 public:
  explicit Arranging(const Assignment& assignment) : m_assignment(assignment) {}

  Arranged arranged() {
    addImages();
    for (const auto& [path, file] : m_assignment) {
      if (file.use == Assigned::Use::Labels) addLabels(path, file);
      if (file.use == Assigned::Use::None) m_out.left.push_back({path, "left-by-reader", file.reason});
    }
    for (auto& image : m_out.images) keepTheFirst(image);
    return std::move(m_out);
  }

 private:
  void addImages() {
    std::map<Key, std::vector<std::string>> byKey;
    for (const auto& [path, file] : m_assignment)
      if (file.use == Assigned::Use::Image) byKey[file.key].push_back(path);
    std::vector<const std::vector<std::string>*> order;
    for (const auto& [key, paths] : byKey) order.push_back(&paths);
    std::ranges::sort(order, {}, [](const auto* paths) { return paths->front(); });
    for (const auto* paths : order) {
      std::set<std::string> channels;
      for (const auto& path : *paths) channels.insert(m_assignment.at(path).channel);
      const auto& first = m_assignment.at(paths->front());
      if (channels.size() < paths->size()) {
        for (const auto& path : *paths)
          m_out.left.push_back({path, "same-image",
                                "another file is the same image by its name (" + words(first.key) +
                                    "): give the pattern a part that tells them apart, such as {case} or {site:**}/"});
        continue;
      }
      m_finder.add(first.key, m_out.images.size());
      Arranged::Image image{*paths, {}, first.patient, first.split};
      for (const auto& path : *paths)
        if (image.patient.empty()) image.patient = m_assignment.at(path).patient;
      m_channels.push_back(std::move(channels));
      m_out.images.push_back(std::move(image));
    }
  }

  void addLabels(const std::string& path, const Assigned& file) {
    auto found = m_finder.find(file.key);
    if (!file.channel.empty()) std::erase_if(found, [&](auto n) { return !m_channels[n].contains(file.channel); });
    if (found.size() == 1) {
      m_out.images[*found.begin()].labels.push_back(path);
      return;
    }
    m_out.left.push_back({path, "unpaired-label",
                          found.empty()
                              ? "no image has the same parts in its name (" + words(file.key) + ")"
                              : "it fits " + std::to_string(found.size()) + " images by its name (" + words(file.key) +
                                    "), among them " + m_out.images[*found.begin()].files.front()});
  }

  /// Of labels that say the same, those of the lowest rank.
  void keepTheFirst(Arranged::Image& image) {
    const auto& files = m_assignment;
    std::ranges::stable_sort(image.labels, {}, [&](const auto& path) { return files.at(path).rank; });
    std::vector<std::string> kept;
    for (const auto& path : image.labels) {
      const auto& one = files.at(path);
      const auto better = std::ranges::find_if(kept, [&](const auto& other) {
        return files.at(other).rank < one.rank && image::sameLabel(files.at(other).structure, one.structure);
      });
      if (better == kept.end())
        kept.push_back(path);
      else
        m_out.left.push_back({path, "second-label", "the image already has the labels " + *better});
    }
    image.labels = std::move(kept);
  }

  const Assignment& m_assignment;
  Finder m_finder;
  std::vector<std::set<std::string>> m_channels;
  Arranged m_out;
};

}  // namespace

Arranged arrange(const Assignment& assignment) { return Arranging(assignment).arranged(); }

}  // namespace lorkd::data::layout
