#pragma once

#include <cstdint>
#include <string>

#include "tram/base/decimal.hpp"
#include "tram/commands/endpoint.hpp"
#include "tram/events/aggregate.hpp"
#include "tram/wire/wire_type.hpp"

/// The types of the Java programs whose rows are the golden vectors.
namespace catalogue {

struct CustomerCreated {
  static constexpr tram::WireType wire_type{"interop.messages.Catalogue$CustomerCreated"};
  std::string name;
  tram::Decimal credit_limit;
};
struct CustomerDeleted {
  static constexpr tram::WireType wire_type{"interop.messages.Catalogue$CustomerDeleted"};
};
/// The aggregate that Java named by a text, and the one it named by its class.
struct Customer {
  static constexpr tram::WireType wire_type{"interop.Customer"};
  using Events = tram::EventsOf<CustomerCreated, CustomerDeleted>;
};
struct Catalogue {
  static constexpr tram::WireType wire_type{"interop.messages.Catalogue"};
  using Events = tram::EventsOf<CustomerDeleted>;
};

struct CreditReserved {
  static constexpr tram::WireType wire_type{"interop.messages.Catalogue$CreditReserved"};
  std::int64_t order_id{};
};
struct CreditLimitExceeded {
  static constexpr tram::WireType wire_type{"interop.messages.Catalogue$CreditLimitExceeded"};
  std::string reason;
};
struct ReserveCredit {
  static constexpr tram::WireType wire_type{"interop.messages.Catalogue$ReserveCredit"};
  using Success = std::variant<CreditReserved, tram::Success>;
  using Failure = CreditLimitExceeded;
  std::int64_t order_id{};
  tram::Decimal order_total;
};
struct Ping {
  static constexpr tram::WireType wire_type{"interop.messages.Catalogue$Ping"};
};

inline constexpr tram::Endpoint<ReserveCredit, Ping> commands{{"interop.commands"}};
inline constexpr tram::Channel replies{"interop.replies"};

}  // namespace catalogue
