// What a pickle may name. Nothing that it names is ever called or loaded: a few names are understood, others are kept
// as names, and those that are only there to do harm end the reading.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/Error.h"

namespace lorkd::models {

/// What the reader makes of a class or function that a pickle names.
enum class Meaning {
  Inert,             ///< kept as a name with arguments
  Dict,              ///< collections.OrderedDict, defaultdict, Counter
  Set,               ///< set, frozenset
  Bytes,             ///< bytes, bytearray
  Encode,            ///< _codecs.encode: bytes, as protocol 2 writes them
  Size,              ///< torch.Size: a tuple
  Device,            ///< torch.device: a text
  Tensor,            ///< torch._utils._rebuild_tensor(_v2): storage, offset, size, stride
  TensorOfType,      ///< torch._utils._rebuild_tensor_v3: the same, with the type of the elements in place 6
  Parameter,         ///< torch._utils._rebuild_parameter(_with_state): a tensor first
  TensorSubclass,    ///< torch._tensor._rebuild_from_type_v2: function, class, arguments, state
  PlainTensorClass,  ///< torch.Tensor, torch.nn.parameter.Parameter
  NumpyScalar,       ///< numpy.core.multiarray.scalar: type, bytes
  Attribute,         ///< builtins.getattr: of a class by a plain name, as members of enumerations are written
  Reconstructor      ///< copyreg._reconstructor: an object of the class that stands first
};

/// The meaning of "module.name". The names follow PyTorch's own list for loading weights only
/// (torch/_weights_only_unpickler.py); numpy's module is `_core` since numpy 2. Errors: Unsupported, naming it, for
/// what runs commands or code, opens connections or changes files: the whole file is then not to be trusted.
Result<Meaning> meaningOf(std::string_view module, std::string_view name);
/// The error of meaningOf() for such a name.
std::unexpected<Error> refusedName(std::string_view dotted);

/// The elements of a storage class ("torch.FloatStorage", also of torch.cuda) or of a type ("torch.float32").
struct ElementType {
  std::string dtype;     ///< as safetensors names it; empty for a type that is not read
  std::size_t item = 0;  ///< bytes; 0 for an unknown class
};
ElementType elementTypeOf(std::string_view dotted);

}  // namespace lorkd::models
