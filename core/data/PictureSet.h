// Sets of 2D pictures for classification, wherever they come from: an archive, folders called after classes, tables.
#pragma once

#include <filesystem>
#include <vector>

#include "core/data/Case.h"
#include "core/io/Images2D.h"

namespace lorkd::data {

/// The set that a case's `imageFiles` stand for, pictures unread: an .npz archive, a folder, or tables and behind them
/// the folder in which they look for pictures (without it, the first one's own). Pictures without a patient get the one
/// that their folders or names tell of (layout/PicturePeople.h).
/// Findings: those of its kind; mask-picture and augmented-copy (no examples), picture-without-class, class-folders
/// (a level of folders that may be classes: needs consent), classes-joined, folders-are-no-classes, patient-in-splits,
/// people-unknown. Errors: those of its kind; InvalidArgument (folders that name no classes, saying what they look
/// like).
Result<io::PictureSet> readPictureSet(const std::vector<std::filesystem::path>& files);

PictureCounts countsOf(const io::PictureSet& set);

/// SHA-256 over the set's archive, or its tables and pictures, with the place of each below the set's folder: it may
/// say class, part and patient. Errors: those of readPictureSet(), Io.
Result<std::string> pictureDigest(const std::vector<std::filesystem::path>& files);

}  // namespace lorkd::data
