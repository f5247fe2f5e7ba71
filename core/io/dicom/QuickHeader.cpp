#include "core/io/dicom/QuickHeader.h"

#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dctag.h>

#include <algorithm>
#include <unordered_map>

#include "core/io/dicom/Elements.h"
#include "core/io/dicom/Mosaic.h"
#include "core/io/dicom/SegFrames.h"

namespace lorkd::io {
namespace {

constexpr std::uint32_t kPixelData = 0x7fe00010;

struct Wanted {
  std::uint32_t tag;
  Vr vr = {};
  bool ofSlice = false;  // asked for by sliceHeader() alone: what mostly changes from slice to slice
};
// Every tag that headers are made of, with its representation in the dictionary (PS3.6), in order. Those without
// one here are enough to hand the file on: directories, frames of their own, and binary numbers that tell volumes
// apart.
constexpr Wanted kWanted[] = {
    {0x00041220},
    {0x00080005, "CS"},
    {0x00080008, "CS"},
    {0x00080016, "UI"},
    {0x00080018, "UI", true},
    {0x00080020, "DA"},
    {0x00080032, "TM", true},
    {0x00080060, "CS"},
    {0x0008103e, "LO"},
    {0x00100010, "PN"},
    {0x00100020, "LO"},
    {0x00100030, "DA"},
    {0x00180015, "CS"},
    {0x00180050, "DS"},
    {0x00180081, "DS", true},
    {0x00180088, "DS", true},
    {0x00181060, "DS", true},
    {0x00189087},
    {0x00189089},
    {0x00189701},
    {0x00189758},
    {0x0020000d, "UI"},
    {0x0020000e, "UI"},
    {0x00200012, "IS", true},
    {0x00200032, "DS", true},
    {0x00200037, "DS"},
    {0x00200052, "UI"},
    {0x00200100, "IS", true},
    {0x00209241},
    {0x00280002, "US"},
    {0x00280004, "CS"},
    {0x00280008, "IS", true},
    {0x00280010, "US"},
    {0x00280011, "US"},
    {0x00280030, "DS"},
    {0x00280100, "US"},
    {0x00280301, "CS"},
    {0x00281052, "DS", true},
    {0x00281053, "DS", true},
    {0x00541001, "CS"},
    {0x00541102, "CS"},
    {0x00541300, "DS", true},
    {0x52009230},
};

struct Syntax {
  std::string_view uid;
  bool isExplicit, encapsulated;
};
constexpr Syntax kSyntaxes[] = {
    {"1.2.840.10008.1.2", false, false},    {"1.2.840.10008.1.2.1", true, false},
    {"1.2.840.10008.1.2.4.50", true, true}, {"1.2.840.10008.1.2.4.51", true, true},
    {"1.2.840.10008.1.2.4.57", true, true}, {"1.2.840.10008.1.2.4.70", true, true},
    {"1.2.840.10008.1.2.4.80", true, true}, {"1.2.840.10008.1.2.4.81", true, true},
    {"1.2.840.10008.1.2.4.90", true, true}, {"1.2.840.10008.1.2.4.91", true, true},
    {"1.2.840.10008.1.2.5", true, true},
};

std::string_view withoutPadding(std::string_view value) {
  if (value.ends_with('\0')) value.remove_suffix(1);
  while (value.ends_with(' ')) value.remove_suffix(1);
  return value;
}

// Text that comes out of any parser as it stands.
bool plain(std::string_view text) {
  if (text.starts_with(' ') || text.ends_with('^') || text.ends_with('=') || text.size() > 256) return false;
  for (std::size_t n = 0; n < text.size(); ++n) {
    const auto c = static_cast<unsigned char>(text[n]);
    if (c < 32 || c > 126) return false;
    if (c == '\\' && ((n > 0 && text[n - 1] == ' ') || (n + 1 < text.size() && text[n + 1] == ' '))) return false;
  }
  return true;
}

// The wanted values of a file; whether all is as usual.
class Values final : public HeaderValues {
 public:
  void clear() {
    m_slots = {};
    m_ofSeries.clear();
    m_ofSlice.clear();
    m_usual = true;
    m_private = false;
  }
  // False when the value is one that only a full parse should judge.
  bool take(const Wanted& wanted, std::string_view value) {
    if (wanted.vr == Vr() || value.size() % 2 != 0) return false;
    if (wanted.vr == "UI" && value.find_first_not_of("0123456789.") < withoutPadding(value).size()) return false;
    // Decimal commas.
    if (wanted.vr == "DS" && value.find(',') != value.npos) return false;
    if (wanted.vr == "US" ? value.size() != 2 : !plain(value = withoutPadding(value))) return false;
    auto& slot = m_slots[static_cast<std::size_t>(&wanted - kWanted)];
    auto& bytes = wanted.ofSlice ? m_ofSlice : m_ofSeries;
    // Which and how long, so that no two series have the same bytes.
    bytes += {static_cast<char>(&wanted - kWanted), static_cast<char>(value.size() % 256),
              static_cast<char>(value.size() / 256)};
    slot = {static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(value.size())};
    bytes += value;
    return true;
  }
  /// All that seriesHeader() makes of them, but privateElements().
  const std::string& ofSeries() const { return m_ofSeries; }
  bool usual() const { return m_usual; }
  /// To be told of every element.
  void see(const Element& e) { m_private |= (e.tag >> 16) % 2 != 0; }

