#include "faults.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "tram/postgres/dialect.hpp"
#include "tram/sql/statement_text.hpp"

namespace tram::postgres {
namespace {

struct CodeFault {
  std::string_view prefix;
  Fault fault;
};

// Looked through in order: the longer prefixes first.
constexpr std::array code_faults{
    CodeFault{"40003", Fault::in_doubt},   // statement_completion_unknown
    CodeFault{"40", Fault::conflict},      // serialization_failure, deadlock_detected
    CodeFault{"55P03", Fault::conflict},   // lock_not_available
    CodeFault{"57P01", Fault::broken},     // admin_shutdown
    CodeFault{"57P02", Fault::broken},     // crash_shutdown
    CodeFault{"57P03", Fault::transient},  // cannot_connect_now
    CodeFault{"57P04", Fault::broken},     // database_dropped
    CodeFault{"57P05", Fault::broken},     // idle_session_timeout
    CodeFault{"57014", Fault::transient},  // query_canceled
    CodeFault{"57", Fault::transient},     // the operator intervenes
    CodeFault{"25P03", Fault::broken},     // idle_in_transaction_session_timeout
    CodeFault{"25P04", Fault::broken},     // transaction_timeout
    // A standby, or a default that was changed: the next connection may be able to write.
    CodeFault{"25006", Fault::broken},
    // A prepared statement is gone, or another client's stands in its place: see
    // `is_lost_statement`.
    CodeFault{"26000", Fault::broken}, CodeFault{"42P05", Fault::broken},
    CodeFault{"08", Fault::broken},        // connection exceptions
    CodeFault{"53", Fault::transient},     // out of disk, memory or connections
    CodeFault{"58", Fault::transient},     // system errors
    CodeFault{"F0", Fault::transient},     // configuration file errors
    CodeFault{"XX001", Fault::transient},  // data_corrupted
    CodeFault{"XX002", Fault::transient},  // index_corrupted
};

// What a statement names is missing, has changed its shape, or is not allowed: whatever the values.
constexpr std::array<std::string_view, 13> setup_codes{
    "42P01",  // undefined_table
    "42703",  // undefined_column
    "42883",  // undefined_function
    "42704",  // undefined_object
    "42P10",  // no constraint that ON CONFLICT could mean
    "3F000",  // invalid_schema_name
    "42501",  // insufficient_privilege
    "42809",  // wrong_object_type
    "42804",  // datatype_mismatch
    "42702",  // ambiguous_column
    "42725",  // ambiguous_function
    "428C9",  // generated_always
    "2200H",  // sequence_generator_limit_exceeded
};

constexpr std::string_view remedy_for_lost_statement{
    "; a pooler gives connections to several clients by turns: it is noticed, and statements are "
    "sent unnamed from now on (Statements::unnamed says so from the start)"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 19> remedies{{
    {"28P01", "; correct the password in the connection string or the password file"},
    {"28000", "; allow this user, database and host in pg_hba.conf, or use another role"},
    {"3D000", "; create the database or correct its name in the connection string"},
    {"42P01", "; create the table (Tram's own: \"tram schema install\"), or correct its name or "
              "schema"},
    {"42703", "; add the column, or correct its name"},
    {"42883", "; create the function or operator, or correct its name and types"},
    {"42704", "; create it, or correct its name"},
    {"2200H", "; give the sequence a wider range"},
    {"3F000", "; create the schema (Tram's own: \"tram schema install\"), or correct its name"},
    {"42501", "; grant the role what the statement needs"},
    {"25P02", "; an earlier statement of the transaction failed: roll it back"},
    {"25006", "; the server is a standby (connect to the primary with "
              "target_session_attrs=read-write), or read only is its default or the transaction's"},
    {"25P03", "; the client was silent for longer than idle_in_transaction_session_timeout"},
    {"25P04", "; the transaction took longer than transaction_timeout"},
    {"57P01", "; an administrator ended it, or the server is being shut down"},
    {"26000", remedy_for_lost_statement},
    {"42P05", remedy_for_lost_statement},
    {"53300", "; raise max_connections or use smaller pools"},
    {"53100", "; free disk space on the server"},
}};

constexpr std::string_view read_only_code{"25006"};

bool is_code(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0 || std::isupper(c) != 0; });
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

bool is_about_prepared_statement(std::string_view sqlstate) {
  return sqlstate == "26000" || sqlstate == "42P05";
}

/// The application may have statements of its own that are not there.
bool names_one_of_ours(std::string_view message) {
  return message.find("tram_") != std::string_view::npos;
}

/// Tables changed under a prepared statement; a new connection prepares it again. Its text is in
/// the server's language.
bool is_outdated_plan(PGresult const* result) {
  return field(result, PG_DIAG_SQLSTATE) == "0A000" &&
         field(result, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery";
}

/// A policy for rows, or a function of the application's, refuses what is in this one.
bool is_about_the_row(PGresult const* result) {
  auto const refuses = field(result, PG_DIAG_SOURCE_FUNCTION);
  return refuses == "ExecWithCheckOptions" || refuses == "exec_stmt_raise";
}

bool is_about_setup(PGresult const* result) {
  auto const code = field(result, PG_DIAG_SQLSTATE);
  if (code == "42501" && is_about_the_row(result)) return false;
  // More values than columns, which the server calls a syntax error.
  if (code == "42601") return field(result, PG_DIAG_SOURCE_FUNCTION) == "transformInsertRow";
  return std::find(setup_codes.begin(), setup_codes.end(), code) != setup_codes.end();
}

Fault fault_of_statement(PGresult const* result) {
  auto const sqlstate = field(result, PG_DIAG_SQLSTATE);
  auto const message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (is_outdated_plan(result)) return Fault::broken;
  if (is_about_prepared_statement(sqlstate) && !names_one_of_ours(message)) return Fault::rejected;
  // So the server calls a wrong number of values, too, and goes on.
  if (sqlstate == "08P01") return Fault::rejected;
  // A connection that the statement itself wanted, to another server.
  if (sqlstate.starts_with("08")) return Fault::transient;
  return fault_of(sqlstate);
}

Error failed_statement(Fault fault, std::string_view sql, PGresult const* result,
                       std::string_view remedy) {
  auto const code = field(result, PG_DIAG_SQLSTATE);
  auto message = std::string{field(result, PG_DIAG_MESSAGE_PRIMARY)};
  if (message.empty()) message = first_line(PQresultErrorMessage(result));
  auto const detail = field(result, PG_DIAG_MESSAGE_DETAIL);
  auto const error = Error{
      fault,
      "postgresql: " + excerpt(sql) + " failed: " + message +
          (detail.empty() ? "" : " (" + std::string{detail} + ")") +
          (code.empty() ? "" : " (SQLSTATE " + std::string{code} + ")") +
          std::string{
              remedy}}.with_sqlstate(code);
  return is_about_setup(result) ? error.about_setup() : error;
}

}  // namespace

Fault fault_of(std::string_view sqlstate) noexcept {
  auto const found =
      std::find_if(code_faults.begin(), code_faults.end(),
                   [&](CodeFault const& entry) { return sqlstate.starts_with(entry.prefix); });
  return found == code_faults.end() ? Fault::rejected : found->fault;
}

std::string_view sqlstate_in(std::string_view verbose_message) noexcept {
  // "SEVERITY:  XXXXX: text", where the severity may be translated.
  constexpr std::size_t length = 5;
  for (auto at = verbose_message.find(":  "); at != std::string_view::npos;
       at = verbose_message.find(":  ", at + 1)) {
    auto const rest = verbose_message.substr(at + 3);
    if (rest.size() > length && rest[length] == ':' && is_code(rest.substr(0, length)))
      return rest.substr(0, length);
  }
  return {};
}

std::string_view remedy_for(std::string_view sqlstate) noexcept {
  auto const found = std::find_if(remedies.begin(), remedies.end(),
                                  [&](auto const& entry) { return entry.first == sqlstate; });
  return found == remedies.end() ? std::string_view{} : found->second;
}

std::string plain(std::string_view message) {
  auto const code = sqlstate_in(message);
  if (!code.empty()) {
    auto const after = static_cast<std::size_t>(code.data() - message.data()) + code.size();
    message.remove_prefix(std::min(message.size(), after + 2));
  }
  return std::string{first_line(message)};
}

std::string_view field(PGresult const* message, int code) {
  char const* text = PQresultErrorField(message, code);
  return text == nullptr ? std::string_view{} : std::string_view{text};
}

bool is_fatal(PGresult const* message) {
  auto severity = field(message, PG_DIAG_SEVERITY_NONLOCALIZED);
  // Poolers have the other one only, and translate nothing.
  if (severity.empty()) severity = field(message, PG_DIAG_SEVERITY);
  return severity == "FATAL" || severity == "PANIC";
}

bool is_lost_statement(PGresult const* result) {
  return is_about_prepared_statement(field(result, PG_DIAG_SQLSTATE)) &&
         names_one_of_ours(field(result, PG_DIAG_MESSAGE_PRIMARY));
}

Error statement_error(std::string_view sql, PGresult const* result) {
  auto const code = field(result, PG_DIAG_SQLSTATE);
  bool const is_over = code.empty() || is_fatal(result);
  // A file that COPY was told to read or write, and not one of the database's own.
  bool const is_its_file =
      code.starts_with("58P") && leading_word(sql, dialect.lexical_rules) == "COPY";
  auto const fault = is_its_file ? Fault::rejected : fault_of_statement(result);
  return failed_statement(is_over ? Fault::broken : fault, sql, result, remedy_for(code));
}

Error statement_error(std::string_view sql, PGresult const* result, PGconn* connection) {
  char const* const in_hot_standby = PQparameterStatus(connection, "in_hot_standby");
  bool const is_read_only = field(result, PG_DIAG_SQLSTATE) == read_only_code;
  // Servers before version 14 do not tell which of the reasons it is.
  if (!is_read_only || in_hot_standby == nullptr) return statement_error(sql, result);
  if (std::string_view{in_hot_standby} == "on") {
    return failed_statement(Fault::broken, sql, result,
                            "; the server is a standby: connect to the primary "
                            "(target_session_attrs=read-write)");
  }
  char const* const by_default = PQparameterStatus(connection, "default_transaction_read_only");
  if (by_default != nullptr && std::string_view{by_default} == "on") {
    return failed_statement(Fault::broken, sql, result,
                            "; default_transaction_read_only is on for this server, database or "
                            "role: turn it off, or use another role");
  }
  return failed_statement(Fault::rejected, sql, result,
                          "; the transaction was made read only (SET TRANSACTION READ ONLY)");
}

Error read_only_error(std::string_view sql, PGresult const* result) {
  return failed_statement(Fault::rejected, sql, result,
                          "; the transaction was opened with Access::read_only: open it with "
                          "Access::read_write");
}

Error connect_error(std::string_view database, std::string_view verbose_message) {
  auto const code = sqlstate_in(verbose_message);
  auto const certificate = verbose_message.find("certificate") != std::string_view::npos ||
                           verbose_message.find("SSL was required") != std::string_view::npos;
  auto const fault = !code.empty() ? fault_of(code)
                     : certificate ? Fault::rejected
                                   : Fault::transient;
  std::string what = "postgresql: cannot connect to " + std::string{database} + ": ";
  what += code.empty() ? std::string{first_line(verbose_message)}
                       : plain(verbose_message) + " (SQLSTATE " + std::string{code} + ")";
  what += remedy_for(code);
  if (code.empty() && fault == Fault::transient)
    what += "; is the server running, and are host and port right?";
  // A connection that never was cannot be broken.
  return Error{fault == Fault::broken ? Fault::transient : fault, what}.with_sqlstate(code);
}

std::string excerpt(std::string_view sql) {
  constexpr std::size_t longest = 60;
  return sql.size() <= longest ? std::string{sql} : std::string{sql.substr(0, longest)} + "…";
}

}  // namespace tram::postgres
