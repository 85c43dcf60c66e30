#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lsn.hpp"
#include "outbox_look.hpp"
#include "outbox_watch.hpp"
#include "part_memory.hpp"
#include "pgoutput_decoder.hpp"
#include "replication_protocol.hpp"
#include "replication_setup.hpp"
#include "server_text.hpp"
#include "session.hpp"
#include "slot_holder.hpp"
#include "slot_making.hpp"
#include "slot_memory.hpp"
#include "table_rows.hpp"
#include "tram/base/error.hpp"
#include "tram/postgres/change_source.hpp"

namespace tram::postgres {

/// The outbox as the log shows it. Its functions are in four files: what a session begins with
/// (`_slot`), the session itself (`_session`), what the log says (`_stream`), and what the server
/// is told (`_position`).
class PgoutputSource final : public ChangeSource {
 public:
  PgoutputSource(ChangeSourceConfig const& config, Clock& clock)
      : config_{config},
        clock_{clock},
        target_{config.connection, "tram-cdc", {{"replication", "database"}}},
        watch_{config_, clock},
        memory_{config_, name_of(config_)},
        parts_{config_, name_of(config_)},
        server_text_{Target{config.connection, "tram-cdc"}, clock, config.connect_timeout} {}

  ChangeBatch read(std::size_t rows_max) override;
  void keep_alive() override { attend(0); }
  void confirm(LogPosition reached) override;
  void settled(RowPlace place) override;
  void flush() override;
  void rewind() override;
  int descriptor() const override { return session_ ? session_->socket() : -1; }
  Duration poll_interval() const override;
  ChangeSourceStatus status() const override;
  std::string held_rows_name() const override;
  /// Of the position, as held rows have it.
  static std::string name_of(ChangeSourceConfig const& config);

 private:
  void connect();
  Session open(Deadline deadline);
  void stand_by(SlotPosition const& slot);
  void make_slot(Session session, OutboxLook outbox, std::vector<FormerTable> former);
  ChangeBatch attend(std::size_t rows_max);
  ChangeBatch next_batch(std::size_t rows_max);
  ChangeBatch continue_making(std::size_t rows_max);
  void follow(Session session, OutboxLook outbox, SlotPosition const& slot, Deadline deadline);
  [[nodiscard]] std::string missed_rows(Session& session, OutboxLook const& outbox,
                                        SlotPosition const& slot, Deadline deadline);
  [[nodiscard]] std::optional<Gap> find_gap(ReplicationSetup& setup, OutboxLook const& outbox,
                                            SlotPosition const& slot) const;
  std::vector<FormerTable> former_tables(ReplicationSetup& setup, OutboxLook const& outbox);
  std::vector<FormerTable> tables_for_new_slot(Session& session, OutboxLook const& outbox,
                                               Deadline deadline);
  void tell_of_dropped(std::string const& number);
  void ask_about_parts(ReplicationSetup& setup);
  void tell_of_parts(ReplicationSetup& setup);
  void doubt(DoubtfulRow const& row);
  void meet_server(SlotPosition const& slot);
  void meet_parts(Session& session, OutboxLook const& outbox, SlotPosition const& slot,
                  Deadline deadline);
  ChangeBatch fill_gap(std::size_t rows_max);
  void stream_from_here(Deadline deadline);
  void choose_encoding(Session& session, Deadline deadline);
  void read_table_as_bytes(Session& session, Deadline deadline);
  [[nodiscard]] PgoutputDecoder decoder(OutboxLook const& outbox, TextReader reader);
  [[nodiscard]] TextReader text_reader();
  void learn_type(std::uint32_t type);
  void await_own_predecessor(Session& session, Deadline deadline);
  void leave_stopping_server() const;
  void disconnect();
  void look();
  void settle();
  ChangeBatch stream(std::size_t rows_max);
  [[nodiscard]] std::optional<std::string_view> next_message();
  void end_of_stream();
  void read_as_bytes_next();
  void take(std::string_view message, ChangeBatch& batch);
  void take_change(std::string_view payload, ChangeBatch& batch);
  void take(Change change, ChangeBatch& batch);
  void take(OutboxRow row, ChangeBatch& batch);
  void keep_in_touch();
  void tell_position(AskReply asks);
  [[nodiscard]] Lsn proven() const { return std::min(confirmed_, shown_up_to_); }
  [[nodiscard]] Lsn tellable() const;
  [[nodiscard]] bool has_news() const { return tellable() > told_ || confirmed_ > said_; }
  [[nodiscard]] bool is_news_due() const;
  [[nodiscard]] Lsn wanted() const;
  [[nodiscard]] bool wants_look() const;
  [[nodiscard]] bool wants_memory() const;
  [[nodiscard]] Duration look_pause() const;
  [[nodiscard]] std::optional<std::uint64_t> behind() const;
  void go_on_behind(RowPlace place);
  [[nodiscard]] bool moved_on() const;
  [[nodiscard]] bool wants_place() const;
  void remember();
  void note_written();
  void prove_the_rest();

