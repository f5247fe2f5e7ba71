// Where DCMTK writes a data set, when that is no file of its own. For this room and pacs.
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h comes first: DCMTK's other headers need it.
#include <dcmtk/dcmdata/dcostrma.h>

namespace lorkd::io::dicom {

/// One that takes whatever comes at once; write() is left to say where to.
class Consumer : public DcmConsumer {
 public:
  OFBool good() const override { return OFTrue; }
  OFCondition status() const override { return EC_Normal; }
  OFBool isFlushed() const override { return OFTrue; }
  offile_off_t avail() const override { return 1 << 30; }
  void flush() override {}
};

/// The stream to write on; the consumer outlives it.
class ConsumerStream final : public DcmOutputStream {
 public:
  explicit ConsumerStream(Consumer& consumer) : DcmOutputStream(&consumer) {}
};

}  // namespace lorkd::io::dicom
