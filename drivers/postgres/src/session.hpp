#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libpq.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/error.hpp"

namespace tram::postgres {

/// A connection string that libpq understood, and what it is called in messages.
class Target {
 public:
  /// `extra` are libpq keywords laid over the string, such as {"replication", "database"}.
  /// `Error{rejected}` where libpq does not understand the string.
  Target(std::string connection, std::string application_name,
         std::vector<std::pair<std::string, std::string>> extra = {});
  /// `postgresql 'host:port/database'`, without secrets.
  [[nodiscard]] std::string const& name() const { return name_; }
  [[nodiscard]] std::string const& user() const { return user_; }
  [[nodiscard]] std::string const& database() const { return database_; }
  /// Begins to connect without waiting (names are looked up by the C library, which may).
  [[nodiscard]] ConnectionPointer start() const;

 private:
  std::string connection_;
  std::string application_name_;
  std::vector<std::pair<std::string, std::string>> extra_;
  std::string name_;
  std::string user_;
  std::string database_;
};

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
  /// Raises broken when the other side has closed the connection; never waits.
  void require_alive();
  /// Waits until the socket can be read, or also written.
  void wait(short events, Deadline deadline);
  [[noreturn]] void lost() const;

 private:
  Session(ConnectionPointer connection, Clock& clock, std::string name)
      : connection_{std::move(connection)}, clock_{&clock}, name_{std::move(name)} {}

  ConnectionPointer connection_;
  Clock* clock_;
  std::string name_;
};

/// Waits for the socket at most until the deadline; false when that came first.
bool wait_for_socket(int socket, short events, Clock& clock, Deadline deadline);

}  // namespace tram::postgres
