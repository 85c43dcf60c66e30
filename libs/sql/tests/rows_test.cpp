#include "tram/sql/rows.hpp"

#include <gtest/gtest.h>

#include <tuple>

#include "tram/base/error.hpp"

namespace tram {
namespace {

Rows one_row(std::vector<Cell> cells) {
  auto const columns = cells.size();
  return Rows{columns, std::move(cells), 0};
}

template <class T>
std::string refusal(Rows const& rows, std::size_t column) {
  try {
    (void)rows[0].get<T>(column);
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::malformed);
    return error.what();
  }
  return "converted";
}

TEST(Rows, convert_to_what_is_asked_for) {
  auto const rows = one_row({std::int64_t{7}, 1.5, std::string{"text"}, {}});
  EXPECT_EQ(rows[0].get<int>(0), 7);
  EXPECT_EQ(rows[0].get<double>(0), 7.0);
  EXPECT_EQ(rows[0].get<std::string>(0), "7");
  EXPECT_TRUE(rows[0].get<bool>(0));
  EXPECT_EQ(rows[0].get<double>(1), 1.5);
  EXPECT_EQ(rows[0].get<std::string>(1), "1.5");
  EXPECT_EQ(rows[0].get<std::string>(2), "text");
  EXPECT_EQ(rows[0].get<std::optional<int>>(3), std::nullopt);
}

TEST(Rows, text_that_is_a_number_counts_as_one) {
  auto const rows = one_row({std::string{"-12"}, std::string{"1.25"}, std::string{"t"}});
  EXPECT_EQ(rows[0].get<std::int64_t>(0), -12);
  EXPECT_EQ(rows[0].get<double>(1), 1.25);
  EXPECT_TRUE(rows[0].get<bool>(2));
}

TEST(Rows, never_convert_what_does_not_fit) {
  auto const rows = one_row({std::int64_t{300}, std::string{"12x"}, {}, 1.5});
  EXPECT_EQ(refusal<std::int8_t>(rows, 0),
            "sql: column 0 of the result holds 300, which does not fit the type asked for");
  EXPECT_EQ(refusal<int>(rows, 1), "sql: column 1 of the result holds '12x', which is no integer");
  EXPECT_EQ(refusal<std::string>(rows, 2),
            "sql: column 2 of the result is NULL, where a text was expected");
  EXPECT_EQ(refusal<int>(rows, 3), "sql: column 3 of the result holds 1.5, which is no integer");
}

TEST(Rows, refuse_a_row_and_a_column_that_are_not_there) {
  auto const refused = [](auto&& call) -> std::string {
    try {
      call();
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      return error.what();
    }
    return "answered";
  };
  Rows const none{1, {}, 0};
  auto const one = one_row({std::int64_t{7}});
  EXPECT_EQ(refused([&] { std::ignore = none[0]; }),
            "sql: the statement returned 0 rows; row 0 was asked for");
  EXPECT_EQ(refused([&] { std::ignore = one[1]; }),
            "sql: the statement returned 1 row; row 1 was asked for");
  EXPECT_EQ(refused([&] { std::ignore = one[0].get<int>(1); }),
            "sql: the statement returned 1 column; column 1 was asked for");
  EXPECT_EQ(refused([&] { std::ignore = one[0].is_null(2); }),
            "sql: the statement returned 1 column; column 2 was asked for");
}

// Long enough not to live in the string itself.
std::string const long_name(100, 'x');

Row a_row_of_an_unnamed_result() { return one_row({long_name, std::int64_t{7}})[0]; }

TEST(Rows, live_on_in_a_row_that_is_kept) {
  auto const kept = one_row({long_name})[0];
  EXPECT_EQ(kept.get<std::string>(0), long_name);
  auto const returned = a_row_of_an_unnamed_result();
  EXPECT_EQ(returned.get<std::string>(0), long_name);
  EXPECT_EQ(returned.get<int>(1), 7);
  std::vector<Row> collected;
  for (auto const row : Rows{1, {std::int64_t{1}, std::int64_t{2}}, 0}) collected.push_back(row);
  EXPECT_EQ(collected.at(1).get<int>(0), 2);
  auto const first = Rows{1, {long_name}, 0}.begin();
  EXPECT_EQ((*first).get<std::string>(0), long_name);
  auto const& cell = a_row_of_an_unnamed_result().cell(0);
  EXPECT_EQ(std::get<std::string>(cell), long_name);
}

TEST(Rows, that_were_moved_from_are_empty) {
  Rows rows{1, {std::int64_t{1}}, 0};
  Rows const taken{std::move(rows)};
  EXPECT_EQ(taken.size(), 1U);
  EXPECT_TRUE(rows.empty());  // NOLINT(bugprone-use-after-move): that it may be asked is the point
  EXPECT_TRUE(rows.begin() == rows.end());
}

TEST(Rows, have_a_row_without_columns_where_it_was_moved_from) {
  auto row = one_row({std::int64_t{7}})[0];
  auto const taken = std::move(row);
  EXPECT_EQ(taken.get<int>(0), 7);
  EXPECT_EQ(row.columns(), 0U);  // NOLINT(bugprone-use-after-move): that it may be asked
  EXPECT_THROW(std::ignore = row.get<int>(0), Error);
  EXPECT_THROW(std::ignore = row.is_null(0), Error);
}

TEST(Rows, are_walked_in_order) {
  Rows const rows{1, {std::int64_t{1}, std::int64_t{2}, std::int64_t{3}}, 0};
  int sum = 0;
  for (auto const row : rows) sum = sum * 10 + row.get<int>(0);
  EXPECT_EQ(sum, 123);
}

}  // namespace
}  // namespace tram
