/* Preloaded into a program, it makes one call of the file system fail, fall short or kill: the n-th of its kind below a
   chosen folder.

   The kernel is asked (seccomp) to stop the program at these calls wherever they come from in libc. So it matters not
   which library writes and how: LibTorch and ITK through std::ofstream, zlib and libzip through write() and fwrite(),
   DCMTK through fwrite(), SQLite through pointers to pwrite64() and ftruncate(), all are met, and so is what libc does
   inside itself, which functions of the same name in front of libc's would miss. Threads and forked children are met
   too; a program that they execute is, since it loads this library again. Not met: what happens to a mapped file after
   mmap(), and calls that a program makes without libc.

     LORKD_FAULT_BELOW    the folder: absolute, without links. Calls elsewhere are neither counted nor touched.
     LORKD_FAULT_KIND     write sync rename open create mkdir unlink truncate read list map, or any of them: "any".
                          open is for reading, create for writing; list is reading a folder; map is mmap of a file.
     LORKD_FAULT_AT       which one, from 1. Without it calls are only counted.
     LORKD_FAULT_HOW      ENOSPC EIO EACCES EROFS EMFILE EINTR ENOMEM: it fails with that error.
                          short: half is written or read, which a program has to take for normal.
                          full:  half is written, then the disk is full.
                          kill:  the program is killed before the call. torn: killed after half of it.
     LORKD_FAULT_STAYS    1: so do all that follow.
     LORKD_FAULT_LOG      gets a line "n kind path" for each call counted, with "!" before it where one was struck.
     LORKD_FAULT_COUNTER  a file of 8 bytes 0 in which several processes count together. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

enum Kind { Write, Sync, Rename, Open, Create, Mkdir, Unlink, Truncate, Read, List, Map, Kinds };
static const char* const kindNames[Kinds] = {"write",  "sync",     "rename", "open", "create", "mkdir",
                                             "unlink", "truncate", "read",   "list", "map"};

/* Which argument names the file: a descriptor, a path, or a path that starts at a folder's descriptor. */
struct Call {
  long number;
  enum Kind kind;
  int descriptor, path; /* argument numbers, -1: none */
};
static const struct Call calls[] = {
    {SYS_write, Write, 0, -1},        {SYS_pwrite64, Write, 0, -1},  {SYS_writev, Write, 0, -1},
    {SYS_pwritev, Write, 0, -1},      {SYS_pwritev2, Write, 0, -1},  {SYS_copy_file_range, Write, 2, -1},
    {SYS_sendfile, Write, 0, -1},     {SYS_fallocate, Write, 0, -1}, {SYS_fsync, Sync, 0, -1},
    {SYS_fdatasync, Sync, 0, -1},     {SYS_rename, Rename, -1, 1},   {SYS_renameat, Rename, 2, 3},
    {SYS_renameat2, Rename, 2, 3},    {SYS_link, Rename, -1, 1},     {SYS_linkat, Rename, 2, 3},
    {SYS_open, Open, -1, 0},          {SYS_openat, Open, 0, 1},      {SYS_creat, Create, -1, 0},
    {SYS_mkdir, Mkdir, -1, 0},        {SYS_mkdirat, Mkdir, 0, 1},    {SYS_unlink, Unlink, -1, 0},
    {SYS_unlinkat, Unlink, 0, 1},     {SYS_rmdir, Unlink, -1, 0},    {SYS_truncate, Truncate, -1, 0},
    {SYS_ftruncate, Truncate, 0, -1}, {SYS_read, Read, 0, -1},       {SYS_pread64, Read, 0, -1},
    {SYS_readv, Read, 0, -1},         {SYS_preadv, Read, 0, -1},     {SYS_preadv2, Read, 0, -1},
    {SYS_getdents64, List, 0, -1},    {SYS_mmap, Map, 4, -1}};
enum { callCount = sizeof calls / sizeof calls[0] };

static char below[PATH_MAX];
static size_t belowSize;
static int wanted = -1; /* a kind, or Kinds for any */
static int64_t at;      /* 0: never */
static int stays, logFile = -1;
static enum { Fail, Short, Full, Kill, Torn } how;
static int errorNumber;
static int64_t ownCounter;
static int64_t* counter = &ownCounter;

