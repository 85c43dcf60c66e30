#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tram/messaging/incoming_message.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/sql/database.hpp"

/// The work of the robustness tests: numbers are written and sent, key by key, and applied by
/// somebody else. What went wrong can be read from the tables afterwards.
namespace tram::numbers {

inline constexpr std::string_view channel{"numbers"};

struct Number {
  std::string key;
  std::int64_t number{};
  /// Unlike the number, never used again after a rollback.
  std::string token;
};

void create_tables(Database& database);

/// Writes and sends the next number of the key. One transaction in ten rolls back.
void write_next(Database& database, Outbox const& outbox, std::string const& key, Random& random);

void apply(Transaction& tx, IncomingMessage const& incoming);

/// What the tables say.
struct Verdict {
  std::int64_t sent{};
  std::int64_t lost{};
  std::int64_t twice{};
  /// Applied, and never committed by a writer.
  std::int64_t strange{};
  std::int64_t out_of_order{};
  [[nodiscard]] bool is_good() const {
    return sent > 0 && lost + twice + strange + out_of_order == 0;
  }
};
Verdict judge(Database& database);
std::string to_string(Verdict const& verdict);

}  // namespace tram::numbers
