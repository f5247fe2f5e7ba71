// Every type of voxel that NIfTI files hold, written by nibabel.
#include "core/io/VolumeFile.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;

namespace {

TEST(Nifti, EveryTypeOfVoxelAndAFourthAxisOfOne) {
  Folder folder;
  put(folder / "make.py", R"(
import sys
try:
    import numpy as np, nibabel
except ImportError:
    sys.exit(77)
affine = np.array([[0, -2., 0, 5], [1.5, 0, 0, -7], [0, 0, -3, 11], [0, 0, 0, 1]])
n = np.arange(2 * 3 * 4).reshape(2, 3, 4, order='F')
for kind in 'u1 i1 u2 i2 u4 i4 u8 i8 f4 f8'.split():
    image = nibabel.Nifti1Image((n + 100 if kind[0] == 'u' else n - 5).astype(kind)[..., None], affine, dtype=kind)
    image.to_filename(f'{sys.argv[1]}/{kind}.nii')
nibabel.Nifti1Image(n * (1 + 1e-15), affine).to_filename(f'{sys.argv[1]}/nearly.nii')
scaled = nibabel.Nifti1Image((n - 5).astype('i2'), affine)
scaled.header.set_slope_inter(0.5, 3)  # of the header alone
scaled.header['vox_offset'] = 352
with open(f'{sys.argv[1]}/scaled.nii', 'wb') as file:
    file.write(scaled.header.binaryblock + bytes(4) + (n - 5).astype('i2').tobytes(order='F'))
)");
  const auto made = run("/usr/bin/python3 " + (folder / "make.py").string() + " " + folder.path().string());
  if (made.code == 77) GTEST_SKIP() << "python3-nibabel is not installed";
  ASSERT_EQ(made.code, 0) << made.output;
  image::Geometry grid;
  grid.size = {2, 3, 4};
  grid.spacing = {1.5, 2, 3};
  grid.origin = {-5, 7, 11};  // nibabel's affines are RAS
  grid.direction = {{{0, 1, 0}, {-1, 0, 0}, {0, 0, -1}}};
  for (const std::string kind : {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", "scaled"}) {
    const auto volume = readVolume(folder / (kind + ".nii"));
    ASSERT_OK(volume);
    EXPECT_TRUE(volume->geometry.sameGrid(grid, 1e-4)) << kind;
    const bool isUnsigned = kind[0] == 'u', scaled = kind == "scaled";
    ASSERT_EQ(volume->voxels.size(), 24u);
    for (int n = 0; n < 24; ++n)
      EXPECT_EQ(volume->voxels[static_cast<std::size_t>(n)], isUnsigned ? n + 100
                                                             : scaled   ? 0.5f * static_cast<float>(n - 5) + 3
                                                                        : static_cast<float>(n - 5))
          << kind << ' ' << n;
    const auto labels = readLabelMap(folder / (kind + ".nii"));
    ASSERT_EQ(labels.has_value(), isUnsigned) << kind;
    if (labels) {
      EXPECT_EQ(labels->voxels[23], 123) << kind;
    }
  }
  // What arithmetic leaves of a whole number is that number.
  const auto labels = readLabelMap(folder / "nearly.nii");
  ASSERT_OK(labels);
  EXPECT_EQ(labels->voxels[23], 23);
}

}  // namespace
