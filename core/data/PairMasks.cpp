// Pictures with mask pictures: which mask belongs to which picture, and what its values mark.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/data/MaskValues.h"
#include "core/data/NumberedPictures.h"
#include "core/data/Pairing.h"
#include "core/data/PeopleFindings.h"
#include "core/data/PictureCase.h"
#include "core/data/TakeMask.h"
#include "core/data/layout/MaskNames.h"
#include "core/data/layout/People.h"
#include "core/data/layout/Words.h"
#include "core/io/Csv.h"
#include "core/io/Images2D.h"

namespace lorkd::data {
namespace fs = std::filesystem;
namespace {

using Finding = io::Finding;
using layout::Belongs;
using layout::MaskName;

struct Entry {
  fs::path file, relative;
  fs::path bare;  ///< `relative` without the number of a channel
  MaskName name;
  std::vector<NumberedFile> channels{};  ///< of a set that numbers them, all of the picture's files
};

/// A mask on its way to its picture.
struct MaskFile {
  const Entry* entry;
  std::size_t picture;
  Belongs belongs;
  std::optional<MaskValues> values;
  std::optional<layout::Structures> described{};  ///< what dataset.json says of its values
};

/// How many places a finding tells together, and the first.
using Counted = std::pair<int, fs::path>;

class MaskPairing {
 public:
  MaskPairing(std::string source, fs::path folder, bool patientsSaid, const Pseudonym& pseudonym,
              const Remembered& remembered, Pairing& out)
      : m_source(std::move(source)),
        m_folder(std::move(folder)),
        m_patientsSaid(patientsSaid),
        m_pseudonym(pseudonym),
        m_remembered(remembered),
        m_out(out),
        m_tables(m_folder) {}

  void sortOut(const io::Scan& scan);
  void pair();
  Result<void> readValues(Progress& progress, const CancelToken& cancel);
  /// False if nothing here is a picture with a mask: then nothing is taken.
  bool makeCases();
  /// Takes what the cases use out of the scan, but for pictures that lie in folders of classes, too.
  void takeFrom(io::Scan& scan) const;

 private:
  std::optional<std::pair<std::size_t, Belongs>> ownerOf(const Entry& mask) const;
  void joinChannels(std::vector<Entry>& all);
  void nameStructures();
  void lookAtSuffixes();
  bool understand(MaskFile& mask);
  Result<MaskValues> valuesOf(const fs::path& file) const;
  Case caseOf(const Entry& picture, Case c);
  void take(Case& c, const MaskFile& mask);
  bool wanted(std::size_t picture) const;
  bool inClasses() const;
  void count(const std::string& code, const fs::path& file) {
    if (auto& [number, first] = m_counts[code]; number++ == 0) first = file;
  }
  /// Finds out whose these pictures are, and says so where names alone tell it.
  void tellPeople(const std::vector<std::size_t>& pictures);
  void tellCounts();
  std::string placed(const fs::path& relative) const { return (m_folder.filename() / relative).generic_string(); }

