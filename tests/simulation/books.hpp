#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tram/messaging/incoming_message.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/transaction.hpp"

// What senders and handlers write down in their own transactions, and the checks believe: table
// `written`, what was sent, in the order of commits; table `effect`, what was handled.
namespace tram::simulation {

void open_books(Database& database);

/// A message as its sender meant it.
struct Meant {
  std::int64_t number{};
  /// What a handler has to take it for.
  std::string as;
  std::string channel;
  std::optional<std::string> key;
  std::string payload;
};

/// What a writer leaves in table `written`, in the transaction that sends.
void write_down(Transaction& tx, Meant const& meant, std::string const& message_id);
/// What a handler leaves in table `effect`.
void leave_effect(Transaction& tx, IncomingMessage const& incoming, std::int64_t number,
                  std::string const& as);

}  // namespace tram::simulation
