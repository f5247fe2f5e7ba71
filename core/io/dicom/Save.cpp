// DICOM files out: through memory, since DCMTK does not say when its last block reaches no disk.
#include <dcmtk/dcmdata/dcostrma.h>
#include <dcmtk/dcmdata/dcwcache.h>

#include "core/base/File.h"
#include "core/io/dicom/Dicom.h"

namespace lorkd::io::dicom {
namespace {

class Memory final : public DcmConsumer {
 public:
  OFBool good() const override { return OFTrue; }
  OFCondition status() const override { return EC_Normal; }
  OFBool isFlushed() const override { return OFTrue; }
  offile_off_t avail() const override { return 1 << 30; }
  void flush() override {}
  offile_off_t write(const void* bytes, offile_off_t size) override {
    m_bytes.append(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
    return size;
  }
  const std::string& bytes() const { return m_bytes; }

 private:
  std::string m_bytes;
};

class MemoryStream final : public DcmOutputStream {
 public:
  explicit MemoryStream(Memory& memory) : DcmOutputStream(&memory) {}
};

}  // namespace

Result<void> save(DcmFileFormat& format, const std::filesystem::path& file) {
  Memory memory;
  MemoryStream stream(memory);
  DcmWriteCache cache;
  format.transferInit();
  const auto status = format.write(stream, EXS_LittleEndianExplicit, EET_UndefinedLength, &cache, EGL_recalcGL);
  format.transferEnd();
  if (status.bad()) return fail(ErrorCode::Internal, status.text(), "", file.string());
  return writeFileAtomically(file, memory.bytes());
}

}  // namespace lorkd::io::dicom
