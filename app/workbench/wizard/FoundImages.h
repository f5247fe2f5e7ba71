// What the project's index knows of a plan's sources, read and put into words on a worker.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/workbench/wizard/RowsModel.h"
#include "core/data/Catalogue.h"

namespace lorkd::workbench {

struct FoundImages {
  struct Source {
    QString name, folder;
    bool there = false;    ///< the folder exists
    bool scanned = false;  ///< the index knows it, read as the plan says
    QString readAs;        ///< how its files were told apart, in words
  };
  std::vector<Source> sources;
  std::vector<data::Case> cases;  ///< that a run can use
  std::vector<Row> rows;          ///< patients with their images, then findings
  int labelled = 0, unusable = 0, leftOut = 0;
  std::map<std::string, int> waiting;  ///< images, or unreadable places, by the finding that needs consent
  QString error;                       ///< why the index cannot be read
};

/// What an image is, for lists: modality and part of the body, else what it was read from.
QString kindText(const data::Case& item);

/// `sources` is the plan's data.sources. No index yet is no error.
FoundImages findImages(const QString& index, const Json& sources);

}  // namespace lorkd::workbench
