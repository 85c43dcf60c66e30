#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "tram/base/time.hpp"
#include "tram/relay/change_source.hpp"
#include "tram/sql/dialect.hpp"

#pragma GCC visibility push(default)

namespace tram::postgres {

/// Taking over an outbox from the Java relay without losing anything: the new slot begins where the
/// old one was confirmed. The Java relay confirms ahead of its broker, so when it was killed, rows
/// before that position may be unpublished. `rows_again` of them are therefore published again,
/// from the table, by the first relay of the new slot.
///
/// A slot shows a change only through publications that are older than the transaction of the
/// change. So the publication is made while the old relay still runs (`takeover_prepare`); when
/// every transaction of before has ended and the old relay has confirmed that point, it is stopped,
/// and its slot is copied for the plugin pgoutput
/// (`takeover_run`). The old slot stays, as the way back, until `takeover_drop_old_slot`.
struct TakeoverConfig {
  /// A libpq connection string; the role owns the outbox table and has REPLICATION.
  std::string connection;
  SchemaName schema{};
  std::string table{"message"};
  std::string old_slot{"eventuate_slot"};
  std::string slot{"tram"};
  std::string publication{"tram"};
  /// How many rows of before the old slot's horizon are published again, by the order of their ids,
  /// and with them all that are behind it; 0: none at all. The Java relay's producer holds 32 MB
  /// that are on their way.
  std::size_t rows_again{250'000};
  /// For each of the functions.
  Duration timeout{std::chrono::seconds{30}};
};

enum class TakeoverStep : std::uint8_t {
  not_prepared,
  /// Transactions older than the publication are still open.
  waiting_for_transactions,
  /// The old relay has not confirmed the prepared position yet.
  waiting_for_old_relay,
  /// The old relay may be stopped now.
  stop_old_relay,
  /// The old relay is stopped and the slot may be copied.
  ready,
  /// A slot has the new slot's name, and no takeover made it.
  slot_in_the_way,
  /// The new slot was copied, and its relay has confirmed nothing yet.
  copied_only,
  /// The new slot's relay has published; the old one still keeps its log.
  taken_over,
  finished,
};

std::string_view to_string(TakeoverStep step) noexcept;

struct TakeoverStatus {
  TakeoverStep step{};
  /// What to do now, in a sentence for an operator.
  std::string next;
  /// From where on the publication shows everything; nothing before that is known.
  std::optional<LogPosition> prepared_at;
  /// What the old relay has confirmed.
  std::optional<LogPosition> old_confirmed;
};

// All four wait for the server, at most `timeout`. Throws: the errors of connecting, and rejected
// with what to do instead.

/// Makes the publication, or continues where an earlier call ended. Safe while the old relay runs,
/// and to repeat. Rejected: wal_level is not logical, no table, no old slot, a new slot that is
/// there already.
TakeoverStatus takeover_prepare(TakeoverConfig const& config, Clock& clock);

/// The step that the takeover has reached. Notes in the publication's comment when its waiting for
/// transactions is over, and changes nothing else.
TakeoverStatus takeover_status(TakeoverConfig const& config, Clock& clock);

/// Copies the old slot. Rejected, with the reason, unless the step is `ready`.
TakeoverStatus takeover_run(TakeoverConfig const& config, Clock& clock);

/// Drops the old slot, which ends the way back. Rejected unless the step is `taken_over` and nobody
/// reads the old slot.
TakeoverStatus takeover_drop_old_slot(TakeoverConfig const& config, Clock& clock);

}  // namespace tram::postgres

#pragma GCC visibility pop
