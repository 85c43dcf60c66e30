#pragma once

#include <string>

namespace tram {

/// A finite double as `Double.toString` of Java 17 writes it: often, but not always, with the
/// fewest digits that tell it from its neighbours. Pure.
std::string to_java_text(double number);

}  // namespace tram
