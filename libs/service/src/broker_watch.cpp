#include "broker_watch.hpp"

#include <utility>

#include "tram/base/error.hpp"

namespace tram {
namespace {

constexpr Duration look_timeout{std::chrono::seconds{3}};

}  // namespace

void BrokerWatch::look(std::stop_token const& stop) {
  try {
    broker_.ping(Deadline::after(clock_, look_timeout), stop);
    set_trouble({});
  } catch (Error const& error) {
    if (!stop.stop_requested()) set_trouble(error.what());
  }
}

void BrokerWatch::run(std::stop_token const& stop) {
  while (!stop.stop_requested()) {
    look(stop);
    clock_.pause(interval_, stop);
  }
}

std::string BrokerWatch::trouble() const {
  Lock const lock{mutex_};
  return trouble_;
}

void BrokerWatch::set_trouble(std::string trouble) {
  bool begins{};
  bool ends{};
  {
    Lock const lock{mutex_};
    begins = trouble_.empty() && !trouble.empty();
    ends = !trouble_.empty() && trouble.empty();
    trouble_ = trouble;
  }
  if (begins) logger_.warning("service.broker_away", {{"what", trouble}});
  if (ends) logger_.info("service.broker_answers", {});
}

}  // namespace tram
