#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kafka_server.hpp"
#include "postgres_server.hpp"
#include "program_process.hpp"
#include "proxy_listener.hpp"
#include "tcp_proxy.hpp"
#include "tram/base/clock.hpp"
#include "tram/host/exit_status.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;

constexpr int nobody_listens{1};

std::string address(int port) { return "127.0.0.1:" + std::to_string(port); }

/// How a process ends that is told to.
struct Stop {
  int status{};
  Duration took{};
};
Stop stop(ProgramProcess& process, int signal) {
  SystemClock clock;
  auto const began = clock.steady();
  process.signal(signal);
  process.await_end();
  auto const took = clock.steady() - began;
  return {.status = process.wait(), .took = took};
}

/// What a client may find where its server should be.
enum class Place : std::uint8_t { closed, silent, nameless, slow_name };

class Places {
 public:
  std::string at(Place place) const {
    switch (place) {
      case Place::closed: return address(nobody_listens);
      // The system takes the connections, and nobody speaks.
      case Place::silent: return address(silent_.port());
      case Place::nameless: return "nobody.invalid:9092";
      case Place::slow_name: return "server.slow:9092";
    }
    return {};
  }

 private:
  ProxyListener silent_{0};
};

std::string name_of(Place place) {
  switch (place) {
    case Place::closed: return "closed";
    case Place::silent: return "silent";
    case Place::nameless: return "nameless";
    case Place::slow_name: return "slow_name";
  }
  return {};
}

/// Its handlers are there.
bool takes_signals(pid_t process) {
  std::ifstream in{"/proc/" + std::to_string(process) + "/status"};
  std::string const text{std::istreambuf_iterator<char>{in}, {}};
  auto const at = text.find("SigCgt:\t");
  if (at == std::string::npos) return false;
  auto const caught = std::stoull(text.substr(at + 8, 16), nullptr, 16);
  return (caught >> (SIGTERM - 1) & 1U) != 0;
}

std::string get(ProgramProcess const& service, std::string const& path) {
  auto const port = service.number_logged("http_port");
  return port == 0 ? "" : http::ask(port, "GET " + path);
}
bool is_ready(ProgramProcess const& service) {
  return get(service, "/health/ready").starts_with("HTTP/1.1 200");
}

