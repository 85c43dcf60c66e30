#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "publish_window.hpp"

namespace {
using tram::LogPosition;
using tram::PublishWindow;
using tram::RowPlace;
using tram::Sequence;

constexpr std::size_t rows_max{3};
constexpr std::size_t bytes_max{4};

/// Every row since the last restart, none of them ever removed; all is counted anew when asked for.
class Model {
 public:
  enum class State : std::uint8_t { at_broker, to_hold, done };
  struct Row {
    std::optional<LogPosition> ends_at{};
    std::optional<RowPlace> place{};
    std::size_t bytes{};
    std::optional<std::int64_t> stored_id{};
    State state{State::at_broker};
    Sequence sequence{};
    std::string id{};
  };

  void accept(Row row) {
    row.sequence = ++last_sequence_;
    rows.push_back(std::move(row));
  }
  void seen(LogPosition position) {
    if (in_window().empty()) {
      before_ = std::max(before_.value_or(position), position);
    } else {
      rows.back().ends_at = std::max(rows.back().ends_at.value_or(position), position);
    }
  }
  void restart() {
    before_ = reached();
    place_before_ = place();
    rows.clear();
  }
  void start_over() {
    before_.reset();
    told_.reset();
    rows.clear();
    place_before_.reset();
    place_told_ = {};
  }

  [[nodiscard]] std::vector<Row> in_window() const {
    return {rows.begin() + static_cast<std::ptrdiff_t>(prefix()), rows.end()};
  }
  [[nodiscard]] std::size_t count(State state) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(rows, [&](Row const& row) { return row.state == state; }));
  }
  [[nodiscard]] std::size_t bytes() const {
    std::size_t sum = 0;
    for (auto const& row : rows) sum += row.state == State::done ? 0 : row.bytes;
    return sum;
  }
  [[nodiscard]] std::size_t replays() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        rows, [](Row const& row) { return row.stored_id && row.state != State::done; }));
  }
  [[nodiscard]] std::vector<std::string> to_hold() const {
    std::vector<std::string> ids;
    for (auto const& row : rows) {
      if (row.state == State::at_broker) break;
      if (row.state == State::to_hold) ids.push_back(row.id);
    }
    return ids;
  }
  std::optional<LogPosition> take_confirmable() {
    auto const now = reached();
    if (now == told_) return std::nullopt;
    told_ = now;
    return now;
  }
  /// The place of the last row of the prefix that has one, if such a row came since.
  std::optional<std::uint64_t> take_settled() {
    auto const now = place();
    if (now == place_told_) return std::nullopt;
    place_told_ = now;
    return now;
  }

  std::vector<Row> rows;

 private:
  [[nodiscard]] std::size_t prefix() const {
    auto const end =
        std::ranges::find_if(rows, [](Row const& row) { return row.state != State::done; });
    return static_cast<std::size_t>(end - rows.begin());
  }
  [[nodiscard]] std::optional<LogPosition> reached() const {
    auto position = before_;
    for (std::size_t i = 0; i < prefix(); ++i) {
      if (auto const end = rows[i].ends_at) position = std::max(position.value_or(*end), *end);
    }
    return position;
  }
  [[nodiscard]] std::optional<std::uint64_t> place() const {
    auto place = place_before_;
    for (std::size_t i = 0; i < prefix(); ++i) {
      if (rows[i].place) place = rows[i].place->row;
    }
    return place;
  }

  Sequence last_sequence_{};
  std::optional<LogPosition> before_;
  std::optional<LogPosition> told_;
  std::optional<std::uint64_t> place_before_;
  std::optional<std::uint64_t> place_told_;
};

enum class Operation : std::uint8_t {
  accept_within,
  accept_end,
  accept_stored,
  accept_to_hold,
  land_oldest,
  land_newest,
  refuse_oldest,
  refuse_newest,
  store_one,
  store_all,
  seen,
  seen_before,
  take,
  restart,
  start_over,
};
constexpr auto operations = static_cast<int>(Operation::start_over) + 1;

