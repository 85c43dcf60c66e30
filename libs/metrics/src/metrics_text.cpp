#include "tram/metrics/metrics_text.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace tram::http {
namespace {

enum class Quotes : std::uint8_t { escaped, kept };

void append_escaped(std::string& out, std::string_view text, Quotes quotes) {
  for (char const character : text) {
    if (character == '\n') {
      out += "\\n";
      continue;
    }
    if (character == '\\' || (character == '"' && quotes == Quotes::escaped)) out += '\\';
    out += character;
  }
}

}  // namespace

MetricsText& MetricsText::counter(std::string_view name, std::string_view help) {
  return family("counter", name, help);
}

MetricsText& MetricsText::gauge(std::string_view name, std::string_view help) {
  return family("gauge", name, help);
}

MetricsText& MetricsText::summary(std::string_view name, std::string_view help) {
  return family("summary", name, help);
}

MetricsText& MetricsText::histogram(std::string_view name, std::string_view help) {
  return family("histogram", name, help);
}

MetricsText& MetricsText::family(std::string_view type, std::string_view name,
                                 std::string_view help) {
  name_ = name;
  text_.append("# HELP ").append(name).append(" ");
  append_escaped(text_, help, Quotes::kept);
  text_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
  return *this;
}

void MetricsText::write(std::string_view suffix, std::string const& value,
                        std::span<MetricLabel const> labels) {
  text_.append(name_).append(suffix);
  char separator = '{';
  for (auto const& label : labels) {
    text_ += separator;
    text_.append(label.name).append("=\"");
    append_escaped(text_, label.value, Quotes::escaped);
    text_ += '"';
    separator = ',';
  }
  if (!labels.empty()) text_ += '}';
  text_.append(" ").append(value).append("\n");
}

std::string MetricsText::number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> digits{};
  auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
}

}  // namespace tram::http
