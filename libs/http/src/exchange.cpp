#include "exchange.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <string_view>

#include "percent.hpp"

namespace tram::http {
namespace {

std::string lower(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(), [](char const character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A'))
                                                : character;
  });
  return result;
}

// A name or value without text is one without characters.
std::string_view text_of(char const* bytes, std::size_t size) {
  return bytes == nullptr ? std::string_view{} : std::string_view{bytes, size};
}

MHD_Result take_header(void* closure, MHD_ValueKind, char const* name, std::size_t name_size,
                       char const* value, std::size_t value_size) {
  auto& headers = *static_cast<decltype(Request::headers)*>(closure);
  headers.insert_or_assign(lower(text_of(name, name_size)), text_of(value, value_size));
  return MHD_YES;
}

struct Query {
  decltype(Request::query)& values;
  bool malformed{};
};

MHD_Result take_query(void* closure, MHD_ValueKind, char const* name, std::size_t name_size,
                      char const* value, std::size_t value_size) {
  auto& query = *static_cast<Query*>(closure);
  auto decoded_name = percent_decoded(text_of(name, name_size), Plus::is_a_space);
  auto decoded_value = percent_decoded(text_of(value, value_size), Plus::is_a_space);
  query.malformed = query.malformed || !decoded_name || !decoded_value;
  if (decoded_name && decoded_value)
    query.values.insert_or_assign(*std::move(decoded_name), *std::move(decoded_value));
  return MHD_YES;
}

MHD_Result send(MHD_Connection* connection, Response const& response) {
  // The client library does not write into it; it copies it.
  std::unique_ptr<MHD_Response, void (*)(MHD_Response*)> const made{
      MHD_create_response_from_buffer(response.body.size(), const_cast<char*>(response.body.data()),
                                      MHD_RESPMEM_MUST_COPY),
      MHD_destroy_response};
  if (!made) return MHD_NO;
  MHD_add_response_header(made.get(), "Content-Type", response.content_type.c_str());
  for (auto const& [name, value] : response.headers)
    MHD_add_response_header(made.get(), name.c_str(), value.c_str());
  return MHD_queue_response(connection, static_cast<unsigned>(response.status), made.get());
}

}  // namespace

void Exchange::read_headers(MHD_Connection* connection) {
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_header, &request_.headers);
  Query query{.values = request_.query};
  MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, take_query, &query);
  malformed_query_ = query.malformed;
  auto const announced = request_.headers.find("content-length");
  if (announced == request_.headers.end()) return;
  std::uint64_t size{};
  auto const& digits = announced->second;
  auto const result = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  too_large_ = result.ec != std::errc{} || size > body_bytes_max_;
}

void Exchange::read_body(std::string_view part) {
  too_large_ = too_large_ || part.size() > body_bytes_max_ - request_.body.size();
  if (!too_large_) request_.body += part;
}

MHD_Result Exchange::answer(MHD_Connection* connection, Router const& router,
                            Logger const& logger) {
  if (too_large_) return refuse_body(connection);
  return send(connection, answered(router, logger));
}

Response Exchange::answered(Router const& router, Logger const& logger) {
  if (malformed_query_) return {.status = 400, .body = "the query is not well-formed\n"};
  std::string trouble;
  try {
    return router.answer(request_, raw_path_);
  } catch (std::exception const& error) { trouble = error.what(); } catch (...) {  // C callback
    trouble = "something that is no exception was thrown";
  }
  logger.error("http.handler_failed",
               {{"method", request_.method}, {"path", raw_path_}, {"what", trouble}});
  return {.status = 500, .body = "something went wrong here; the log says what\n"};
}

MHD_Result Exchange::refuse_body(MHD_Connection* connection) const {
  return send(connection,
              {.status = 413,
               .body = "a body may have " + std::to_string(body_bytes_max_) + " bytes at most\n"});
}

}  // namespace tram::http