/// A window and its model, which see the same.
class Pair {
 public:
  /// False when the operation is not allowed now.
  bool apply(Operation operation) {
    switch (operation) {
      case Operation::accept_within: return accept_row(std::nullopt);
      case Operation::accept_end: return accept_row(next_position());
      case Operation::accept_stored: return accept_stored();
      case Operation::accept_to_hold: return accept_to_hold();
      case Operation::land_oldest: return land(model_.rows.begin(), model_.rows.end());
      case Operation::land_newest: return land(model_.rows.rbegin(), model_.rows.rend());
      case Operation::refuse_oldest: return refuse(model_.rows.begin(), model_.rows.end());
      case Operation::refuse_newest: return refuse(model_.rows.rbegin(), model_.rows.rend());
      case Operation::store_one: return store(1);
      case Operation::store_all: return store(model_.to_hold().size());
      case Operation::seen: return seen(next_position());
      case Operation::seen_before: return seen(LogPosition{1});
      case Operation::take: return take();
      case Operation::restart: return restart();
      case Operation::start_over: return start_over();
    }
    return false;
  }

  [[nodiscard]] std::string difference() const {
    auto const rows = model_.in_window().size();
    if (!window_.invariant()) return "the window's invariant does not hold";
    if (window_.empty() != (rows == 0)) return "empty";
    if (window_.open() != (rows < rows_max && model_.bytes() < bytes_max)) return "open";
    if (window_.in_flight() != model_.rows.size() - model_.count(Model::State::done))
      return "in flight";
    if (window_.waiting_to_be_held() != model_.count(Model::State::to_hold))
      return "waiting to be held";
    if (window_.replays() != model_.replays()) return "replays";
    for (std::size_t most = 0; most <= rows_max; ++most) {
      auto ids = model_.to_hold();
      ids.resize(std::min(most, ids.size()));
      if (ids_of(window_.to_hold(most)) != ids) return "to hold";
    }
    return told_;
  }

 private:
  static std::vector<std::string> ids_of(std::vector<tram::HeldRow> const& held) {
    std::vector<std::string> ids;
    for (auto const& each : held) ids.push_back(each.row.id);
    return ids;
  }
  bool has_room() const { return model_.in_window().size() < rows_max; }

  tram::OutboxRow next_row(std::optional<LogPosition> ends_at) {
    ++row_;
    // Of one byte and of two, by turns.
    return {.id = std::to_string(row_),
            .database_id = {},
            .destination = "d",
            .headers = {},
            .payload = row_ % 2 == 0 ? std::optional<std::string>{"p"} : std::nullopt,
            .ends_at = ends_at,
            .place = RowPlace{.transaction = LogPosition{1}, .row = row_}};
  }
  Model::Row model_of(tram::OutboxRow const& row) const {
    return {.ends_at = row.ends_at,
            .place = row.place,
            .bytes = row.destination.size() + row.payload.value_or("").size(),
            .id = row.id};
  }
  void expect(bool condition, char const* what) {
    if (!condition && told_.empty()) told_ = what;
  }

