#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tram/base/error.hpp"

namespace tram::relay_program {

/// What a function's rejection says; empty when it refuses nothing.
template <class Function>
std::string refusal(Function function) {
  try {
    function();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected) << error.what();
    return error.what();
  }
  return {};
}

inline bool says(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace tram::relay_program
