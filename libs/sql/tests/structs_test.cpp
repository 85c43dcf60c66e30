#include "tram/sql/structs.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

#include "tram/base/error.hpp"

namespace tram {
namespace {

enum class State { pending, paid };
struct StateName {
  State value;
  std::string_view name;
};
constexpr auto enum_names(State /*of*/) {
  return std::array{StateName{State::pending, "PENDING"}, StateName{State::paid, "PAID"}};
}

using OrderId = Id<struct OrderTag, std::int64_t>;
struct Order {
  OrderId id;
  std::string name;
  State state{};
  std::optional<Decimal> total;
  int default_{};
};

Rows orders() {
  return Rows{{.names = {"total", "ID", "Name", "state", "default", "more"},
               .statement = "SELECT * FROM orders"},
              {std::string{"1.50"},
               std::int64_t{7},
               std::string{"a"},
               std::string{"PAID"},
               std::int64_t{3},
               {},
               {},
               std::int64_t{8},
               std::string{"b"},
               std::string{"PENDING"},
               std::int64_t{4},
               {}},
              0};
}

template <class Call>
std::string refusal(Fault fault, Call&& call) {
  try {
    call();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), fault);
    return error.what();
  }
  return "answered";
}

TEST(Structs, are_read_by_the_names_of_columns) {
  auto const all = orders().as<Order>();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, OrderId{7});
  EXPECT_EQ(all[0].name, "a");
  EXPECT_EQ(all[0].state, State::paid);
  EXPECT_EQ(all[0].total->text(), "1.50");
  EXPECT_EQ(all[0].default_, 3);
  EXPECT_EQ(all[1].total, std::nullopt);
  EXPECT_EQ(orders()[1].as<Order>().name, "b");
}

TEST(Structs, are_the_only_row) {
  Rows const one{{.names = {"n"}, .statement = "SELECT 1 AS n"}, {std::int64_t{1}}, 0};
  struct Number {
    int n{};
  };
  EXPECT_EQ(one.one<Number>().n, 1);
  EXPECT_EQ(one.one<int>(), 1);
  EXPECT_EQ(one.as<int>(), std::vector{1});
  Rows const none{{.names = {"n"}, .statement = "SELECT 1 AS n"}, {}, 0};
  EXPECT_FALSE(none.maybe_one<Number>());
  EXPECT_EQ(refusal(Fault::rejected, [&] { static_cast<void>(none.one()); }),
            "sql: 'SELECT 1 AS n' returned 0 rows, where one was expected");
  EXPECT_EQ(refusal(Fault::rejected, [&] { static_cast<void>(orders().maybe_one<Order>()); }),
            "sql: 'SELECT * FROM orders' returned 2 rows, where one at most was expected");
}

TEST(Structs, name_statement_column_and_value_that_do_not_fit) {
  struct Strict {
    int total{};
  };
  EXPECT_EQ(refusal(Fault::malformed, [] { static_cast<void>(orders().as<Strict>()); }),
            "sql: column 0 ('total') of 'SELECT * FROM orders' holds '1.50', which is no integer");
  struct More {
    std::string more;
  };
  EXPECT_EQ(refusal(Fault::malformed, [] { static_cast<void>(orders().as<More>()); }),
            "sql: column 5 ('more') of 'SELECT * FROM orders' is NULL, where a text was expected");
  struct Lacking {
    int customer{};
  };
  EXPECT_EQ(refusal(Fault::rejected, [] { static_cast<void>(orders().as<Lacking>()); }),
            "sql: 'SELECT * FROM orders' returned no column 'customer'; it returned total, ID, "
            "Name, state, default, more");
  EXPECT_EQ(refusal(Fault::malformed, [] { static_cast<void>(orders()[0].get<State>("name")); }),
            "sql: column 2 ('Name') of 'SELECT * FROM orders' holds 'a', which is none of PENDING, "
            "PAID");
}

TEST(Structs, know_columns_by_one_name_only) {
  Rows const twice{{.names = {"id", "ID"}, .statement = "SELECT"}, {1L, 2L}, 0};
  EXPECT_EQ(refusal(Fault::rejected, [&] { static_cast<void>(twice[0].get<int>("id")); }),
            "sql: 'SELECT' returned more than one column 'id'; tell them apart by AS");
}

TEST(Structs, become_an_insert) {
  EXPECT_EQ(
      sql_detail::insert_statement("orders", reflect::member_names<Order>, 2),
      "INSERT INTO orders (\"id\", \"name\", \"state\", \"total\", \"default\") VALUES (?, ?, "
      "?, ?, ?), (?, ?, ?, ?, ?)");
  struct Java {
    int customerId{};
  };
  EXPECT_EQ(sql_detail::insert_statement("t", reflect::member_names<Java>, 1),
            "INSERT INTO t (customerId) VALUES (?)");
}

struct Statements final : StatementExecutor {
  Rows execute_statement(std::string_view sql, Parameters parameters) override {
    EXPECT_EQ(std::count(sql.begin(), sql.end(), '?'), std::ssize(parameters));
    counts.push_back(parameters.size());
    return {};
  }
  std::vector<std::size_t> counts;
};

TEST(Structs, are_inserted_many_at_a_time) {
  struct Pair {
    int a{};
    int b{};
  };
  Statements tx;
  insert(tx, "pairs", std::vector<Pair>(2500));
  EXPECT_EQ(tx.counts, (std::vector<std::size_t>{2000, 2000, 1000}));
  insert(tx, "pairs", Pair{.a = 1, .b = 2});
  EXPECT_EQ(tx.counts.back(), 2U);
  tx.counts.clear();
  insert(tx, "pairs", std::vector<Pair>{});
  EXPECT_TRUE(tx.counts.empty());
}

}  // namespace
}  // namespace tram
