#include "session.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>

#include "faults.hpp"

namespace tram::postgres {
namespace {

std::string option(PQconninfoOption const* options, std::string_view keyword) {
  for (; options->keyword != nullptr; ++options) {
    if (options->keyword == keyword && options->val != nullptr) return options->val;
  }
  return {};
}

std::string or_else(std::string const& value, std::string_view fallback) {
  return value.empty() ? std::string{fallback} : value;
}

timespec to_timespec(Duration duration) {
  // Longer waits are cut into hours, so that no arithmetic overflows.
  auto const bounded = std::min<Duration>(duration, std::chrono::hours{1});
  auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(bounded);
  return {.tv_sec = seconds.count(), .tv_nsec = (bounded - seconds).count()};
}

void ignore_notice(void*, PGresult const*) {}

/// Nobody reads them, and libpq keeps them all.
void forget_notifications(PGconn* connection) {
  while (auto* const notification = PQnotifies(connection)) PQfreemem(notification);
}

/// What ends a connection: an error that is fatal, or the warning of a server that stops at once.
bool is_last(PGresult const* message) {
  auto const code = field(message, PG_DIAG_SQLSTATE);
  return is_fatal(message) || code == "57P01" || code == "57P02";
}

/// What reaches a client that is not waiting for anything comes as a notice.
void note_last_words(void* last_words, PGresult const* message) {
  auto& noted = *static_cast<LastWords*>(last_words);
  if (!noted.text.empty() || !is_last(message)) return;
  noted.code = field(message, PG_DIAG_SQLSTATE);
  noted.text = field(message, PG_DIAG_MESSAGE_PRIMARY);
  noted.in_place_of_answer = is_in_place_of_answer(message);
}

}  // namespace

bool wait_for_socket(int socket, short events, Clock& clock, Deadline deadline) {
  pollfd waiting{.fd = socket, .events = events, .revents = 0};
  while (true) {
    auto const left = deadline.remaining(clock);
    auto const timeout = to_timespec(left);
    int const ready = ::ppoll(&waiting, 1, &timeout, nullptr);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) {
      throw Error{Fault::broken, std::string{"postgresql: poll failed: "} + std::strerror(errno),
                  errno};
    }
    if (deadline.reached(clock)) return false;
  }
}

bool is_in_place_of_answer(PGresult const* message) {
  return is_fatal(message) && field(message, PG_DIAG_SOURCE_FUNCTION) == "ProcessInterrupts";
}

LexicalRules lexical_rules(PGconn const* connection) noexcept {
  char const* const standard = PQparameterStatus(connection, "standard_conforming_strings");
  return standard != nullptr && std::string_view{standard} == "off"
             ? LexicalRules::postgres_with_backslashes
             : LexicalRules::postgres;
}

Target::Target(std::string connection, std::string application_name,
               std::vector<std::pair<std::string, std::string>> extra)
    : connection_{std::move(connection)},
      application_name_{std::move(application_name)},
      extra_{std::move(extra)} {
  char* trouble = nullptr;
  std::unique_ptr<PQconninfoOption, FreeOptions> const given{
      PQconninfoParse(connection_.c_str(), &trouble)};
  Buffer const trouble_text{trouble};
  if (!given) {
    throw Error{
        Fault::rejected,
        "postgresql: the connection string is not understood: " + plain(trouble_text.get()) +
            "; write postgresql://user@host:port/database or keyword=value pairs"};
  }
  std::unique_ptr<PQconninfoOption, FreeOptions> const defaults{PQconndefaults()};
  auto const value = [&](char const* keyword) {
    return or_else(option(given.get(), keyword), option(defaults.get(), keyword));
  };
  user_ = value("user");
  database_ = or_else(value("dbname"), user_);
  name_ = "postgresql '" + or_else(value("host"), "localhost") + ":" +
          or_else(value("port"), "5432") + "/" + database_ + "'";
}

ConnectionPointer Target::start() const {
  // What comes after "dbname" wins over the connection string, what comes before gives way to it.
  std::vector<char const*> keywords{"fallback_application_name", "dbname", "client_encoding"};
  std::vector<char const*> values{application_name_.c_str(), connection_.c_str(), "UTF8"};
  for (auto const& [keyword, value] : extra_) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  ConnectionPointer connection{PQconnectStartParams(keywords.data(), values.data(), 1)};
  if (!connection)
    throw Error{Fault::transient, "postgresql: cannot connect to " + name_ + ": out of memory"};
  // The only way to learn the SQLSTATE of a connection that fails.
  PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);
  PQsetNoticeReceiver(connection.get(), ignore_notice, nullptr);
  return connection;
}

