#include "delayer.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include "tram/base/clock.hpp"
#include "tram/broker/position_numbers.hpp"
#include "tram/sql/database.hpp"
#include "tram/storage/table_part.hpp"
#include "tram/subscriber/held_messages.hpp"

namespace tram::simulation {
namespace {

constexpr std::chrono::milliseconds look_pause{200};

/// Civil time is set back and forth.
std::int64_t now(Clock& clock) { return clock.steady().time_since_epoch().count(); }

bool is_due_again(Transaction& tx, IncomingMessage const& incoming) {
  return !tx.execute("SELECT 1 FROM tram_delayed WHERE message_id = ? AND due IS NULL",
                     incoming.id())
              .empty();
}

HeldMessage message_of(Row const& row) {
  return {.key = {.subscriber_id = Delayer::subscriber_id,
                  .channel = row.get<std::string>(1),
                  .key = row.get<std::string>(2)},
          .message_id = row.get<std::string>(0),
          .partition = row.get<std::int32_t>(3),
          .position = position_of({row.get<std::int64_t>(4)}),
          .headers_json = row.get<std::string>(5),
          .payload = row.get<std::string>(6),
          .reason = "its time has come"};
}

class DelayerSteps final : public Stepper {
 public:
  DelayerSteps(StepParts const& parts, Sabotage sabotage)
      : parts_{parts}, sabotage_{sabotage}, held_{parts.database.dialect(), SchemaName::none()} {}

  bool step() override {
    std::optional<HeldMessage> taken;
    bool const apart = sabotage_ == Sabotage::hands_over_apart;
    parts_.database.transact([&](Transaction& tx) {
      taken = take(tx);
      if (taken && !apart) held_.hand_over(tx, *taken);
    });
    if (taken && apart)
      parts_.database.transact([&](Transaction& tx) { held_.hand_over(tx, *taken); });
    return taken.has_value();
  }
  [[nodiscard]] SteadyTime next_step() const override { return parts_.clock.steady() + look_pause; }

 private:
  std::optional<HeldMessage> take(Transaction& tx) {
    auto const rows = tx.execute(
        "SELECT message_id, channel, message_key, partition, position, headers, payload FROM "
        "tram_delayed WHERE due <= ? ORDER BY due LIMIT 1",
        now(parts_.clock));
    if (rows.empty()) return std::nullopt;
    auto message = message_of(rows[0]);
    tx.execute("UPDATE tram_delayed SET due = NULL WHERE message_id = ?", message.message_id);
    return message;
  }

  StepParts parts_;
  Sabotage sabotage_;
  HeldMessages held_;
};

}  // namespace

TablePart Delayer::tables(Dialect const& dialect) {
  ColumnTypeNames const type{dialect.types};
  return {.name = "delayer",
          .tables = {{.name = "tram_delayed",
                      .columns = {{"message_id", type.text + " PRIMARY KEY"},
                                  {"channel", type.text},
                                  {"message_key", type.text},
                                  {"partition", type.big},
                                  {"position", type.big},
                                  {"headers", type.text},
                                  {"payload", type.text},
                                  // Nothing when it was handed over.
                                  {"due", type.big}},
                      .indexes = {{"due"}}}}};
}

Contribution Delayer::contribution(Outbox const& outbox, Clock& clock) {
  auto subscription = business_.subscription(subscriber_id, {"shipments"}, outbox);
  subscription.handler = [this, &clock, handle = subscription.handler](
                             Transaction& tx, IncomingMessage const& incoming) {
    if (is_due_again(tx, incoming)) return handle(tx, incoming);
    keep(tx, incoming, clock);
  };
  return {.subscriptions = {std::move(subscription)},
          .tables = {tables},
          .stepped = {{.name = "delayer", .make = [this](StepParts const& parts) {
                         return std::make_unique<DelayerSteps>(parts, sabotage_);
                       }}}};
}

std::int64_t Delayer::count(Database& database) {
  return database.transact([](Transaction& tx) {
    return tx.execute("SELECT count(*) FROM tram_delayed WHERE due IS NOT NULL")[0]
        .get<std::int64_t>(0);
  });
}

void Delayer::keep(Transaction& tx, IncomingMessage const& incoming, Clock& clock) {
  auto const kept = held_message(incoming, {});
  auto const delay = std::chrono::milliseconds{chaos_.random().below(3'000)};
  auto const due = now(clock) + Duration{delay}.count();
  tx.execute("INSERT INTO tram_delayed VALUES (?, ?, ?, ?, ?, ?, ?, ?)", kept.message_id,
             kept.key.channel, kept.key.key, kept.partition, numbers_of(kept.position).first,
             kept.headers_json, kept.payload, due);
}

}  // namespace tram::simulation
