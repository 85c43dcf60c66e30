#include "listener.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "tram/base/error.hpp"

namespace tram::http {
namespace {

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

Addresses numeric_address(std::string const& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found{};
  auto const failed = ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed == 0) return {found, ::freeaddrinfo};
  throw Error{Fault::rejected, "http: '" + address +
                                   "' is no address to listen at; give a numeric one such as "
                                   "0.0.0.0 (all), 127.0.0.1 (this machine) or ::"};
}

char const* remedy_of(int error) {
  if (error == EADDRINUSE) return "; choose another port, or stop who has it";
  if (error == EADDRNOTAVAIL) return "; give an address of this machine";
  if (error == EACCES) return "; ports below 1024 take root: choose another one";
  return "";
}

std::uint16_t bound_port(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  // The port stands at the same place for both families.
  return ntohs(reinterpret_cast<sockaddr_in const&>(address).sin_port);
}

}  // namespace

Listener::Listener(std::string const& address, std::uint16_t port)
    : name_{(address.find(':') == std::string::npos ? address : "[" + address + "]") + ":" +
            std::to_string(port)} {
  auto const where = numeric_address(address, port);
  descriptor_ = ::socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (descriptor_ < 0) fail("make a socket", "");
  int const yes = 1;
  int const no = 0;
  ::setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (where->ai_family == AF_INET6)
    ::setsockopt(descriptor_, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  if (::bind(descriptor_, where->ai_addr, where->ai_addrlen) != 0 ||
      ::listen(descriptor_, SOMAXCONN) != 0) {
    fail("listen", remedy_of(errno));
  }
  port_ = bound_port(descriptor_);
}

Listener::~Listener() { close(); }

void Listener::close() {
  if (int const descriptor = std::exchange(descriptor_, -1); descriptor >= 0) ::close(descriptor);
}

void Listener::fail(char const* operation, char const* remedy) const {
  int const error = errno;
  if (descriptor_ >= 0) ::close(descriptor_);
  bool const rejected = error == EADDRINUSE || error == EADDRNOTAVAIL || error == EACCES;
  throw Error{rejected ? Fault::rejected : Fault::transient,
              std::string{"http: cannot "} + operation + " at " + name_ + ": " +
                  std::strerror(error) + remedy,
              error};
}

}  // namespace tram::http
