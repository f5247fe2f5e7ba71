// Lists of images and labels as MONAI has them ("datalist"): JSON beside the files.
#pragma once

#include "core/data/layout/Reader.h"

namespace lorkd::monai {

/// Reads what monai.data.load_decathlon_datalist reads: an object whose lists "training", "validation" and "test" (or
/// "testing") hold {"image": path or paths of channels, "label": path}, or paths of images alone; paths are below the
/// list's folder. Whose fold is which is not said there, and left open. The Decathlon's and nnU-Net's own dataset.json
/// needs no such reader. Of several lists the one that names most of the volumes counts.
data::layout::LayoutReader reader();

}  // namespace lorkd::monai
