#pragma once

#include <string>
#include <string_view>

#include "libpq.hpp"
#include "tram/base/error.hpp"

namespace tram::postgres {

/// What a server's error code lets the caller do (PostgreSQL 15, appendix A).
Fault fault_of(std::string_view sqlstate) noexcept;

/// The SQLSTATE in a verbose message of libpq (`FATAL:  28P01: password …`), empty where there is
/// none: what failed before a server answered. libpq gives the code of a failed connection nowhere
/// else.
std::string_view sqlstate_in(std::string_view verbose_message) noexcept;

/// What an operator can do about an error code, starting with `; `; empty where the server's text
/// says it all.
std::string_view remedy_for(std::string_view sqlstate) noexcept;

/// The first line of a message without severity, code and line end.
std::string plain(std::string_view message);

/// A field of a message (`PG_DIAG_SQLSTATE`, …), empty where it has none.
std::string_view field(PGresult const* message, int code);

/// The server ends the connection with this message.
bool is_fatal(PGresult const* message);

/// A failed statement as an error: `postgresql: INSERT INTO t failed: duplicate key … (SQLSTATE
/// 23505)`.
Error statement_error(std::string_view sql, PGresult const* result);
/// The same with what the connection knows: a write that is refused by a standby, or by the default
/// of server or role, is broken, since that is no fault of the statement's.
Error statement_error(std::string_view sql, PGresult const* result, PGconn* connection);
/// A write that is refused since its transaction was opened to read.
Error read_only_error(std::string_view sql, PGresult const* result);
/// The server does not know the name of one of our prepared statements, or knows it already:
/// somebody gives the connection to several clients by turns.
bool is_lost_statement(PGresult const* result);

/// A failed attempt to connect as an error; transient where no server answered.
Error connect_error(std::string_view database, std::string_view verbose_message);

/// The first words of a statement, for messages.
std::string excerpt(std::string_view sql);

}  // namespace tram::postgres
