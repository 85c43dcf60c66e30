#include "answer_text.hpp"
#include "tram/base/json_text.hpp"
#include "tram/http/message.hpp"

namespace tram::http {

Response problem_response(int status, std::string_view detail) {
  std::string body{R"({"type":"about:blank","title":)"};
  json::append_string(body, reason_of(status));
  body += R"(,"status":)" + std::to_string(status) + R"(,"detail":)";
  json::append_string(body, detail);
  return {.status = status, .content_type = "application/problem+json", .body = body + "}"};
}

}  // namespace tram::http
