#include "slot_holder.hpp"

namespace tram::postgres {
namespace {

/// A relay looks at its log every second or so, and tells its position then.
constexpr Duration patience{std::chrono::seconds{10}};

}  // namespace

void SlotHolder::seen(SlotPosition const& slot, SteadyTime now) {
  bool const another = slot.reader != slot_.reader;
  if (another) {
    since_ = now;
    worked_at_.reset();
  }
  slot_ = slot;
  if (another) set_mark(slot);
  if (slot.unfinished || (slot.published < mark_ && slot.published <= published_)) return;
  worked_at_ = now;
  set_mark(slot);
}

void SlotHolder::set_mark(SlotPosition const& slot) {
  mark_ = slot.log_end;
  published_ = slot.published;
}

bool SlotHolder::works(SteadyTime now) const { return worked_at_ && now - *worked_at_ < patience; }

std::string SlotHolder::describe(SteadyTime now) const {
  auto const who = "process " + slot_.reader + " of the server (" + slot_.reader_details + ")";
  if (works(now)) return "is being read by another relay, " + who + "; waiting to take over";
  if (slot_.unfinished) {
    return "is being made by " + who +
           ", which waits for older transactions to end; let them end, "
           "or end it: SELECT pg_terminate_backend(" +
           slot_.reader + ")";
  }
  if (now - since_ < patience)
    return "is held by " + who + "; not seen yet whether that one publishes";
  return "is held by " + who +
         ", which confirms nothing while the log gets longer: nobody "
         "publishes; put that one right, or end it: SELECT pg_terminate_backend(" +
         slot_.reader + ")";
}

}  // namespace tram::postgres
