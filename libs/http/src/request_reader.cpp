#include "request_reader.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>
#include <variant>

namespace tram::http {
namespace {

constexpr auto npos = std::string_view::npos;
/// For a chunk's size with its extensions.
constexpr std::size_t chunk_line_max{256};
constexpr std::size_t chunk_digits_max{15};

}  // namespace

RequestReader::State RequestReader::feed(std::string_view bytes) {
  buffer_ += bytes;
  advance();
  return state_;
}

bool RequestReader::take_wish_to_continue() { return std::exchange(wishes_to_continue_, false); }

RequestHead RequestReader::take() {
  auto head = *std::move(head_);
  head_.reset();
  part_ = Part::head;
  looked_at_ = 0;
  passed_empty_line_ = false;
  state_ = State::reading;
  advance();
  return head;
}

void RequestReader::refuse(int status, std::string why) {
  state_ = State::refused;
  refusal_ = {.status = status, .why = std::move(why)};
}

void RequestReader::advance() {
  while (state_ == State::reading && step()) {}
}

/// Whether there may be more to do with what is there.
bool RequestReader::step() {
  switch (part_) {
    case Part::head: return find_head();
    case Part::body: return take_body();
    case Part::chunk_size: return take_chunk_size();
    case Part::chunk: return take_chunk();
    case Part::chunk_end: return take_chunk_end();
    case Part::trailers: return take_trailers();
  }
  return false;
}

/// A line end of another kind would end a line for one reader and not for another.
bool RequestReader::lines_end_well(std::size_t from, std::size_t to) {
  for (auto at = from; at < to; ++at) {
    bool const bad_feed = buffer_[at] == '\n' && (at == 0 || buffer_[at - 1] != '\r');
    bool const bad_return =
        buffer_[at] == '\r' && at + 1 < buffer_.size() && buffer_[at + 1] != '\n';
    if (bad_feed || bad_return) return false;
  }
  return true;
}

bool RequestReader::find_head() {
  // One empty line before a request is passed over, as clients are known to send one.
  if (!passed_empty_line_ && buffer_.starts_with("\r\n")) {
    buffer_.erase(0, 2);
    passed_empty_line_ = true;
  }
  auto const from = looked_at_ > 3 ? looked_at_ - 3 : 0;
  auto const end = buffer_.find("\r\n\r\n", from);
  auto const size = end == npos ? buffer_.size() : end + 4;
  if (!lines_end_well(from, size)) {
    refuse(400, "a line does not end in CR and LF");
    return false;
  }
  if (size > limits_.header_bytes_max) {
    bool const in_first_line = buffer_.find("\r\n") > limits_.header_bytes_max;
    refuse(in_first_line ? 414 : 431, "the headers are larger than allowed");
    return false;
  }
  looked_at_ = buffer_.size();
  if (end == npos) return false;
  auto parsed = parse_head(std::string_view{buffer_}.substr(0, size));
  buffer_.erase(0, size);
  if (auto* refusal = std::get_if<Refusal>(&parsed)) {
    refuse(refusal->status, std::move(refusal->why));
    return false;
  }
  head_ = std::get<RequestHead>(std::move(parsed));
  return begin_body();
}

bool RequestReader::begin_body() {
  left_ = head_->content_length;
  trailer_bytes_ = 0;
  if (left_ > limits_.body_bytes_max) {
    refuse(413, "a body may have " + std::to_string(limits_.body_bytes_max) + " bytes at most");
    return false;
  }
  wishes_to_continue_ = head_->expects_continue && (head_->chunked || left_ > 0);
  part_ = head_->chunked ? Part::chunk_size : Part::body;
  return true;
}

std::size_t RequestReader::take_bytes(std::uint64_t wanted) {
  auto const size = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, buffer_.size()));
  head_->request.body.append(buffer_, 0, size);
  buffer_.erase(0, size);
  return size;
}

bool RequestReader::complete() {
  state_ = State::complete;
  return false;
}

bool RequestReader::take_body() {
  left_ -= take_bytes(left_);
  return left_ == 0 && complete();
}

std::optional<std::string_view> RequestReader::line(std::size_t bytes_max) {
  auto const end = buffer_.find("\r\n");
  auto const size = std::min(end, buffer_.size());
  if (!lines_end_well(0, size) || size > bytes_max) {
    refuse(400, "a line within the body is malformed");
    return std::nullopt;
  }
  if (end == npos) return std::nullopt;
  return std::string_view{buffer_}.substr(0, end);
}

bool RequestReader::take_chunk_size() {
  auto const found = line(chunk_line_max);
  if (!found) return false;
  auto const digits = found->substr(0, found->find_first_not_of("0123456789abcdefABCDEF"));
  auto const extension = found->substr(digits.size());
  bool const is_size = !digits.empty() && digits.size() <= chunk_digits_max &&
                       (extension.empty() || extension.starts_with(';')) &&
                       is_field_text(extension);
  if (!is_size) {
    refuse(400, "the size of a chunk is no number");
    return false;
  }
  std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
  if (left_ > limits_.body_bytes_max - head_->request.body.size()) {
    refuse(413, "a body may have " + std::to_string(limits_.body_bytes_max) + " bytes at most");
    return false;
  }
  buffer_.erase(0, found->size() + 2);
  part_ = left_ == 0 ? Part::trailers : Part::chunk;
  return true;
}

bool RequestReader::take_chunk() {
  left_ -= take_bytes(left_);
  if (left_ > 0) return false;
  part_ = Part::chunk_end;
  return true;
}

bool RequestReader::take_chunk_end() {
  if (buffer_.size() < 2 && std::string_view{"\r\n"}.starts_with(buffer_)) return false;
  if (!buffer_.starts_with("\r\n")) {
    refuse(400, "a chunk does not end where it should");
    return false;
  }
  buffer_.erase(0, 2);
  part_ = Part::chunk_size;
  return true;
}

/// Nobody here reads them.
bool RequestReader::take_trailers() {
  auto const found = line(limits_.header_bytes_max);
  if (!found) return false;
  bool const is_last = found->empty();
  trailer_bytes_ += found->size();
  bool const is_text = is_field_text(*found);
  buffer_.erase(0, found->size() + 2);
  if (is_last) return complete();
  if (is_text && trailer_bytes_ <= limits_.header_bytes_max) return true;
  refuse(400, "what follows the body is malformed");
  return false;
}

}  // namespace tram::http
