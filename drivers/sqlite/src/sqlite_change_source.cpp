#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "commit_watch.hpp"
#include "database_file.hpp"
#include "outbox_reader.hpp"
#include "relay_lock.hpp"
#include "tram/base/assert.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/error.hpp"
#include "tram/sqlite/change_source.hpp"

namespace tram::sqlite {
namespace {

constexpr Duration flush_timeout{std::chrono::seconds{5}};
constexpr Duration busy_pause{std::chrono::milliseconds{2}};
constexpr Duration busy_longest{std::chrono::seconds{1}};
constexpr Duration measure_interval{std::chrono::seconds{1}};
constexpr Duration other_look_interval{std::chrono::seconds{1}};
/// Some times as long as a relay takes to store what it has published.
constexpr Duration other_patience{std::chrono::seconds{5}};
/// However seldom the outbox is polled.
constexpr Duration file_look_longest{std::chrono::milliseconds{500}};

class SqliteChangeSource final : public ChangeSource {
 public:
  SqliteChangeSource(ChangeSourceConfig config, Clock& clock)
      : config_{std::move(config)}, clock_{clock}, file_{file_of(config_.path)} {}

  ChangeBatch read(std::size_t rows_max) override;
  void keep_alive() override { attend(0); }
  void confirm(LogPosition position) override;
  void flush() override;
  void rewind() override { last_read_ = confirmed_; }
  [[nodiscard]] int descriptor() const override { return watch_ ? watch_->descriptor() : -1; }
  [[nodiscard]] Duration poll_interval() const override;
  [[nodiscard]] ChangeSourceStatus status() const override;
  [[nodiscard]] std::string held_rows_name() const override { return name_; }

 private:
  void require_content() const;
  void require_file();
  bool owns_outbox();
  void watch_the_other();
  bool is_passing(Error const& error);
  void open();
  void remember(OutboxLook const& look, std::int64_t seq);
  [[nodiscard]] bool is_as_remembered(OutboxLook const& look) const;
  void require_as_remembered();
  [[noreturn]] void raise_not_as_remembered() const;
  void refuse_other_table(OutboxLook const& look);
  ChangeBatch attend(std::size_t rows_max);
  ChangeBatch read_rows(std::size_t rows_max);
  void measure(bool more_to_come);
  void store_position();