  std::string m_source;
  fs::path m_folder;
  bool m_patientsSaid;  ///< a rule of the plan says who is who
  const Pseudonym& m_pseudonym;
  const Remembered& m_remembered;
  Pairing& m_out;
  layout::LabelTables m_tables;
  std::vector<Entry> m_pictures, m_maskEntries, m_foreign;
  std::map<std::string, std::vector<std::size_t>> m_byKey;
  layout::People m_people;  ///< by layout::bareName() of the pictures
  std::vector<MaskFile> m_masks;
  std::set<std::size_t> m_owners, m_foreignOwners;
  std::map<std::string, MaskMeaning> m_meanings;  ///< by structure
  std::map<std::string, Counted> m_counts;        ///< by code of the finding
  std::set<fs::path> m_used;
};

void MaskPairing::sortOut(const io::Scan& scan) {
  std::vector<Entry> all;
  std::set<fs::path> mixed;  // folders with files that call themselves masks: there, others are pictures
  const auto add = [&](const fs::path& file) {
    const auto relative = file.lexically_relative(m_folder);
    all.push_back({file, relative, relative, layout::maskNameOf(relative)});
    if (all.back().name.own) mixed.insert(relative.parent_path());
  };
  for (const auto& loose : scan.loose)
    if (loose.kind == "image") add(loose.file);
  joinChannels(all);
  const auto readable = all.size();
  for (const auto& [file, finding] : scan.rejected)
    if (finding.code == "unknown-kind" && layout::isForeignPicture(file)) add(file);
  for (std::size_t n = 0; n < all.size(); ++n) {
    auto& entry = all[n];
    if (!entry.name.own && mixed.contains(entry.relative.parent_path())) entry.name.mask = false;
    if (n >= readable && !entry.name.mask) continue;
    (n >= readable ? m_foreign : entry.name.mask ? m_maskEntries : m_pictures).push_back(std::move(entry));
  }
  for (std::size_t n = 0; n < m_pictures.size(); ++n) m_byKey[layout::keyOf(m_pictures[n].name)].push_back(n);
}

/// Makes one of the pictures that a set numbers as channels: X_0000.png, X_0001.png.
void MaskPairing::joinChannels(std::vector<Entry>& all) {
  std::map<fs::path, std::vector<NumberedFile>> joined;
  for (const auto& entry : all)
    if (const auto channel = channelOf(entry.relative, m_tables))
      joined[channel->relative.parent_path() / channel->relative.stem()].emplace_back(channel->channel, entry.file);
  std::erase_if(all, [&](Entry& entry) {
    const auto channel = channelOf(entry.relative, m_tables);
    if (!channel) return false;
    auto& files = joined.at(channel->relative.parent_path() / channel->relative.stem());
    std::ranges::sort(files);
    if (files.front().second != entry.file) return true;
    entry.bare = channel->relative;
    entry.name = layout::maskNameOf(entry.bare);
    entry.channels = files;
    return false;
  });
}

std::optional<std::pair<std::size_t, Belongs>> MaskPairing::ownerOf(const Entry& mask) const {
  std::optional<std::pair<std::size_t, Belongs>> best;
  bool clear = false;
  auto name = mask.name;
  const auto look = [&] {
    const auto found = m_byKey.find(layout::keyOf(name));
    if (found == m_byKey.end()) return;
    for (const auto n : found->second) {
      if (m_pictures[n].file == mask.file) continue;
      const auto how = layout::belongs(mask.name, m_pictures[n].name);
      if (!how || (best && best->second.rank > how->rank)) continue;
      clear = !best || best->second.rank < how->rank;
      best = {n, *how};
    }
  };
  look();
  for (; !best && name.stem.size() > 1; look()) name.stem.pop_back();
  return clear ? best : std::nullopt;
}

void MaskPairing::pair() {
  for (const auto& mask : m_maskEntries) {
    if (const auto owner = ownerOf(mask))
      m_masks.push_back({&mask, owner->first, owner->second, {}}), m_owners.insert(owner->first);
    else
      count("unpaired-label", mask.file);
  }
  for (const auto& mask : m_foreign)
    if (const auto owner = ownerOf(mask)) {
      m_foreignOwners.insert(owner->first);
      m_out.understood.insert(mask.file);
      count("mask-format", mask.file);
    }
  lookAtSuffixes();
  nameStructures();
}

/// A picture called after another and more, whose values are those of a mask, is one: IMD002_lesion beside IMD002.
void MaskPairing::lookAtSuffixes() {
  std::vector<MaskFile> found;
  for (std::size_t n = 0; n < m_pictures.size(); ++n) {
    if (m_owners.contains(n) || m_pictures[n].name.stem.size() < 2) continue;
    const auto owner = ownerOf(m_pictures[n]);
    if (!owner || owner->second.structure.empty() || owner->second.rank >= 1000 - 99) continue;
    const auto values = valuesOf(m_pictures[n].file);
    const auto size = io::pictureSize(m_pictures[owner->first].file);
    if (values && values->isMask() && size && *size == values->size)
      found.push_back({&m_pictures[n], owner->first, owner->second, {}});
  }
  for (auto& mask : found) m_owners.insert(mask.picture), m_masks.push_back(std::move(mask));
}

/// Masks whose names say no structure mark one and the same, unless pictures have such of several makers: then nobody
/// but the user knows what each of them marks.
void MaskPairing::nameStructures() {
  std::map<std::size_t, std::string> makers;
  bool several = false;
  for (const auto& mask : m_masks)
    if (mask.belongs.structure.empty()) {
      const auto [at, added] = makers.emplace(mask.picture, mask.entry->name.maker);
      several |= !added && at->second != mask.entry->name.maker;
    }
  for (auto& mask : m_masks)
    if (mask.belongs.structure.empty()) mask.belongs.structure = several ? mask.entry->name.maker : kUnnamedMask;
}

Result<MaskValues> MaskPairing::valuesOf(const fs::path& file) const {
  LORKD_TRY(known, m_remembered("mask values", file, [&]() -> Result<Json> {
              LORKD_TRY(values, readMaskValues(file));
              return Json(values);
            }));
  return known.get<MaskValues>();
}

Result<void> MaskPairing::readValues(Progress& progress, const CancelToken& cancel) {
  std::int64_t done = 0;
  for (auto& mask : m_masks) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was stopped");
    progress.report("masks", done++, static_cast<std::int64_t>(m_masks.size()));
    if (auto values = valuesOf(mask.entry->file)) {
      mask.values = std::move(*values);
      if (!understand(mask)) m_meanings[mask.belongs.structure].add(*mask.values);
    } else {
      m_out.findings.emplace_back(mask.entry->file,
                                  Finding{Finding::Severity::Unusable, "label-values", values.error().text()});
    }
  }
  for (auto& [structure, meaning] : m_meanings) {
    meaning.decide();
    if (meaning.kind() == MaskMeaning::Kind::None)
      for (const auto& mask : m_masks)
        if (mask.belongs.structure == structure) {
          m_out.findings.emplace_back(mask.entry->file,
                                      Finding{Finding::Severity::Unusable, "label-values",
                                              "the masks of '" + structure + "': " + meaning.words()});
          break;
        }
  }
  return {};
}

/// Whether a description of the set says what the mask's values are; where it contradicts them, the mask is left out.
bool MaskPairing::understand(MaskFile& mask) {
  const auto& file = mask.entry->file;
  auto table = mask.belongs.structure == kUnnamedMask ? m_tables.of(file, mask.entry->relative) : layout::LabelTable{};
  if (!table || table->declared.empty()) return false;
  m_out.understood.insert(table->file);
  if (auto known = describedStructures(*mask.values, *table)) {
    mask.described = std::move(*known);
  } else {
    m_out.findings.emplace_back(file, Finding{Finding::Severity::Unusable, "label-values", known.error().text()});
    mask.values.reset();
  }
  return true;
}

Case MaskPairing::caseOf(const Entry& picture, Case c) {
  c.id = "case-" + m_pseudonym(m_source + "\n" + placed(picture.relative));
  nameChannels(c, picture.channels, m_tables.channelsOf(picture.relative));
  c.patient = "patient-" + m_pseudonym(placed(m_people.patients.at(layout::bareName(picture.bare))));
  return c;
}

/// Adds what a mask marks.
void MaskPairing::take(Case& c, const MaskFile& mask) {
  const auto& file = mask.entry->file;
  const auto& structure = mask.belongs.structure;
  if (!mask.values || (!mask.described && m_meanings.at(structure).kind() == MaskMeaning::Kind::None)) return;
  if (!fitsPicture(c, file, mask.values->size, m_out)) return;
  const bool part = mask.belongs.numbered;
  if (mask.described) return takeMask(c, file, *mask.described, part, m_out);
  const auto marked = m_meanings.at(structure).structuresIn(structure, *mask.values);
  if (!marked) {
    m_out.findings.emplace_back(file, Finding{Finding::Severity::Unusable, "label-values", marked.error().text()});
    return;
  }
  layout::Structures structures;
  for (const auto& [label, place] : *marked) structures.structures.push_back({label, {place}, false});
  takeMask(c, file, structures, part, m_out);
}

/// Whether an unlabelled picture is one of the set: it lies where labelled ones do, or where pictures are said to lie.
bool MaskPairing::wanted(std::size_t picture) const {
  if (m_owners.contains(picture) || m_foreignOwners.contains(picture) || m_pictures[picture].name.image) return true;
  const auto folder = m_pictures[picture].relative.parent_path();
  return std::ranges::any_of(m_owners, [&](auto n) { return m_pictures[n].relative.parent_path() == folder; });
}

bool MaskPairing::makeCases() {
  std::map<std::size_t, std::vector<const MaskFile*>> masksOf;
  bool labelled = false;
  std::set<fs::path> masks;
  for (const auto& mask : m_masks) {
    masks.insert(mask.entry->file);
    masksOf[mask.picture].push_back(&mask);
    labelled |=
        mask.values && (mask.described || m_meanings.at(mask.belongs.structure).kind() != MaskMeaning::Kind::None);
  }
  if (!labelled && m_foreignOwners.empty()) return false;
  std::vector<std::size_t> pictures;
  for (std::size_t n = 0; n < m_pictures.size(); ++n)
    if (!masks.contains(m_pictures[n].file) && wanted(n)) pictures.push_back(n);
  tellPeople(pictures);
  for (const auto n : pictures) {
    const auto& picture = m_pictures[n];
    auto made = pictureCase(picture.file);
    for (const auto& [number, file] : picture.channels) m_used.insert(file);
    if (made) {
      if (auto same = checkChannels(*made, picture.channels); !same) made = std::unexpected(same.error());
    }
    if (!made) {
      m_out.findings.emplace_back(picture.file, Finding{Finding::Severity::Unusable, "damaged", made.error().text()});
      continue;
    }
    auto c = caseOf(picture, std::move(*made));
    auto& own = masksOf[n];
    std::ranges::sort(own, {}, [](const auto* mask) { return std::pair(mask->belongs.numbered, mask->entry->file); });
    for (const auto* mask : own) take(c, *mask);
    m_used.insert(picture.file);
    m_out.cases.push_back(std::move(c));
  }
  for (const auto& mask : m_maskEntries) m_used.insert(mask.file);
  m_used.insert(masks.begin(), masks.end());
  tellCounts();
  return true;
}

void MaskPairing::tellPeople(const std::vector<std::size_t>& pictures) {
  layout::NamedImages named;
  for (const auto n : pictures) named.emplace_back(layout::bareName(m_pictures[n].bare), layout::Name());
  for (auto& [bare, name] : named) name = layout::nameOf(bare, {});
  m_people = layout::peopleOf(named, layout::ImageKind::Pictures);
  if (m_patientsSaid) return;
  for (const auto& told : {joinedPeople(m_people), unknownPeople(m_people)})
    if (told) m_out.findings.emplace_back(m_folder, *told);
}

void MaskPairing::tellCounts() {
  for (const auto& [structure, meaning] : m_meanings)
    if (!meaning.note().empty())
      m_out.findings.emplace_back(m_folder, Finding{Finding::Severity::Note, "mask-values",
                                                    "the masks of '" + structure + "': " + meaning.note()});
  for (const auto& [code, counted] : m_counts) {
    const auto number = std::to_string(counted.first) + " mask(s), the first of them this one, ";
    m_out.findings.emplace_back(
        counted.second,
        Finding{Finding::Severity::Unusable, code,
                code == "mask-format"
                    ? number + "are pictures of a kind that cannot be read: write them anew as PNG, with the same names"
                    : number + "belong by their names to no picture, or to several alike"});
  }
}

/// Whether the pictures lie in a few folders of several pictures each that say neither split nor what files are.
bool MaskPairing::inClasses() const {
  constexpr std::size_t kMostClasses = 50;
  std::map<std::string, int> places;
  for (const auto& picture : m_pictures) {
    if (!m_used.contains(picture.file)) continue;
    std::string place;
    for (const auto& part : picture.name.place)
      if (!layout::saysSplit(part) && !layout::isFormatFolder(part)) place += part + "/";
    ++places[place];
  }
  return places.size() > 1 && places.size() <= kMostClasses &&
         std::ranges::all_of(places, [](const auto& place) { return place.second > 1; });
}

void MaskPairing::takeFrom(io::Scan& scan) const {
  auto gone = m_used;
  if (inClasses())
    for (const auto& picture : m_pictures) gone.erase(picture.file);
  std::erase_if(scan.loose, [&](const auto& loose) { return gone.contains(loose.file); });
}

}  // namespace

Result<void> pairMasks(io::Scan& scan, const std::string& source, const fs::path& folder, bool patientsSaid,
                       const Pseudonym& pseudonym, const Remembered& remembered, Pairing& out, Progress& progress,
                       const CancelToken& cancel) {
  const auto before = out.findings.size();
  MaskPairing pairing(source, folder, patientsSaid, pseudonym, remembered, out);
  pairing.sortOut(scan);
  pairing.pair();
  LORKD_CHECK(pairing.readValues(progress, cancel));
  if (pairing.makeCases()) {
    pairing.takeFrom(scan);
  } else if (out.findings.size() > before) {
    // What calls itself masks is something else, a class for example: to say so once is enough.
    out.findings.resize(before + 1);
    out.findings.back().second.severity = Finding::Severity::Warning;
  }
  return {};
}

}  // namespace lorkd::data
