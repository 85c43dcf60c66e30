#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connection_string.hpp"
#include "libpq.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/error.hpp"
#include "tram/base/secrets.hpp"
#include "tram/sql/statement_text.hpp"

namespace tram::postgres {

/// A connection string that has one meaning, and what it is called in messages.
class Target {
 public:
  /// `extra` are libpq keywords laid over the string, such as {"replication", "database"}.
  /// `Error{rejected}` where the string is not understood; nothing of it is shown.
  Target(std::string const& connection, std::string application_name, Keywords extra = {});
  /// `postgresql 'host:port/database'`, without secrets.
  [[nodiscard]] std::string const& name() const { return name_; }
  [[nodiscard]] std::string const& user() const { return user_; }
  [[nodiscard]] std::string const& database() const { return database_; }
  /// Begins to connect without waiting (names are looked up by the C library, which may).
  [[nodiscard]] ConnectionPointer start() const;
  /// What libpq says of a connection, without what stands in the connection string beside host,
  /// port and database.
  [[nodiscard]] std::string trouble(PGconn const* connection) const;

 private:
  Keywords given_;
  std::string application_name_;
  Keywords extra_;
  Secrets secrets_;
  std::string name_;
  std::string user_;
  std::string database_;
};

/// Why the server ended a connection, in its own words; empty where it said nothing.
struct LastWords {
  std::string code;
  std::string text;
  /// They stand in place of the answer to what ran. A server's process ends itself at no time
  /// between a commit and its answer, so that a commit without an answer did not happen. Not known
  /// of what a pooler says, and of a server that stops at once.
  bool in_place_of_answer{};
};

/// Such words: the server's process looks for a reason to end itself in one place only, which a
/// pooler that says the same does not name.
bool is_in_place_of_answer(PGresult const* message);

/// By which rules the server at the other end reads the text of a statement now.
LexicalRules lexical_rules(PGconn const* connection) noexcept;

/// One libpq connection on a socket that never blocks; each wait is a poll(2) with a deadline.
/// Every call may raise broken: the connection is lost, or the deadline reached while it was busy.
class Session {
 public:
  /// Waits for the connection. Faults: transient, rejected.
  static Session open(Target const& target, Clock& clock, Deadline deadline);

  [[nodiscard]] PGconn* connection() const { return connection_.get(); }
  [[nodiscard]] int socket() const { return PQsocket(connection_.get()); }
  [[nodiscard]] std::string const& name() const { return name_; }

  /// Hands everything queued to the network, reading answers meanwhile so that neither side blocks
  /// the other.
  void flush(Deadline deadline);
  /// Waits for the next result of the command in work; empty between two commands.
  Result next_result(Deadline deadline);
  /// Runs one text by the simple protocol and waits; an error of the server is thrown. Not in
  /// pipeline mode.
  Result query(std::string const& sql, Deadline deadline);
  /// Raises broken when the other side has ended the connection, with its last words; never waits.
  void require_alive();
  /// Waits until the socket can be read, or also written.
  void wait(short events, Deadline deadline);
  /// Raises broken, with what the server said before it ended the connection: also what nobody has
  /// read yet.
  [[noreturn]] void lost();
  [[nodiscard]] LastWords const& last_words() const { return *last_words_; }
  /// By which rules the server reads the text of a statement now.
  [[nodiscard]] LexicalRules lexical_rules() const {
    return postgres::lexical_rules(connection_.get());
  }

 private:
  Session(ConnectionPointer connection, Clock& clock, std::string name);
  void read_last_words();
  void take_unasked();

  // Behind a pointer, since libpq notes them here by itself: ahead of the connection, which it
  // outlives.
  std::unique_ptr<LastWords> last_words_;
  ConnectionPointer connection_;
  Clock* clock_;
  std::string name_;
};

/// Waits for the socket at most until the deadline; false when that came first.
bool wait_for_socket(int socket, short events, Clock& clock, Deadline deadline);

}  // namespace tram::postgres