Session Session::open(Target const& target, Clock& clock, Deadline deadline) {
  auto connection = target.start();
  auto state = PGRES_POLLING_WRITING;
  while (PQstatus(connection.get()) != CONNECTION_BAD && state != PGRES_POLLING_OK &&
         state != PGRES_POLLING_FAILED) {
    short const events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (!wait_for_socket(PQsocket(connection.get()), events, clock, deadline)) {
      throw Error{Fault::transient,
                  "postgresql: cannot connect to " + target.name() +
                      ": no answer before the deadline; is the server reachable?"};
    }
    state = PQconnectPoll(connection.get());
  }
  if (state != PGRES_POLLING_OK)
    throw connect_error(target.name(), PQerrorMessage(connection.get()));
  PQsetErrorVerbosity(connection.get(), PQERRORS_DEFAULT);
  PQsetnonblocking(connection.get(), 1);
  return Session{std::move(connection), clock, target.name()};
}

Session::Session(ConnectionPointer connection, Clock& clock, std::string name)
    : last_words_{std::make_unique<LastWords>()},
      connection_{std::move(connection)},
      clock_{&clock},
      name_{std::move(name)} {
  PQsetNoticeReceiver(connection_.get(), note_last_words, last_words_.get());
}

void Session::lost() {
  read_last_words();
  if (last_words_->text.empty()) {
    throw Error{Fault::broken,
                "postgresql: the connection to " + name_ + " is lost: " +
                    or_else(plain(PQerrorMessage(connection_.get())), "it was given up earlier")};
  }
  throw Error{Fault::broken, "postgresql: the server ended the connection to " + name_ + ": " +
                                 last_words_->text + " (SQLSTATE " + last_words_->code + ")" +
                                 std::string{remedy_for(last_words_->code)}};
}

/// libpq keeps what came in before the connection ended, and shows it to whoever asks for results.
/// On a connection that is over it does not wait.
void Session::read_last_words() {
  PQconsumeInput(connection_.get());
  auto const is_known = [&] {
    return PQstatus(connection_.get()) == CONNECTION_BAD || PQisBusy(connection_.get()) == 0;
  };
  bool answered = false;
  // In a pipeline an empty result only ends the results of one statement.
  for (int empty = 0; empty < 2 && is_known();) {
    Result const result{PQgetResult(connection_.get())};
    if (PQresultStatus(result.get()) == PGRES_COPY_BOTH) return;
    empty = result ? 0 : empty + 1;
    if (result) note_last_words(last_words_.get(), result.get());
    answered = answered || PQresultStatus(result.get()) == PGRES_COMMAND_OK;
  }
  if (answered) last_words_->in_place_of_answer = false;
  take_unasked();
}

/// Within a pipeline libpq leaves what comes unasked where it is. One with answers to come is not
/// left: there the first of them takes the server's words.
void Session::take_unasked() {
  bool const is_pipeline = PQpipelineStatus(connection_.get()) != PQ_PIPELINE_OFF;
  if (is_pipeline && PQexitPipelineMode(connection_.get()) == 0) return;
  forget_notifications(connection_.get());
  if (is_pipeline) PQenterPipelineMode(connection_.get());
}

void Session::wait(short events, Deadline deadline) {
  if (wait_for_socket(socket(), events, *clock_, deadline)) return;
  throw Error{Fault::broken, "postgresql: " + name_ +
                                 " gave no answer before the deadline; the connection is given up"};
}

void Session::flush(Deadline deadline) {
  while (true) {
    int const left = PQflush(connection_.get());
    if (left == 0) return;
    if (left < 0) lost();
    wait(POLLIN | POLLOUT, deadline);
    if (PQconsumeInput(connection_.get()) == 0) lost();
  }
}

Result Session::next_result(Deadline deadline) {
  while (PQisBusy(connection_.get()) != 0) {
    wait(POLLIN, deadline);
    if (PQconsumeInput(connection_.get()) == 0) lost();
  }
  return Result{PQgetResult(connection_.get())};
}

Result Session::query(std::string const& sql, Deadline deadline) {
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) lost();
  flush(deadline);
  Result answer;
  while (auto result = next_result(deadline)) {
    if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR) {
      auto const error = statement_error(sql, result.get());
      while (PQstatus(connection_.get()) == CONNECTION_OK && next_result(deadline)) {}
      throw error;
    }
    answer = std::move(result);
    auto const status = PQresultStatus(answer.get());
    if (status == PGRES_COPY_BOTH || status == PGRES_COPY_OUT) break;
  }
  return answer;
}

void Session::require_alive() {
  if (PQstatus(connection_.get()) != CONNECTION_OK) lost();
  if (!wait_for_socket(socket(), POLLIN, *clock_, Deadline::now())) return;
  bool const open = PQconsumeInput(connection_.get()) != 0;
  take_unasked();
  if (!open || PQstatus(connection_.get()) != CONNECTION_OK || !last_words_->text.empty()) lost();
}

}  // namespace tram::postgres
