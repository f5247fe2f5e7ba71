// DICOM files out: through memory, since DCMTK does not say when its last block reaches no disk.
#include "core/base/File.h"
#include "core/io/dicom/Consumer.h"
#include "core/io/dicom/Dicom.h"
// DCMTK's osconfig.h comes first; the headers above bring it.
#include <dcmtk/dcmdata/dcwcache.h>

namespace lorkd::io::dicom {
namespace {

class Memory final : public Consumer {
 public:
  offile_off_t write(const void* bytes, offile_off_t size) override {
    m_bytes.append(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
    return size;
  }
  const std::string& bytes() const { return m_bytes; }

 private:
  std::string m_bytes;
};

}  // namespace

Result<void> save(DcmFileFormat& format, const std::filesystem::path& file) {
  Memory memory;
  ConsumerStream stream(memory);
  DcmWriteCache cache;
  format.transferInit();
  const auto status = format.write(stream, EXS_LittleEndianExplicit, EET_UndefinedLength, &cache, EGL_recalcGL);
  format.transferEnd();
  if (status.bad()) return fail(ErrorCode::Internal, status.text(), "", file.string());
  return writeFileAtomically(file, memory.bytes());
}

}  // namespace lorkd::io::dicom
