#include "tram/commands/resource_path.hpp"

#include <algorithm>

#include "tram/base/error.hpp"

namespace tram {
namespace {

// Without empty segments at the end; nothing for a path that does not begin with a slash.
std::optional<std::vector<std::string>> split(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    auto const size = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, size));
    path.remove_prefix(size);
  }
  while (!segments.empty() && segments.back().empty()) segments.pop_back();
  return segments;
}

bool is_variable(std::string_view segment) { return segment.starts_with('{'); }

std::string name_of(std::string const& variable) { return variable.substr(1, variable.size() - 2); }

[[noreturn]] void reject(std::string_view pattern, std::string const& why) {
  throw Error{Fault::rejected, "resource '" + std::string{pattern} + "': " + why};
}

// A path has neither an empty segment in its midst nor one that could be taken for a variable.
void check_segment(std::string_view pattern, std::string const& segment) {
  if (segment.empty()) reject(pattern, "a segment is empty");
  auto const braces = std::ranges::count_if(segment, [](char c) { return c == '{' || c == '}'; });
  if (braces == 0) return;
  bool const whole = braces == 2 && segment.front() == '{' && segment.back() == '}';
  if (whole && segment.size() > 2) return;
  reject(pattern, "'" + segment +
                      "' is neither a text nor a variable; write a variable as a whole "
                      "segment, '{id}'");
}

void check_names(std::string_view pattern, std::vector<std::string> const& segments) {
  for (auto each = segments.begin(); each != segments.end(); ++each) {
    if (is_variable(*each) && std::find(segments.begin(), each, *each) != each)
      reject(pattern, "the variable '" + *each + "' stands there twice; give each its own name");
  }
}

}  // namespace

PathVariables::PathVariables(std::vector<std::pair<std::string, std::string>> variables)
    : variables_{std::move(variables)} {}

std::string const* PathVariables::find(std::string_view name) const {
  auto const found =
      std::ranges::find(variables_, name, [](auto const& pair) -> auto& { return pair.first; });
  return found == variables_.end() ? nullptr : &found->second;
}

ResourcePattern::ResourcePattern(std::string_view pattern) {
  auto segments = split(pattern);
  if (!segments) reject(pattern, "a path begins with '/'");
  for (auto const& segment : *segments) check_segment(pattern, segment);
  check_names(pattern, *segments);
  segments_ = std::move(*segments);
}

bool ResourcePattern::covers(ResourcePattern const& other) const {
  return std::ranges::equal(segments_, other.segments_, [](auto const& mine, auto const& theirs) {
    return is_variable(mine) || mine == theirs;
  });
}

std::optional<PathVariables> ResourcePattern::match(std::string_view path) const {
  auto const segments = split(path);
  if (!segments || segments->size() != segments_.size()) return std::nullopt;
  std::vector<std::pair<std::string, std::string>> variables;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    if (is_variable(segments_[i])) variables.emplace_back(name_of(segments_[i]), (*segments)[i]);
    else if (segments_[i] != (*segments)[i]) return std::nullopt;
  }
  return PathVariables{std::move(variables)};
}

std::string ResourcePattern::fill(std::vector<std::string> const& values) const {
  auto const wanted = std::ranges::count_if(segments_, is_variable);
  if (static_cast<std::size_t>(wanted) != values.size())
    throw Error{Fault::rejected, "resource path: " + std::to_string(values.size()) +
                                     " values for " + std::to_string(wanted) + " variables"};
  for (auto const& value : values) {
    if (value.empty() || value.find('/') != std::string::npos)
      throw Error{Fault::rejected, "resource path: the value '" + value +
                                       "' is no segment of a path; it is empty or has a '/'"};
  }
  std::string path;
  auto value = values.begin();
  for (auto const& segment : segments_) path += '/' + (is_variable(segment) ? *value++ : segment);
  return path.empty() ? "/" : path;
}

}  // namespace tram
