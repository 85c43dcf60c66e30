#include <memory>

// Reads a freed integer. The volatile pointer keeps the compiler from removing the bug.
int main() {
  auto owner = std::make_unique<int>(1);
  int const volatile* const freed = owner.get();
  owner.reset();
  return *freed;
}
