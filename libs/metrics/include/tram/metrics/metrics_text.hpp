#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#pragma GCC visibility push(default)

namespace tram::http {

struct MetricLabel {
  std::string_view name;
  std::string_view value;
};

/// Writes metrics in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/). Nothing waits, nothing fails;
/// names must be legal ones.
///
///     MetricsText text;
///     text.counter("tram_relay_rows_read_total", "Rows read.").sample(42, {{"relay", "orders"}});
class MetricsText {
 public:
  static constexpr std::string_view content_type{"text/plain; version=0.0.4; charset=utf-8"};

  /// Begins a family; its samples follow. A counter's name ends in `_total`.
  MetricsText& counter(std::string_view name, std::string_view help);
  MetricsText& gauge(std::string_view name, std::string_view help);
  /// Quantiles are left out: its samples are `sum` and `count`.
  MetricsText& summary(std::string_view name, std::string_view help);
  /// Its samples are `_bucket`, each with its label `le` and counting what the ones before count
  /// too, `_sum` and `_count`.
  MetricsText& histogram(std::string_view name, std::string_view help);

  using Labels = std::initializer_list<MetricLabel>;
  /// One sample of the family begun last.
  template <class Number>
    requires std::is_arithmetic_v<Number>
  MetricsText& sample(Number value, Labels labels = {}) {
    return suffixed({}, value, labels);
  }
  /// The same with labels that are known at run time only.
  template <class Number>
    requires std::is_arithmetic_v<Number>
  MetricsText& sample_with(std::span<MetricLabel const> labels, Number value) {
    if constexpr (std::is_floating_point_v<Number>) write({}, number(value), labels);
    else write({}, std::to_string(value), labels);
    return *this;
  }
  /// The same with something behind the family's name: `_sum`.
  template <class Number>
    requires std::is_arithmetic_v<Number>
  MetricsText& suffixed(std::string_view suffix, Number value, Labels labels = {}) {
    std::span<MetricLabel const> const all{labels.begin(), labels.size()};
    if constexpr (std::is_floating_point_v<Number>) write(suffix, number(value), all);
    else write(suffix, std::to_string(value), all);
    return *this;
  }

  [[nodiscard]] std::string const& text() const { return text_; }

 private:
  MetricsText& family(std::string_view type, std::string_view name, std::string_view help);
  void write(std::string_view suffix, std::string const& value,
             std::span<MetricLabel const> labels);
  static std::string number(double value);

  std::string name_;
  std::string text_;
};

}  // namespace tram::http

#pragma GCC visibility pop
