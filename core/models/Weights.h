// Weights of other programs: files of torch.save() and safetensors, read without executing anything. Names, types and
// shapes at once; the numbers when they are asked for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"
#include "core/models/Tree.h"

namespace lorkd::models {

/// A tensor by its name; it lies in `storage` of file number `file`.
struct Weight {
  std::string name;
  Tensor tensor;
  std::size_t file = 0;
};

enum class WeightsForm { TorchZip, TorchLegacy, TorchScript, SafeTensors };
/// "a PyTorch file (zip form)" and so on.
const char* toString(WeightsForm form);

/// A state dict and what lies around it. Copies share the open files. Thread-safe.
class Weights {
 public:
  WeightsForm form = WeightsForm::TorchZip;
  std::vector<Weight> all;                   ///< in the order of the file
  std::string entry;                         ///< where the state dict lies in the file: "network_weights"; may be empty
  std::string prefix;                        ///< what wrappers put before every name ("module."): taken off
  std::string module;                        ///< the class, where a whole module was saved
  std::vector<std::string> otherEntries;     ///< further sets of weights in the file
  std::vector<std::string> notTensors;       ///< names in the state dict that hold no tensor
  Json rest;                                 ///< everything else in the file (Tree.h, toJson)
  bool restWhole = true;                     ///< whether `rest` holds all of it
  std::vector<std::filesystem::path> files;  ///< one, or the shards of an index

  const Weight* find(const std::string& name) const;
  /// The bytes of the storage that a weight looks into, alive as long as the result. Errors: Io, Format.
  Result<std::shared_ptr<const std::byte>> storage(const Weight& weight) const;
  /// Elements of all weights, each block of memory once: aliases of a tensor add nothing.
  std::uint64_t parameters() const;
  /// How many weights are other than those before them.
  std::size_t distinct() const;
  /// SHA-256 of the file; of several, of the lines "<sha256>  <file name>". Reads them whole. Errors: Io.
  Result<std::string> digest() const;

  struct Open;

 private:
  friend class WeightsReader;
  std::vector<std::shared_ptr<const Open>> m_open;
};

/// `entry`: which state dict is meant, where a file holds several. A path that ends in ".index.json" is a list of
/// shards (safetensors or .bin) beside it. Errors: those of TorchFile, safetensors::File and StateDict.h; Unsupported
/// for other formats, by name; Mismatch where an index and its shards disagree.
Result<Weights> readWeights(const std::filesystem::path& path, const std::string& entry = {});

}  // namespace lorkd::models
