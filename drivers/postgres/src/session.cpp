#include "session.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>

#include "faults.hpp"
#include "tram/postgres/dialect.hpp"

namespace tram::postgres {
namespace {

using LibraryOptions = std::unique_ptr<PQconninfoOption, FreeOptions>;

template <class Use>
void for_each(LibraryOptions const& options, Use use) {
  for (auto const* option = options.get(); option && option->keyword != nullptr; ++option)
    use(*option);
}

std::string value_of(Keywords const& keywords, std::string_view keyword) {
  std::string value;
  for (auto const& [name, text] : keywords) {
    if (name == keyword) value = text;
  }
  return value;
}

std::string or_else(std::string const& value, std::string_view fallback) {
  return value.empty() ? std::string{fallback} : value;
}

/// libpq's own words for what is wrong quote the string.
Keywords parse_pairs(std::string const& text) {
  LibraryOptions const options{PQconninfoParse(text.c_str(), nullptr)};
  if (!options || text.find('\0') != std::string::npos) {
    throw Error{Fault::rejected,
                "postgresql: the connection string is not understood: it is neither a URL nor "
                "pairs of keyword=value with libpq's keywords; write "
                "postgresql://user:password@host:port/database, or put values with blanks or "
                "quotes between single quotes, with a backslash before quotes and backslashes in "
                "them"};
  }
  Keywords keywords;
  for_each(options, [&](auto const& option) {
    if (option.val != nullptr) keywords.emplace_back(option.keyword, option.val);
  });
  return keywords;
}

Keywords defaults() {
  Keywords keywords;
  LibraryOptions const options{PQconndefaults()};
  for_each(options, [&](auto const& option) {
    keywords.emplace_back(option.keyword, option.val == nullptr ? "" : option.val);
  });
  return keywords;
}

void require_known(Keywords const& given, Keywords const& known) {
  for (std::size_t at = 0; at < given.size(); ++at) {
    if (std::ranges::count(known, given[at].first, &Keywords::value_type::first) > 0) continue;
    throw Error{Fault::rejected,
                "postgresql: the connection string is not understood: libpq has no parameter of "
                "the name that stands there; correct it, or write %26 for an & and %3F for a ? "
                "that belong to a value"};
  }
}

/// What is no common word is found without quotes, too.
bool is_long_text(std::string_view keyword) {
  constexpr std::array<std::string_view, 9> long_texts{"password", "sslpassword", "options",
                                                       "passfile", "service",     "sslcert",
                                                       "sslkey",   "sslrootcert", "sslcrl"};
  return std::ranges::find(long_texts, keyword) != long_texts.end();
}

Secrets secrets_in(Keywords const& given) {
  Secrets secrets;
  for (auto const& [keyword, value] : given) {
    if (keyword == "host" || keyword == "hostaddr" || keyword == "port") continue;
    if (keyword == "dbname" && is_plain_name(value)) continue;
    if (is_long_text(keyword)) secrets.add(keyword, value);
    else secrets.add_quoted(keyword, value);
  }
  return secrets;
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
  auto rules = dialect.lexical_rules;
  rules.backslashes = standard != nullptr && std::string_view{standard} == "off";
  return rules;
}

Target::Target(std::string const& connection, std::string application_name, Keywords extra)
    : given_{is_uri(connection) ? parse_uri(connection) : parse_pairs(connection)},
      application_name_{std::move(application_name)},
      extra_{std::move(extra)},
      secrets_{secrets_in(given_)} {
  auto const otherwise = defaults();
  require_known(given_, otherwise);
  auto const value = [&](char const* keyword) {
    return or_else(value_of(given_, keyword), value_of(otherwise, keyword));
  };
  auto const host = or_else(value("host"), or_else(value("hostaddr"), "localhost"));
  auto const port = or_else(value("port"), "5432");
  require_hosts(host, port);
  require_hosts(value("hostaddr"), "");
  user_ = value("user");
  database_ = or_else(value("dbname"), user_);
  name_ = "postgresql '" + host + ":" + port + "/" +
          (is_plain_name(database_) ? database_ : "<dbname>") + "'";
}

ConnectionPointer Target::start() const {
  // Later ones win.
  Keywords all{{"fallback_application_name", application_name_}};
  all.insert(all.end(), given_.begin(), given_.end());
  all.emplace_back("client_encoding", "UTF8");
  all.insert(all.end(), extra_.begin(), extra_.end());
  std::vector<char const*> keywords;
  std::vector<char const*> values;
  for (auto const& [keyword, value] : all) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  ConnectionPointer connection{PQconnectStartParams(keywords.data(), values.data(), 0)};
  if (!connection)
    throw Error{Fault::transient, "postgresql: cannot connect to " + name_ + ": out of memory"};
  // The only way to learn the SQLSTATE of a connection that fails.
  PQsetErrorVerbosity(connection.get(), PQERRORS_VERBOSE);
  PQsetNoticeReceiver(connection.get(), ignore_notice, nullptr);
  return connection;
}

std::string Target::trouble(PGconn const* connection) const {
  return secrets_.hidden_in(PQerrorMessage(connection));
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
    throw connect_error(target.name(), target.trouble(connection.get()));
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
