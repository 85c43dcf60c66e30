#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "program.hpp"
#include "tram/base/log.hpp"
#include "tram/host/exit_status.hpp"

#include <unistd.h>

namespace {

tram::relay_program::Variables environment() {
  tram::relay_program::Variables variables;
  for (char** one = environ; *one != nullptr; ++one) {
    std::string const text{*one};
    auto const equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return tram::relay_program::run({argv + 1, argv + argc}, environment(),
                                    {.runtime = {}, .out = std::cout, .complaints = std::cerr});
  } catch (std::exception const& error) {
    tram::Logger::to_stderr().error("cdc.cannot_go_on", {{"what", error.what()}});
    return tram::exit_cannot_go_on;
  }
}
