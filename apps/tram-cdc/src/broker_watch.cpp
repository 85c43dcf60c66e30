#include "broker_watch.hpp"

#include "tram/base/error.hpp"

namespace tram::relay_program {

std::string BrokerWatch::trouble(std::stop_token const& stop) {
  if (begin_to_ask()) {
    auto answer = ask(stop);
    Lock const lock{mutex_};
    asking_ = false;
    asked_at_ = clock_.steady();
    trouble_ = std::move(answer);
  }
  Lock const lock{mutex_};
  return trouble_;
}

std::string BrokerWatch::last() const {
  Lock const lock{mutex_};
  return asked_at_ == SteadyTime{} ? "it has not answered yet" : trouble_;
}

void BrokerWatch::run(std::stop_token const& stop) {
  while (!stop.stop_requested()) {
    trouble(stop);
    clock_.pause(answer_lives_, stop);
  }
}

bool BrokerWatch::begin_to_ask() {
  Lock const lock{mutex_};
  bool const fresh = asked_at_ != SteadyTime{} && clock_.steady() - asked_at_ < answer_lives_;
  if (fresh || asking_) return false;
  return asking_ = true;
}

std::string BrokerWatch::ask(std::stop_token const& stop) const {
  try {
    ask_(stop);
    return "";
  } catch (Error const& error) { return error.what(); }
}

}  // namespace tram::relay_program