  ChangeSourceConfig config_;
  Clock& clock_;
  Target target_;
  OutboxWatch watch_;
  SlotMemory memory_;
  PartMemory parts_;
  /// Parts of the outbox that were dropped, of which was told.
  std::set<std::string> told_of_;
  /// Tables whose rows were met before anybody knew what they are, and that were looked at since.
  std::set<std::uint32_t> doubted_;
  /// On its way there, with the horizon.
  SlotMemory::Content remembering_;
  /// What is written now is that of the parts.
  bool writes_parts_{};
  SteadyTime remembered_at_{};
  SlotHolder holder_;
  ServerText server_text_;
  TypeForms forms_;
  std::optional<SlotMaking> making_;
  std::optional<Session> session_;
  std::optional<PgoutputDecoder> decoder_;
  Buffer message_;
  int server_process_{};

  /// The row read last: only what follows tells whether it is the last one of its transaction.
  std::optional<OutboxRow> held_back_;
  bool in_transaction_{};
  std::string encoding_;
  /// The log comes as the server stores it: a text that it cannot convert would end it each time.
  bool as_bytes_{};
  /// Until the transaction with such a text is confirmed.
  Lsn as_bytes_until_{};
  /// Types that were asked about once; asked again, the answer is the same.
  std::set<std::uint32_t> strange_types_;
  /// The row read last, also when it was passed over.
  RowPlace place_;
  /// Rows up to here are settled: a server that starts a transaction anew shows them again.
  RowPlace settled_;
  Lsn confirmed_{};
  /// What the server knows. It is not told of more than was looked up: while it knows less, a relay
  /// that starts anew finds the rows that were hidden from the log.
  Lsn told_{};
  std::size_t rows_since_told_{};
  /// What others see of it.
  Lsn said_{};
  /// Where the slot was when this session began.
  Lsn begun_at_{};
  /// Of the rows that were given.
  Lsn rows_end_{};
  /// Where the log ended when this session began, and how far the server has read it in this
  /// session: before, that it sends no rows says nothing.
  Lsn log_end_{};
  Lsn server_read_{};
  std::string history_;
  /// Positions of before mean nothing any more, which all batches tell up to one for rows.
  bool starts_over_{};
  /// How often at least the server hears from us.
  Duration tell_interval_{};
  SteadyTime told_at_{};
  SteadyTime heard_at_{};
  SteadyTime asked_at_{};
  bool standby_{};
  /// The outbox held nothing when the making of a slot began: what it holds since comes from it.
  bool was_empty_{};
  /// What was there before a slot was wanted, and is to be skipped.
  std::optional<CommittedRows> skipped_;
  /// The slot that is there can never be read to its end.
  bool replaces_slot_{};
  std::string trouble_{"not connected yet"};

  /// How the outbox was found when it was last known that the log shows all of it …
  std::optional<OutboxLook> known_;
  /// … and how it was found now. The two differ until the gap between them is closed.
  std::optional<OutboxLook> outbox_;
  /// The rows of the gap, while they are read.
  std::optional<TableRows> gap_rows_;
  /// The gap is closed when more than this is confirmed.
  std::optional<Lsn> gap_open_at_;
  /// All rows of the gap were given, and no rewind asked for them again.
  bool gap_given_{};
  std::string last_trouble_;
  /// The log was silent up to here …
  Lsn silent_up_to_{};
  /// … which is believed up to here.
  Lsn looked_up_to_{};
  Lsn shown_up_to_{};
};

}  // namespace tram::postgres
