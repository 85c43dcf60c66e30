#include "request_head.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "tram/base/percent.hpp"

namespace tram::http {
namespace {

using namespace std::string_view_literals;

constexpr auto npos = std::string_view::npos;
constexpr std::size_t digits_max{18};

char lower(char character) noexcept {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A'))
                                              : character;
}

std::string in_lower_case(std::string_view text) {
  std::string result{text};
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

/// As in a form's data, where `+` is a space.
std::optional<std::string> form_decoded(std::string_view text) {
  std::string spaced{text};
  std::ranges::replace(spaced, '+', ' ');
  return percent_decoded(spaced);
}

bool is_alphanumeric(char character) noexcept {
  auto const letter = lower(character);
  return (letter >= 'a' && letter <= 'z') || (character >= '0' && character <= '9');
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char character) {
    return is_alphanumeric(character) || "!#$%&'*+-.^_`|~"sv.find(character) != npos;
  });
}

bool is_host(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char character) {
    return is_alphanumeric(character) || "-._~%!$&'()*+;=:[]"sv.find(character) != npos;
  });
}

std::string_view trimmed(std::string_view text) {
  auto const begin = text.find_first_not_of(" \t");
  if (begin == npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

class Parser {
 public:
  std::variant<RequestHead, Refusal> run(std::string_view text) {
    bool const good = take_request_line(line_of(text)) && take_fields(text) && check_host() &&
                      check_body() && check_expectation();
    if (!good) return std::move(refusal_);
    take_connection();
    return std::move(head_);
  }

 private:
  bool refuse(std::string why, int status = 400) {
    refusal_ = {.status = status, .why = std::move(why)};
    return false;
  }

  /// Takes it from the front.
  static std::string_view line_of(std::string_view& text) {
    auto const line = text.substr(0, text.find("\r\n"));
    text.remove_prefix(std::min(text.size(), line.size() + 2));
    return line;
  }

  bool take_request_line(std::string_view line) {
    auto const first = line.find(' ');
    auto const last = line.rfind(' ');
    if (first == npos || first == last) return refuse("the first line is no request");
    auto const method = line.substr(0, first);
    auto const target = line.substr(first + 1, last - first - 1);
    auto const version = line.substr(last + 1);
    if (!is_token(method)) return refuse("the method is no word");
    // A fragment is the client's own: a proxy might cut it off.
    auto const is_visible = [](char character) {
      return character > ' ' && character < '\x7f' && character != '#';
    };
    if (target.empty() || !std::ranges::all_of(target, is_visible))
      return refuse("the path holds what must be escaped");
    head_.request.method = method;
    return take_target(target) && take_version(version);
  }

  bool take_version(std::string_view version) {
    if (version == "HTTP/1.1") return true;
    is_old_ = version == "HTTP/1.0";
    if (is_old_) return true;
    return version.starts_with("HTTP/") ? refuse("this server speaks HTTP/1.1", 505)
                                        : refuse("the first line is no request");
  }

  bool take_target(std::string_view target) {
    if (!take_authority(target)) return refuse("the address asked for names no host");
    auto const question = target.find('?');
    head_.raw_path = target.substr(0, question);
    if (named_host_ && head_.raw_path.empty()) head_.raw_path = "/";
    if (question != npos) take_query(target.substr(question + 1));
    return true;
  }
  /// Proxies name the host in the address, and it goes before the header's then
  /// (https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2).
  bool take_authority(std::string_view& target) {
    for (std::string_view const scheme : {"http://", "https://"}) {
      if (in_lower_case(target.substr(0, scheme.size())) != scheme) continue;
      target.remove_prefix(scheme.size());
      named_host_ = target.substr(0, target.find_first_of("/?"));
      target.remove_prefix(named_host_->size());
      return !named_host_->empty() && is_host(*named_host_);
    }
    return true;
  }

  void take_query(std::string_view query) {
    while (!query.empty()) {
      auto const one = query.substr(0, query.find('&'));
      query.remove_prefix(std::min(one.size() + 1, query.size()));
      if (!one.empty()) take_parameter(one);
    }
  }
  void take_parameter(std::string_view text) {
    auto const equals = std::min(text.find('='), text.size());
    auto name = form_decoded(text.substr(0, equals));
    auto value = form_decoded(text.substr(std::min(equals + 1, text.size())));
    head_.malformed_query = head_.malformed_query || !name || !value;
    if (name && value) head_.request.query.insert_or_assign(*std::move(name), *std::move(value));
  }

  bool take_fields(std::string_view text) {
    for (auto line = line_of(text); !line.empty(); line = line_of(text)) {
      auto const colon = line.find(':');
      auto const name = line.substr(0, colon);
      if (colon == npos || !is_token(name)) return refuse("a header has no name before its colon");
      auto const value = trimmed(line.substr(colon + 1));
      if (!is_field_text(value)) return refuse("a header holds a control character");
      if (!take_field(in_lower_case(name), std::string{value})) return false;
    }
    return true;
  }
  /// Of most of them the last one counts; those that tell where things begin and end are there
  /// once.
  bool take_field(std::string name, std::string value) {
    bool const once = name == "host" || name == "content-length" || name == "transfer-encoding";
    if (once && head_.request.headers.contains(name))
      return refuse("there are two headers '" + name + "'");
    head_.request.headers.insert_or_assign(std::move(name), std::move(value));
    return true;
  }

  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const {
    auto const found = head_.request.headers.find(name);
    if (found == head_.request.headers.end()) return std::nullopt;
    return found->second;
  }

  bool check_host() {
    auto const host = field("host");
    if (!host && !is_old_) return refuse("there is no header 'host'");
    if (host && !is_host(*host)) return refuse("the header 'host' is no host");
    if (named_host_) head_.request.headers.insert_or_assign("host", *named_host_);
    return true;
  }

  bool check_body() {
    auto const size = field("content-length");
    auto const encoding = field("transfer-encoding");
    if (size && encoding) return refuse("both length and encoding tell the size of the body");
    if (encoding) return take_encoding(*encoding);
    return !size || take_size(*size);
  }
  bool take_encoding(std::string_view encoding) {
    if (is_old_) return refuse("HTTP/1.0 has no encodings");
    if (in_lower_case(encoding) != "chunked")
      return refuse("the only encoding that is understood is 'chunked'");
    head_.chunked = true;
    return true;
  }
  bool take_size(std::string_view text) {
    auto const* const end = text.data() + text.size();
    auto const parsed = std::from_chars(text.data(), end, head_.content_length);
    bool const is_number = !text.empty() && parsed.ec == std::errc{} && parsed.ptr == end;
    if (is_number && text.size() <= digits_max) return true;
    bool const is_long = !text.empty() && text.find_first_not_of("0123456789") == npos;
    return is_long ? refuse("the body is larger than allowed", 413)
                   : refuse("the header 'content-length' is no number");
  }

  bool check_expectation() {
    auto const expected = field("expect");
    if (!expected) return true;
    if (in_lower_case(*expected) != "100-continue")
      return refuse("the header 'expect' asks for what is not known here", 417);
    head_.expects_continue = !is_old_;
    return true;
  }

  void take_connection() {
    head_.keeps_connection = !is_old_;
    auto const text = in_lower_case(field("connection").value_or(""));
    std::string_view rest{text};
    while (!rest.empty()) {
      auto const one = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(one.size() + 1, rest.size()));
      if (trimmed(one) == "close") head_.keeps_connection = false;
    }
  }

  RequestHead head_;
  Refusal refusal_;
  std::optional<std::string> named_host_;
  bool is_old_{};
};

}  // namespace

bool is_field_text(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char character) {
    auto const byte = static_cast<unsigned char>(character);
    return (byte >= 0x20 && byte != 0x7f) || character == '\t';
  });
}

std::variant<RequestHead, Refusal> parse_head(std::string_view text) { return Parser{}.run(text); }

}  // namespace tram::http
