#include "answer_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <string_view>
#include <utility>

#include "request_head.hpp"
#include "tram/base/error.hpp"

namespace tram::http {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 31> phrases{
    {{200, "OK"},
     {201, "Created"},
     {202, "Accepted"},
     {204, "No Content"},
     {206, "Partial Content"},
     {301, "Moved Permanently"},
     {302, "Found"},
     {303, "See Other"},
     {304, "Not Modified"},
     {307, "Temporary Redirect"},
     {308, "Permanent Redirect"},
     {400, "Bad Request"},
     {401, "Unauthorized"},
     {403, "Forbidden"},
     {404, "Not Found"},
     {405, "Method Not Allowed"},
     {406, "Not Acceptable"},
     {409, "Conflict"},
     {410, "Gone"},
     {412, "Precondition Failed"},
     {413, "Content Too Large"},
     {414, "URI Too Long"},
     {415, "Unsupported Media Type"},
     {417, "Expectation Failed"},
     {422, "Unprocessable Content"},
     {429, "Too Many Requests"},
     {431, "Request Header Fields Too Large"},
     {500, "Internal Server Error"},
     {501, "Not Implemented"},
     {503, "Service Unavailable"},
     {505, "HTTP Version Not Supported"}}};

std::string date_text(WallTime now) {
  auto const seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  auto const time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 40> text{};
  auto const size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

void add(std::string& text, std::string_view name, std::string_view value) {
  if (!is_field_text(value) || !is_field_text(name) || name.empty()) {
    throw Error{Fault::rejected, "http: a handler's answer has a header with a control character; "
                                 "headers are lines of text"};
  }
  text.append(name).append(": ").append(value).append("\r\n");
}

bool has_no_body(int status) { return status == 204 || status == 304; }

}  // namespace

std::string_view reason_of(int status) {
  auto const* const found =
      std::ranges::find(phrases, status, &std::pair<int, std::string_view>::first);
  return found == phrases.end() ? "Other" : found->second;
}

std::string answer_text(Response const& response, AnswerOptions const& options, WallTime now) {
  if (response.status < 200 || response.status > 599) {
    throw Error{Fault::rejected, "http: a handler's answer has status " +
                                     std::to_string(response.status) + "; give one of 200 to 599"};
  }
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " ";
  text.append(reason_of(response.status)).append("\r\n");
  add(text, "Date", date_text(now));
  if (options.afterwards == Afterwards::close) add(text, "Connection", "close");
  if (!has_no_body(response.status)) {
    add(text, "Content-Type", response.content_type);
    add(text, "Content-Length", std::to_string(response.body.size()));
  }
  for (auto const& [name, value] : response.headers) add(text, name, value);
  text += "\r\n";
  if (options.with_body && !has_no_body(response.status)) text += response.body;
  return text;
}

}  // namespace tram::http
