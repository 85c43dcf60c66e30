#pragma once

#include <soci/soci.h>

#include <string>

#include "tram/base/error.hpp"

#pragma GCC visibility push(default)

namespace tram::detail {

/// What a session works with, when it is connected to this database. By its name, since SOCI's
/// libraries do not show the types of their backends to dynamic_cast. Never waits. Throws: rejected
/// for a session without a connection, or with another database; `remedy` says what to do then.
template <class Backend>
Backend& soci_backend(soci::session& session, char const* name, char const* remedy) {
  if (session.get_backend() == nullptr || session.get_backend_name() != name)
    throw Error{Fault::rejected, std::string{"soci: the session is not connected to "} + remedy};
  return *static_cast<Backend*>(session.get_backend());
}

}  // namespace tram::detail

#pragma GCC visibility pop
