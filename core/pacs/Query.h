// What a PACS holds, by C-FIND in the study root model (PS3.4 section C.6.2).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/Progress.h"
#include "core/pacs/Node.h"

namespace lorkd::pacs {

/// What to look for; empty fields match everything. '*' stands for any characters, '?' for one.
struct StudyFilter {
  std::string patientName;  ///< a part of it, upper or lower case as the PACS minds it
  std::string patientId;
  std::string from, to;     ///< study date, 2024-03-31 or 20240331; both included
  std::string modality;     ///< of any series of the study, for example CT
  std::string description;  ///< a part of it
  std::string accession;
};

/// Text is UTF-8; counts are -1 where the PACS does not tell.
struct Study {
  std::string uid, patientName, patientId, date, time, description, modalities, accession;
  std::int64_t series = -1, instances = -1;
};

struct Series {
  std::string study, uid, modality, number, description, bodyPart;
  std::int64_t instances = -1;
};

/// One image or other object of a series. `sopClass` is empty where the PACS does not tell.
struct Instance {
  std::string uid, sopClass;
};

/// What was found, and whether there would have been more than asked for.
template <class Item>
struct Found {
  std::vector<Item> items;
  bool more = false;
};

/// Whether the node answers (C-ECHO). Errors: those of a connection (NotFound, InvalidArgument, Unsupported, Io,
/// Cancelled), each naming the node.
Result<void> echo(const Node& node, const CancelToken& cancel);

/// At most `limit` studies, newest first. Answers without a valid UID are left out. Errors: as echo();
/// InvalidArgument for a filter that cannot be asked for.
Result<Found<Study>> findStudies(const Node& node, const StudyFilter& filter, int limit, const CancelToken& cancel);

/// The series of one study, by number. Errors: as findStudies().
Result<std::vector<Series>> findSeries(const Node& node, const std::string& study, const CancelToken& cancel);

/// The objects of one series, each once. Errors: as findStudies().
Result<std::vector<Instance>> findInstances(const Node& node, const std::string& study, const std::string& series,
                                            const CancelToken& cancel);

}  // namespace lorkd::pacs