  LogPosition next_position() { return LogPosition{++position_}; }
  bool accept_row(std::optional<LogPosition> ends_at) {
    if (!has_room()) return false;
    auto row = next_row(ends_at);
    model_.accept(model_of(row));
    expect(window_.next_sequence() == model_.rows.back().sequence, "next sequence");
    window_.accept(std::move(row));
    return true;
  }
  bool accept_stored() {
    if (!has_room()) return false;
    // Whatever the row says of the log it came from.
    auto row = next_row(LogPosition{position_ + 1'000});
    auto expected = model_of(row);
    expected.ends_at = std::nullopt;
    expected.place = std::nullopt;
    expected.stored_id = static_cast<std::int64_t>(row_);
    model_.accept(expected);
    window_.accept(tram::StoredHeldRow{.id = *expected.stored_id, .row = std::move(row)});
    return true;
  }
  bool accept_to_hold() {
    if (!has_room()) return false;
    auto row = next_row(next_position());
    auto expected = model_of(row);
    expected.state = Model::State::to_hold;
    model_.accept(expected);
    window_.accept(tram::HeldRow{.row = std::move(row), .key = {}, .reason = "broken"});
    return true;
  }
  template <class Iterator>
  static Iterator at_broker(Iterator begin, Iterator end) {
    return std::find_if(begin, end,
                        [](Model::Row const& row) { return row.state == Model::State::at_broker; });
  }
  template <class Iterator>
  bool land(Iterator begin, Iterator end) {
    auto const row = at_broker(begin, end);
    if (row == end) return false;
    row->state = Model::State::done;
    expect(window_.row(row->sequence).id == row->id, "row");
    expect(window_.land(row->sequence) == row->stored_id, "the stored id of a landed row");
    return true;
  }
  template <class Iterator>
  bool refuse(Iterator begin, Iterator end) {
    auto const row = at_broker(begin, end);
    if (row == end) return false;
    row->state = row->stored_id ? Model::State::done : Model::State::to_hold;
    expect(window_.refuse(row->sequence, "key", "reason") == row->stored_id,
           "the stored id of a refused row");
    return true;
  }
  bool store(std::size_t rows) {
    if (rows == 0 || model_.to_hold().size() < rows) return false;
    auto left = rows;
    for (auto& row : model_.rows) {
      if (left == 0) break;
      if (row.state != Model::State::to_hold) continue;
      row.state = Model::State::done;
      --left;
    }
    window_.stored(rows);
    return true;
  }
  bool seen(LogPosition position) {
    model_.seen(position);
    window_.seen(position);
    return true;
  }
  bool take() {
    expect(window_.take_confirmable() == model_.take_confirmable(), "confirmable");
    auto const place = window_.take_settled();
    auto const expected = model_.take_settled();
    expect(place.has_value() == expected.has_value(), "settled");
    expect(!place || place->row == expected, "the settled row");
    return true;
  }
  /// Rows come again, with the positions that they had.
  bool restart() {
    position_ = 0;
    model_.restart();
    window_.restart();
    return true;
  }
  bool start_over() {
    if (!window_.empty()) return false;
    model_.start_over();
    window_.start_over();
    return true;
  }

  PublishWindow window_{{.rows = rows_max, .bytes = bytes_max}};
  Model model_;
  std::uint64_t position_{};
  std::uint64_t row_{};
  std::string told_;
};

/// All sequences of operations that begin as `before` did; empty when the two never differ.
std::string explore(Pair const& before, int depth, std::size_t& states) {
  if (depth == 0) return {};
  for (int next = 0; next < operations; ++next) {
    Pair pair{before};
    if (!pair.apply(static_cast<Operation>(next))) continue;
    ++states;
    auto difference = pair.difference();
    if (difference.empty()) difference = explore(pair, depth - 1, states);
    if (!difference.empty()) return std::to_string(next) + ", " + difference;
  }
  return {};
}

TEST(PublishWindowModel, holds_after_every_sequence_of_five_operations) {
  std::size_t states = 0;
  EXPECT_EQ(explore({}, 5, states), "") << "the operations, and what differs";
  EXPECT_GT(states, 10'000U);
}

/// Deep rather than wide: only rows of the log, and what becomes of them.
TEST(PublishWindowModel, holds_while_three_rows_come_to_every_end) {
  for (int first = 0; first < 4; ++first) {
    for (int second = 0; second < 4; ++second) {
      for (int third = 0; third < 4; ++third) {
        Pair pair;
        for (int const row : {first, second, third}) pair.apply(static_cast<Operation>(row));
        std::size_t states = 0;
        EXPECT_EQ(explore(pair, 3, states), "") << first << second << third;
      }
    }
  }
}

}  // namespace
