#include <gtest/gtest.h>

#include <fstream>
#include <thread>
#include <vector>

#include "postgres_server.hpp"
#include "program_process.hpp"
#include "tram/messaging/inbox.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/sql/schema.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;

/// pgbouncer, which gives its connections to whoever has a transaction to run.
class Pooler {
 public:
  Pooler(PostgresServer const& server, int port)
      : settings_{folder_.file("pgbouncer.ini")},
        process_{written(server, port), {settings_}, {}} {}

 private:
  [[nodiscard]] std::string written(PostgresServer const& server, int port) const {
    std::ofstream{settings_} << "[databases]\npostgres = host=127.0.0.1 user=postgres port="
                             << server.port() << "\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
                             << "listen_port = " << port << "\nunix_socket_dir =\n"
                             << "auth_type = any\npool_mode = transaction\ndefault_pool_size = 2\n"
                             << (::geteuid() == 0 ? "user = postgres\n" : "");
    std::filesystem::permissions(std::filesystem::path{settings_}.parent_path(),
                                 std::filesystem::perms{0755});
    return "/usr/sbin/pgbouncer";
  }

  Folder folder_;
  std::string settings_;
  ProgramProcess process_;
};

TEST(PostgresPooler, serves_unnamed_statements_of_more_connections_than_it_has) {
  PostgresServer const server;
  auto const port = server.free_port();
  Pooler const pooler{server, port};
  SystemClock clock;
  SystemRandom random;
  auto database = postgres::connect(
      {.connection = "host=127.0.0.1 user=postgres dbname=postgres port=" + std::to_string(port),
       .statements = postgres::Statements::unnamed},
      {}, clock, random);
  database.transact({.timeout = 20s, .attempts_max = 1000},
                    [](Transaction& tx) { tx.execute("CREATE TABLE t (worker int, number int)"); });
  install_schema(database, SchemaName{});
  Inbox const inbox{database.dialect(), SchemaName{}};
  {
    std::vector<std::jthread> threads;
    for (int worker = 0; worker < 8; ++worker) {
      threads.emplace_back([&, worker] {
        for (int number = 0; number < 50; ++number) {
          database.transact([&](Transaction& tx) {
            auto const id = std::to_string(worker) + "-" + std::to_string(number / 2);
            if (!inbox.receive(tx, "pooled", id)) return;
            tx.post("INSERT INTO t VALUES (?, ?)", worker, number);
          });
        }
      });
    }
  }
  EXPECT_EQ(server.sql("SELECT count(*) FROM t"), "200");
  EXPECT_EQ(server.sql("SELECT count(*) FROM eventuate.received_messages"), "200");
}

}  // namespace
}  // namespace tram::testing
