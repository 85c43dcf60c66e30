#include "other_readers.hpp"

#include <algorithm>
#include <iterator>

#include "outbox_look.hpp"

namespace tram::postgres {

std::string other_readers_question(ChangeSourceConfig const& config) {
  return "SELECT slot_name::text, plugin::text, coalesce(active_pid::text, '') FROM "
         "pg_replication_slots WHERE database = current_database() AND slot_type = 'logical' AND "
         "active AND NOT temporary AND slot_name <> " +
         sql_text(config.slot) + " ORDER BY slot_name";
}

std::vector<OtherReader> of_other_plugins(std::vector<OtherReader> const& readers) {
  std::vector<OtherReader> others;
  std::ranges::copy_if(readers, std::back_inserter(others),
                       [](OtherReader const& reader) { return reader.plugin != "pgoutput"; });
  return others;
}

std::string names_of(std::vector<OtherReader> const& readers) {
  std::string names;
  for (auto const& reader : readers) {
    names += (names.empty() ? "'" : ", '") + reader.slot + "' (plugin " + reader.plugin +
             ", process " + reader.process + ")";
  }
  return names;
}

std::string complaint_about(std::vector<OtherReader> const& readers) {
  return "other slots are being read, maybe by another relay of this outbox, so that its rows "
         "would "
         "come twice: " +
         names_of(readers) +
         "; take over from that relay (\"tram-cdc takeover\") or stop it; where it does not "
         "publish "
         "this outbox, start with --new-slot skip_existing_rows or publish_existing_rows";
}

}  // namespace tram::postgres
