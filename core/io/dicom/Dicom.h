// What every DICOM reader and writer needs from DCMTK. Inside the rooms that see DCMTK only: this one and pacs.
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h comes first: DCMTK's other headers need it.
#include <dcmtk/dcmdata/dctk.h>

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/Error.h"
#include "core/image/Geometry.h"
#include "core/image/Label.h"

namespace lorkd::io::dicom {

/// Registers the decoders, silences DCMTK's own log and checks the dictionary; once, from any thread.
/// Errors: Internal when DCMTK's data dictionary cannot be found.
Result<void> setup();

/// A file with everything but large values in memory (those are read when asked for).
struct Loaded {
  std::unique_ptr<DcmFileFormat> file;
  OFCondition status;  ///< bad when the file ends early; what was read before that is there
  DcmDataset& dataset() const { return *file->getDataset(); }
};

/// Errors: NotFound, Format (no DICOM data set).
Result<Loaded> load(const std::filesystem::path& path);

/// Writes atomically, as explicit little endian. Errors: Io; Internal where DCMTK cannot.
Result<void> save(DcmFileFormat& format, const std::filesystem::path& file);

/// The value as text without padding, empty if absent. Multi-valued text keeps its backslashes.
std::string text(DcmItem& item, const DcmTagKey& tag);
/// Identifiers and codes hold plain ASCII; anything else in them becomes '?', so that rubbish does not travel on.
std::string ascii(std::string raw);
/// Text as UTF-8: by the declared character set, else by the first of the usual ones that fits the bytes.
std::string utf8(const std::string& raw, const std::string& declared);
/// text() as UTF-8 by the character set that `dataset` declares.
std::string words(DcmItem& item, const DcmTagKey& tag, DcmItem& dataset);
/// The code in the first item of a sequence, in the words of `dataset`'s character set; empty where there is none, or
/// one longer than Code Value allows (PS3.3 section 8.1).
plan::Code codeIn(DcmItem& item, const DcmTagKey& sequence, DcmItem& dataset);
/// Whole and decimal numbers; `fallback` when absent or not such a number from the first to the last character.
long integer(DcmItem& item, const DcmTagKey& tag, long fallback = 0);
double number(DcmItem& item, const DcmTagKey& tag, double fallback = 0);
/// The number that the text is from its first to its last character, blanks around it left aside; nothing where it is
/// none, or not finite. One comma between digits, without a point, is a decimal one: "2,5" is 2.5.
std::optional<double> numberIn(std::string_view text);
/// The names of the elements written with such a comma, of those that place an image and scale its values, in
/// functional groups too; empty if there are none.
std::string decimalCommas(DcmItem& dataset);
/// Exactly `count` finite numbers, or nothing; text that only begins with a number is none.
std::optional<std::vector<double>> numbers(DcmItem& item, const DcmTagKey& tag, unsigned count);
/// A place in mm of three numbers; nothing when it lies farther off than anything of a patient.
using Numbers = std::optional<std::vector<double>>;
std::optional<image::Vec3> place(const Numbers& numbers);
std::optional<image::Vec3> place(DcmItem& item, const DcmTagKey& tag);
/// Row and column direction of ImageOrientationPatient's six numbers, made exactly orthonormal; nothing when they are
/// not nearly so.
std::optional<std::array<image::Vec3, 2>> orientation(const Numbers& numbers);
std::optional<std::array<image::Vec3, 2>> orientation(DcmItem& item, const DcmTagKey& tag);
/// The `index`-th item of a sequence, or null.
DcmItem* sequenceItem(DcmItem& item, const DcmTagKey& sequence, long index = 0);
/// Calls `visit(item)`, which gives a Result<void>, for every item until one fails; DCMTK's access by number walks the
/// list anew each time.
template <class Visit>
Result<void> forEachItem(DcmItem& parent, const DcmTagKey& tag, Visit visit) {
  DcmSequenceOfItems* sequence = nullptr;
  if (parent.findAndGetSequence(tag, sequence).bad() || !sequence) return {};
  for (DcmObject* object = nullptr; (object = sequence->nextInContainer(object));)
    if (auto* item = dynamic_cast<DcmItem*>(object)) LORKD_CHECK(visit(*item));
  return {};
}
/// A functional group's item (PS3.3 section C.7.6.16): the frame's own, else the shared one, else null.
DcmItem* functionalGroup(DcmItem& frame, DcmItem* shared, const DcmTagKey& tag);

/// Sets text values and remembers the first failure.
class Setter {
 public:
  explicit Setter(DcmItem& item) : m_item(item) {}
  void operator()(const DcmTagKey& tag, const std::string& value) {
    if (m_status.good()) m_status = m_item.putAndInsertString(tag, value.c_str());
  }
  void operator()(const DcmTagKey& tag, int value) {
    if (m_status.good()) m_status = m_item.putAndInsertUint16(tag, static_cast<Uint16>(value));
  }
  const OFCondition& status() const { return m_status; }

 private:
  DcmItem& m_item;
  OFCondition m_status = EC_Normal;
};

/// A number as a Decimal String: at most 16 characters, as precise as they allow (PS3.5 section 6.2).
std::string decimal(double value);
/// Several, separated by backslashes.
std::string decimals(std::initializer_list<double> values);

/// Text cut and cleaned to a Long String: at most 64 characters (UTF-8), no backslash, no control character.
std::string longString(const std::string& text);

/// "2.25." and the first 128 bits of SHA-256(seed, name) in decimal (PS3.5 annex B.2).
std::string uid(const std::string& seed, const std::string& name);
/// A seed nobody else has.
std::string freshSeed();

}  // namespace lorkd::io::dicom
