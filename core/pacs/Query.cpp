#include "core/pacs/Query.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <set>

#include "core/io/dicom/Dicom.h"
#include "core/pacs/Association.h"
#include "core/pacs/Uid.h"

namespace lorkd::pacs {
namespace {

constexpr const char* kFind = UID_FINDStudyRootQueryRetrieveInformationModel;
// Far more than any study or series has.
constexpr int kMost = 100'000;
// No limit but the node's, which is an error: a part of a series must not pass for the whole.
constexpr int kAll = std::numeric_limits<int>::max();

// One key of a request: a value to match, or empty to have it returned.
struct Key {
  DcmTagKey tag;
  std::string value;
};

Result<void> fill(DcmDataset& request, const std::vector<Key>& keys) {
  for (const auto& [tag, value] : keys) {
    if (std::ranges::any_of(value, [](unsigned char c) { return c < 32 || c == '\\'; }))
      return fail(ErrorCode::InvalidArgument, "'" + io::dicom::ascii(value) + "' cannot be searched for",
                  "leave out backslashes and control characters");
    if (std::ranges::any_of(value, [](unsigned char c) { return c > 126; }))
      request.putAndInsertString(DCM_SpecificCharacterSet, "ISO_IR 192");
    if (request.putAndInsertString(tag, value.c_str()).bad())
      return fail(ErrorCode::Internal, "the query cannot be written", "", DcmTag(tag).getTagName());
  }
  return {};
}

// What the answers to one C-FIND go through.
struct Answers {
  Association& association;
  int limit;
  std::function<void(DcmDataset&)> take;
  bool cancelled = false;
};

void onAnswer(void* data, T_DIMSE_C_FindRQ* request, int count, T_DIMSE_C_FindRSP*, DcmDataset* identifiers) {
  auto& answers = *static_cast<Answers*>(data);
  answers.association.watch().count();
  if (count <= answers.limit) {
    if (identifiers) answers.take(*identifiers);
  } else if (!answers.cancelled) {
    answers.cancelled = true;
    const auto context = answers.association.context(kFind, "");
    DIMSE_sendCancelRequest(answers.association.raw(), context.value_or(1), request->MessageID);
  }
}

/// Calls `take` for at most `limit` answers; true when there would have been more.
Result<bool> find(const Node& node, const std::vector<Key>& keys, int limit, const CancelToken& cancel,
                  std::function<void(DcmDataset&)> take) {
  DcmDataset identifiers;
  LORKD_CHECK(fill(identifiers, keys));
  LORKD_TRY(association, Association::open(node, {plainContext(kFind)}, cancel));
  LORKD_TRY(context, association->context(kFind, "queries"));
  T_DIMSE_C_FindRQ request{};
  request.MessageID = association->raw()->nextMsgID++;
  OFStandard::strlcpy(request.AffectedSOPClassUID, kFind, sizeof request.AffectedSOPClassUID);
  request.Priority = DIMSE_PRIORITY_MEDIUM;
  request.DataSetType = DIMSE_DATASET_PRESENT;
  T_DIMSE_C_FindRSP response{};
  Answers answers{*association, limit, std::move(take)};
  DcmDataset* detail = nullptr;
  int answered = 0;
  const auto condition = DIMSE_findUser(association->raw(), context, &request, &identifiers, answered, onAnswer,
                                        &answers, DIMSE_NONBLOCKING, association->patience(), &response, &detail);
  const std::unique_ptr<DcmDataset> owned(detail);
  if (condition.bad()) return association->failed(condition, "query");
  if (response.DimseStatus != STATUS_FIND_Success && !(answers.cancelled && response.DimseStatus == STATUS_FIND_Cancel))
    return fail(ErrorCode::Unsupported,
                "the PACS cannot answer the query: " +
                    statusText(DU_cfindStatusString(response.DimseStatus), response.DimseStatus, detail),
                "try fewer or other search fields", node.place());
  return answers.cancelled;
}

std::int64_t count(DcmItem& item, const DcmTagKey& tag) {
  const auto text = io::dicom::text(item, tag);
  std::int64_t value = -1;
  const auto begin = text.data() + std::min(text.find_first_not_of(' '), text.size());
  const auto [end, code] = std::from_chars(begin, text.data() + text.size(), value);
  return code == std::errc() && value >= 0 && value <= kMost ? value : -1;
}

std::string tidyUid(DcmItem& item, const DcmTagKey& tag) {
  const auto text = io::dicom::text(item, tag);
  return isUid(text) ? text : std::string();
}

// 2024-03-31 or 20240331 to the latter.
Result<std::string> date(std::string text, const char* field) {
  if (text.size() == 10 && text[4] == '-' && text[7] == '-')
    text = text.substr(0, 4) + text.substr(5, 2) + text.substr(8);
  const bool good =
      text.empty() || (text.size() == 8 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }));
  if (!good) return fail(ErrorCode::InvalidArgument, "'" + text + "' is not a date", "write it like 2024-03-31", field);
  return text;
}

// People type a part of a name; a PACS compares the whole.
std::string part(const std::string& text) {
  return text.empty() || text.find_first_of("*?") != text.npos ? text : "*" + text + "*";
}

