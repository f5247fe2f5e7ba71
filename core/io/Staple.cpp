#include "core/io/Staple.h"

#include <itkImage.h>
#include <itkSTAPLEImageFilter.h>

#include <algorithm>
#include <cmath>

namespace lorkd::io {

Result<std::vector<std::uint8_t>> staple(const image::Geometry& geometry,
                                         const std::vector<std::vector<std::uint8_t>>& answers) {
  const auto voxels = static_cast<std::size_t>(geometry.voxels());
  if (answers.empty() || std::ranges::any_of(answers, [&](const auto& a) { return a.size() != voxels; }))
    return fail(ErrorCode::InvalidArgument, "answers to be joined must be masks of the same voxels");
  // With all of one opinion there is nothing to estimate, and the estimate divides by 0.
  if (std::ranges::all_of(answers, [&](const auto& a) { return a == answers.front(); })) return answers.front();
  using Labels = itk::Image<std::uint8_t, 3>;
  using Weights = itk::Image<float, 3>;
  try {
    auto filter = itk::STAPLEImageFilter<Labels, Weights>::New();
    filter->SetForegroundValue(1);
    for (std::size_t n = 0; n < answers.size(); ++n) {
      auto image = Labels::New();
      Labels::SizeType size;
      for (unsigned a = 0; a < 3; ++a) size[a] = static_cast<itk::SizeValueType>(geometry.size[a]);
      image->SetRegions(size);
      image->Allocate();
      std::ranges::copy(answers[n], image->GetBufferPointer());
      filter->SetInput(static_cast<unsigned>(n), image);
    }
    filter->Update();
    const auto* weights = filter->GetOutput()->GetBufferPointer();
    std::vector<std::uint8_t> out(voxels);
    for (std::size_t v = 0; v < voxels; ++v) {
      if (!std::isfinite(weights[v])) return fail(ErrorCode::Numeric, "STAPLE finds no truth between the answers");
      out[v] = weights[v] > 0.5f;
    }
    return out;
  } catch (const itk::ExceptionObject& e) {
    return fail(ErrorCode::Numeric, std::string("STAPLE failed: ") + e.GetDescription());
  }
}

}  // namespace lorkd::io
