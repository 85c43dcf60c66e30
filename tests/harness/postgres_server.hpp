#pragma once

#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tram::testing {

/// A private PostgreSQL in a temporary folder on a free port, with logical decoding on and without
/// fsync.
class PostgresServer {
 public:
  explicit PostgresServer(std::string options = {}) : options_{std::move(options)} {
    char folder[] = "/tmp/tram-postgres-XXXXXX";
    if (::mkdtemp(folder) == nullptr) throw std::runtime_error{"no temporary folder"};
    folder_ = folder;
    run("chmod 755 " + folder_ + (root() ? " && chown postgres:postgres " + folder_ : ""));
    run(as_owner() + bin() + "/initdb -D " + folder_ +
        "/data -U postgres --auth=trust -E UTF8 --locale=C.UTF-8 -N");
    port_ = free_port();
    start();
  }
  ~PostgresServer() {
    try {
      if (running_) stop("immediate");
    } catch (std::exception const& error) {
      std::cerr << error.what() << "; its folder goes all the same\n";
    }
    std::filesystem::remove_all(folder_);
  }
  PostgresServer(PostgresServer const&) = delete;
  PostgresServer& operator=(PostgresServer const&) = delete;

  [[nodiscard]] int port() const { return port_; }
  /// One that nobody listens on.
  static int free_port() {
    int const probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (probe < 0 || ::bind(probe, reinterpret_cast<sockaddr*>(&address), length) != 0)
      throw std::runtime_error{"no free port"};
    ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &length);
    ::close(probe);
    return ntohs(address.sin_port);
  }
  [[nodiscard]] std::string connection(std::string const& database = "postgres") const {
    return "host=127.0.0.1 port=" + std::to_string(port_) + " user=postgres dbname=" + database;
  }
  void start() {
    run(as_owner() + bin() + "/pg_ctl -D " + folder_ + "/data -w -t 60 -l " + folder_ +
        "/log -o \"-p " + std::to_string(port_) +
        " -c listen_addresses=127.0.0.1 -c unix_socket_directories='" + folder_ +
        "' -c wal_level=logical -c max_replication_slots=50 -c max_wal_senders=50 -c fsync=off -c "
        "jit=off " +
        options_ + "\" start");
    running_ = true;
  }
  /// `immediate`: as in a crash; `fast`: as an operator would.
  void stop(std::string const& mode) {
    run(as_owner() + bin() + "/pg_ctl -D " + folder_ + "/data -w -m " + mode + " stop");
    running_ = false;
  }
  /// Runs a program as the one who owns the server's files.
  void run_as_owner(std::string const& command) const { run(as_owner() + command); }
  [[nodiscard]] std::string const& folder() const { return folder_; }
  /// With other settings from the next start on.
  void set_options(std::string options) { options_ = std::move(options); }

  /// Runs SQL as the superuser; the first column of the first row of the last statement.
  std::string sql(std::string const& text, std::string const& database = "postgres") const {
    std::unique_ptr<PGconn, void (*)(PGconn*)> const connection_now{
        PQconnectdb(connection(database).c_str()), PQfinish};
    std::unique_ptr<PGresult, void (*)(PGresult*)> const result{
        PQexec(connection_now.get(), text.c_str()), PQclear};
    auto const status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
      throw std::runtime_error{text + ": " + PQerrorMessage(connection_now.get())};
    }
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
  }

 private:
  static std::string bin() {
    auto const* given = std::getenv("PG_BIN");
    return given != nullptr ? given : "/usr/lib/postgresql/15/bin";
  }
  static bool root() { return ::geteuid() == 0; }
  // The server refuses to run as root.
  static std::string as_owner() {
    return root() ? "setpriv --reuid=postgres --regid=postgres --clear-groups " : "";
  }
  void run(std::string const& command) const {
    if (std::system((command + " > " + folder_ + "/command.log 2>&1 < /dev/null").c_str()) == 0)
      return;
    std::ifstream in{folder_ + "/command.log"};
    throw std::runtime_error{command +
                             " failed: " + std::string{std::istreambuf_iterator<char>{in}, {}}};
  }

  std::string options_;
  std::string folder_;
  int port_{};
  bool running_{};
};

/// Waits until `condition()`; false after half a minute.
template <class Condition>
bool eventually(Condition condition) {
  SystemClock clock;
  auto const deadline = Deadline::after(clock, std::chrono::seconds{30});
  while (!condition()) {
    if (deadline.reached(clock)) return false;
    std::this_thread::yield();
  }
  return true;
}

/// Drops all replication slots, with whoever reads them, and schema `eventuate` with what shows it.
inline void forget_outbox(PostgresServer const& server) {
  server.sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active");
  eventually(
      [&] { return server.sql("SELECT count(*) FROM pg_replication_slots WHERE active") == "0"; });
  server.sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
  server.sql("DROP PUBLICATION IF EXISTS tram; DROP SCHEMA IF EXISTS eventuate CASCADE");
}

}  // namespace tram::testing
