#include <array>
#include <string>

#include "promise.hpp"
#include "request_reader.hpp"
#include "router.hpp"
#include "targets.hpp"
#include "tram/base/percent.hpp"

namespace tram::fuzz {
namespace {

using http::RequestReader;

/// All requests in the bytes, given in pieces of one size.
std::string requests_in(std::string_view bytes, std::size_t piece) {
  RequestReader reader{{.header_bytes_max = 2048, .body_bytes_max = 512}};
  std::string found;
  while (!bytes.empty() && reader.state() == RequestReader::State::reading) {
    reader.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (reader.state() == RequestReader::State::complete) {
      auto const head = reader.take();
      promise(head.request.body.size() <= 512, "a body is within its limit");
      found += head.request.method + " " + head.raw_path + " " + head.request.body + "\n";
    }
  }
  return found + (reader.state() == RequestReader::State::refused ? "refused" : "");
}

void http_requests(std::string_view bytes) {
  // A size announced as too large is refused before the rest has come, and so is a head.
  auto const whole = requests_in(bytes, bytes.size() + 1);
  auto const single = requests_in(bytes, 1);
  promise(whole == single, "requests are the same however they are cut");
}

void http_paths(std::string_view bytes) {
  static http::Router const router{
      {{"GET", "/a/{b}", [](http::Request const&) { return http::Response{}; }}}};
  http::Request request{.method = "GET"};
  (void)router.answer(request, bytes);
  (void)percent_decoded(bytes);
}

constexpr std::array all{Target{"http_requests", http_requests}, Target{"http_paths", http_paths}};

}  // namespace

std::span<Target const> http_targets() { return all; }

}  // namespace tram::fuzz
