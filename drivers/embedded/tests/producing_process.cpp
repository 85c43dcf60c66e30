#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <string>

#include "tram/base/error.hpp"
#include "tram/embedded/embedded.hpp"

/// producing_process FILE FIRST: sends FIRST, FIRST + 1, … to channel `orders`, under seven keys,
/// until it is killed, and prints each number whose record is completed. 3 and a message when the
/// file cannot be opened.
namespace {

void print(std::string const& line) {
  // At once and in one piece: whoever reads it may kill us next.
  if (::write(1, line.data(), line.size()) < 0) std::exit(4);
}

[[noreturn]] void produce(tram::Broker& broker, tram::Sequence number) {
  auto const producer = broker.producer();
  for (tram::Sequence batch = 1;; batch = batch % 20 + 1) {
    for (auto const end = number + batch; number < end; ++number) {
      auto const key = "key-" + std::to_string(number % 7);
      auto const value = std::to_string(number);
      if (!producer->submit({.channel = "orders", .key = key, .value = value}, number)) {
        std::exit(5);
      }
    }
    for (auto const& completion : producer->completions()) {
      if (completion.error) throw tram::Error{*completion.error};
      print(std::to_string(completion.sequence) + "\n");
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  tram::SystemClock clock;
  try {
    auto const broker = tram::embedded::connect({.path = argv[1]}, clock);
    broker->create_channels(std::array{std::string{"orders"}}, 3, tram::Deadline::never());
    produce(*broker, std::stoull(argv[2]));
  } catch (tram::Error const& error) {
    print(std::string{tram::to_string(error.fault())} + ": " + error.what() + "\n");
    return 3;
  }
}
