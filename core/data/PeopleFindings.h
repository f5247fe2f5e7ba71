// What a scan says of whose images are, wherever names or headers leave it open. Inside this room only.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/data/Case.h"
#include "core/data/layout/People.h"
#include "core/io/Series.h"

namespace lorkd::data {

/// patients-by-name: images whose names differ are taken for one person's, with their number and an example.
std::optional<io::Finding> joinedPeople(const layout::People& people);
/// people-unknown: nothing says whose the images are, and each counts as one of another person.
std::optional<io::Finding> unknownPeople(const layout::People& people);

/// patient-in-splits: patients with images in several of the given parts (Case::split), with an example below `folder`.
std::optional<io::Finding> tornPeople(const std::vector<Case>& cases, const std::filesystem::path& folder);
/// alike-in-splits: people of several of the given parts that are called alike, and count as different ones.
std::optional<io::Finding> alikeInSplits(const std::vector<Case>& cases, const std::filesystem::path& folder);

}  // namespace lorkd::data
