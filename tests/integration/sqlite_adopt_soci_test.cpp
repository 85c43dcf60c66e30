// In a file of its own: SOCI puts SQLite's header into a namespace.
#include <gtest/gtest.h>
// SOCI's headers use Boost where the library was built with it; these tests need none of that.
#include <soci/soci-config.h>
#undef SOCI_HAVE_BOOST
#undef SOCI_HAVE_BOOST_DATE_TIME
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <optional>

#include "adopted_outbox.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/sqlite/adopt.hpp"

namespace tram::testing {
namespace {

std::optional<std::string> text_of(Parameter const& parameter) {
  if (auto const* text = std::get_if<std::string_view>(&parameter.value()))
    return std::string{*text};
  if (auto const* integer = std::get_if<std::int64_t>(&parameter.value()))
    return std::to_string(*integer);
  if (auto const* number = std::get_if<double>(&parameter.value())) return std::to_string(*number);
  return std::nullopt;
}

// SOCI wants its own placeholders, `:p1`.
std::string named_placeholders(std::string_view sql) {
  auto numbered = number_placeholders(sql);
  for (auto at = numbered.find('$'); at != std::string::npos; at = numbered.find('$', at))
    numbered.replace(at, 1, ":p");
  return numbered;
}

// What an application with SOCI writes once; statements that return no rows are all that the outbox
// sends with application-made ids.
FunctionExecutor on_soci(soci::session& session) {
  return FunctionExecutor{[&session](std::string_view sql, Parameters parameters) {
    std::vector<std::string> texts(parameters.size());
    std::vector<soci::indicator> indicators(parameters.size(), soci::i_null);
    soci::statement statement{session};
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (auto text = text_of(parameters[i])) {
        texts[i] = std::move(*text);
        indicators[i] = soci::i_ok;
      }
      statement.exchange(soci::use(texts[i], indicators[i]));
    }
    statement.alloc();
    statement.prepare(named_placeholders(sql));
    statement.define_and_bind();
    statement.execute(true);
    return Rows{0, {}, statement.get_affected_rows()};
  }};
}

class SqliteAdoptSoci : public ::testing::Test {
 protected:
  AdoptedOutbox outbox_;
  soci::session session_{soci::sqlite3, "dbname=" + outbox_.path()};
};

TEST_F(SqliteAdoptSoci, sends_with_a_transaction_of_soci) {
  soci::transaction transaction{session_};
  session_ << "INSERT INTO orders VALUES (1, 'a')";
  auto tx = on_soci(session_);
  insert_message(tx, "1", "it's order ? 1 made");
  EXPECT_TRUE(outbox_.relayed().empty());
  transaction.commit();
  EXPECT_EQ(outbox_.relayed(), std::vector<std::string>{"it's order ? 1 made"});
  EXPECT_EQ(outbox_.orders(), 1);
}

TEST_F(SqliteAdoptSoci, sends_nothing_when_soci_rolls_back) {
  {
    soci::transaction const transaction{session_};
    session_ << "INSERT INTO orders VALUES (1, 'a')";
    auto tx = on_soci(session_);
    insert_message(tx, "1", "order 1 made");
  }
  EXPECT_TRUE(outbox_.relayed().empty());
  EXPECT_EQ(outbox_.orders(), 0);
}

TEST_F(SqliteAdoptSoci, adopts_the_connection_below_soci) {
  soci::transaction transaction{session_};
  auto* const backend = static_cast<soci::sqlite3_session_backend*>(session_.get_backend());
  // SOCI's name for the same type.
  auto tx = sqlite::adopt(reinterpret_cast<::sqlite3*>(backend->conn_));
  insert_message(tx, "1", "order 1 made");
  transaction.commit();
  EXPECT_EQ(outbox_.relayed(), std::vector<std::string>{"order 1 made"});
}

}  // namespace
}  // namespace tram::testing
