#pragma once

#include <concepts>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tram/base/detail/memory.hpp"
#include "tram/base/error.hpp"
#include "tram/base/log.hpp"
#include "tram/base/time.hpp"
#include "tram/json/json.hpp"
#include "tram/outbox/outbox_options.hpp"
#include "tram/sql/statement_executor.hpp"
#include "tram/storage/outbox_table.hpp"
#include "tram/wire/message.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Database;
class IdGenerator;
class Random;

/// How one message is sent.
struct SendOptions {
  /// Messages to a channel with the same key keep their order; without one a random key, and so no
  /// order.
  std::optional<std::string> partition_key{};
  /// Further headers, in place of the message's of the same names. `DESTINATION` and `DATE` are
  /// always Tram's own; an `ID` is refused.
  Headers headers{};
};

/// One of several messages that are sent in one call; see `outgoing`.
struct OutgoingMessage {
  std::string channel;
  Message message;
  SendOptions options{};
};

/// A message with a plain struct as its payload, encoded as JSON.
template <class Payload>
OutgoingMessage outgoing(std::string channel, Payload const& payload, SendOptions options = {}) {
  constexpr bool is_text = std::convertible_to<Payload const&, std::string_view>;
  static_assert(!is_text, "tram: text would be encoded once more; send it as it is with "
                          "tram::OutgoingMessage{channel, {.headers = {}, .payload = text}}");
  if constexpr (is_text) return {};
  else
    return {
        std::move(channel), {.headers = {}, .payload = json::encode(payload)}, std::move(options)};
}

/// Sends messages by writing rows into the outbox table, in the caller's transaction: sent if that
/// commits, never otherwise. A relay publishes them, at least once. Callable from any thread.
///
///     auto const outbox = tram::Outbox::of(database, ids, random);
///     database.transact([&](tram::Transaction& tx) {
///       tx.execute("INSERT INTO shipments VALUES (?, ?)", id, "Hermes");
///       outbox.send(tx, "shipments", ShipmentBooked{id, "Hermes"}, {.partition_key = "7"});
///     });
class Outbox final {
 public:
  /// What an outbox needs; all of it outlives the outbox.
  struct Parts {
    Dialect dialect;
    /// From `probe_outbox_table`. Empty: the first `send` reads the layout, in its transaction.
    std::optional<OutboxTable> table;
    IdGenerator& ids;
    Clock& clock;
    /// Callable from any thread.
    Random& random;
    /// Hears of interceptors whose `after` hook throws.
    Logger logger{};
  };
  /// Throws: rejected, where the table's ids come from the database and `outbox_id` is missing; the
  /// first `send` where the table is not known yet.
  Outbox(Parts parts, OutboxOptions options);
  // Moves are copies, which are cheap: the old object can still send.
  Outbox(Outbox const&) = default;
  ~Outbox() = default;

  /// For a database with our tables: checks them and reads the outbox table's layout, in short
  /// separate transactions. Throws: the errors of `require_schema` and `probe_outbox_table`.
  static Outbox of(Database& database, IdGenerator& ids, Random& random,
                   OutboxOptions options = {});

  /// Reads the outbox table's layout now, so that the first `send` does not have to. Throws: the
  /// errors of `probe_outbox_table` and of the constructor.
  void look_at_table(StatementExecutor& tx) const { static_cast<void>(known(tx)); }

  /// Writes the message and returns its id. Sets `DESTINATION` (the mapped channel), `DATE`,
  /// `PARTITION_ID` where missing, and `ID` where the service makes the ids; the trace context of
  /// `tx` becomes `traceparent` and `tracestate` where the message has none. Waits for the
  /// database only where that makes the ids: otherwise the row travels with the next statement or
  /// the commit. Throws: rejected, before anything is written, for a message that no receiver could
  /// use: a channel or reply channel that no broker takes, a message that is too large or has an
  /// `ID` already, text that is no UTF-8 or holds a NUL, a header without a name, a key, type or id
  /// that is empty, longer than 4096 bytes or holds a control character; those of the driver.
  std::string send(StatementExecutor& tx, std::string_view channel, Message message,
                   SendOptions const& options = {}) const;
  /// For a transaction adopted on the spot: `outbox.send(tram::sqlite::adopt(connection), …)`.
  std::string send(StatementExecutor&& tx, std::string_view channel, Message message,
                   SendOptions const& options = {}) const {
    return send(tx, channel, std::move(message), options);
  }

  /// The same with a plain struct as the payload, encoded as JSON (`tram/json/json.hpp`). Text that
  /// is JSON already goes out as it is in a `Message{.headers = {}, .payload = text}`.
  template <class Executor, class Payload>
    requires std::derived_from<std::remove_cvref_t<Executor>, StatementExecutor> &&
             (!std::same_as<Payload, Message>)
  std::string send(Executor&& tx, std::string_view channel, Payload const& payload,
                   SendOptions const& options = {}) const {
    constexpr bool is_text = std::convertible_to<Payload const&, std::string_view>;
    static_assert(!is_text, "tram: text would be encoded once more; send it as it is with "
                            "tram::Message{.headers = {}, .payload = text}");
    if constexpr (!is_text) {
      return send(tx, channel, Message{.headers = {}, .payload = json::encode(payload)}, options);
    }
  }

  /// Sends several messages, in their order, and returns their ids. All are checked before the
  /// first is written, in one statement for up to 64 of them: half the time of one by one, and far
  /// less on an adopted connection, where each statement waits for the database. Where the database
  /// makes the ids, each message is a statement. Throws: as `send`.
  ///
  ///     std::vector<tram::OutgoingMessage> messages;
  ///     for (auto const& parcel : parcels)
  ///       messages.push_back(tram::outgoing("parcels", parcel, {.partition_key = parcel.id}));
  ///     outbox.send_all(tx, std::move(messages));
  std::vector<std::string> send_all(StatementExecutor& tx,
                                    std::vector<OutgoingMessage> messages) const;
  std::vector<std::string> send_all(StatementExecutor&& tx,
                                    std::vector<OutgoingMessage> messages) const {
    return send_all(tx, std::move(messages));
  }

 private:
  /// How the table is made, and what follows from that.
  struct Table {
    OutboxTable columns;
    /// The values of one row.
    std::string row;
    /// For the plain table, then for those with a number.
    std::vector<std::string> insert_statements;
  };
  struct Found;
  struct Row;

  [[nodiscard]] Table understand(OutboxTable columns) const;
  [[nodiscard]] Table const& known(StatementExecutor& tx) const;
  std::vector<std::string> write(StatementExecutor& tx, std::span<Message> messages) const;
  [[nodiscard]] Row row_of(Table const& table, Message& message) const;
  static std::size_t count_together(std::span<Row const> rows);
  void insert(StatementExecutor& tx, Table const& table, std::span<Row> rows) const;
  void insert_numbered(StatementExecutor& tx, Table const& table, Row& row) const;
  [[nodiscard]] Message addressed(StatementExecutor const& tx, std::string_view channel,
                                  Message message, SendOptions const& options) const;
  void tell_after_send(Message const& message, std::exception_ptr const& error) const;

  Parts parts_;
  OutboxOptions options_;
  /// Filled once, by the first send.
  std::shared_ptr<Found> found_;
};

}  // namespace tram

#pragma GCC visibility pop
