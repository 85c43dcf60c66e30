#pragma once

#include <string>
#include <string_view>

#include "tram/base/reflect.hpp"
#include "tram/json/codec.hpp"
#include "tram/json/detail/struct_codec.hpp"
#include "tram/json/detail/type_codecs.hpp"

#pragma GCC visibility push(default)

/// JSON text from values and back: `encode`, `decode`.
namespace tram::json {

/// Appends `value` to `out`: compact, members in declaration order. Under `Policy::wire` empty
/// optionals (and map entries that are) are left out, under `Policy::rest` they are `null`. What no
/// reader would take is `Fault::rejected`, with the path to the place: text that is no UTF-8, an
/// enum value without a name, more than 64 levels. `out` is then as it was.
template <class T>
void encode_to(std::string& out, T const& value, Policy policy = Policy::wire) {
  Writer writer{out, WriterOptions{.policy = policy, .subject = reflect::type_name<T>}};
  JsonCodec<T>::encode(writer, value);
}

template <class T>
[[nodiscard]] std::string encode(T const& value, Policy policy = Policy::wire) {
  std::string out;
  encode_to(out, value, policy);
  return out;
}

/// The same for reports, which must not fail for a text that they show: invalid UTF-8 becomes `?`.
template <class T>
[[nodiscard]] std::string encode_report(T const& value, Policy policy = Policy::wire) {
  std::string out;
  Writer writer{
      out, WriterOptions{
               .policy = policy, .subject = reflect::type_name<T>, .bad_text = BadText::replaced}};
  JsonCodec<T>::encode(writer, value);
  return out;
}

/// Reads a `T`. Members that `T` does not have are ignored; of a repeated one the last counts; one
/// that is missing or null is malformed unless it is optional. Throws `Fault::malformed` with the
/// path to the place: `ReserveCredit.lines[0].quantity: expected an integer in range`.
template <class T>
[[nodiscard]] T decode(std::string_view text, ReaderOptions const& options) {
  Reader reader{text, options};
  T value = JsonCodec<T>::decode(reader);
  reader.finish();
  return value;
}

template <class T>
[[nodiscard]] T decode(std::string_view text, Policy policy = Policy::wire) {
  return decode<T>(text, ReaderOptions{.policy = policy, .subject = reflect::type_name<T>});
}

}  // namespace tram::json

#pragma GCC visibility pop
