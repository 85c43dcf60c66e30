#include "tram/base/thrown.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

namespace tram {
namespace {

constexpr int depth_max{8};

std::string type_of_current_exception() {
  auto const* const type = abi::__cxa_current_exception_type();
  if (type == nullptr) return "unknown";
  int status{};
  std::unique_ptr<char, void (*)(void*)> const name{
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), std::free};
  return name ? name.get() : type->name();
}

std::string describe(int depth);

std::string reasons_of(std::exception const& error, int depth) {
  auto const* const outer = dynamic_cast<std::nested_exception const*>(&error);
  if (outer == nullptr || outer->nested_ptr() == nullptr || depth == depth_max) return {};
  try {
    outer->rethrow_nested();
  } catch (...) {  // thread top: whatever the user's code threw
    return "; because: " + describe(depth + 1);
  }
}

std::string describe(int depth) {
  try {
    throw;
  } catch (std::exception const& error) {
    std::string text{error.what()};
    if (text.empty()) text = "an exception without a text, of type " + type_of_current_exception();
    return text + reasons_of(error, depth);
  } catch (...) {  // thread top: whatever the user's code threw
    return "something that is no std::exception was thrown, of type " + type_of_current_exception();
  }
}

}  // namespace

std::string describe_current_exception() {
  return std::current_exception() == nullptr ? std::string{} : describe(0);
}

}  // namespace tram
