#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/error.hpp"
#include "tram/relay/change_source.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// A row with this id, as the suites write it.
inline OutboxRow outbox_row(std::string const& id) {
  return {.id = id,
          .database_id = std::nullopt,
          .destination = "orders",
          .headers = R"({"ID":")" + id + R"("})",
          .payload = "payload of " + id,
          .ends_at = std::nullopt};
}

/// What the suites of change sources share.
///
///     class ChangeSourceContract : public ChangeSourceFixture<Harness> {};
template <class Harness>
class ChangeSourceFixture : public ::testing::Test {
 protected:
  using Ids = std::vector<std::string>;

  void commit(Ids const& ids) { harness_.commit(rows(ids)); }
  void roll_back(Ids const& ids) { harness_.roll_back(rows(ids)); }
  std::unique_ptr<ChangeSource> source() { return harness_.source(clock_); }

  /// Reads until so many rows came at least, waiting as the relay does.
  std::vector<OutboxRow> read(ChangeSource& source, std::size_t rows_wanted,
                              std::size_t rows_max = 100) {
    std::vector<OutboxRow> all;
    auto const deadline = Deadline::after(clock_, std::chrono::seconds{30});
    while (all.size() < rows_wanted && !deadline.reached(clock_)) {
      for (auto& row : look(source, rows_max)) all.push_back(std::move(row));
      if (all.size() < rows_wanted) wait(source);
    }
    EXPECT_GE(all.size(), rows_wanted) << "rows did not come";
    return all;
  }
  Ids read_ids(ChangeSource& source, std::size_t rows_wanted, std::size_t rows_max = 100) {
    return ids_of(read(source, rows_wanted, rows_max));
  }
  static Ids ids_of(std::vector<OutboxRow> const& rows) {
    Ids ids;
    for (auto const& row : rows) ids.push_back(row.id);
    return ids;
  }
  /// One read; errors that pass by themselves count as nothing.
  std::vector<OutboxRow> look(ChangeSource& source, std::size_t rows_max = 100) {
    try {
      auto batch = source.read(rows_max);
      if (batch.seen_up_to) seen_ = batch.seen_up_to;
      return std::move(batch.rows);
    } catch (Error const& error) {
      EXPECT_TRUE(error.fault() == Fault::transient || error.fault() == Fault::broken)
          << error.what();
      ++errors_;
      return {};
    }
  }
  static void wait(ChangeSource& source) {
    pollfd watched{.fd = source.descriptor(), .events = POLLIN, .revents = 0};
    auto const most =
        std::clamp<Duration>(source.poll_interval(), Duration{}, std::chrono::milliseconds{100});
    ::poll(&watched, 1, static_cast<int>(most / std::chrono::milliseconds{1}) + 1);
  }
  /// Nothing comes any more: a row committed behind all others is the first that does.
  void expect_nothing_before(ChangeSource& source, std::string const& last) {
    commit({last});
    EXPECT_EQ(read_ids(source, 1), Ids{last});
  }

  SystemClock clock_;
  Harness harness_;
  std::optional<LogPosition> seen_;
  int errors_{};

 private:
  static std::vector<OutboxRow> rows(Ids const& ids) {
    std::vector<OutboxRow> rows;
    for (auto const& id : ids) rows.push_back(outbox_row(id));
    return rows;
  }
};

}  // namespace tram::testkit

#pragma GCC visibility pop
