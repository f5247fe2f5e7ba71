// Which of a case's channels the network sees, and in which order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/data/Case.h"
#include "core/run/Plan.h"

namespace lorkd::data {

/// What the channels of an image are called, one at least: by the data, else by the modality, else "image".
std::vector<std::string> channelNames(const Case& c);

/// The modality (as DICOM calls it: CT, PT, MR, US) of a channel called so; empty where the name does not tell.
std::string modalityOf(const std::string& channel);

/// Of each input of the plan (data.inputs) the position of the case's channel; nothing where the case lacks one that
/// may be filled. A plan without inputs takes the only channel. Errors: InvalidArgument (the plan names no inputs, the
/// case has several channels), NotFound (a channel that may not be filled is missing, naming it).
Result<std::vector<std::optional<std::size_t>>> inputsOf(const plan::Data& options, const Case& c);

/// How an input of the plan is normalised: as it says itself, or as the data section does.
plan::Data normalisationOf(const plan::Data& options, std::size_t input);

/// The channels that the network sees, in the plan's order, as they are stored; a channel that the case lacks has no
/// voxels. Of a picture in one file, where the plan names no inputs, what data.channels says (see PictureCase.h).
/// Errors: those of inputsOf(), readImage() and readPictureChannels().
Result<std::vector<image::Volume>> readInputs(const plan::Data& options, const Case& c);

}  // namespace lorkd::data
