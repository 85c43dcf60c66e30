#pragma once

#include <cstdint>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tram/base/error.hpp"
#include "tram/postgres/dialect.hpp"
#include "tram/postgres/foreign_client.hpp"
#include "tram/sql/statement_executor.hpp"
#include "tram/sql/statement_text.hpp"

#pragma GCC visibility push(default)

/// Tram in a transaction of libpqxx, with which it was tried in release 6.4. Link `tram::postgres`
/// and libpqxx.
namespace tram::libpqxx {

/// A transaction that the application has open. Tram runs statements in it and nothing else: no
/// commit, no rollback, no savepoint, no retry. After an error the transaction can only be rolled
/// back, as after an error of libpqxx. Borrows it; use this while the transaction lasts, on its
/// thread.
///
///     pqxx::work work{connection};
///     work.exec("INSERT INTO orders VALUES (7)");
///     outbox.send(tram::libpqxx::adopt(work), "orders", OrderPlaced{7});
///     work.commit();
class AdoptedTransaction final : public StatementExecutor {
 public:
  explicit AdoptedTransaction(pqxx::transaction_base& transaction) : transaction_{transaction} {
    require_open();
    auto const encoding = transaction.conn().get_client_encoding();
    if (encoding != "UTF8" && encoding != "SQL_ASCII")
      refuse("its client_encoding is " + encoding + "; call set_client_encoding(\"UTF8\") first");
  }

  /// Waits for the server. Throws: `Error` with the fault that the server's SQLSTATE stands for,
  /// also where the client would throw `pqxx::sql_error`; broken, when the connection is lost;
  /// rejected, also when the transaction is over, and for a statement that begins or ends one.
  Rows execute_statement(std::string_view sql, Parameters parameters) override {
    auto const statement = postgres::foreign_statement(sql, parameters);
    require_open();
    try {
      return rows_of(sql, run(statement));
    } catch (pqxx::sql_error const& error) {
      throw postgres::foreign_error(sql, error.sqlstate(), error.what());
    } catch (pqxx::broken_connection const& error) {
      throw postgres::foreign_error(sql, "", error.what());
    } catch (pqxx::usage_error const& error) { refuse(error.what()); }
  }

 private:
  [[noreturn]] static void refuse(std::string const& why) {
    throw Error{Fault::rejected, "postgresql: the transaction of libpqxx cannot be used: " + why};
  }

  /// The client runs statements with parameters in a transaction that is over, each by itself. What
  /// it does not do is begin a second one on a connection.
  void require_open() {
    try {
      pqxx::nontransaction const second{transaction_.conn()};
    } catch (pqxx::usage_error const&) { return; }
    refuse("it is over; begin another one");
  }

  pqxx::result run(postgres::ForeignStatement const& statement) {
    std::vector<char const*> values;
    values.reserve(statement.values.size());
    for (auto const& value : statement.values) values.push_back(value ? value->c_str() : nullptr);
    return transaction_.exec_params(statement.text, pqxx::prepare::make_dynamic_params(values));
  }

  static Rows rows_of(std::string_view sql, pqxx::result const& result) {
    ResultColumns columns{.names = {}, .statement = std::string{sql.substr(0, 60)}};
    std::vector<unsigned int> types;
    for (decltype(result.columns()) column = 0; column < result.columns(); ++column) {
      columns.names.emplace_back(result.column_name(column));
      types.push_back(result.column_type(column));
    }
    std::vector<Cell> cells;
    cells.reserve(columns.names.size() * static_cast<std::size_t>(result.size()));
    for (auto const& row : result) {
      for (auto const& field : row) {
        if (field.is_null()) cells.emplace_back();
        else
          cells.push_back(postgres::foreign_cell(types[static_cast<std::size_t>(field.num())],
                                                 {field.c_str(), field.size()}));
      }
    }
    // The client counts the rows of a SELECT too, which changed nothing.
    bool const is_read = leading_word(sql, postgres::dialect.lexical_rules) == "SELECT";
    auto const affected = is_read ? 0 : static_cast<std::int64_t>(result.affected_rows());
    return Rows{std::move(columns), std::move(cells), affected};
  }

  pqxx::transaction_base& transaction_;
};

/// `outbox.send(tram::libpqxx::adopt(work), …)`. Never waits. Throws: rejected for a transaction
/// that is over, and for a connection whose client_encoding is not UTF8.
inline AdoptedTransaction adopt(pqxx::transaction_base& transaction) {
  return AdoptedTransaction{transaction};
}

}  // namespace tram::libpqxx

#pragma GCC visibility pop
