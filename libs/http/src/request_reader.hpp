#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "request_head.hpp"

namespace tram::http {

/// Finds requests in the bytes of one connection. Pure. It keeps no more than one request within
/// the limits, and what came behind it in one read.
class RequestReader {
 public:
  struct Limits {
    std::size_t header_bytes_max;
    std::size_t body_bytes_max;
  };
  explicit RequestReader(Limits limits) : limits_{limits} {}

  enum class State : std::uint8_t { reading, complete, refused };

  /// Takes what has come. Nothing more is read after a refusal, nor before a request that is
  /// complete was taken.
  State feed(std::string_view bytes);
  [[nodiscard]] State state() const { return state_; }
  /// True once per request that asks whether it may send its body.
  bool take_wish_to_continue();
  /// The complete request; what came behind it is looked at now.
  RequestHead take();
  [[nodiscard]] Refusal const& refusal() const { return refusal_; }
  /// A part of a request has come.
  [[nodiscard]] bool has_begun() const { return head_.has_value() || !buffer_.empty(); }

 private:
  enum class Part : std::uint8_t { head, body, chunk_size, chunk, chunk_end, trailers };

  void refuse(int status, std::string why);
  void advance();
  bool step();
  bool find_head();
  bool lines_end_well(std::size_t from, std::size_t to);
  bool begin_body();
  bool take_body();
  bool take_chunk_size();
  bool take_chunk();
  bool take_chunk_end();
  bool take_trailers();
  bool complete();
  /// The next line without its end, when it is there; it may have so many bytes.
  std::optional<std::string_view> line(std::size_t bytes_max);
  std::size_t take_bytes(std::uint64_t wanted);

  Limits limits_;
  State state_{State::reading};
  Part part_{Part::head};
  std::string buffer_;
  std::size_t looked_at_{};
  /// Before the request that is awaited.
  bool passed_empty_line_{};
  std::optional<RequestHead> head_;
  std::uint64_t left_{};
  std::size_t trailer_bytes_{};
  bool wishes_to_continue_{};
  Refusal refusal_;
};

}  // namespace tram::http
