#include "core/base/Composed.h"

#include <array>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace lorkd {
namespace {

struct Row {
  char32_t mark;
  std::u32string_view bases, composed;
};

/// Canonical compositions of Latin, Greek and Cyrillic letters and of kana: UnicodeData.txt of Unicode 15, field 5,
/// without those that CompositionExclusions.txt lists.
// clang-format off
constexpr auto kRows = std::to_array<Row>({
    {0x0300, U"AEIOUaeiouÜüNnЕИеиĒēŌōWwÂâĂăÊêÔôƠơ", U"ÀÈÌÒÙàèìòùǛǜǸǹЀЍѐѝḔḕṐṑẀẁẦầẰằỀềỒồỜờ"},
    {0x0300, U"ƯưYy", U"ỪừỲỳ"},
    {0x0301, U"AEIOUYaeiouyCcLlNnRrSsZzÜüGgÅåÆæØø", U"ÁÉÍÓÚÝáéíóúýĆćĹĺŃńŔŕŚśŹźǗǘǴǵǺǻǼǽǾǿ"},
    {0x0301, U"ΑΕΗΙΟΥΩϊαεηιϋουωГКгкÇçĒēÏïKkMmÕõŌō", U"ΆΈΉΊΌΎΏΐάέήίΰόύώЃЌѓќḈḉḖḗḮḯḰḱḾḿṌṍṒṓ"},
    {0x0301, U"PpŨũWwÂâĂăÊêÔôƠơƯư", U"ṔṕṸṹẂẃẤấẮắẾếỐốỚớỨứ"},
    {0x0302, U"AEIOUaeiouCcGgHhJjSsWwYyZzẠạẸẹỌọ", U"ÂÊÎÔÛâêîôûĈĉĜĝĤĥĴĵŜŝŴŵŶŷẐẑẬậỆệỘộ"},
    {0x0303, U"ANOanoIiUuVvÂâĂăEeÊêÔôƠơƯưYy", U"ÃÑÕãñõĨĩŨũṼṽẪẫẴẵẼẽỄễỖỗỠỡỮữỸỹ"},
    {0x0304, U"AaEeIiOoUuÜüÄäȦȧÆæǪǫÖöÕõȮȯYyИиУуGg", U"ĀāĒēĪīŌōŪūǕǖǞǟǠǡǢǣǬǭȪȫȬȭȰȱȲȳӢӣӮӯḠḡ"},
    {0x0304, U"ḶḷṚṛ", U"ḸḹṜṝ"},
    {0x0306, U"AaEeGgIiOoUuУИиуЖжАаЕеȨȩẠạ", U"ĂăĔĕĞğĬĭŎŏŬŭЎЙйўӁӂӐӑӖӗḜḝẶặ"},
    {0x0307, U"CcEeGgIZzAaOoBbDdFfHhMmNnPpRrSsŚśŠ", U"ĊċĖėĠġİŻżȦȧȮȯḂḃḊḋḞḟḢḣṀṁṄṅṖṗṘṙṠṡṤṥṦ"},
    {0x0307, U"šṢṣTtWwXxYyſ", U"ṧṨṩṪṫẆẇẊẋẎẏẛ"},
    {0x0308, U"AEIOUaeiouyYΙΥιυЕІеіАаӘәЖжЗзИиОоӨө", U"ÄËÏÖÜäëïöüÿŸΪΫϊϋЁЇёїӒӓӚӛӜӝӞӟӤӥӦӧӪӫ"},
    {0x0308, U"ЭэУуЧчЫыHhÕõŪūWwXxt", U"ӬӭӰӱӴӵӸӹḦḧṎṏṺṻẄẅẌẍẗ"},
    {0x0309, U"AaÂâĂăEeÊêIiOoÔôƠơUuƯưYy", U"ẢảẨẩẲẳẺẻỂểỈỉỎỏỔổỞởỦủỬửỶỷ"},
    {0x030A, U"AaUuwy", U"ÅåŮůẘẙ"},
    {0x030B, U"OoUuУу", U"ŐőŰűӲӳ"},
    {0x030C, U"CcDdEeLlNnRrSsTtZzAaIiOoUuÜüGgKkƷʒ", U"ČčĎďĚěĽľŇňŘřŠšŤťŽžǍǎǏǐǑǒǓǔǙǚǦǧǨǩǮǯ"},
    {0x030C, U"jHh", U"ǰȞȟ"},
    {0x030F, U"AaEeIiOoRrUuѴѵ", U"ȀȁȄȅȈȉȌȍȐȑȔȕѶѷ"},
    {0x0311, U"AaEeIiOoRrUu", U"ȂȃȆȇȊȋȎȏȒȓȖȗ"},
    {0x031B, U"OoUu", U"ƠơƯư"},
    {0x0323, U"BbDdHhKkLlMmNnRrSsTtVvWwZzAaEeIiOo", U"ḄḅḌḍḤḥḲḳḶḷṂṃṆṇṚṛṢṣṬṭṾṿẈẉẒẓẠạẸẹỊịỌọ"},
    {0x0323, U"ƠơUuƯưYy", U"ỢợỤụỰựỴỵ"},
    {0x0324, U"Uu", U"Ṳṳ"},
    {0x0325, U"Aa", U"Ḁḁ"},
    {0x0326, U"SsTt", U"ȘșȚț"},
    {0x0327, U"CcGgKkLlNnRrSsTtEeDdHh", U"ÇçĢģĶķĻļŅņŖŗŞşŢţȨȩḐḑḨḩ"},
    {0x0328, U"AaEeIiUuOo", U"ĄąĘęĮįŲųǪǫ"},
    {0x032D, U"DdEeLlNnTtUu", U"ḒḓḘḙḼḽṊṋṰṱṶṷ"},
    {0x032E, U"Hh", U"Ḫḫ"},
    {0x0330, U"EeIiUu", U"ḚḛḬḭṴṵ"},
    {0x0331, U"BbDdKkLlNnRrTtZzh", U"ḆḇḎḏḴḵḺḻṈṉṞṟṮṯẔẕẖ"},
    {0x3099, U"かきくけこさしすせそたちつてとはひふへほうゝカキクケコサシスセソタチ", U"がぎぐげござじずぜぞだぢづでどばびぶべぼゔゞガギグゲゴザジズゼゾダヂ"},
    {0x3099, U"ツテトハヒフヘホウワヰヱヲヽ", U"ヅデドバビブベボヴヷヸヹヺヾ"},
    {0x309A, U"はひふへほハヒフヘホ", U"ぱぴぷぺぽパピプペポ"},
});
// clang-format on

using Pairs = std::map<std::pair<char32_t, char32_t>, char32_t>;

Pairs pairsOf() {
  Pairs out;
  for (const auto& row : kRows)
    for (std::size_t n = 0; n < row.bases.size(); ++n) out[{row.bases[n], row.mark}] = row.composed[n];
  return out;
}

/// Hangul syllables are composed by arithmetic: The Unicode Standard, section 3.12.
std::optional<char32_t> syllable(char32_t first, char32_t second) {
  constexpr char32_t kSyllables = 0xAC00, kLeads = 0x1100, kVowels = 0x1161, kTails = 0x11A7;
  constexpr char32_t kLeadCount = 19, kVowelCount = 21, kTailCount = 28;
  if (first >= kLeads && first < kLeads + kLeadCount && second >= kVowels && second < kVowels + kVowelCount)
    return kSyllables + ((first - kLeads) * kVowelCount + (second - kVowels)) * kTailCount;
  const bool open = first >= kSyllables && first < kSyllables + kLeadCount * kVowelCount * kTailCount &&
                    (first - kSyllables) % kTailCount == 0;
  if (open && second > kTails && second < kTails + kTailCount) return first + (second - kTails);
  return std::nullopt;
}

std::optional<char32_t> composition(char32_t first, char32_t second) {
  static const Pairs pairs = pairsOf();
  if (const auto found = pairs.find({first, second}); found != pairs.end()) return found->second;
  return syllable(first, second);
}

/// One character of UTF-8 from `at` on, with its bytes; nothing where the bytes are none.
std::optional<std::pair<char32_t, std::size_t>> characterAt(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t n) { return static_cast<unsigned char>(text[at + n]); };
  const auto first = byte(0);
  if (first < 0x80) return std::pair(char32_t(first), std::size_t(1));
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + size > text.size()) return std::nullopt;
  char32_t out = first & (0xFFu >> (size + 1));
  for (std::size_t n = 1; n < size; ++n) {
    if ((byte(n) & 0xC0) != 0x80) return std::nullopt;
    out = (out << 6) | (byte(n) & 0x3Fu);
  }
  return std::pair(out, size);
}

/// Every composed character here lies below U+10000.
void append(std::string& out, char32_t c) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
  } else {
    out += static_cast<char>(0xE0 | (c >> 12));
    tail(6);
  }
  tail(0);
}

}  // namespace

std::string composed(std::string_view text) {
  const auto isPlain = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  std::string out;
  std::optional<char32_t> last;  // the character that `out` ends with, from `begin` on
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (isPlain(text[at]) && (at + 1 == text.size() || isPlain(text[at + 1]))) {  // as nearly always
      last = static_cast<unsigned char>(text[at]);
      begin = out.size();
      out += text[at++];
      continue;
    }
    const auto next = characterAt(text, at);
    const auto size = next ? next->second : 1;
    const auto one = last && next ? composition(*last, next->first) : std::nullopt;
    if (one) {
      out.resize(begin);
      append(out, *one);
    } else {
      begin = out.size();
      out += text.substr(at, size);
    }
    last = one ? one : next ? std::optional(next->first) : std::nullopt;
    at += size;
  }
  return out;
}

}  // namespace lorkd
