#include "core/data/NumberedPictures.h"

#include <algorithm>
#include <map>

#include "core/io/Images2D.h"

namespace lorkd::data {
namespace fs = std::filesystem;

std::optional<layout::NumberedPicture> channelOf(const fs::path& relative, layout::LabelTables& tables) {
  const auto found = layout::numberedPicture(relative);
  const auto name = layout::maskNameOf(relative);
  if (!found || name.mask || !name.image) return std::nullopt;
  return layout::inFolderOfNnunet(relative) || !tables.channelsOf(relative).empty() ? found : std::nullopt;
}

Result<void> checkChannels(const Case& c, const std::vector<NumberedFile>& files) {
  for (const auto& [number, file] : files) {
    LORKD_TRY(size, io::pictureSize(file));
    if (size[0] != c.geometry.size[0] || size[1] != c.geometry.size[1])
      return fail(ErrorCode::Mismatch,
                  "its channel " + std::to_string(number) + " has " + std::to_string(size[0]) + " by " +
                      std::to_string(size[1]) + " pixels, and its first " + std::to_string(c.geometry.size[0]) +
                      " by " + std::to_string(c.geometry.size[1]),
                  "channels of one picture are equally large", file.string());
  }
  return {};
}

void nameChannels(Case& c, const std::vector<NumberedFile>& files, const std::vector<std::string>& names) {
  const bool whole = names.size() <= 1 || names.size() == 3;
  if (files.empty() || (files.size() == 1 && files.front().first == 0 && whole)) return;
  c.imageFiles.clear();
  for (const auto& [number, file] : files) {
    Channel channel;
    channel.name = number < names.size() ? names[number] : std::to_string(number);
    channel.file = static_cast<int>(c.imageFiles.size());
    c.channels.push_back(std::move(channel));
    c.imageFiles.push_back(file);
  }
}

Result<std::vector<Case>> joinNumbered(std::vector<Case> pictures, const std::vector<std::string>& names) {
  std::map<fs::path, std::vector<NumberedFile>> joined;
  for (const auto& c : pictures)
    if (const auto channel = layout::numberedPicture(c.id))
      joined[channel->relative].emplace_back(channel->channel, c.imageFiles.front());
  std::vector<Case> out;
  for (auto& c : pictures) {
    const auto channel = layout::numberedPicture(c.id);
    if (channel) {
      auto& files = joined.at(channel->relative);
      std::ranges::sort(files);
      if (files.front().second != c.imageFiles.front()) continue;
      LORKD_CHECK(checkChannels(c, files));
      c.id = channel->relative.generic_string();
      nameChannels(c, files, names);
    }
    out.push_back(std::move(c));
  }
  return out;
}

}  // namespace lorkd::data