/* A call of our own, which the filter lets pass since it does not come from libc's text. */
static long direct(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

static char* number(char* end, int64_t value) {
  char digits[24];
  int n = 0;
  do digits[n++] = (char)('0' + value % 10);
  while ((value /= 10) > 0);
  while (n > 0) *end++ = digits[--n];
  return end;
}

/* The path behind a descriptor, "" if there is none. */
static void pathOf(long descriptor, char* out) {
  char link[40] = "/proc/self/fd/";
  *number(link + 14, descriptor) = '\0';
  const long n = descriptor < 0 ? -1 : direct(SYS_readlink, (long)link, (long)out, PATH_MAX - 1, 0, 0, 0);
  out[n > 0 ? n : 0] = '\0';
}

static void resolve(const struct Call* call, const long* a, char* out) {
  if (call->path < 0) {
    pathOf((int)a[call->descriptor], out);
    return;
  }
  const char* path = (const char*)a[call->path];
  size_t used = 0;
  if (path[0] != '/') {
    if (call->descriptor >= 0 && (int)a[call->descriptor] != AT_FDCWD)
      pathOf((int)a[call->descriptor], out);
    else if (direct(SYS_getcwd, (long)out, PATH_MAX - 1, 0, 0, 0, 0) < 0)
      out[0] = '\0';
    used = strlen(out);
    if (used + 1 < PATH_MAX) out[used++] = '/';
  }
  const size_t size = strnlen(path, PATH_MAX - 1 - used);
  memcpy(out + used, path, size);
  out[used + size] = '\0';
}

static void tell(int struck, int64_t n, enum Kind kind, const char* path) {
  if (logFile < 0) return;
  char line[PATH_MAX + 64];
  char* end = line;
  if (struck) *end++ = '!';
  end = number(end, n);
  *end++ = ' ';
  for (const char* c = kindNames[kind]; *c; ++c) *end++ = *c;
  *end++ = ' ';
  for (const char* c = path; *c; ++c) *end++ = *c == '\n' ? '?' : *c;
  *end++ = '\n';
  direct(SYS_write, logFile, (long)line, end - line, 0, 0, 0);
}

/* The call with half of what was asked for; as it is where it cannot be halved. */
static long half(long number, const long* a) {
  switch (number) {
    case SYS_write:
    case SYS_pwrite64:
    case SYS_read:
    case SYS_pread64:
      return direct(number, a[0], a[1], a[2] > 1 ? a[2] / 2 : a[2], a[3], a[4], a[5]);
    case SYS_writev:
    case SYS_pwritev:
    case SYS_pwritev2:
    case SYS_readv:
    case SYS_preadv:
    case SYS_preadv2: {
      const struct iovec* parts = (const struct iovec*)a[1];
      long i = 0;
      while (i + 1 < a[2] && parts[i].iov_len == 0) ++i;
      struct iovec one = parts[i];
      if (one.iov_len > 1) one.iov_len /= 2;
      return direct(number, a[0], (long)&one, 1, a[3], a[4], a[5]);
    }
    case SYS_copy_file_range:
      return direct(number, a[0], a[1], a[2], a[3], a[4] > 1 ? a[4] / 2 : a[4], a[5]);
    case SYS_sendfile:
      return direct(number, a[0], a[1], a[2], a[3] > 1 ? a[3] / 2 : a[3], a[4], a[5]);
    default:
      return direct(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  }
}

static long strike(long number, const long* a, int first) {
  switch (how) {
    case Fail:
      return -errorNumber;
    case Full:
      return first ? half(number, a) : -ENOSPC;
    case Short:
      return half(number, a);
    case Torn:
      half(number, a);
      break;
    case Kill:
      break;
  }
  direct(SYS_kill, direct(SYS_getpid, 0, 0, 0, 0, 0, 0), SIGKILL, 0, 0, 0, 0);
  return -EINTR;
}

static long answer(long number, const long* a) {
  const struct Call* call = calls;
  while (call < calls + callCount && call->number != number) ++call;
  if (call < calls + callCount) {
    enum Kind kind = call->kind;
    const long flags = number == SYS_open ? a[1] : number == SYS_openat ? a[2] : 0;
    if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT)) kind = Create;
    char path[PATH_MAX];
    if (wanted == (int)kind || wanted == Kinds) {
      resolve(call, a, path);
      if (strncmp(path, below, belowSize) == 0 && (path[belowSize] == '/' || path[belowSize] == '\0')) {
        const int64_t n = __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
        const int struck = at > 0 && (n == at || ((stays || how == Full) && n > at));
        tell(struck, n, kind, path);
        if (struck) return strike(number, a, n == at);
      }
    }
  }
  return direct(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void onTrap(int signal, siginfo_t* info, void* raw) {
  (void)signal;
  greg_t* r = ((ucontext_t*)raw)->uc_mcontext.gregs;
  const long a[6] = {r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9]};
  r[REG_RAX] = answer(info->si_syscall, a);
}

static void giveUp(const char* why) {
  fprintf(stderr, "faults: %s\n", why);
  _exit(125);
}

/* Stops at the wanted calls that come from the addresses [from, to), whose upper 32 bits are the same. After exec()
   libc lies elsewhere, so that the filter, which cannot be taken off, has no more to say. */
static void install(uint64_t from, uint64_t to) {
  enum { nr = offsetof(struct seccomp_data, nr), arch = offsetof(struct seccomp_data, arch) };
  enum { pointer = offsetof(struct seccomp_data, instruction_pointer) };
  enum { mapped = offsetof(struct seccomp_data, args) + 4 * sizeof(uint64_t) };
  const struct sock_filter pass = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const struct sock_filter trap = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
#define LOAD(field) ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, field))
/* The next line is left out if the number loaded is so. */
#define SKIP_IF(is, value) ((struct sock_filter)BPF_JUMP(BPF_JMP | is | BPF_K, (uint32_t)(value), 1, 0))
#define SKIP_UNLESS(is, value) ((struct sock_filter)BPF_JUMP(BPF_JMP | is | BPF_K, (uint32_t)(value), 0, 1))
  struct sock_filter code[24 + 2 * callCount] = {LOAD(arch),
                                                 SKIP_IF(BPF_JEQ, AUDIT_ARCH_X86_64),
                                                 pass,
                                                 LOAD(pointer + 4),
                                                 SKIP_IF(BPF_JEQ, from >> 32),
                                                 pass,
                                                 LOAD(pointer),
                                                 SKIP_IF(BPF_JGE, from),
                                                 pass,
                                                 SKIP_UNLESS(BPF_JGT, to - 1),
                                                 pass,
                                                 LOAD(nr)};
  int n = 12;
  for (int i = 0; i < callCount; ++i) {
    const enum Kind kind = calls[i].kind;
    /* Whether a file is opened for writing is seen only later. */
    if (kind == Map || (wanted != Kinds && wanted != (int)kind && !(kind == Open && wanted == Create))) continue;
    code[n++] = SKIP_UNLESS(BPF_JEQ, calls[i].number);
    code[n++] = trap;
  }
  if (wanted == Kinds || wanted == Map) {
    code[n++] = SKIP_IF(BPF_JEQ, SYS_mmap);
    code[n++] = pass;
    code[n++] = LOAD(mapped); /* -1: memory without a file */
    code[n++] = SKIP_IF(BPF_JEQ, -1);
    code[n++] = trap;
  }
  code[n++] = pass;
  const struct sock_fprog program = {(unsigned short)n, code};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) giveUp("the kernel takes no filter");
}

