// Plans of nnU-Net with their data set: {"plans": ..., "dataset": ...}.
#include "core/models/NnUnetPlans.cpp"

#include "core/models/NnUnetDataset.cpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = lorkd::parseJson({reinterpret_cast<const char*>(data), size}, "input");
  if (json && json->is_object())
    (void)lorkd::models::readNnUnetPlans(json->value("plans", lorkd::Json()), json->value("dataset", lorkd::Json()),
                                         "3d_fullres");
  return 0;
}