  ChangeSourceConfig config_;
  Clock& clock_;
  /// Of position, lock and held rows: numbers of one table mean nothing in another.
  std::string name_{held_rows_name_of(config_.relay, config_.table)};
  std::optional<std::string> file_;
  std::optional<RelayLock> lock_;
  std::optional<CommitWatch> watch_;
  std::optional<OutboxReader> reader_;
  bool standby_{};
  /// What is seen, while this one stands by, of the process that has the lock.
  struct Other {
    SteadyTime moved_at{};
    SteadyTime next_look{};
    std::int64_t position{};
    bool waiting{};
    std::string trouble{};
  };
  std::optional<Other> other_;
  std::int64_t last_read_{};
  std::int64_t confirmed_{};
  std::int64_t stored_{};
  std::int64_t end_{};
  /// What the database said last, with the row that was read last: it must say the same again, or
  /// nothing that this object remembers of it counts any more.
  struct Memory {
    std::int64_t seq{};
    OutboxLook look;
  };
  std::optional<Memory> memory_;
  std::optional<SteadyTime> busy_since_;
  SteadyTime next_store_{};
  SteadyTime next_measure_{};
  SteadyTime next_file_look_{};
  /// This is another outbox than the one read before, of which nobody was told yet.
  bool starts_over_{};
};

ChangeBatch SqliteChangeSource::read(std::size_t rows_max) {
  TRAM_ASSERT(rows_max > 0, "no rows are asked for; keep_alive() takes none");
  auto batch = attend(rows_max);
  batch.starts_over = std::exchange(starts_over_, false);
  return batch;
}

/// With 0 it takes no rows.
ChangeBatch SqliteChangeSource::attend(std::size_t rows_max) {
  if (!owns_outbox()) return {};
  bool const opens = !reader_;
  auto const read_before = last_read_;
  try {
    if (opens) open();
    if (watch_) watch_->take_events();
    auto batch = read_rows(rows_max);
    busy_since_.reset();
    if (confirmed_ != stored_ && clock_.steady() >= next_store_) store_position();
    return batch;
  } catch (Error const& error) {
    bool const passes = is_passing(error);
    // What was read already is given to nobody now, so it must come again. After other errors, as
    // the seam says, the next call starts again behind what is confirmed by then.
    last_read_ = read_before;
    if (opens || !passes) reader_.reset();
    if (!passes) throw;
    return {.rows = {}, .seen_up_to = {}, .at_end = false};
  }
}

/// A database that is busy for a moment is no trouble: the next look is soon.
bool SqliteChangeSource::is_passing(Error const& error) {
  if (error.fault() != Fault::conflict) return false;
  if (!busy_since_) busy_since_ = clock_.steady();
  return clock_.steady() - *busy_since_ < busy_longest;
}

/// That another process has the lock does not prove that it publishes: rows that wait while the
/// position stands still prove that nobody does.
void SqliteChangeSource::watch_the_other() {
  auto const now = clock_.steady();
  if (!other_) other_.emplace(Other{.moved_at = now});
  if (now < other_->next_look) return;
  other_->next_look = now + other_look_interval;
  try {
    OutboxReader reader{config_.path, config_.table, name_};
    OutboxReader::Snapshot const snapshot{reader};
    auto const position = reader.look(0).position.value_or(0);
    other_->waiting = reader.waiting_behind(position);
    if (!other_->waiting || position != other_->position) other_->moved_at = now;
    other_->position = position;
    other_->trouble.clear();
  } catch (Error const& error) {
    if (error.fault() != Fault::conflict) other_->trouble = error.what();
  }
  if (!other_->waiting || now - other_->moved_at < other_patience) return;
  auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(now - other_->moved_at);
  other_->trouble = "sqlite relay: another process holds the lock '" + lock_->path() +
                    "', but publishes nothing: rows behind " + std::to_string(other_->position) +
                    " wait, and the position has not moved for " + std::to_string(seconds.count()) +
                    " s; see who has the lock (lslocks, fuser), and mend or stop that one";
}

void SqliteChangeSource::require_content() const {
  std::error_code trouble;
  auto const size = std::filesystem::file_size(*file_, trouble);
  if (!std::filesystem::exists(*file_))
    throw Error{Fault::transient, "sqlite relay: " + missing_file(*file_)};
  if (trouble || size > 0) return;
  throw Error{Fault::transient, "sqlite relay: '" + *file_ +
                                    "' is empty; start the service that makes its tables, or "
                                    "restore it from a backup"};
}

/// Before anything is made beside it, since the path may be mistyped; and now and then afterwards,
/// since a file that was restored or made anew under the same name is another one.
void SqliteChangeSource::require_file() {
  if (!reader_) {
    require_content();
    return;
  }
  if (clock_.steady() < next_file_look_) return;
  next_file_look_ = clock_.steady() + std::min(config_.poll_interval / 2, file_look_longest);
  try {
    reader_->require_file();
  } catch (Error const&) {
    reader_.reset();
    watch_.reset();
    lock_.reset();
    throw;
  }
}

/// True when no other process relays this outbox under our name.
bool SqliteChangeSource::owns_outbox() {
  if (!file_) return true;
  require_file();
  if (!lock_) lock_.emplace(true_path(*file_), name_);
  bool const held_before = lock_->held();
  standby_ = !lock_->try_take();
  if (standby_) watch_the_other();
  else other_.reset();
  // Whatever we knew of the position is old: the other process went on.
  if (!held_before) reader_.reset();
  return !standby_;
}

/// What this object remembers of the outbox counts only while the database bears it out: it may
/// have been restored, or changed by others, since it was read last.
void SqliteChangeSource::open() {
  if (file_ && !watch_) watch_.emplace(true_path(*file_));
  reader_.emplace(config_.path, config_.table, name_);
  OutboxReader::Snapshot const snapshot{*reader_};
  auto const remembered = memory_ ? reader_->look(memory_->seq) : OutboxLook{};
  bool const goes_on = memory_ && is_as_remembered(remembered);
  auto const stored = reader_->look(0).position.value_or(0);
  auto const look = reader_->look(stored);
  refuse_other_table(look);
  if (!goes_on) {
    starts_over_ = starts_over_ || memory_.has_value();
    confirmed_ = stored;
  }
  stored_ = stored;
  last_read_ = confirmed_;
  remember(reader_->look(last_read_), last_read_);
  end_ = std::max(reader_->last_seq(), confirmed_);
  next_file_look_ = clock_.steady() + std::min(config_.poll_interval / 2, file_look_longest);
}

void SqliteChangeSource::remember(OutboxLook const& look, std::int64_t seq) {
  memory_ = Memory{.seq = seq, .look = look};
}

/// Others may remove rows that are published; but nobody gives their numbers to other rows, and
/// nobody but the relay moves its position.
bool SqliteChangeSource::is_as_remembered(OutboxLook const& look) const {
  auto const& known = memory_->look;
  if (look.position != known.position || look.last_number < memory_->seq) return false;
  if (look.last_held < known.last_held) return false;
  if (look.row == known.row) return look.row || look.schema_version == known.schema_version;
  return !look.row && look.schema_version == known.schema_version;
}

void SqliteChangeSource::require_as_remembered() {
  auto const look = reader_->look(memory_->seq);
  if (!is_as_remembered(look)) raise_not_as_remembered();
  remember(look, memory_->seq);
}

void SqliteChangeSource::raise_not_as_remembered() const {
  throw Error{Fault::transient,
              "sqlite relay: '" + config_.path + "' is not as relay '" + name_ +
                  "' left it: it was restored from a backup, its table '" + config_.table +
                  "' or the numbers of its rows began again, or the relay's position was "
                  "changed; it is published from the position stored in it"};
}

/// A position behind the table's end would pass over everything that comes, in silence.
void SqliteChangeSource::refuse_other_table(OutboxLook const& look) {
  auto const stored = look.position.value_or(0);
  auto const mark = reader_->stored_row().value_or("");
  bool const is_marked = mark.starts_with(std::to_string(stored) + " ");
  bool const is_other = look.row && is_marked && *look.row != mark;
  if (stored <= look.last_number && !is_other) return;
  auto const found = is_other ? "row " + std::to_string(stored) + " of table '" + config_.table +
                                    "' is another one than the row that it published"
                              : "table '" + config_.table + "' never had more than " +
                                    std::to_string(look.last_number) + " rows";
  throw Error{Fault::rejected,
              "sqlite relay: '" + config_.path + "': relay '" + name_ +
                  "' has published up to row " + std::to_string(stored) + ", but " + found +
                  ": it was made anew; to publish it from its beginning, run \"DELETE FROM "
                  "tram_relay_position WHERE relay = '" +
                  name_ + "'\""};
}

ChangeBatch SqliteChangeSource::read_rows(std::size_t rows_max) {
  OutboxReader::Snapshot const snapshot{*reader_};
  require_as_remembered();
  ChangeBatch batch;
  if (rows_max == 0) return batch;
  auto entries = reader_->rows_behind(last_read_, rows_max);
  for (auto& [seq, row] : entries) {
    if (row) batch.rows.push_back(std::move(*row));
    last_read_ = seq;
  }
  batch.seen_up_to = LogPosition{static_cast<std::uint64_t>(last_read_)};
  if (!entries.empty()) remember(reader_->look(last_read_), last_read_);
  if (entries.empty() && watch_) watch_->found_nothing();
  measure(entries.size() == rows_max);
  return batch;
}

void SqliteChangeSource::measure(bool more_to_come) {
  end_ = std::max(end_, last_read_);
  if (!more_to_come || clock_.steady() < next_measure_) return;
  end_ = std::max(reader_->last_seq(), last_read_);
  next_measure_ = clock_.steady() + measure_interval;
}

void SqliteChangeSource::store_position() {
  auto const is_expected = [this](OutboxLook const& look) { return is_as_remembered(look); };
  auto const outcome = reader_->store_position(confirmed_, memory_->seq, is_expected);
  next_store_ = clock_.steady() + busy_pause;
  if (outcome == OutboxReader::Stored::busy) return;
  if (outcome == OutboxReader::Stored::refused) raise_not_as_remembered();
  stored_ = confirmed_;
  memory_->look.position = stored_;
  next_store_ = clock_.steady() + config_.position_interval;
}

/// Among these rows may be some that are held, in the database as it is now: one that was restored
/// from a backup may have lost them, and nothing else that would tell.
void SqliteChangeSource::confirm(LogPosition position) {
  // Of the outbox that was there before: nobody was told yet that this is another one.
  if (starts_over_) return;
  confirmed_ = static_cast<std::int64_t>(position.number());
  if (!reader_ || !memory_) return;
  try {
    memory_->look.last_held = std::max(memory_->look.last_held, reader_->last_held());
  } catch (Error const&) {
    return;  // The next read meets the same trouble, and tells of it before another outbox is read.
  }
}

void SqliteChangeSource::flush() {
  if (standby_ || !reader_) return;
  auto const deadline = Deadline::after(clock_, flush_timeout);
  while (stored_ != confirmed_ && !deadline.reached(clock_)) {
    store_position();
    if (stored_ != confirmed_) clock_.pause(busy_pause);
  }
  if (stored_ == confirmed_) return;
  throw Error{Fault::transient,
              "sqlite relay: cannot store the position in '" + config_.path +
                  "': another connection writes; rows come again after the restart"};
}

Duration SqliteChangeSource::poll_interval() const {
  if (standby_) return config_.standby_interval;
  if (busy_since_) return busy_pause;
  auto const regular = file_ ? config_.poll_interval : config_.memory_poll_interval;
  auto const looks = watch_ ? watch_->reread_delay(regular) : regular;
  if (confirmed_ == stored_) return looks;
  return std::clamp(next_store_ - clock_.steady(), busy_pause, looks);
}

ChangeSourceStatus SqliteChangeSource::status() const {
  return {.connected = reader_.has_value(),
          .standby = standby_ && (!other_ || other_->trouble.empty()),
          .behind =
              reader_ ? std::optional{static_cast<std::uint64_t>(end_ - confirmed_)} : std::nullopt,
          .trouble = other_ ? other_->trouble : std::string{}};
}

}  // namespace

std::unique_ptr<ChangeSource> change_source(ChangeSourceConfig config, Clock& clock) {
  return std::make_unique<SqliteChangeSource>(std::move(config), clock);
}

}  // namespace tram::sqlite
