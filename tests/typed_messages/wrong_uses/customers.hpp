#pragma once

#include "tram/commands/command_calls.hpp"
#include "tram/commands/command_handlers.hpp"
#include "tram/commands/commands.hpp"
#include "tram/commands/reply_handlers.hpp"

struct CreditReserved {
  static constexpr tram::WireType wire_type{"customers.CreditReserved"};
};
struct CustomerNotFound {
  static constexpr tram::WireType wire_type{"customers.CustomerNotFound"};
};
struct ReserveCredit {
  static constexpr tram::WireType wire_type{"customers.ReserveCredit"};
  using Success = CreditReserved;
  using Failure = std::variant<CustomerNotFound>;
};
struct ShipOrder {
  static constexpr tram::WireType wire_type{"shipping.ShipOrder"};
};

inline constexpr tram::Endpoint<ReserveCredit> service{{"customers"}};
