#include <iostream>
#include <tram/base/error.hpp>

int main() {
  tram::Error const error{tram::Fault::in_doubt, "consumer: the package is linked"};
  std::cout << to_string(error.fault()) << ": " << error.what() << '\n';
}
