#pragma once

// std::function without searchers and containers, where the library has it apart; see chrono.hpp.
#if __has_include(<bits/std_function.h>)
#include <bits/std_function.h>

#include <new>
#else
#include <functional>
#endif
