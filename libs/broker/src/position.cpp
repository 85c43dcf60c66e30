#include "tram/broker/position_numbers.hpp"

namespace tram {

std::string to_string(Position const& position) {
  auto const numbers = numbers_of(position);
  auto text = std::to_string(numbers.first);
  if (numbers.second != 0) text.append("-").append(std::to_string(numbers.second));
  return text;
}

}  // namespace tram
