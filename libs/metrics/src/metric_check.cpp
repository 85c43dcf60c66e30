#include "tram/metrics/metric_check.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "tram/base/json_text.hpp"

namespace tram {
namespace {

bool is_letter(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         character == '_';
}

/// Letters, digits and underscores, and what else is named; no digit in front.
bool is_word(std::string_view text, std::string_view others) {
  auto const fits = [&](char character) {
    bool const is_digit = character >= '0' && character <= '9';
    return is_letter(character) || is_digit || others.find(character) != std::string_view::npos;
  };
  return !text.empty() && !(text.front() >= '0' && text.front() <= '9') &&
         std::ranges::all_of(text, fits);
}

bool is_of_service(std::string_view name) {
  constexpr std::array<std::string_view, 5> families{
      "tram_service_", "tram_outbox_", "tram_subscription_", "tram_relay_", "process_"};
  return std::ranges::any_of(families, [&](auto const& each) { return name.starts_with(each); });
}

bool is_text(std::string_view text) {
  std::string ignored;
  return json::append_utf8_string(ignored, text) == std::string_view::npos;
}

std::string problem_of_labels(Metric const& metric) {
  for (auto each = metric.labels.begin(); each != metric.labels.end(); ++each) {
    auto const& name = each->first;
    auto const label = "label '" + name + "'";
    if (!is_word(name, "") || name.starts_with("__"))
      return label + " has no name in Prometheus' letters (a-z, A-Z, 0-9, _; no digit first, no "
                     "two underscores)";
    if (!is_text(each->second)) return "the value of " + label + " is no UTF-8";
    bool const is_again = std::any_of(metric.labels.begin(), each,
                                      [&](auto const& one) { return one.first == name; });
    if (is_again) return label + " is there twice";
  }
  return {};
}

std::string problem_beside(Metric const& metric, std::vector<Metric> const& others) {
  for (auto const& other : others) {
    if (other.name != metric.name) continue;
    if (other.kind != metric.kind) return "is a counter in one place and a gauge in another";
    if (other.labels == metric.labels)
      return "is there twice with the same labels; tell the two apart by a label";
  }
  return {};
}

}  // namespace

std::string problem_of(Metric const& metric, std::vector<Metric> const& others) {
  if (!is_word(metric.name, ":"))
    return "has no name in Prometheus' letters (a-z, A-Z, 0-9, _ and :; no digit first)";
  if (is_of_service(metric.name)) return "has a name of the service's own; give it another";
  if (!is_text(metric.help)) return "has a help text that is no UTF-8";
  if (!metric.value) return "has no function for its value";
  auto problem = problem_of_labels(metric);
  return problem.empty() ? problem_beside(metric, others) : problem;
}

}  // namespace tram
