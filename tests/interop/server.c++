// Serves the interop service on a free port of the loopback and prints it.
#include <cstdio>

#include "service.h"

int main() {
  auto io = kj::setupAsyncIo();
  capnp::TwoPartyServer server(
      kj::heap<ServiceImpl>(io.provider->getTimer()));
  auto address = io.provider->getNetwork()
                     .parseAddress("127.0.0.1", 0)
                     .wait(io.waitScope);
  auto listener = address->listen();
  printf("%u\n", listener->getPort());
  fflush(stdout);
  server.listen(*listener).wait(io.waitScope);
  return 0;
}
