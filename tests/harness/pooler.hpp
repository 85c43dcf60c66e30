#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "postgres_server.hpp"
#include "program_process.hpp"

#include <unistd.h>

namespace tram::testing {

/// pgbouncer, which gives its connections to whoever has a transaction to run.
class Pooler {
 public:
  /// `more`: further lines of its settings.
  explicit Pooler(PostgresServer const& server, std::string more = {})
      : more_{std::move(more)},
        port_{PostgresServer::free_port()},
        settings_{folder_.file("pgbouncer.ini")},
        process_{written(server), {settings_}, {}} {}

  [[nodiscard]] std::string connection() const {
    return "host=127.0.0.1 user=postgres dbname=postgres port=" + std::to_string(port_);
  }

 private:
  [[nodiscard]] std::string written(PostgresServer const& server) const {
    std::ofstream{settings_} << "[databases]\npostgres = host=127.0.0.1 user=postgres port="
                             << server.port() << "\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
                             << "listen_port = " << port_ << "\nunix_socket_dir =\n"
                             << "auth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n"
                             << more_ << (::geteuid() == 0 ? "user = postgres\n" : "");
    std::filesystem::permissions(std::filesystem::path{settings_}.parent_path(),
                                 std::filesystem::perms{0755});
    return "/usr/sbin/pgbouncer";
  }

  std::string more_;
  int port_;
  Folder folder_;
  std::string settings_;
  ProgramProcess process_;
};

}  // namespace tram::testing