  std::string text(const DcmTagKey& tag) const override { return std::string(value(tag)); }
  std::string any(const DcmTagKey& tag) const override { return std::string(value(tag)); }
  long integer(const DcmTagKey& tag, long fallback) const override {
    const auto& wanted = find(tag);
    const auto bytes = value(tag);
    if (bytes.empty()) return fallback;
    if (wanted.vr == "US") return static_cast<long>(littleOrBig(bytes, false));
    // The only whole number as text that is asked for counts the frames, and several are not for this reader.
    if (bytes != "1") m_usual = false;
    return 1;
  }
  dicom::Numbers numbers(const DcmTagKey& tag, unsigned count) const override {
    std::vector<double> out;
    auto rest = value(tag);
    if (rest.empty()) return std::nullopt;
    while (out.size() < count) {
      const auto end = std::min(rest.find('\\'), rest.size());
      const auto one = dicom::numberIn(rest.substr(0, end));
      if (!one) m_usual = false;
      out.push_back(one.value_or(0));
      if (end == rest.size()) break;
      rest.remove_prefix(end + 1);
    }
    if (out.size() < count) return std::nullopt;
    return out;
  }
  bool privateElements() const override { return m_private; }

 private:
  struct Slot {
    std::uint32_t at = 0, size = 0;
  };
  static const Wanted& find(const DcmTagKey& tag) {
    const auto key = std::uint32_t(tag.getGroup()) << 16 | tag.getElement();
    return *std::ranges::lower_bound(kWanted, key, {}, &Wanted::tag);
  }
  std::string_view value(const DcmTagKey& tag) const {
    const auto& wanted = find(tag);
    const auto& slot = m_slots[static_cast<std::size_t>(&wanted - kWanted)];
    return std::string_view(wanted.ofSlice ? m_ofSlice : m_ofSeries).substr(slot.at, slot.size);
  }
  std::array<Slot, std::size(kWanted)> m_slots{};
  std::string m_ofSeries, m_ofSlice;
  mutable bool m_usual = true;
  bool m_private = false;
};

// Where fragments that start at `at` end, delimiter included; nothing when they are cut off or something else.
std::optional<std::uint64_t> endOfFragments(Bytes& bytes, std::uint64_t at) {
  Element e;
  while (readElement(bytes, at, {}, e) && e.tag == kItem && e.length != kUndefined) at = e.value + e.length;
  return e.tag == kSequenceEnd ? std::optional(e.value) : std::nullopt;
}

// Whether the dictionary has the tag as a sequence: where representations are not written, a parser goes by that.
bool sequenceByDictionary(std::uint32_t tag) {
  if ((tag >> 16) % 2 != 0) return false;  // private ones are known by their creators alone
  constexpr std::size_t kMost = 8192;      // more than the dictionary has; a hostile file may name any
  thread_local std::unordered_map<std::uint32_t, bool> known;
  if (known.size() > kMost) known.clear();
  const auto [entry, isNew] = known.try_emplace(tag, false);
  if (isNew)
    entry->second = DcmTag(static_cast<Uint16>(tag >> 16), static_cast<Uint16>(tag & 0xffff)).getEVR() == EVR_SQ;
  return entry->second;
}

enum class Kind { Value, Sequence, Unusual };

// What the element holds; Unusual where parsers may differ.
Kind kindOf(Bytes& bytes, const Element& e, Encoding encoding) {
  if (e.tag >> 16 == 0xfffe || (encoding.isExplicit && !e.vr.known())) return Kind::Unusual;
  const bool sequence = encoding.isExplicit ? e.vr == "SQ" : sequenceByDictionary(e.tag);
  if (sequence != isSequence(bytes, e, encoding) && e.length > 0) return Kind::Unusual;
  return sequence ? Kind::Sequence : Kind::Value;
}

// Where a sequence ends that is built as the standard has it: items that hold elements, each ending where it says.
// Nothing for any other, for unknown elements of undefined length, and for sequences deeper than real ones.
std::optional<std::uint64_t> endOfUsual(Bytes& bytes, const Element& sequence, Encoding encoding, Values& values,
                                        int depth = 0) {
  if (depth > 16) return std::nullopt;
  const auto over = [](const Element& whole, std::uint64_t at) {
    return whole.length != kUndefined && at >= whole.value + whole.length;
  };
  auto at = sequence.value;
  Element item, e;
  while (!over(sequence, at)) {
    if (!readElement(bytes, at, encoding, item)) return std::nullopt;
    at = item.value;
    if (item.tag == kSequenceEnd && item.length == 0 && sequence.length == kUndefined) return at;
    if (item.tag != kItem) return std::nullopt;
    while (!over(item, at)) {
      if (!readElement(bytes, at, encoding, e)) return std::nullopt;
      at = e.value;
      if (e.tag == kItemEnd && e.length == 0 && item.length == kUndefined) break;
      values.see(e);
      const auto kind = kindOf(bytes, e, encoding);
      const auto end = kind == Kind::Value      ? std::optional(at + e.length)
                       : kind == Kind::Sequence ? endOfUsual(bytes, e, encoding, values, depth + 1)
                                                : std::nullopt;
      if (!end) return std::nullopt;
      at = *end;
    }
    if (item.length != kUndefined && at != item.value + item.length) return std::nullopt;
  }
  return at == sequence.value + sequence.length ? std::optional(at) : std::nullopt;
}

// The transfer syntax that the meta header names, and where the data set begins.
const Syntax* readMeta(Bytes& bytes, std::uint64_t& at) {
  if (bytes.at(128, 4) != "DICM") return nullptr;
  at = 132;
  const Syntax* syntax = nullptr;
  Element e;
  while (readElement(bytes, at, {}, e) && e.tag >> 16 == 0x0002) {
    if (e.length == kUndefined || !e.vr.known()) return nullptr;
    if (e.tag == 0x00020010) {
      if (e.vr != Vr("UI") || e.length > 64) return nullptr;
      const auto uid = withoutPadding(bytes.at(e.value, e.length));
      const auto found = std::ranges::find(kSyntaxes, uid, &Syntax::uid);
      if (found == std::end(kSyntaxes) || syntax) return nullptr;
      syntax = found;
    }
    at = e.value + e.length;
  }
  return syntax;
}

// The pixel data are all there, and nothing comes after them.
bool endsWithPixels(Bytes& bytes, const Element& e, const Syntax& syntax, const SliceHeader& h) {
  if (syntax.isExplicit && e.vr != "OB" && e.vr != "OW") return false;
  if (syntax.encapsulated) {
    if (e.length != kUndefined) return false;
    const auto end = endOfFragments(bytes, e.value);
    return end && *end == bytes.size();
  }
  const double bits = static_cast<double>(h->rows) * h->columns * h->samples * h->bitsAllocated;
  return e.length != kUndefined && e.value + e.length == bytes.size() && e.length * 8.0 >= bits;
}

// One for all files of the same values. Nothing for values that only a full parse should judge.
std::shared_ptr<const SeriesHeader> seriesOf(const Values& values, const Syntax& syntax) {
  constexpr std::size_t kMost = 64;  // files of several series may lie mixed
  thread_local std::unordered_map<std::string, std::shared_ptr<const SeriesHeader>> known;
  const auto key = values.ofSeries() + static_cast<char>(&syntax - kSyntaxes) + (values.privateElements() ? '1' : '0');
  if (const auto found = known.find(key); found != known.end()) return found->second;
  auto series = std::make_shared<SeriesHeader>(seriesHeader(values));
  series->transferSyntax = syntax.uid;
  if (!values.usual()) return nullptr;
  if (known.size() == kMost) known.clear();
  return known[key] = std::move(series);
}

}  // namespace

std::optional<SliceHeader> quickHeader(const std::filesystem::path& file) {
  Bytes bytes(file);
  std::uint64_t at = 0;
  const auto* syntax = readMeta(bytes, at);
  if (!syntax) return std::nullopt;
  const Encoding encoding{syntax->isExplicit, false};
  thread_local Values values;  // one block of memory serves all files of a thread
  values.clear();
  Element e;
  const auto* next = std::begin(kWanted);
  std::uint32_t last = 0;
  while (true) {
    if (!readElement(bytes, at, encoding, e) || e.tag <= last) return std::nullopt;
    last = e.tag;
    if (e.tag == kPixelData) break;
    values.see(e);
    const auto kind = kindOf(bytes, e, encoding);
    if (kind == Kind::Unusual) return std::nullopt;
    while (next != std::end(kWanted) && next->tag < e.tag) ++next;
    const bool wanted = next != std::end(kWanted) && next->tag == e.tag;
    if (kind == Kind::Sequence) {
      const auto end = wanted ? std::nullopt : endOfUsual(bytes, e, encoding, values);
      if (!end) return std::nullopt;
      at = *end;
      continue;
    }
    if (wanted) {
      if (e.length > 256 || (encoding.isExplicit && e.vr != next->vr)) return std::nullopt;
      const auto value = bytes.at(e.value, e.length);
      if (value.size() != e.length || !values.take(*next, value)) return std::nullopt;
    }
    at = e.value + e.length;
  }
  auto h = sliceHeader(values);
  h.series = seriesOf(values, *syntax);
  if (!h.series || !values.usual()) return std::nullopt;
  if (isMosaic(*h.series)) return std::nullopt;
  const bool image = h->rows > 0 && h->columns > 0 && !h->seriesUid.empty() && h->modality != "SEG" &&
                     h->modality != "SM" && h->modality != "RTDOSE" && !isSegmentation(h->sopClassUid) &&
                     h->sopClassUid != UID_RTStructureSetStorage;
  if (!image || !endsWithPixels(bytes, e, *syntax, h)) return std::nullopt;
  return h;
}

}  // namespace lorkd::io