/// Until somebody connects.
void await_client(ProxyListener const& server) {
  pollfd wait{.fd = server.descriptor(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&wait, 1, 30'000), 1);
}

/// The beginning of a request, whose end never comes.
class HalfRequest {
 public:
  explicit HalfRequest(std::uint16_t port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    std::string_view const text{"GET /health/ready HTTP/1.1\r\nHost: here\r\n"};
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  ~HalfRequest() { ::close(socket_); }
  HalfRequest(HalfRequest const&) = delete;
  HalfRequest& operator=(HalfRequest const&) = delete;

 private:
  int socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

// --- Kafka

/// The place, the number of subscriptions and the signal.
using Case = std::tuple<Place, int, int>;

std::string name_of(Case const& one) {
  return name_of(std::get<0>(one)) + "_" + std::to_string(std::get<1>(one)) + "_" +
         (std::get<2>(one) == SIGTERM ? "SIGTERM" : "SIGINT");
}

/// What a stop may take on a busy machine when nothing keeps it from ending at once.
constexpr Duration at_once{3s};

class KafkaNeverReached : public ::testing::TestWithParam<Case> {
 protected:
  Places places_;
  Folder folder_;
};

TEST_P(KafkaNeverReached, does_not_hold_up_a_service) {
  auto const [place, subscriptions, signal] = GetParam();
  ProgramProcess service{TRAM_STOPPING_SERVICE,
                         {"sqlite:" + folder_.file("data"), "kafka://" + places_.at(place),
                          std::to_string(subscriptions)}};
  ASSERT_TRUE(eventually([&] { return service.logged("event=subscriber.started"); }))
      << service.log();
  auto const end = stop(service, signal);
  EXPECT_EQ(end.status, 0) << service.log();
  EXPECT_LT(end.took, at_once) << service.log();
  EXPECT_TRUE(service.logged("event=service.stopped")) << service.log();
  // Whose threads wait for the name is left, and named.
  EXPECT_TRUE(place != Place::slow_name || service.logged("event=kafka.left_behind"));
}

INSTANTIATE_TEST_SUITE_P(Everywhere, KafkaNeverReached,
                         ::testing::Combine(::testing::Values(Place::closed, Place::silent,
                                                              Place::nameless, Place::slow_name),
                                            ::testing::Values(1, 20),
                                            ::testing::Values(SIGTERM, SIGINT)),
                         [](auto const& each) { return name_of(each.param); });

TEST(KafkaThatFroze, does_not_hold_up_a_service_beyond_what_leaving_may_take) {
  Folder const folder;
  KafkaServer const kafka;
  ProgramProcess service{TRAM_STOPPING_SERVICE,
                         {"sqlite:" + folder.file("data"), "kafka://" + kafka.servers(), "20"}};
  auto const has_all = [&] {
    auto const metrics = get(service, "/metrics");
    return metrics.find("tram_service_ready 1") != std::string::npos &&
           metrics.find("tram_subscription_partitions{subscriber=\"channel-19-reader\"} 0") ==
               std::string::npos;
  };
  ASSERT_TRUE(eventually(has_all)) << service.log();
  kafka.freeze();
  auto const end = stop(service, SIGTERM);
  EXPECT_EQ(end.status, 0) << service.log();
  EXPECT_LT(end.took, 6s) << service.log();
  EXPECT_TRUE(service.logged("event=kafka.left_behind")) << service.log();
}

// --- databases

/// What the service is given for its stop, and something for a busy machine.
constexpr Duration service_deadline{8s + 2s};

void expect_named_within(Duration deadline, Stop const& end, ProgramProcess const& process,
                         std::string const& name) {
  EXPECT_LT(end.took, deadline) << process.log();
  EXPECT_TRUE(end.status == 0 || end.status == exit_stop_timed_out) << end.status << process.log();
  if (end.status == 0) return;
  EXPECT_TRUE(process.logged("stop_timed_out after_ms=")) << process.log();
  EXPECT_TRUE(process.logged("waiting_for=\"" + name)) << process.log();
}

class DatabaseNeverReached : public ::testing::TestWithParam<std::tuple<Place, int>> {
 protected:
  Places places_;
  Folder folder_;
};

TEST_P(DatabaseNeverReached, holds_up_a_service_for_its_deadline_at_most) {
  auto const [place, signal] = GetParam();
  ProgramProcess service{TRAM_STOPPING_SERVICE,
                         {"postgresql://somebody@" + places_.at(place) + "/database",
                          "embedded:" + folder_.file("broker"), "2"}};
  // The signals are taken before anything is asked, and nothing tells of the asking.
  ASSERT_TRUE(eventually([&] { return takes_signals(service.id()); }));
  expect_named_within(service_deadline, stop(service, signal), service, "the database");
}

INSTANTIATE_TEST_SUITE_P(Everywhere, DatabaseNeverReached,
                         ::testing::Combine(::testing::Values(Place::closed, Place::silent,
                                                              Place::nameless, Place::slow_name),
                                            ::testing::Values(SIGTERM, SIGINT)),
                         [](auto const& each) {
                           return name_of(
                               Case{std::get<0>(each.param), 2, std::get<1>(each.param)});
                         });

TEST(DatabaseOfAnother, locked_holds_up_a_service_for_its_deadline_at_most) {
  Folder const folder;
  sqlite3* other{};
  ASSERT_EQ(sqlite3_open(folder.file("data").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr), SQLITE_OK);
  {
    ProgramProcess service{
        TRAM_STOPPING_SERVICE,
        {"sqlite:" + folder.file("data"), "embedded:" + folder.file("broker"), "2"}};
    ASSERT_TRUE(eventually([&] { return takes_signals(service.id()); }));
    expect_named_within(service_deadline, stop(service, SIGTERM), service, "the database");
  }
  sqlite3_close(other);
}

TEST(DatabaseThatFroze, holds_up_a_service_for_its_deadline_at_most) {
  Folder const folder;
  PostgresServer const postgres;
  TcpProxy proxy{postgres.port()};
  ProgramProcess service{TRAM_STOPPING_SERVICE,
                         {"postgresql://postgres@" + address(proxy.port()) + "/postgres",
                          "embedded:" + folder.file("broker"), "2"}};
  ASSERT_TRUE(eventually([&] { return is_ready(service); })) << service.log();
  proxy.withhold_answers(1);
  proxy.await_request();
  auto const end = stop(service, SIGTERM);
  expect_named_within(service_deadline, end, service, "relay");
}

TEST(OpenRequests, do_not_hold_up_a_service) {
  Folder const folder;
  ProgramProcess service{
      TRAM_STOPPING_SERVICE,
      {"sqlite:" + folder.file("data"), "embedded:" + folder.file("broker"), "2"}};
  ASSERT_TRUE(eventually([&] { return is_ready(service); })) << service.log();
  HalfRequest const request{service.number_logged("http_port")};
  auto const end = stop(service, SIGTERM);
  EXPECT_EQ(end.status, 0) << service.log();
  EXPECT_LT(end.took, service_deadline);
}

// --- the programs

TEST(Relay, whose_database_is_silent_keeps_its_deadline_and_names_the_database) {
  Folder const folder;
  ProxyListener const silent{0};
  ProgramProcess relay{
      TRAM_CDC_PROGRAM,
      {"--database", "postgresql://somebody@" + address(silent.port()) + "/shop", "--broker",
       "embedded:" + folder.file("broker"), "--http-port", "0", "--drain-timeout", "1s"}};
  await_client(silent);
  // Its time to drain, and ten seconds.
  expect_named_within(11s + 3s, stop(relay, SIGTERM), relay, "relay 'relay', which connects to");
}

class Commands : public ::testing::TestWithParam<std::tuple<int, std::vector<std::string>>> {};

TEST_P(Commands, that_wait_for_a_silent_server_end_at_once) {
  auto const& [signal, words] = GetParam();
  ProxyListener const silent{0};
  std::vector<std::string> arguments{words.begin() + 1, words.end()};
  arguments.insert(arguments.end(),
                   {"--database", "postgresql://somebody@" + address(silent.port()) + "/shop"});
  ProgramProcess command{words.front(), std::move(arguments)};
  await_client(silent);
  auto const end = stop(command, signal);
  EXPECT_EQ(end.status, 1000 + signal) << command.log();
  EXPECT_LT(end.took, at_once);
}

INSTANTIATE_TEST_SUITE_P(
    All, Commands,
    ::testing::Combine(
        ::testing::Values(SIGTERM, SIGINT),
        ::testing::Values(std::vector<std::string>{TRAM_CDC_PROGRAM, "--check", "--broker",
                                                   "kafka://127.0.0.1:1"},
                          std::vector<std::string>{TRAM_CDC_PROGRAM, "takeover", "run", "--broker",
                                                   "kafka://127.0.0.1:1"},
                          std::vector<std::string>{TRAM_PROGRAM, "doctor"},
                          std::vector<std::string>{TRAM_PROGRAM, "held", "list"},
                          std::vector<std::string>{TRAM_PROGRAM, "held", "retry", "--all"},
                          std::vector<std::string>{TRAM_PROGRAM, "held", "drop", "m1"},
                          std::vector<std::string>{TRAM_PROGRAM, "schema", "install"})));

// --- what an operator asked for

/// The signal, and what is asked for.
class HeldCommands : public ::testing::TestWithParam<std::tuple<int, std::vector<std::string>>> {
 protected:
  static PostgresServer& postgres() {
    static PostgresServer one;
    return one;
  }
  static std::string url() {
    return "postgresql://postgres@" + address(postgres().port()) + "/postgres";
  }
  /// A message of a subscription and a row of a relay.
  static void hold() {
    ProgramProcess install{TRAM_PROGRAM, {"schema", "install", "--database", url()}};
    install.await_end();
    EXPECT_EQ(install.wait(), 0) << install.log();
    postgres().sql(
        "TRUNCATE eventuate.tram_held_key, eventuate.tram_held_message, eventuate.tram_relay_held;"
        "INSERT INTO eventuate.tram_held_key VALUES ('billing', 'orders', 'k', 1, 0);"
        "INSERT INTO eventuate.tram_held_message (subscriber_id, channel, message_key, message_id, "
        "partition, position, headers, payload, reason, attempts, held_at) VALUES ('billing', "
        "'orders', 'k', 'm1', 0, 0, '{}', '', 'why', 1, 0);"
        "INSERT INTO eventuate.tram_relay_held (relay, row_id, destination, reason, held_at) "
        "VALUES ('relay', 'm2', 'orders', 'why', 0)");
  }
  /// Keys, rows and messages that are held and not asked for.
  static std::string untouched() {
    return postgres().sql(
        "SELECT (SELECT count(*) FROM eventuate.tram_held_key WHERE retry_requested = 0) + "
        "(SELECT count(*) FROM eventuate.tram_relay_held WHERE retry_requested = 0) + "
        "(SELECT count(*) FROM eventuate.tram_held_message)");
  }
  static void await_no_session_of_the_program() {
    EXPECT_TRUE(eventually([] {
      return postgres().sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client "
                            "backend' AND pid <> pg_backend_pid()") == "0";
    }));
  }
  static bool waits(std::string const& statement) {
    return postgres().sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                          "AND query ILIKE '" +
                          statement + "%'") == "1";
  }
  static bool is_drop() { return std::get<1>(GetParam()).at(1) == "drop"; }

  ProgramProcess command() {
    auto words = std::get<1>(GetParam());
    words.insert(words.end(), {"--database", url()});
    return ProgramProcess{TRAM_PROGRAM, std::move(words)};
  }
};

/// Somebody has the key, as a replay of it does.
class KeyOfAnother {
 public:
  explicit KeyOfAnother(PostgresServer const& server)
      : connection_{PQconnectdb(server.connection().c_str()), PQfinish} {
    for (auto const* sql : {"BEGIN", "SELECT * FROM eventuate.tram_held_key FOR UPDATE"})
      PQclear(PQexec(connection_.get(), sql));
  }

 private:
  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
};

TEST_P(HeldCommands, that_wait_for_a_key_ask_for_nothing_and_say_so) {
  auto const signal = std::get<0>(GetParam());
  hold();
  auto const before = untouched();
  std::optional<KeyOfAnother> other{postgres()};
  auto process = command();
  ASSERT_TRUE(eventually([] { return waits(""); })) << process.log();
  auto const end = stop(process, signal);
  EXPECT_EQ(end.status, 1000 + signal) << process.log();
  EXPECT_LT(end.took, at_once);
  auto const* const said = is_drop() ? "before anything was dropped" : "before anything was asked";
  EXPECT_TRUE(process.logged(said)) << process.log();
  // What the server still has of it comes to nothing.
  other.reset();
  await_no_session_of_the_program();
  EXPECT_EQ(untouched(), before);
}

TEST_P(HeldCommands, whose_commit_waits_say_where_to_find_out) {
  auto const signal = std::get<0>(GetParam());
  hold();
  auto const before = untouched();
  postgres().sql("CREATE OR REPLACE FUNCTION wait() RETURNS TRIGGER LANGUAGE plpgsql AS "
                 "$$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;"
                 "CREATE CONSTRAINT TRIGGER wait AFTER UPDATE OR DELETE ON eventuate.tram_held_key "
                 "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()");
  std::unique_ptr<PGconn, void (*)(PGconn*)> holder{PQconnectdb(postgres().connection().c_str()),
                                                    PQfinish};
  PQclear(PQexec(holder.get(), "SELECT pg_advisory_lock(1)"));
  auto process = command();
  ASSERT_TRUE(eventually([] { return waits("COMMIT"); })) << process.log();
  auto const end = stop(process, signal);
  EXPECT_EQ(end.status, 1000 + signal) << process.log();
  EXPECT_LT(end.took, at_once);
  auto const* const said = is_drop() ? "while the database dropped" : "while the database stored";
  EXPECT_TRUE(process.logged(said)) << process.log();
  // The server has it, and does it.
  holder.reset();
  await_no_session_of_the_program();
  postgres().sql("DROP TRIGGER wait ON eventuate.tram_held_key");
  EXPECT_NE(untouched(), before);
}

INSTANTIATE_TEST_SUITE_P(
    All, HeldCommands,
    ::testing::Combine(::testing::Values(SIGTERM, SIGINT),
                       ::testing::Values(std::vector<std::string>{"held", "retry", "--all"},
                                         std::vector<std::string>{"held", "drop", "m1"})));

TEST(HeldCommandsOnAFile, that_wait_for_their_turn_ask_for_nothing_and_say_so) {
  Folder const folder;
  auto const url = "sqlite:" + folder.file("data");
  ProgramProcess install{TRAM_PROGRAM, {"schema", "install", "--database", url}};
  install.await_end();
  ASSERT_EQ(install.wait(), 0) << install.log();
  sqlite3* other{};
  ASSERT_EQ(sqlite3_open(folder.file("data").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other,
                         "INSERT INTO tram_held_key VALUES ('billing', 'orders', 'k', 1, 0);"
                         "BEGIN IMMEDIATE",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  for (int const signal : {SIGTERM, SIGINT}) {
    ProgramProcess process{TRAM_PROGRAM, {"held", "retry", "--all", "--database", url}};
    ASSERT_TRUE(eventually([&] { return takes_signals(process.id()); }));
    auto const end = stop(process, signal);
    EXPECT_EQ(end.status, 1000 + signal) << process.log();
    EXPECT_LT(end.took, at_once);
    EXPECT_TRUE(process.logged("before anything was asked for")) << process.log();
  }
  EXPECT_EQ(sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(other, "UPDATE tram_held_key SET held_count = 2 WHERE retry_requested = 0",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  EXPECT_EQ(sqlite3_changes(other), 1);
  sqlite3_close(other);
}

}  // namespace
}  // namespace tram::testing
