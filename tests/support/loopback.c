/* Preloaded into servers that tests start: they listen on 127.0.0.1, whatever they would do. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>

int bind(int fd, const struct sockaddr* address, socklen_t size) {
  int (*next)(int, const struct sockaddr*, socklen_t) =
      (int (*)(int, const struct sockaddr*, socklen_t))dlsym(RTLD_NEXT, "bind");
  if (address->sa_family != AF_INET) return next(fd, address, size);
  struct sockaddr_in local = *(const struct sockaddr_in*)address;
  local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return next(fd, (const struct sockaddr*)&local, sizeof local);
}
