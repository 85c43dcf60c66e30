#pragma once

#include "tram/base/error.hpp"

#pragma GCC visibility push(default)

/// Which rule of its tables a statement broke, on every database:
///
///     try {
///       tx.with_savepoint([&] { tx.execute("INSERT INTO customer VALUES (?, ?)", id, name); });
///     } catch (tram::Error const& error) {
///       if (!tram::is_unique_violation(error)) throw;
///       …  // there is such a customer
///     }
///
/// All are pure, and false for an error that came from no statement.
namespace tram {

/// A row with such a key is there: UNIQUE or PRIMARY KEY.
inline bool is_unique_violation(Error const& error) { return error.sqlstate() == "23505"; }
/// The row that is referred to is missing, or is still referred to.
inline bool is_foreign_key_violation(Error const& error) { return error.sqlstate() == "23503"; }
/// A CHECK was not met.
inline bool is_check_violation(Error const& error) { return error.sqlstate() == "23514"; }
/// A column that is NOT NULL got none.
inline bool is_not_null_violation(Error const& error) { return error.sqlstate() == "23502"; }

}  // namespace tram

#pragma GCC visibility pop
