#include "part_check.hpp"

#include "part_memory.hpp"
#include "pgoutput_source.hpp"
#include "replication_setup.hpp"
#include "slot_memory.hpp"

namespace tram::postgres {
namespace {

void append(std::string& names, std::string const& name) {
  names += (names.empty() ? "" : ", ") + name;
}

class PartChecker {
 public:
  PartChecker(ChangeSourceConfig const& config, Session& session, Deadline deadline)
      : config_{config},
        setup_{session, config, deadline},
        outbox_{setup_.look()},
        memory_{config, PgoutputSource::name_of(config)},
        parts_{config, PgoutputSource::name_of(config)} {
    auto const history = setup_.history();
    memory_.recall(session, history, deadline);
    parts_.recall(session, history, memory_.access(), deadline);
  }

  PartCheck run() {
    if (!outbox_.table_is_fit) return {};
    bool const makes_slot = outbox_.horizon.empty();
    auto const horizon = makes_slot ? memory_.known_horizon() : outbox_.horizon;
    parts_.meet_alike(setup_.alike_tables(horizon));
    PartCheck found;
    found.left = left();
    if (makes_slot && !reads_existing_rows(config_)) return found;
    auto const doubtful = setup_.with_rows(parts_.in_doubt());
    if (!doubtful.empty()) found.question = parts_.question(doubtful);
    found.must_be_answered = !horizon.empty();
    if (makes_slot) found.unread = unread();
    return found;
  }

 private:
  std::string left() {
    auto const numbers = parts_.left(outbox_);
    auto const tables = setup_.tables(numbers);
    std::string names;
    for (auto const& number : numbers) {
      auto const found = tables.find(number);
      append(names, found == tables.end() ? "number " + number + " (dropped)" : found->second.name);
    }
    return names;
  }

  std::string unread() {
    std::string names;
    for (auto const& [number, table] : setup_.tables(parts_.unread(outbox_, memory_.position()))) {
      if (setup_.holds_rows(table)) append(names, table.name);
    }
    return names;
  }

  ChangeSourceConfig const& config_;
  ReplicationSetup setup_;
  OutboxLook outbox_;
  SlotMemory memory_;
  PartMemory parts_;
};

}  // namespace

PartCheck check_parts(ChangeSourceConfig const& config, Session& session, Deadline deadline) {
  return PartChecker{config, session, deadline}.run();
}

}  // namespace tram::postgres
