#include "core/base/Mapping.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <string_view>
#include <utility>

#include "core/base/File.h"

namespace lorkd {

/// A link of a list that a signal handler can walk: links are never taken out, but used again.
struct Mapping::Known {
  std::atomic<const std::byte*> begin = nullptr;
  std::atomic<std::size_t> size = 0;
  std::array<char, 256> name{};
  Known* next = nullptr;
  std::atomic<bool> used = false;
};

/// Two texts, of which one is read while the other is changed.
struct LastWord::Text {
  struct Words {
    std::string before, after;
  };
  std::array<Words, 2> words;
  std::atomic<int> current = 0;
  std::atomic<bool> used = false;
  std::string file, temporary;
  Text* next = nullptr;
};

namespace {

std::mutex listsMutex;
std::atomic<Mapping::Known*> mappings = nullptr;
std::atomic<LastWord::Text*> lastWords = nullptr;
std::atomic<bool> ending = false;

void writeRaw(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(fd, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

// Only calls that a signal handler may make.
void onBusError(int, siginfo_t* info, void*) {
  const auto* at = static_cast<const std::byte*>(info->si_addr);
  const Mapping::Known* lost = nullptr;
  for (const auto* known = mappings.load(); known; known = known->next) {
    const auto* begin = known->begin.load();
    if (begin && at >= begin && at < begin + known->size.load()) lost = known;
  }
  if (!lost) {
    ::signal(SIGBUS, SIG_DFL);  // it comes again as soon as this returns
    return;
  }
  ending = true;
  const std::string_view name(lost->name.data());
  writeRaw(STDERR_FILENO, "error: ");
  writeRaw(STDERR_FILENO, name);
  writeRaw(STDERR_FILENO, ": the file became shorter while it was read, or its disk is gone\n");
  for (const auto* text = lastWords.load(); text; text = text->next) {
    if (!text->used) continue;
    const int fd = ::open(text->temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) continue;
    const auto& words = text->words[static_cast<std::size_t>(text->current.load())];
    writeRaw(fd, words.before);
    writeRaw(fd, name);
    writeRaw(fd, words.after);
    ::close(fd);
    ::rename(text->temporary.c_str(), text->file.c_str());
  }
  ::_exit(1);
}

/// A link that is free, or a new one at the head of the list.
template <class Link>
Link* takeLink(std::atomic<Link*>& list) {
  for (auto* link = list.load(); link; link = link->next)
    if (!link->used) {
      link->used = true;
      return link;
    }
  auto* link = new Link;
  link->used = true;
  link->next = list;
  list = link;
  return link;
}

}  // namespace

Result<Mapping> Mapping::of(int fd, std::size_t size, const std::filesystem::path& path) {
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (address == MAP_FAILED) return ioError("cannot map into memory", path);
  Mapping mapping;
  mapping.m_data = static_cast<const std::byte*>(address);
  mapping.m_size = size;
  const std::scoped_lock lock(listsMutex);
  mapping.m_known = takeLink(mappings);
  auto& known = *mapping.m_known;
  known.name = {};
  // The name goes into JSON as it is.
  const auto name = path.filename().string();
  for (std::size_t i = 0; i < std::min(name.size(), known.name.size() - 1); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    known.name[i] = c < 32 || c > 126 || c == '"' || c == '\\' ? '_' : name[i];
  }
  known.size = size;
  known.begin = mapping.m_data;
  return mapping;
}

Mapping::Mapping(Mapping&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr)),
      m_size(std::exchange(other.m_size, 0)),
      m_known(std::exchange(other.m_known, nullptr)) {}

Mapping::~Mapping() {
  if (!m_data) return;
  {
    const std::scoped_lock lock(listsMutex);
    m_known->begin = nullptr;
    m_known->used = false;
  }
  ::munmap(const_cast<std::byte*>(m_data), m_size);
}

void Mapping::release() const { ::madvise(const_cast<std::byte*>(m_data), m_size, MADV_DONTNEED); }

LastWord::LastWord(const std::filesystem::path& file) {
  const std::scoped_lock lock(listsMutex);
  m_text = takeLink(lastWords);
  m_text->file = file.string();
  m_text->temporary = temporaryBeside(file).string();
}

LastWord::~LastWord() {
  const std::scoped_lock lock(listsMutex);
  m_text->used = false;
}

void LastWord::set(const std::string& before, const std::string& after) {
  const int other = 1 - m_text->current;
  m_text->words[static_cast<std::size_t>(other)] = {before, after};
  m_text->current = other;
}

void watchMappings() {
  struct sigaction action {};
  action.sa_sigaction = onBusError;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, nullptr);
}

bool endingAtOnce() { return ending; }

}  // namespace lorkd
