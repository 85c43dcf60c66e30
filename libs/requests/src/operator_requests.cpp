#include "tram/requests/operator_requests.hpp"

namespace tram {
namespace {

constexpr std::string_view done{"done"};
constexpr std::string_view refused{"refused"};
constexpr std::string_view removed_max{"1000"};

}  // namespace

OperatorRequests::OperatorRequests(Dialect const& dialect, SchemaName const& schema)
    : table_{schema_in(dialect, schema).qualify("tram_request")},
      now_{dialect.now_milliseconds},
      skip_locked_{dialect.for_update.empty()
                       ? std::string{}
                       : " " + std::string{dialect.for_update} + " SKIP LOCKED"} {}

void OperatorRequests::ask(StatementExecutor& tx, OperatorRequest const& request) const {
  tx.execute("INSERT INTO " + table_ +
                 " (id, kind, argument, asked_by, reason, asked_at) VALUES (?, ?, ?, ?, ?, " +
                 now_ + ")",
             request.id, request.kind, request.argument, request.asked_by, request.reason);
}

std::optional<RequestAnswer> OperatorRequests::answer(StatementExecutor& tx,
                                                      std::string_view id) const {
  auto const rows = tx.execute(
      "SELECT outcome, answer FROM " + table_ + " WHERE id = ? AND outcome IS NOT NULL", id);
  if (rows.empty()) return std::nullopt;
  bool const is_done = rows[0].get<std::string>(0) == done;
  return RequestAnswer{
      .outcome = is_done ? RequestAnswer::Outcome::done : RequestAnswer::Outcome::refused,
      .text = rows[0].get<std::string>(1)};
}

bool OperatorRequests::withdraw(StatementExecutor& tx, std::string_view id) const {
  auto const rows = tx.execute("DELETE FROM " + table_ + " WHERE id = ? AND outcome IS NULL", id);
  return rows.affected() != 0;
}

std::optional<OperatorRequest> OperatorRequests::take(StatementExecutor& tx,
                                                      std::vector<std::string> const& kinds,
                                                      std::int64_t after) const {
  if (kinds.empty()) return std::nullopt;
  std::string places;
  std::vector<Parameter> parameters;
  for (auto const& kind : kinds) {
    places += places.empty() ? "?" : ", ?";
    parameters.emplace_back(kind);
  }
  parameters.emplace_back(after);
  auto const rows =
      tx.execute_statement("SELECT number, id, kind, argument, asked_by, reason FROM " + table_ +
                               " WHERE outcome IS NULL AND kind IN (" + places +
                               ") AND number > ? ORDER BY number " + "LIMIT 1" + skip_locked_,
                           parameters);
  if (rows.empty()) return std::nullopt;
  auto const row = rows[0];
  return OperatorRequest{.id = row.get<std::string>(1),
                         .kind = row.get<std::string>(2),
                         .argument = row.get<std::string>(3),
                         .asked_by = row.get<std::string>(4),
                         .reason = row.get<std::string>(5),
                         .number = row.get<std::int64_t>(0)};
}

void OperatorRequests::answer(StatementExecutor& tx, OperatorRequest const& request,
                              RequestAnswer const& answer) const {
  bool const is_done = answer.outcome == RequestAnswer::Outcome::done;
  tx.execute("UPDATE " + table_ + " SET outcome = ?, answer = ?, answered_at = " + now_ +
                 " WHERE number = ? AND outcome IS NULL",
             is_done ? done : refused, answer.text, request.number);
}

std::size_t OperatorRequests::remove_old(StatementExecutor& tx,
                                         std::int64_t age_milliseconds) const {
  auto const rows = tx.execute("DELETE FROM " + table_ + " WHERE number IN (SELECT number FROM " +
                                   table_ + " WHERE answered_at < " + now_ +
                                   " - ? ORDER BY number LIMIT " + std::string{removed_max} + ")",
                               age_milliseconds);
  return static_cast<std::size_t>(rows.affected());
}

}  // namespace tram
