#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tram/sql/dialect.hpp"
#include "tram/sql/statement_executor.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// What an operator asks a running service to do.
struct OperatorRequest {
  /// Chosen by the one who asks; unique.
  std::string id;
  /// The module that carries it out names it: `sagas.retry`.
  std::string kind;
  /// What it is about, as that module reads it: an id, or JSON.
  std::string argument{};
  /// Who asks, and why, for the module's history.
  std::string asked_by{};
  std::string reason{};
  /// Orders requests; chosen by the database.
  std::int64_t number{};
};

/// What became of a request.
struct RequestAnswer {
  enum class Outcome : std::uint8_t { done, refused };
  Outcome outcome{};
  /// What was done, or why not.
  std::string text{};
};

/// Requests of one database, in table `tram_request`: an operator's program writes one, a service
/// that knows its kind carries it out and answers. A value; callable from any thread. Every call
/// throws the errors of the driver.
///
///     tram::OperatorRequests const requests{database.dialect(), schema};
///     requests.ask(tx, {.id = id, .kind = "sagas.retry", .argument = "order-17"});
class OperatorRequests final {
 public:
  OperatorRequests(Dialect const& dialect, SchemaName const& schema);

  // For operators.

  void ask(StatementExecutor& tx, OperatorRequest const& request) const;
  /// Nothing while it is open.
  [[nodiscard]] std::optional<RequestAnswer> answer(StatementExecutor& tx,
                                                    std::string_view id) const;
  /// Takes it back; false when it has been answered. Waits for the service that carries it out now.
  bool withdraw(StatementExecutor& tx, std::string_view id) const;

  // For services.

  /// The first open request of one of the kinds behind number `after`, locked until the transaction
  /// ends; passes over those that another process has locked.
  [[nodiscard]] std::optional<OperatorRequest> take(StatementExecutor& tx,
                                                    std::vector<std::string> const& kinds,
                                                    std::int64_t after) const;
  /// Nothing when it has been answered or withdrawn.
  void answer(StatementExecutor& tx, OperatorRequest const& request,
              RequestAnswer const& answer) const;
  /// Removes answers that are older than this, by the database's clock, a thousand at most.
  std::size_t remove_old(StatementExecutor& tx, std::int64_t age_milliseconds) const;

 private:
  std::string table_;
  std::string now_;
  std::string skip_locked_;
};

}  // namespace tram

#pragma GCC visibility pop
