#pragma once

#include <string>
#include <string_view>

// What reader and writer say about places in a text.
namespace tram::json {

/// `.name`, or `["a name"]` where that could be mistaken.
void append_name(std::string& path, std::string_view name);
/// `[3]`
void append_index(std::string& path, std::size_t index);

/// The beginning of a text as it is shown in an error, on one line; `…` stands for the rest.
std::string beginning(std::string_view text);

/// The grammar of RFC 8259, section 6.
bool is_number(std::string_view text);

}  // namespace tram::json
