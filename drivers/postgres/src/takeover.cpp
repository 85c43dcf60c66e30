#include "tram/postgres/takeover.hpp"

#include <optional>
#include <string_view>

#include "lsn.hpp"
#include "outbox_look.hpp"
#include "part_check.hpp"
#include "replication_protocol.hpp"
#include "replication_setup.hpp"
#include "session.hpp"
#include "takeover_mark.hpp"
#include "tram/base/error.hpp"

namespace tram::postgres {
namespace {

// How far a takeover got is kept in the comment on the publication, so that no table is needed.
constexpr std::string_view marker_begun{"tram takeover: begun"};
constexpr std::string_view marker_waiting{"tram takeover: waits for transactions before "};
constexpr std::string_view marker_prepared{"tram takeover: prepared at "};

struct Slot {
  std::string plugin;
  std::string database;
  std::string reader;
  Lsn confirmed{};
  std::string horizon;
  bool lost{};
};

/// The log may show less behind it than the catalog says.
std::string describe_change(OutboxLook const& outbox) {
  return "wait: " + outbox.changing + " and has not ended; leave the old relay running, and " +
         std::string{end_the_change};
}

class Takeover {
 public:
  Takeover(TakeoverConfig const& config, Clock& clock)
      : config_{config},
        clock_{clock},
        deadline_{Deadline::after(clock, config.timeout)},
        session_{Session::open(Target{config.connection, "tram-takeover"}, clock, deadline_)} {
    session_.query(std::string{uncompiled}, deadline_);
  }

  void prepare();
  void copy_slot();
  void drop_old_slot();
  TakeoverStatus status();

 private:
  ChangeSourceConfig source() const;
  void require_outbox();
  void require_old_slot();
  void note_if_transactions_ended();
  std::optional<Slot> slot(std::string const& name);
  std::string marker();
  void set_marker(std::string const& text);
  std::optional<TakeoverMark> copied();
  std::optional<Lsn> prepared_at();
  TakeoverStatus at(TakeoverStep step, std::string next);
  [[nodiscard]] std::string what_the_relay_asks() const;
  TakeoverStatus status_of_copy(Slot const& slot, std::optional<Slot> const& old_slot);

  Result query(std::string const& sql) { return session_.query(sql, deadline_); }
  std::string value(std::string const& sql) {
    auto const result = query(sql);
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
  }
  static std::string text(std::string const& plain) { return sql_text(plain); }
  static std::string name(std::string const& plain) { return sql_name(plain); }
  [[noreturn]] void refuse(std::string const& what) const {
    throw Error{Fault::rejected, "postgresql: takeover of slot '" + config_.old_slot + "' of " +
                                     session_.name() + ": " + what};
  }

