#include <csignal>
#include <iostream>

#include "program.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  tram::SystemClock clock;
  tram::SystemRandom random;
  return tram::operator_program::run(
      {argv + 1, argv + argc},
      {.clock = clock, .random = random, .out = std::cout, .complaints = std::cerr});
}
