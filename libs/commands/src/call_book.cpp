#include "call_book.hpp"

#include <utility>

#include "tram/wire/header_names.hpp"

namespace tram {

void CallBook::withdraw(std::string_view id) {
  if (auto const call = waiting_.find(id); call != waiting_.end()) waiting_.erase(call);
}

bool CallBook::is_answered(std::string_view id) const {
  auto const call = waiting_.find(id);
  return call != waiting_.end() && call->second.has_value();
}

std::optional<IncomingMessage> CallBook::end(std::string_view id) {
  auto const call = waiting_.find(id);
  if (call == waiting_.end()) return std::nullopt;
  auto answer = std::move(call->second);
  waiting_.erase(call);
  ++(answer ? counters_.answered : counters_.unanswered);
  remember(id, answer.has_value());
  return answer;
}

void CallBook::remember(std::string_view id, bool answered) {
  ended_.insert_or_assign(std::string{id}, answered);
  ended_order_.emplace_back(id);
  if (ended_order_.size() <= remembered_max) return;
  ended_.erase(ended_order_.front());
  ended_order_.pop_front();
}

bool CallBook::take(IncomingMessage incoming) {
  auto const id = incoming.message.headers.find(header::reply_to_message_id);
  if (!id) return take_malformed(), false;
  if (auto const call = waiting_.find(*id); call != waiting_.end()) {
    if (call->second) return ++counters_.repeated, false;
    call->second = std::move(incoming);
    return true;
  }
  auto const ended = ended_.find(*id);
  if (ended == ended_.end()) ++counters_.foreign;
  else ++(ended->second ? counters_.repeated : counters_.late);
  return false;
}

CallCounters CallBook::counters() const {
  auto counters = counters_;
  counters.waiting = waiting_.size();
  return counters;
}

}  // namespace tram
