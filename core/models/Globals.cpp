#include "core/models/Globals.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/base/Printable.h"

namespace lorkd::models {
namespace {

// Modules of which nothing belongs into weights, with their submodules: they run commands or code, open connections or
// change files. picklescan and modelscan, scanners of pickles, list most of the same.
constexpr std::string_view refusedModules =
    " os posix nt ntpath posixpath sys subprocess pty shutil socket http httplib urllib urllib2 requests"
    " aiohttp ftplib smtplib telnetlib webbrowser asyncio importlib imp runpy ctypes cffi marshal pickle"
    " _pickle cPickle dill cloudpickle shelve codeop bdb pdb timeit profile cProfile doctest pip ensurepip"
    " venv multiprocessing pydoc atexit operator _operator nturl2path pkgutil zipimport idlelib lib2to3"
    " distutils torch.hub torch._inductor torch.distributed.rpc torch.utils.cpp_extension"
    " torch.utils.collect_env torch.utils.bottleneck torch.jit.unsupported_tensor_ops numpy.testing"
    " numpy.f2py numpy.distutils torch.serialization ";

// Of Python's own names these are harmless; eval, exec, getattr, open, compile and the others are not.
constexpr std::string_view harmlessBuiltins =
    " set frozenset bytearray bytes complex dict list tuple int float str bool object slice range unicode"
    " long NoneType Ellipsis NotImplemented ";

constexpr std::string_view refusedNames =
    " torch.load torch.compile types.CodeType types.FunctionType types.LambdaType io.open _io.open"
    " io.open_code _io.open_code _io.FileIO io.FileIO numpy.load numpy.fromfile site.main ";

/// Whether a word is one of a list of words between blanks.
bool isAmong(std::string_view words, std::string_view word) {
  return words.find(std::string(" ").append(word).append(" ")) != words.npos;
}

struct Known {
  std::string_view name;
  Meaning meaning;
};
constexpr std::array known{
    Known{"collections.OrderedDict", Meaning::Dict},
    Known{"collections.defaultdict", Meaning::Dict},
    Known{"collections.Counter", Meaning::Dict},
    Known{"builtins.dict", Meaning::Dict},
    Known{"builtins.set", Meaning::Set},
    Known{"builtins.frozenset", Meaning::Set},
    Known{"builtins.bytearray", Meaning::Bytes},
    Known{"builtins.bytes", Meaning::Bytes},
    Known{"_codecs.encode", Meaning::Encode},
    Known{"torch.Size", Meaning::Size},
    Known{"torch.device", Meaning::Device},
    Known{"torch._utils._rebuild_tensor", Meaning::Tensor},
    Known{"torch._utils._rebuild_tensor_v2", Meaning::Tensor},
    Known{"torch._utils._rebuild_tensor_v3", Meaning::TensorOfType},
    Known{"torch._utils._rebuild_parameter", Meaning::Parameter},
    Known{"torch._utils._rebuild_parameter_with_state", Meaning::Parameter},
    Known{"torch._tensor._rebuild_from_type", Meaning::TensorSubclass},
    Known{"torch._tensor._rebuild_from_type_v2", Meaning::TensorSubclass},
    Known{"torch.Tensor", Meaning::PlainTensorClass},
    Known{"torch._tensor.Tensor", Meaning::PlainTensorClass},
    Known{"torch.nn.parameter.Parameter", Meaning::PlainTensorClass},
    Known{"torch.nn.parameter.Buffer", Meaning::PlainTensorClass},
    Known{"numpy.core.multiarray.scalar", Meaning::NumpyScalar},
    Known{"numpy._core.multiarray.scalar", Meaning::NumpyScalar},
    Known{"builtins.getattr", Meaning::Attribute},
    Known{"copyreg._reconstructor", Meaning::Reconstructor},
    Known{"copy_reg._reconstructor", Meaning::Reconstructor},
};

bool isRefused(std::string_view module, std::string_view name) {
  if (module == "builtins") {
    // Names with dots reach into what they begin with. How getattr is used is looked at where it is called.
    if (name == "getattr") return false;
    return !isAmong(harmlessBuiltins, name);
  }
  // What reaches into a class ("Path.__subclasses__"), and single names of modules that are harmless else.
  for (std::size_t from = 0; from <= name.size();) {
    const auto dot = std::min(name.find('.', from), name.size());
    const auto part = name.substr(from, dot - from);
    if (part.size() > 4 && part.starts_with("__") && part.ends_with("__")) return true;
    from = dot + 1;
  }
  if (module == "code" || module == "commands") return true;  // people call packages of their own so
  if (isAmong(refusedNames, std::string(module).append(".").append(name))) return true;
  for (auto dot = module.size(); dot != module.npos && dot > 0; dot = module.rfind('.', dot - 1))
    if (isAmong(refusedModules, module.substr(0, dot))) return true;
  return false;
}

}  // namespace

std::unexpected<Error> refusedName(std::string_view dotted) {
  return fail(ErrorCode::Unsupported, "the file asks for " + printable(dotted, false) + ", which no weights need",
              "it may have been made to do harm, and nothing of it was read or run; get it from its authors again");
}

Result<Meaning> meaningOf(std::string_view module, std::string_view name) {
  if (module == "__builtin__") module = "builtins";  // Python 2
  const auto dotted = std::string(module).append(".").append(name);
  if (isRefused(module, name)) return refusedName(dotted);
  const auto* entry = std::ranges::find(known, std::string_view(dotted), &Known::name);
  return entry == known.end() ? Meaning::Inert : entry->meaning;
}

ElementType elementTypeOf(std::string_view dotted) {
  static const std::map<std::string_view, ElementType> types{{"DoubleStorage", {"F64", 8}},
                                                             {"FloatStorage", {"F32", 4}},
                                                             {"HalfStorage", {"F16", 2}},
                                                             {"BFloat16Storage", {"BF16", 2}},
                                                             {"LongStorage", {"I64", 8}},
                                                             {"IntStorage", {"I32", 4}},
                                                             {"ShortStorage", {"I16", 2}},
                                                             {"CharStorage", {"I8", 1}},
                                                             {"ByteStorage", {"U8", 1}},
                                                             {"BoolStorage", {"BOOL", 1}},
                                                             {"UntypedStorage", {"U8", 1}},
                                                             {"_UntypedStorage", {"U8", 1}},
                                                             {"QInt8Storage", {"", 1}},
                                                             {"QUInt8Storage", {"", 1}},
                                                             {"QInt32Storage", {"", 4}},
                                                             {"QUInt4x2Storage", {"", 1}},
                                                             {"QUInt2x4Storage", {"", 1}},
                                                             {"ComplexFloatStorage", {"", 8}},
                                                             {"ComplexDoubleStorage", {"", 16}},
                                                             {"float64", {"F64", 8}},
                                                             {"double", {"F64", 8}},
                                                             {"float32", {"F32", 4}},
                                                             {"float", {"F32", 4}},
                                                             {"float16", {"F16", 2}},
                                                             {"half", {"F16", 2}},
                                                             {"bfloat16", {"BF16", 2}},
                                                             {"int64", {"I64", 8}},
                                                             {"int32", {"I32", 4}},
                                                             {"int16", {"I16", 2}},
                                                             {"int8", {"I8", 1}},
                                                             {"uint8", {"U8", 1}},
                                                             {"bool", {"BOOL", 1}}};
  for (const std::string_view module : {"torch.cuda.", "torch.storage.", "torch."})
    if (dotted.starts_with(module)) {
      const auto type = types.find(dotted.substr(module.size()));
      return type == types.end() ? ElementType{} : type->second;
    }
  return {};
}

}  // namespace lorkd::models
