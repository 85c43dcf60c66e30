#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "promise.hpp"
#include "table_cells.hpp"
#include "targets.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
#include "tram/embedded/embedded.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/relay/numbered_outbox_retention.hpp"
#include "tram/relay/sql_held_row_store.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sqlite/change_source.hpp"
#include "tram/sqlite/sqlite.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/subscriber/inbox.hpp"
#include "tram/wire/headers_json.hpp"
#include "tram/wire/id_generator.hpp"

namespace tram::fuzz {
namespace {

struct Close {
  void operator()(sqlite3* database) const { ::sqlite3_close_v2(database); }
};
using Handle = std::unique_ptr<sqlite3, Close>;

Handle open(std::string const& path) {
  sqlite3* opened{};
  ::sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, nullptr);
  return Handle{opened};
}

/// Of what others wrote everything may be said, in an error, and nothing else may happen.
template <class Use>
void bearing(Use use) {
  try {
    use();
  } catch (Error const& error) { promise(*error.what() != '\0', "an error says something"); }
}

// --- the embedded broker's file

constexpr std::array broker_tables{
    TableShape{"INSERT INTO tram_channel (id, name) VALUES (?, ?)", 2},
    TableShape{"INSERT INTO tram_partition (id, channel, number, first) VALUES (?, ?, ?, ?)", 4},
    TableShape{"INSERT INTO tram_record (place, time, key, value) VALUES (? + (? << 40), ?, ?, ?)",
               5},
    TableShape{"INSERT INTO tram_progress (group_name, partition, generation, next) VALUES (?, ?, "
               "?, ?)",
               4},
    TableShape{"INSERT INTO tram_group_channel (group_name, channel, seen) VALUES (?, ?, ?)", 3}};

constexpr char const* empty_broker = "DELETE FROM tram_record; DELETE FROM tram_progress; DELETE "
                                     "FROM tram_group_channel; DELETE FROM tram_partition; DELETE "
                                     "FROM tram_channel";

class BrokerFolder {
 public:
  BrokerFolder() {
    auto name = (std::filesystem::temp_directory_path() / "tram-fuzz-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~BrokerFolder() { std::filesystem::remove_all(folder_); }
  BrokerFolder(BrokerFolder const&) = delete;
  BrokerFolder& operator=(BrokerFolder const&) = delete;
  [[nodiscard]] std::string path() const { return folder_ / "broker.db"; }

 private:
  std::filesystem::path folder_;
};

std::size_t deliveries(Consumer& consumer) {
  std::size_t count{};
  for (int poll = 0; poll < 3; ++poll) {
    for (auto const& event : consumer.poll()) count += std::holds_alternative<Delivery>(event);
  }
  return count;
}

/// Whatever the file holds, what is sent from now on is received by a group that it knows.
void use(Broker& broker) {
  std::array const channels{std::string{"orders"}};
  auto const consumer = broker.subscribe({.group = "g"}, channels);
  deliveries(*consumer);
  auto const producer = broker.producer();
  promise(producer->submit({"orders", "k", "v"}, Sequence{1}), "a new producer takes a record");
  auto const completions = producer->completions();
  promise(completions.size() == 1, "a record completes");
  if (completions.front().error) throw Error{*completions.front().error};
  promise(deliveries(*consumer) > 0, "what is sent is received");
}

void broker_file(std::string_view bytes) {
  static BrokerFolder const folder;
  static ManualClock clock;
  embedded::Config const config{.path = folder.path(),
                                .durability = embedded::Durability::process_crash};
  std::ignore = embedded::connect(config, clock);
  {
    auto const file = open(folder.path());
    ::sqlite3_exec(file.get(), "PRAGMA synchronous = OFF; BEGIN", nullptr, nullptr, nullptr);
    ::sqlite3_exec(file.get(), empty_broker, nullptr, nullptr, nullptr);
    TableCells{bytes}.fill(file.get(), broker_tables);
    ::sqlite3_exec(file.get(), "COMMIT", nullptr, nullptr, nullptr);
  }
  bearing([&] { use(*embedded::connect(config, clock)); });
  // Emptied, so that the next run can open it.
  ::sqlite3_exec(open(folder.path()).get(), empty_broker, nullptr, nullptr, nullptr);
}

// --- tables in SQLite

/// One database for all runs, which each leaves empty.
struct Tables {
  ManualClock clock;
  SeededRandom random{1};
  std::string path{sqlite::memory_path(random)};
  Database database{sqlite::connect({.path = path}, {}, clock, random)};
  Handle raw{open(path)};
  IdGenerator ids{clock, MachineNumber::choose(std::nullopt, random)};

  Tables() { install_schema(database, SchemaName::none()); }
  void empty(std::initializer_list<std::string> tables) const {
    for (auto const& table : tables)
      ::sqlite3_exec(raw.get(), ("DELETE FROM " + table).c_str(), nullptr, nullptr, nullptr);
  }
};

Tables& tables() {
  static Tables all;
  return all;
}

constexpr std::array relay_tables{
    TableShape{"INSERT INTO message (seq, id, destination, headers, payload, published, "
               "creation_time) VALUES (?, ?, ?, ?, ?, ?, ?)",
               7},
    TableShape{"INSERT INTO tram_relay_position (relay, position) VALUES (?, ?)", 2},
    TableShape{"INSERT INTO tram_relay_held (relay, row_id, database_id, destination, message_key, "
               "headers, payload, reason, held_at, retry_requested) VALUES (?, ?, ?, ?, ?, ?, ?, "
               "?, ?, ?)",
               10}};

void read_and_confirm(ChangeSource& source) {
  auto const batch = source.read(10);
  for (auto const& row : batch.rows)
    if (row.ends_at) source.confirm(*row.ends_at);
  source.flush();
}

void relay_tables_of(std::string_view bytes) {
  auto& all = tables();
  TableCells{bytes}.fill(all.raw.get(), relay_tables);
  auto const source = sqlite::change_source({.path = all.path}, all.clock);
  SqlHeldRowStore held{all.database, SchemaName::none(), *source};
  NumberedOutboxRetention retention{all.database, SchemaName::none(), std::chrono::milliseconds{0}};
  for (int round = 0; round < 3; ++round) bearing([&] { read_and_confirm(*source); });
  bearing([&] { (void)held.summary(); });
  bearing([&] {
    ReplayOutcome outcome;
    for (auto const& row : held.replayable(10, ReplayOrder::by_key))
      outcome.published.push_back(row.id);
    held.settle(outcome);
  });
  bearing([&] { (void)retention.remove_some(LogPosition{1'000}); });
  all.empty({"message", "tram_relay_position", "tram_relay_held"});
}

constexpr std::array held_tables{
    TableShape{"INSERT INTO tram_held_key (subscriber_id, channel, message_key, held_count, "
               "retry_requested) VALUES (?, ?, ?, ?, ?)",
               5},
    TableShape{"INSERT INTO tram_held_message (subscriber_id, channel, message_key, message_id, "
               "partition, position, headers, payload, reason, attempts, held_at) VALUES (?, ?, ?, "
               "?, ?, ?, ?, ?, ?, ?, ?)",
               11},
    TableShape{"INSERT INTO received_messages (consumer_id, message_id, creation_time) VALUES (?, "
               "?, ?)",
               3}};

void replay(Transaction& tx, HeldMessages const& held, HeldKey const& key) {
  auto const first = held.take_first(tx, key);
  if (!first) return;
  held.note_failure(tx, first->message, "no", 1);
  held.settle(tx, first->message);
}

void held_tables_of(std::string_view bytes) {
  auto& all = tables();
  TableCells{bytes}.fill(all.raw.get(), held_tables);
  auto const& dialect = all.database.dialect();
  HeldMessages const held{dialect, SchemaName::none()};
  auto const in_transaction = [&](auto const& action) {
    bearing([&] { all.database.transact([&](Transaction& tx) { action(tx); }); });
  };
  in_transaction([&](Transaction& tx) { (void)held.messages(tx, {}, 100); });
  in_transaction([&](Transaction& tx) { (void)held.keys(tx, {}); });
  in_transaction([&](Transaction& tx) { (void)held.request_retry(tx, {}); });
  in_transaction([&](Transaction& tx) {
    for (auto const& key : held.requested(tx, "g", 10)) replay(tx, held, key);
  });
  in_transaction([&](Transaction& tx) {
    std::array const ids{std::string{"g"}};
    (void)Inbox{dialect, SchemaName::none()}.forget_some(tx, ids, std::chrono::milliseconds{1});
  });
  all.empty({"tram_held_key", "tram_held_message", "received_messages"});
}

// --- what a trace says of itself

/// `traceparent` and `tracestate`, apart at the first line feed, of a transaction that sends.
void trace_context(std::string_view bytes) {
  auto& all = tables();
  auto const middle = std::min(bytes.find('\n'), bytes.size());
  TransactionContext const context{
      .causation_id = "",
      .traceparent = std::string{bytes.substr(0, middle)},
      .tracestate = std::string{bytes.substr(std::min(middle + 1, bytes.size()))}};
  static Outbox const outbox =
      Outbox::of(all.database, all.ids, all.random, {.schema = SchemaName::none()});
  reading([&] {
    auto const headers = all.database.transact({.context = context}, [&](Transaction& tx) {
      outbox.send(tx, "orders", Message{.headers = {}, .payload = "{}"});
      return tx.execute("SELECT headers FROM message")[0].get<std::string>(0);
    });
    auto const read = headers_from_json(headers);
    auto const parent = read.find("traceparent");
    promise(!parent || *parent == context.traceparent, "a trace goes on as it was");
    promise(parent || !read.contains("tracestate"), "no state without a trace");
  });
  all.empty({"message"});
}

constexpr std::array all{
    Target{"broker_file", broker_file}, Target{"relay_tables", relay_tables_of},
    Target{"held_tables", held_tables_of}, Target{"trace_context", trace_context}};

}  // namespace

std::span<Target const> stored_targets() { return all; }

}  // namespace tram::fuzz
