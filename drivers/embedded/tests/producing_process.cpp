#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/embedded/embedded.hpp"

/// producing_process FILE FIRST: sends FIRST, FIRST + 1, … to channel `orders`, under seven keys,
/// until it is killed, and prints each number whose record is completed. With a third argument it
/// also handles them, and prints only what it has handled and stored. 3 and a message when the file
/// cannot be opened.
namespace {

std::string const channel{"orders"};

void print(std::string const& line) {
  // At once and in one piece: whoever reads it may kill us next.
  if (::write(1, line.data(), line.size()) < 0) std::exit(4);
}

void check(std::vector<tram::Completion> const& completions) {
  for (auto const& completion : completions) {
    if (completion.error) throw tram::Error{*completion.error};
  }
}

/// Polls until record `last` has come, and once more, which stores it as handled.
void handle(tram::Consumer& consumer, tram::Sequence last) {
  for (bool done = false; !done;) {
    for (auto const& event : consumer.poll()) {
      auto const* const delivery = std::get_if<tram::Delivery>(&event);
      if (delivery == nullptr) continue;
      consumer.acknowledge(delivery->source, delivery->position);
      done = done || delivery->value == to_string(last);
    }
  }
  consumer.poll();
}

[[noreturn]] void produce(tram::Broker& broker, tram::Sequence number, bool handles) {
  auto const producer = broker.producer();
  auto const consumer = broker.subscribe({.group = "handling"}, std::array{channel});
  for (std::uint64_t batch = 1;; batch = batch % 20 + 1) {
    auto last = number;
    for (auto const end = number + batch; number < end; ++number) {
      auto const key = "key-" + std::to_string(number.number() % 7);
      auto const value = to_string(number);
      last = number;
      if (!producer->submit({.channel = channel, .key = key, .value = value}, number)) {
        std::exit(5);
      }
    }
    auto const completions = producer->completions();
    check(completions);
    if (handles) handle(*consumer, last);
    for (auto const& completion : completions) print(to_string(completion.sequence) + "\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  tram::SystemClock clock;
  try {
    auto const broker = tram::embedded::connect({.path = argv[1], .store_interval = {}}, clock);
    broker->create_channels(std::array{channel}, 3, tram::Deadline::never());
    produce(*broker, tram::Sequence{std::stoull(argv[2])}, argc > 3);
  } catch (tram::Error const& error) {
    print(std::string{tram::to_string(error.fault())} + ": " + error.what() + "\n");
    return 3;
  }
}
