#include <limits>

// Overflows a signed integer. The volatile value keeps the compiler from doing it at compile time.
int main() {
  int volatile largest = std::numeric_limits<int>::max();
  return largest + 1 == 0 ? 1 : 0;
}
