// The bank of the tests of typed messages, as a process that they kill: `tram_typed_bank DATABASE
// NAME SERVERS PREFIX`. It stands still when the transaction of its first command has committed,
// and its first event's, so that it dies before the broker hears of either.

#include <iostream>

#include "typed_shop.hpp"

namespace {

using namespace tram;
using namespace tram::testing;

/// Lets nothing return once it is handled.
struct StandStill final : MessageInterceptor {
  explicit StandStill(Clock& its_clock) : clock{its_clock} {}
  void after_receive(IncomingMessage const& incoming) override {
    std::cout << "handled " << incoming.subscriber_id << std::endl;
    clock.pause(std::chrono::minutes{5});
  }
  Clock& clock;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  SystemClock clock;
  shop::Place const place{.database = argv[1],
                          .name = argv[2],
                          .kafka = {.servers = argv[3],
                                    .session_timeout = std::chrono::milliseconds{6'000},
                                    .request_timeout = std::chrono::milliseconds{3'000}},
                          .prefix = argv[4],
                          .interceptors = {std::make_shared<StandStill>(clock)}};
  shop::Instance bank{place, Logger::to_stderr()};
  bank.service.add(shop::bank_handlers(bank.service.outbox())).add(shop::view_handlers());
  return bank.service.run({});
}
