#include "tram/metrics/metrics_text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace tram::http {
namespace {

TEST(MetricsText, writes_families_with_their_samples) {
  MetricsText text;
  text.counter("rows_total", "Rows read.")
      .sample(18'446'744'073'709'551'615ULL, {{"relay", "a"}, {"table", "b"}})
      .sample(2);
  text.gauge("ready", "Whether.").sample(1.5).sample(std::numeric_limits<double>::infinity());
  text.summary("lag", "Lag.").suffixed("_sum", 3).suffixed("_count", 1, {{"r", "x"}});
  text.histogram("size", "Size.").suffixed("_bucket", 2, {{"le", "+Inf"}});
  EXPECT_EQ(text.text(), "# HELP rows_total Rows read.\n# TYPE rows_total counter\n"
                         "rows_total{relay=\"a\",table=\"b\"} 18446744073709551615\n"
                         "rows_total 2\n"
                         "# HELP ready Whether.\n# TYPE ready gauge\nready 1.5\nready +Inf\n"
                         "# HELP lag Lag.\n# TYPE lag summary\nlag_sum 3\nlag_count{r=\"x\"} 1\n"
                         "# HELP size Size.\n# TYPE size histogram\nsize_bucket{le=\"+Inf\"} 2\n");
}

TEST(MetricsText, escapes_what_would_end_a_label_or_a_line) {
  MetricsText text;
  text.gauge("g", "a \"quote\"\nand \\").sample(0, {{"name", "\"\\\n"}});
  EXPECT_EQ(text.text(), "# HELP g a \"quote\"\\nand \\\\\n# TYPE g gauge\n"
                         "g{name=\"\\\"\\\\\\n\"} 0\n");
}

}  // namespace
}  // namespace tram::http