static int overLibc(struct dl_phdr_info* object, size_t size, void* found) {
  (void)size;
  if (!strstr(object->dlpi_name, "/libc.so")) return 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    if (object->dlpi_phdr[i].p_type != PT_LOAD || !(object->dlpi_phdr[i].p_flags & PF_X)) continue;
    uint64_t from = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
    const uint64_t end = from + object->dlpi_phdr[i].p_memsz;
    while (from < end) {
      const uint64_t border = (from | 0xffffffffu) + 1;
      install(from, end < border ? end : border);
      from = end < border ? end : border;
    }
    *(int*)found = 1;
  }
  return 1;
}

static const char* setting(const char* name, const char* otherwise) {
  const char* value = getenv(name);
  return value && *value ? value : otherwise;
}

static void readHow(const char* word) {
  static const struct {
    const char* name;
    int how, error;
  } hows[] = {{"ENOSPC", Fail, ENOSPC}, {"EIO", Fail, EIO},     {"EACCES", Fail, EACCES}, {"EROFS", Fail, EROFS},
              {"EMFILE", Fail, EMFILE}, {"EINTR", Fail, EINTR}, {"ENOMEM", Fail, ENOMEM}, {"short", Short, 0},
              {"full", Full, 0},        {"kill", Kill, 0},      {"torn", Torn, 0}};
  for (size_t i = 0; i < sizeof hows / sizeof hows[0]; ++i)
    if (strcmp(word, hows[i].name) == 0) {
      how = hows[i].how;
      errorNumber = hows[i].error;
      return;
    }
  giveUp("LORKD_FAULT_HOW is none of those that there are");
}

__attribute__((constructor)) static void begin(void) {
  const char* folder = setting("LORKD_FAULT_BELOW", NULL);
  if (!folder) return;
  belowSize = strlen(folder);
  if (folder[0] != '/' || belowSize >= sizeof below) giveUp("LORKD_FAULT_BELOW is no absolute path");
  memcpy(below, folder, belowSize + 1);
  const char* kind = setting("LORKD_FAULT_KIND", "any");
  for (int k = 0; k < Kinds; ++k)
    if (strcmp(kind, kindNames[k]) == 0) wanted = k;
  if (strcmp(kind, "any") == 0) wanted = Kinds;
  if (wanted < 0) giveUp("LORKD_FAULT_KIND is none of those that there are");
  at = atoll(setting("LORKD_FAULT_AT", "0"));
  stays = atoi(setting("LORKD_FAULT_STAYS", "0"));
  readHow(setting("LORKD_FAULT_HOW", "EIO"));
  const char* log = setting("LORKD_FAULT_LOG", NULL);
  if (log) {
    const int file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    logFile = fcntl(file, F_DUPFD_CLOEXEC, 900); /* out of the way of numbers that programs reuse */
    close(file);
    if (logFile < 0) giveUp("LORKD_FAULT_LOG cannot be written");
  }
  const char* shared = setting("LORKD_FAULT_COUNTER", NULL);
  if (shared) {
    const int file = open(shared, O_RDWR | O_CLOEXEC);
    counter = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (counter == MAP_FAILED) giveUp("LORKD_FAULT_COUNTER cannot be mapped");
  }
  struct sigaction action = {.sa_sigaction = onTrap, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
  sigaction(SIGSYS, &action, NULL);
  int found = 0;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) giveUp("the kernel takes no filter");
  dl_iterate_phdr(overLibc, &found);
  if (!found) giveUp("this program has no libc.so");
}
