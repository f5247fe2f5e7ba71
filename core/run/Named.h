// An ordered list of named values, read from and written to a JSON object: order is the researcher's own.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/Json.h"

namespace lorkd::plan {

template <class T>
struct Named : std::vector<std::pair<std::string, T>> {
  using std::vector<std::pair<std::string, T>>::vector;
  /// Position of `name`, or -1.
  int indexOf(const std::string& name) const {
    for (std::size_t i = 0; i < this->size(); ++i)
      if ((*this)[i].first == name) return static_cast<int>(i);
    return -1;
  }
  const T* find(const std::string& name) const {
    const int i = indexOf(name);
    return i < 0 ? nullptr : &(*this)[static_cast<std::size_t>(i)].second;
  }
  T* find(const std::string& name) { return const_cast<T*>(std::as_const(*this).find(name)); }
};

template <class T>
void to_json(Json& j, const Named<T>& list) {
  j = Json::object();
  for (const auto& [name, value] : list) j[name] = value;
}

template <class T>
void from_json(const Json& j, Named<T>& list) {
  list.clear();
  for (const auto& [name, value] : j.items()) list.emplace_back(name, value.template get<T>());
}

}  // namespace lorkd::plan
