// Pictures of several channels, a file each, as nnU-Net has them: X_0000.png, X_0001.png. Inside this room only.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/data/layout/LabelTable.h"
#include "core/data/layout/MaskNames.h"

namespace lorkd::data {

/// The number of a channel and the picture that holds it.
using NumberedFile = std::pair<std::size_t, std::filesystem::path>;

/// Which channel of which picture it is by its name, in a folder of nnU-Net or where a description names channels;
/// nothing elsewhere, where a number is part of the name.
std::optional<layout::NumberedPicture> channelOf(const std::filesystem::path& relative, layout::LabelTables& tables);

/// That all channels of a case are as large as its first. Errors: Mismatch, those of io::pictureSize().
Result<void> checkChannels(const Case& c, const std::vector<NumberedFile>& files);

/// Makes the files the channels of the case, called as `names` say. A single file that may well hold all channels, grey
/// or red, green and blue, has none of its own: it is read as data.channels says.
void nameChannels(Case& c, const std::vector<NumberedFile>& files, const std::vector<std::string>& names);

/// Joins single pictures, whose ids are their paths, into cases of the channels that their names number; the others
/// stay as they are. `names` are those of the channels by number. Errors: those of checkChannels(), naming the picture.
Result<std::vector<Case>> joinNumbered(std::vector<Case> pictures, const std::vector<std::string>& names);

}  // namespace lorkd::data
