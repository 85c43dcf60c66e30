#include "configuration_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "files.hpp"
#include "key_depth.hpp"
#include "shown.hpp"
#include "tram/base/error.hpp"

namespace tram::relay_program {

/// Where the library that reads TOML is of two minds about a text, it would end the process, or go
/// on with what it does not expect.
[[noreturn]] static void refuse_toml() {
  throw Error{Fault::rejected, "the text is not understood"};
}

}  // namespace tram::relay_program

#define TOML_ENABLE_FORMATTERS 0
#define TOML_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::tram::relay_program::refuse_toml())
#include <toml++/toml.h>

namespace tram::relay_program {
namespace {

class Flattening {
 public:
  explicit Flattening(std::string const& name) : name_{name} {}

  void take(toml::table const& table, std::string const& prefix) {
    for (auto const& [key, node] : table) {
      auto const whole = prefix + std::string{key.str()};
      if (auto const* inner = node.as_table()) take(*inner, whole + ".");
      else found_.emplace_back(node.source().begin.line, setting(whole, node));
    }
  }
  Settings in_order() {
    std::ranges::stable_sort(found_, {}, [](auto const& one) { return one.first; });
    Settings settings;
    for (auto& [line, setting] : found_) settings.push_back(std::move(setting));
    return settings;
  }

 private:
  Setting setting(std::string const& key, toml::node const& node) const {
    auto place = name_ + ":" + std::to_string(node.source().begin.line);
    if (auto const* text = node.as_string()) return {key, text->get(), std::move(place)};
    if (auto const* number = node.as_integer())
      return {key, std::to_string(number->get()), std::move(place)};
    if (auto const* truth = node.as_boolean())
      return {key, truth->get() ? "true" : "false", std::move(place)};
    throw Error{Fault::rejected, place + ": " + (programs::may_hold_a_password(key) ? "it" : key) +
                                     " must be a text, a whole number, true or false; write other "
                                     "values as a text in quotes"};
  }

  std::string const& name_;
  std::vector<std::pair<toml::source_index, Setting>> found_;
};

/// The library quotes what it read, which may be a part of a password.
std::string without_quotes(std::string_view description) {
  return std::string{description.substr(0, description.find_first_of("'\""))} +
         "(the text itself is not shown); look at quotes, brackets and line ends there";
}

toml::table table_of(std::string_view text, std::string const& name) {
  try {
    return toml::parse(text);
  } catch (toml::parse_error const& error) {
    throw Error{Fault::rejected, name + ":" + std::to_string(error.source().begin.line) + ": " +
                                     without_quotes(error.description())};
  } catch (Error const& error) {
    throw Error{Fault::rejected,
                name + ": " + error.what() + "; correct quotes and brackets in it"};
  }
}

}  // namespace

Settings parse_configuration(std::string_view text, std::string const& name) {
  if (std::size_t const line = line_of_deep_key(text)) {
    throw Error{Fault::rejected, name + ":" + std::to_string(line) +
                                     ": a key has more levels than any setting; correct it"};
  }
  Flattening flattening{name};
  flattening.take(table_of(text, name), "");
  return flattening.in_order();
}

Settings read_configuration_file(std::string const& path) {
  auto const text = programs::content_of_file(path);
  if (!text) {
    auto const name = programs::may_hold_a_password(path) ? programs::shown(path) : path;
    throw Error{Fault::rejected, name + ": cannot be read: " + std::strerror(errno)};
  }
  return parse_configuration(*text, path);
}

}  // namespace tram::relay_program
