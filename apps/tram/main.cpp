#include <csignal>
#include <iostream>

#include "program.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return tram::operator_program::run({argv + 1, argv + argc},
                                     {.runtime = {}, .out = std::cout, .complaints = std::cerr});
}
