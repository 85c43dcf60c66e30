#pragma once

#include <string>

#include "tram/base/error.hpp"

namespace tram::embedded {

/// What the operating system refused, with the remedy: transient when space, descriptors or memory
/// are short, rejected when a file or folder is missing or may not be used.
Error system_error(std::string const& operation, int code);

/// Space, descriptors or memory were short.
bool is_shortage(int code);
/// `; what to do`.
char const* remedy_of_system(int code);

}  // namespace tram::embedded
