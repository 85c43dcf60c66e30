#include <thread>

// Two threads count without a lock.
int main() {
  int counter = 0;
  std::thread other{[&] {
    for (int i = 0; i < 1000; ++i) ++counter;
  }};
  for (int i = 0; i < 1000; ++i) ++counter;
  other.join();
  return counter == 0 ? 1 : 0;
}