  TakeoverConfig const& config_;
  Clock& clock_;
  Deadline deadline_;
  Session session_;
};

void Takeover::prepare() {
  auto const level = value("SHOW wal_level");
  if (level != "logical")
    refuse("the server's wal_level is '" + level +
           "'; set wal_level = logical and restart the server");
  require_old_slot();
  if (slot(config_.slot))
    refuse("slot '" + config_.slot +
           "' is there already; look at the takeover's status, or name another new slot");
  require_outbox();
  if (marker().starts_with(marker_prepared) || marker().starts_with(marker_waiting)) return;
  // Only now that the publication is committed: whoever gets a number from here on sees it.
  set_marker(std::string{marker_waiting} + value("SELECT pg_snapshot_xmax(pg_current_snapshot())"));
}

ChangeSourceConfig Takeover::source() const {
  return {.connection = config_.connection,
          .schema = config_.schema,
          .table = config_.table,
          .slot = config_.slot,
          .publication = config_.publication};
}

/// The table, and a publication that shows it.
void Takeover::require_outbox() {
  auto const where = source();
  ReplicationSetup setup{session_, where, deadline_};
  auto const outbox = setup.look();
  if (!outbox.changing.empty()) refuse(describe_change(outbox));
  if (!outbox.table_is_fit) refuse(outbox.trouble);
  if (outbox.publication_exists && !outbox.trouble.empty()) refuse(outbox.trouble);
  if (outbox.publication_exists) return;
  query(create_publication_statement(where, outbox));
  set_marker(std::string{marker_begun});
}

void Takeover::require_old_slot() {
  auto const old_slot = slot(config_.old_slot);
  if (!old_slot)
    refuse("there is no such slot; name the one that the running relay reads (SELECT * FROM "
           "pg_replication_slots)");
  if (old_slot->database != value("SELECT current_database()")) {
    refuse("it belongs to database '" + old_slot->database + "'; connect to that one");
  }
  if (old_slot->plugin == "pgoutput")
    refuse("it is one for pgoutput already; let tram-cdc read it as it is");
}

std::optional<Slot> Takeover::slot(std::string const& slot_name) {
  auto const found =
      query("SELECT coalesce(plugin, ''), coalesce(database, ''), coalesce(active_pid::text, ''), "
            "coalesce(confirmed_flush_lsn::text, '0/0'), coalesce(catalog_xmin::text, '0'), "
            "coalesce(wal_status, '') FROM pg_replication_slots WHERE slot_name = " +
            text(slot_name));
  if (PQntuples(found.get()) == 0) return std::nullopt;
  return Slot{.plugin = PQgetvalue(found.get(), 0, 0),
              .database = PQgetvalue(found.get(), 0, 1),
              .reader = PQgetvalue(found.get(), 0, 2),
              .confirmed = parse_lsn(PQgetvalue(found.get(), 0, 3)).value_or(0),
              .horizon = PQgetvalue(found.get(), 0, 4),
              .lost = std::string_view{PQgetvalue(found.get(), 0, 5)} == "lost"};
}

std::string Takeover::marker() {
  return value("SELECT coalesce(obj_description(oid, 'pg_publication'), '') FROM pg_publication "
               "WHERE pubname = " +
               text(config_.publication));
}

void Takeover::set_marker(std::string const& marker_text) {
  query("COMMENT ON PUBLICATION " + name(config_.publication) + " IS " + text(marker_text));
}

// A transaction that changed something before the publication was there cannot be decoded through
// it, so the new slot must begin behind the end of the last of these.
void Takeover::note_if_transactions_ended() {
  auto const now = marker();
  if (!now.starts_with(marker_waiting)) return;
  auto const before = now.substr(marker_waiting.size());
  // The snapshot is taken before the position is read.
  auto const position =
      value("SELECT pg_current_wal_insert_lsn() WHERE pg_snapshot_xmin(pg_current_snapshot()) >= " +
            text(before) + "::xid8");
  if (!position.empty()) set_marker(std::string{marker_prepared} + position);
}

/// That the new slot was copied from the old one: that a slot has its name does not tell.
std::optional<TakeoverMark> Takeover::copied() {
  auto const mark = parse_takeover_mark(marker());
  return mark && mark->slot == config_.slot ? mark : std::nullopt;
}

std::optional<Lsn> Takeover::prepared_at() {
  if (auto const mark = copied()) return mark->copied_at;
  auto const now = marker();
  if (!now.starts_with(marker_prepared)) return std::nullopt;
  return parse_lsn(now.substr(marker_prepared.size()));
}

TakeoverStatus Takeover::at(TakeoverStep step, std::string next) {
  TakeoverStatus status{
      .step = step, .next = std::move(next), .prepared_at = {}, .old_confirmed = {}};
  if (auto const prepared = prepared_at()) status.prepared_at.emplace(*prepared);
  if (auto const old_slot = slot(config_.old_slot)) {
    status.old_confirmed.emplace(old_slot->confirmed);
  }
  return status;
}

TakeoverStatus Takeover::status() {
  using enum TakeoverStep;
  auto const old_slot = slot(config_.old_slot);
  if (auto const new_slot = slot(config_.slot)) return status_of_copy(*new_slot, old_slot);
  if (!old_slot)
    refuse("neither the old slot nor the new one ('" + config_.slot +
           "') exists; correct their names");
  note_if_transactions_ended();
  auto const now = marker();
  if (now.starts_with(marker_waiting)) {
    return at(waiting_for_transactions,
              "wait: transactions that began before the publication was made are still open (see "
              "pg_stat_activity); leave the old relay running");
  }
  auto const where = source();
  auto const outbox = ReplicationSetup{session_, where, deadline_}.look();
  if (!outbox.changing.empty()) return at(waiting_for_transactions, describe_change(outbox));
  auto const from = prepared_at();
  if (!from) return at(not_prepared, "leave the old relay running, and prepare the takeover");
  if (old_slot->confirmed < *from) {
    return at(waiting_for_old_relay,
              (old_slot->reader.empty() ? "start the old relay again"
                                        : std::string{"leave the old relay running"}) +
                  ": it has confirmed " + format_lsn(old_slot->confirmed) + " and must pass " +
                  format_lsn(*from));
  }
  if (!old_slot->reader.empty()) {
    return at(stop_old_relay, "stop the old relay (process " + old_slot->reader +
                                  " of the server reads for it), then run the takeover");
  }
  return at(ready, "run the takeover");
}

TakeoverStatus Takeover::status_of_copy(Slot const& new_slot, std::optional<Slot> const& old_slot) {
  using enum TakeoverStep;
  auto const name = "slot '" + config_.slot + "' ";
  auto const mark = copied();
  if (!mark) {
    return at(slot_in_the_way,
              name +
                  "is there, and is no copy of the old one: what the old one still has to show "
                  "is not shown by it; drop it (SELECT pg_drop_replication_slot(" +
                  sql_text(config_.slot) + ")), or name another new slot");
  }
  if (new_slot.lost) {
    return at(slot_in_the_way, name +
                                   "has lost its log (max_slot_wal_keep_size); drop it (SELECT "
                                   "pg_drop_replication_slot(" +
                                   sql_text(config_.slot) + ")), and run the takeover again");
  }
  if (new_slot.confirmed <= mark->copied_at) {
    return at(copied_only, "start tram-cdc on " + name +
                               "and let it publish: it has confirmed nothing yet" +
                               (old_slot ? ", and the old slot keeps its log until then" : "") +
                               what_the_relay_asks());
  }
  if (!old_slot) return at(finished, "nothing: " + name + "has taken over");
  return at(taken_over, "tram-cdc has published on " + name +
                            "; when it works to your satisfaction, drop the old slot, which keeps "
                            "its log until then");
}

/// About tables that left the outbox while no relay ran. It asks by itself where this role cannot
/// find out.
std::string Takeover::what_the_relay_asks() const try {
  Target const target{config_.connection, "tram-takeover", {{"replication", "database"}}};
  auto session = open_for_replication(target, clock_, deadline_);
  auto const where = source();
  auto const question = check_parts(where, session, deadline_).question;
  return question.empty() ? "" : "; it will not be ready before it is told: " + question;
} catch (Error const&) { return ""; }

void Takeover::copy_slot() {
  auto const now = status();
  if (now.step != TakeoverStep::ready) {
    refuse("it cannot run at step '" + std::string{to_string(now.step)} + "'; " + now.next);
  }
  auto const horizon = slot(config_.old_slot)->horizon;
  query("SELECT pg_copy_logical_replication_slot(" + text(config_.old_slot) + ", " +
        text(config_.slot) + ", false, 'pgoutput')");
  set_marker(format_takeover_mark({.slot = config_.slot,
                                   .copied_at = slot(config_.slot)->confirmed,
                                   .rows = config_.rows_again,
                                   .horizon = horizon}));
}

void Takeover::drop_old_slot() {
  auto const now = status();
  if (now.step != TakeoverStep::taken_over) {
    refuse("the old slot cannot be dropped at step '" + std::string{to_string(now.step)} + "'; " +
           now.next);
  }
  auto const old_slot = slot(config_.old_slot);
  if (!old_slot->reader.empty())
    refuse("the old relay reads it again (process " + old_slot->reader +
           " of the server); stop it first");
  query("SELECT pg_drop_replication_slot(" + text(config_.old_slot) + ")");
}

}  // namespace

std::string_view to_string(TakeoverStep step) noexcept {
  switch (step) {
    case TakeoverStep::not_prepared: return "not prepared";
    case TakeoverStep::waiting_for_transactions: return "waiting for transactions";
    case TakeoverStep::waiting_for_old_relay: return "waiting for the old relay";
    case TakeoverStep::stop_old_relay: return "stop the old relay";
    case TakeoverStep::ready: return "ready";
    case TakeoverStep::slot_in_the_way: return "slot in the way";
    case TakeoverStep::copied_only: return "copied";
    case TakeoverStep::taken_over: return "taken over";
    case TakeoverStep::finished: return "finished";
  }
  return "unknown";
}

TakeoverStatus takeover_prepare(TakeoverConfig const& config, Clock& clock) {
  Takeover takeover{config, clock};
  takeover.prepare();
  return takeover.status();
}

TakeoverStatus takeover_status(TakeoverConfig const& config, Clock& clock) {
  return Takeover{config, clock}.status();
}

TakeoverStatus takeover_run(TakeoverConfig const& config, Clock& clock) {
  Takeover takeover{config, clock};
  takeover.copy_slot();
  return takeover.status();
}

TakeoverStatus takeover_drop_old_slot(TakeoverConfig const& config, Clock& clock) {
  Takeover takeover{config, clock};
  takeover.drop_old_slot();
  return takeover.status();
}

}  // namespace tram::postgres
