#include "environment.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "configuration.hpp"
#include "files.hpp"
#include "java_environment.hpp"
#include "nearest_name.hpp"
#include "tram/base/error.hpp"

namespace tram::relay_program {
namespace {

constexpr std::string_view prefix{"TRAM_CDC_"};
constexpr std::string_view file_suffix{"_FILE"};

std::map<std::string, std::string> keys_by_variable() {
  std::map<std::string, std::string> keys;
  for (auto const& key : known_keys()) keys.emplace(variable_of(key), key);
  return keys;
}

/// A secret's file mostly ends in a line end that is not meant.
std::string content_of(std::string const& path, std::string const& variable) {
  auto const text = programs::content_of_file(path);
  if (!text) {
    throw Error{Fault::rejected, variable + ": the file that it names cannot be read; it takes the "
                                            "path of a file that holds the value"};
  }
  auto content = *text;
  while (content.ends_with('\n') || content.ends_with('\r')) content.pop_back();
  if (content.empty()) {
    throw Error{Fault::rejected,
                variable + ": the file that it names is empty; write the value into it"};
  }
  return content;
}

class OwnVariables {
 public:
  explicit OwnVariables(Variables const& variables) {
    for (auto const& [name, value] : variables) {
      if (name.starts_with(prefix)) take(name, value);
    }
  }

  Settings settings;
  std::string complaints;

 private:
  void take(std::string const& name, std::string const& value) {
    try {
      if (auto const found = keys_.find(name); found != keys_.end()) {
        settings.push_back({found->second, value, name});
      } else if (name.ends_with(file_suffix) && keys_.contains(without_suffix(name))) {
        settings.push_back({keys_.at(without_suffix(name)), content_of(value, name), name});
      } else {
        complain(name + ": there is no such variable" + programs::did_you_mean(name, names()));
      }
    } catch (Error const& error) { complain(error.what()); }
  }
  static std::string without_suffix(std::string const& name) {
    return name.substr(0, name.size() - file_suffix.size());
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (auto const& [name, key] : keys_) all.push_back(name);
    return all;
  }
  void complain(std::string const& what) {
    complaints.append(complaints.empty() ? "" : "\n").append(what);
  }

  std::map<std::string, std::string> keys_{keys_by_variable()};
};

}  // namespace

std::string variable_of(std::string const& key) {
  std::string name{prefix};
  for (char const character : key) {
    if (character == '.') name += '_';
    else
      name += character >= 'a' && character <= 'z' ? static_cast<char>(character - ('a' - 'A'))
                                                   : character;
  }
  return name;
}

Environment read_environment(Variables const& variables) {
  auto java = read_java_environment(variables);
  OwnVariables own{variables};
  auto complaints = std::move(own.complaints);
  for (auto const& refusal : java.refusals)
    complaints.append(complaints.empty() ? "" : "\n").append(refusal);
  if (!complaints.empty()) throw Error{Fault::rejected, complaints};
  Environment environment{.settings = std::move(java.settings), .notes = std::move(java.notes)};
  std::ranges::move(own.settings, std::back_inserter(environment.settings));
  return environment;
}

}  // namespace tram::relay_program
