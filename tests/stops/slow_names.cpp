// Names whose server never answers: whoever looks one up waits, as with a resolver that is away.

#include <dlfcn.h>
#include <netdb.h>
#include <poll.h>

#include <string_view>

namespace {

constexpr int look_up_milliseconds{120'000};

using LookUp = int(char const*, char const*, addrinfo const*, addrinfo**);

}  // namespace

extern "C" int getaddrinfo(char const* name, char const* service, addrinfo const* hints,
                           addrinfo** result) {
  if (name != nullptr && std::string_view{name}.ends_with(".slow")) {
    ::poll(nullptr, 0, look_up_milliseconds);
    return EAI_AGAIN;
  }
  auto* const real = reinterpret_cast<LookUp*>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(name, service, hints, result);
}
