#include "tram/connect/takeover.hpp"

#include "postgres_url.hpp"
#include "schemes.hpp"
#include "tram/base/error.hpp"
#ifdef TRAM_HAS_POSTGRES
#include "tram/postgres/takeover.hpp"
#endif

namespace tram::connect {
namespace {

#ifdef TRAM_HAS_POSTGRES
postgres::TakeoverStatus act(TakeoverAction action, postgres::TakeoverConfig const& config,
                             Clock& clock) {
  switch (action) {
    case TakeoverAction::prepare: return postgres::takeover_prepare(config, clock);
    case TakeoverAction::run: return postgres::takeover_run(config, clock);
    case TakeoverAction::finish: return postgres::takeover_drop_old_slot(config, clock);
    case TakeoverAction::look: break;
  }
  return postgres::takeover_status(config, clock);
}
#endif

}  // namespace

TakeoverOutcome takeover([[maybe_unused]] TakeoverAction action, std::string_view text,
                         [[maybe_unused]] OutboxOptions const& options,
                         [[maybe_unused]] std::string const& old_slot,
                         [[maybe_unused]] std::size_t rows_again, [[maybe_unused]] Clock& clock) {
  auto const url = parse_url(text);
#ifdef TRAM_HAS_POSTGRES
  if (url.scheme == "postgresql") {
    auto const status = act(action,
                            {.connection = libpq_url(text),
                             .schema = options.schema,
                             .table = options.table,
                             .old_slot = old_slot,
                             .slot = options.slot,
                             .publication = options.publication,
                             .rows_again = rows_again},
                            clock);
    return {.step = std::string{to_string(status.step)}, .next = status.next};
  }
#endif
  if (url.scheme == "sqlite") {
    throw Error{Fault::rejected, "takeover: the Java relay follows no SQLite database; there is "
                                 "nothing to take over"};
  }
  refuse_database(url);
}

}  // namespace tram::connect
