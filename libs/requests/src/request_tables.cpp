#include "tram/requests/request_tables.hpp"

namespace tram {

TablePart request_tables(Dialect const& dialect) {
  ColumnTypeNames const type{dialect.types};
  return {.name = "requests",
          .tables = {{.name = "tram_request",
                      .columns = {{"number", type.counter},
                                  {"id", type.text + " NOT NULL"},
                                  {"kind", type.text + " NOT NULL"},
                                  {"argument", type.text + " NOT NULL"},
                                  {"asked_by", type.text + " NOT NULL"},
                                  {"reason", type.text + " NOT NULL"},
                                  {"asked_at", type.big + " NOT NULL"},
                                  {"outcome", type.text},
                                  {"answer", type.text},
                                  {"answered_at", type.big}},
                      .constraints = {"UNIQUE (id)"},
                      .indexes = {{"outcome, kind, number"}}}},
          .remedy = "start a service that takes requests, with ServiceOptions::install_schema"};
}

}  // namespace tram
