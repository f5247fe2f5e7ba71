#include "core/data/layout/ColumnNames.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string_view>

#include "core/base/Composed.h"

namespace lorkd::data::layout {
namespace {

using ColumnWords = std::set<std::string>;

bool isNamePart(unsigned char c) { return std::isalnum(c) || c >= 128; }

/// What follows or precedes the word for a person where a column numbers people.
bool isNumberWord(const std::string& plain) {
  static const ColumnWords words{"",       "id",      "ids",       "no",         "nr",    "num",   "number", "nummer",
                                 "code",   "key",     "uid",       "uuid",       "name",  "index", "hash",   "numero",
                                 "número", "kennung", "pseudonym", "identifier", "ident", "idx",   "n",      "s"};
  return words.contains(plain);
}

}  // namespace

std::string plainName(const std::string& header) {
  std::string out;
  for (const unsigned char c : composed(header))
    if (isNamePart(c)) out += static_cast<char>(std::tolower(c));
  return out;
}

std::vector<std::string> headerWords(const std::string& header) {
  std::vector<std::string> out(1);
  bool small = false;
  for (const unsigned char c : composed(header)) {
    if (!isNamePart(c) || (std::isupper(c) && small)) {
      if (!out.back().empty()) out.emplace_back();
    }
    if (isNamePart(c)) out.back() += static_cast<char>(std::tolower(c));
    small = std::islower(c) || c >= 128;
  }
  if (out.back().empty()) out.pop_back();
  return out;
}

std::optional<std::size_t> patientRank(const std::string& header) {
  // Words that need no number behind them to mean people, and those that do.
  static const std::array<ColumnWords, 6> alone{
      {{"patient", "patients", "patienten", "patientin", "patiente", "paciente", "paziente", "pat"},
       {"subject", "subj", "participant", "proband", "probanden", "person", "individual", "volunteer", "donor", "mrn",
        "pid", "sujet", "sujeto", "soggetto", "participante"},
       {"nom", "nachname", "surname", "lastname", "familyname", "familienname", "apellido", "apellidos", "cognome"},
       {},
       {},
       {"accession", "studyinstanceuid", "studyuid"}}};
  static const std::array<ColumnWords, 6> numbered{
      {{"pt", "px"}, {"sub"}, {}, {"lesion"}, {"case", "fall", "cas", "caso"}, {"exam", "study", "accession"}}};
  const auto plain = plainName(header);
  for (std::size_t rank = 0; rank < alone.size(); ++rank)
    for (const auto* words : {&alone[rank], &numbered[rank]})
      for (const auto& word : *words) {
        const auto rest = plain.starts_with(word) ? plain.substr(word.size())
                          : plain.ends_with(word) ? plain.substr(0, plain.size() - word.size())
                                                  : "other";
        if (isNumberWord(rest) && (words == &alone[rank] || rest.size() > 1)) return rank;
      }
  return std::nullopt;
}

std::size_t patientColumn(const io::Csv& csv) {
  constexpr std::size_t kCase = 4;
  auto out = csv.header.size();
  std::size_t best = kCase;
  for (std::size_t n = 0; n < csv.header.size(); ++n)
    if (const auto rank = patientRank(csv.header[n]); rank && *rank < best) best = *rank, out = n;
  return out;
}

bool isSplitName(const std::string& header) {
  static const ColumnWords names{"split",        "splits",    "set",           "subset",       "fold",
                                 "folds",        "kfold",     "cvfold",        "partition",    "usage",
                                 "part",         "datasplit", "dataset_split", "datasetsplit", "traintest",
                                 "trainvaltest", "splitname", "setname",       "phase_split"};
  return names.contains(plainName(header));
}

std::optional<std::string> flaggedPart(const std::string& header) {
  auto plain = plainName(header);
  const bool asked = plain.starts_with("is") || plain.starts_with("in");
  if (asked) plain = plain.substr(2);
  const bool called = plain.ends_with("set") || plain.starts_with("holdout") || plain.starts_with("heldout");
  if (plain.ends_with("set")) plain.resize(plain.size() - 3);
  if (!asked && !called) return std::nullopt;
  if (plain == "test" || plain == "testing" || plain == "holdout" || plain == "heldout") return "test";
  if (plain == "train" || plain == "training") return "train";
  if (plain == "val" || plain == "valid" || plain == "validation" || plain == "dev") return "val";
  return std::nullopt;
}

std::optional<bool> yesOrNo(const std::string& cell) {
  const auto small = io::lowered(cell);
  if (small == "1" || small == "1.0" || small == "true" || small == "yes" || small == "y" || small == "t") return true;
  if (small == "0" || small == "0.0" || small == "false" || small == "no" || small == "n" || small == "f") return false;
  return std::nullopt;
}

bool isGroupName(const std::string& header) {
  static const ColumnWords names{"group", "groups", "gruppe", "groupe", "grupo", "gruppo"};
  return names.contains(plainName(header));
}

std::string notByName(const std::string& header) {
  static const ColumnWords ids{"id", "ids", "uid", "uuid", "number", "no", "nr", "index", "code", "rad", "nummer"},
      paths{"path", "file", "filename", "filepath", "url", "folder", "directory", "datei", "pfad", "fichier"},
      people{"age",    "sex",     "gender", "race",   "ethnicity",  "weight",  "height", "bmi",
             "dob",    "birth",   "name",   "alter",  "geschlecht", "gewicht", "größe",  "groesse",
             "edad",   "sexo",    "sexe",   "genre",  "sesso",      "genero",  "género", "geburtsdatum",
             "ethnie", "vorname", "peso",   "taille", "poids",      "eta",     "età"},
      times{"date",  "time", "year",  "timestamp", "datetime",  "datum",  "jahr",
            "fecha", "año",  "visit", "session",   "timepoint", "viscode"},
      places{"x",     "y",  "w",  "h",    "xmin", "xmax",    "ymin", "ymax",   "x1",         "x2",   "y1",   "y2",
             "width", "cx", "cy", "bbox", "area", "spacing", "dpi",  "pixels", "resolution", "rows", "cols", "columns"},
      texts{"comment", "comments", "note", "notes", "report", "text", "description", "caption", "url", "bemerkung"},
      folds{"fold", "folds", "kfold", "cvfold"};
  // The whole name: "anatom_site" says what a picture shows.
  static const ColumnWords where{"site",      "center",     "centre",       "hospital", "clinic",   "institution",
                                 "institute", "scanner",    "manufacturer", "vendor",   "device",   "machine",
                                 "camera",    "country",    "city",         "batch",    "cohort",   "zentrum",
                                 "klinik",    "hersteller", "gerät",        "geraet",   "standort", "centro",
                                 "dataset",   "database",   "hôpital",      "hopital",  "source",   "cluster"};
  if (header.find('#') != header.npos) return "a number";
  if (isSplitName(header)) return "a part of the set, or a fold";
  if (flaggedPart(header)) return "a part of the set";
  if (patientRank(header)) return "who it is";
  if (where.contains(plainName(header)) || isGroupName(header))
    return "where or with what a picture was made, or in which group";
  for (const auto& word : headerWords(header)) {
    if (folds.contains(word)) return "a fold";
    if (ids.contains(word)) return "an id";
    if (paths.contains(word)) return "a path";
    if (times.contains(word)) return "a time";
    if (people.contains(word)) return "what a person is like";
    if (places.contains(word)) return "a place or a size";
    if (texts.contains(word)) return "a text";
  }
  return {};
}

}  // namespace lorkd::data::layout