Result<void> checkUid(const std::string& uid, const char* of) {
  if (isUid(uid)) return {};
  return fail(ErrorCode::InvalidArgument, "'" + io::dicom::ascii(uid) + "' is not the UID of a " + of,
              "a UID has digits and dots, 64 at most");
}

}  // namespace

Result<void> echo(const Node& node, const CancelToken& cancel) {
  LORKD_TRY(association, Association::open(node, {plainContext(UID_VerificationSOPClass)}, cancel));
  DIC_US status = 0;
  DcmDataset* detail = nullptr;
  const auto condition = DIMSE_echoUser(association->raw(), association->raw()->nextMsgID++, DIMSE_NONBLOCKING,
                                        association->patience(), &status, &detail);
  const std::unique_ptr<DcmDataset> owned(detail);
  if (condition.bad()) return association->failed(condition, "echo");
  if (status != 0)
    return fail(ErrorCode::Unsupported, "the PACS answers, but with " + statusText("status", status, detail), "",
                node.place());
  return {};
}

Result<Found<Study>> findStudies(const Node& node, const StudyFilter& filter, int limit, const CancelToken& cancel) {
  LORKD_TRY(from, date(filter.from, "from"));
  LORKD_TRY(to, date(filter.to, "to"));
  const std::string range = from.empty() && to.empty() ? "" : from == to ? from : from + "-" + to;
  Found<Study> found;
  LORKD_TRY(more, find(node,
                       {{DCM_QueryRetrieveLevel, "STUDY"},
                        {DCM_StudyInstanceUID, ""},
                        {DCM_PatientName, part(filter.patientName)},
                        {DCM_PatientID, filter.patientId},
                        {DCM_StudyDate, range},
                        {DCM_StudyTime, ""},
                        {DCM_StudyDescription, part(filter.description)},
                        {DCM_ModalitiesInStudy, filter.modality},
                        {DCM_AccessionNumber, filter.accession},
                        {DCM_NumberOfStudyRelatedSeries, ""},
                        {DCM_NumberOfStudyRelatedInstances, ""}},
                       limit, cancel, [&](DcmDataset& d) {
                         const auto words = [&](const DcmTagKey& tag) { return io::dicom::words(d, tag, d); };
                         Study s{tidyUid(d, DCM_StudyInstanceUID),
                                 words(DCM_PatientName),
                                 words(DCM_PatientID),
                                 words(DCM_StudyDate),
                                 words(DCM_StudyTime),
                                 words(DCM_StudyDescription),
                                 words(DCM_ModalitiesInStudy),
                                 words(DCM_AccessionNumber)};
                         s.series = count(d, DCM_NumberOfStudyRelatedSeries);
                         s.instances = count(d, DCM_NumberOfStudyRelatedInstances);
                         if (!s.uid.empty()) found.items.push_back(std::move(s));
                       }));
  found.more = more;
  std::ranges::stable_sort(found.items, std::greater{}, [](const Study& s) { return std::pair(s.date, s.time); });
  return found;
}

Result<std::vector<Series>> findSeries(const Node& node, const std::string& study, const CancelToken& cancel) {
  LORKD_CHECK(checkUid(study, "study"));
  std::vector<Series> found;
  LORKD_CHECK(find(node,
                   {{DCM_QueryRetrieveLevel, "SERIES"},
                    {DCM_StudyInstanceUID, study},
                    {DCM_SeriesInstanceUID, ""},
                    {DCM_Modality, ""},
                    {DCM_SeriesNumber, ""},
                    {DCM_SeriesDescription, ""},
                    {DCM_BodyPartExamined, ""},
                    {DCM_NumberOfSeriesRelatedInstances, ""}},
                   kAll, cancel, [&](DcmDataset& d) {
                     const auto words = [&](const DcmTagKey& tag) { return io::dicom::words(d, tag, d); };
                     Series s{study,
                              tidyUid(d, DCM_SeriesInstanceUID),
                              words(DCM_Modality),
                              words(DCM_SeriesNumber),
                              words(DCM_SeriesDescription),
                              words(DCM_BodyPartExamined),
                              count(d, DCM_NumberOfSeriesRelatedInstances)};
                     if (!s.uid.empty()) found.push_back(std::move(s));
                   }));
  std::ranges::stable_sort(found, {}, [](const Series& s) { return std::pair(s.number.size(), s.number); });
  return found;
}

Result<std::vector<Instance>> findInstances(const Node& node, const std::string& study, const std::string& series,
                                            const CancelToken& cancel) {
  LORKD_CHECK(checkUid(study, "study"));
  LORKD_CHECK(checkUid(series, "series"));
  std::vector<Instance> found;
  std::set<std::string> known;
  LORKD_CHECK(find(node,
                   {{DCM_QueryRetrieveLevel, "IMAGE"},
                    {DCM_StudyInstanceUID, study},
                    {DCM_SeriesInstanceUID, series},
                    {DCM_SOPInstanceUID, ""},
                    {DCM_SOPClassUID, ""}},
                   kAll, cancel, [&](DcmDataset& d) {
                     Instance instance{tidyUid(d, DCM_SOPInstanceUID), tidyUid(d, DCM_SOPClassUID)};
                     if (!instance.uid.empty() && known.insert(instance.uid).second)
                       found.push_back(std::move(instance));
                   }));
  return found;
}

}  // namespace lorkd::pacs
