#include "values.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

#include "faults.hpp"
#include "tram/base/error.hpp"

namespace tram::postgres {
namespace {

// From the server's catalog (pg_type.dat); these numbers never change.
enum TypeOid : Oid {
  type_bool = 16,
  type_bytea = 17,
  type_int8 = 20,
  type_int2 = 21,
  type_int4 = 23,
  type_oid = 26,
  type_float4 = 700,
  type_float8 = 701
};

// The protocol counts them in 16 bits.
constexpr std::size_t parameters_max = 65535;
constexpr std::size_t bytes_max = (std::size_t{1} << 30U) - 1;
constexpr std::size_t is_null = static_cast<std::size_t>(-1);

template <class Number>
void append_number(std::string& text, Number number) {
  std::array<char, 32> digits{};
  auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text.append(digits.data(), end);
}

/// In either of the forms that `bytea_output` asks for.
std::string unescaped(std::string_view text) {
  std::size_t size = 0;
  struct Free {
    void operator()(unsigned char* bytes) const { PQfreemem(bytes); }
  };
  std::unique_ptr<unsigned char, Free> const bytes{
      PQunescapeBytea(reinterpret_cast<unsigned char const*>(text.data()), &size)};
  if (!bytes) throw std::bad_alloc{};
  return {reinterpret_cast<char const*>(bytes.get()), size};
}

ResultColumns columns_of(std::string statement, PGresult const* result) {
  ResultColumns columns{.names = {}, .statement = std::move(statement)};
  auto const count = PQnfields(result);
  columns.names.reserve(static_cast<std::size_t>(count));
  for (int column = 0; column < count; ++column)
    columns.names.emplace_back(PQfname(result, column));
  return columns;
}

// libpq counts the rows of a SELECT too, which changed nothing.
std::int64_t affected(PGresult const* result) {
  auto* const mutable_result = const_cast<PGresult*>(result);  // libpq's signature lacks const
  std::string_view const tag{PQcmdStatus(mutable_result)};
  if (tag.starts_with("SELECT") || tag.starts_with("FETCH")) return 0;
  return std::strtoll(PQcmdTuples(mutable_result), nullptr, 10);
}

}  // namespace

Cell to_cell(Oid type, std::string_view text) {
  switch (type) {
    case type_bool: return std::int64_t{text == "t" ? 1 : 0};
    case type_int2:
    case type_int4:
    case type_int8:
    case type_oid: {
      std::int64_t number{};
      std::from_chars(text.data(), text.data() + text.size(), number);
      return number;
    }
    case type_float4:
    case type_float8:
      // strtod knows the server's NaN and Infinity; libpq ends every value with a NUL.
      return std::strtod(text.data(), nullptr);
    case type_bytea: return unescaped(text);
    default: return std::string{text};
  }
}

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits{"0123456789abcdef"};
  std::string text;
  text.reserve(2 * bytes.size());
  for (char const each : bytes) {
    auto const byte = static_cast<unsigned char>(each);
    text.push_back(digits[byte >> 4U]);
    text.push_back(digits[byte & 0xFU]);
  }
  return text;
}

TextParameters::TextParameters(std::string_view sql, Parameters parameters) {
  if (parameters.size() > parameters_max) {
    throw Error{Fault::rejected,
                "postgresql: " + excerpt(sql) + ": " + std::to_string(parameters.size()) +
                    " values are more than a statement can have (65535); use several statements"};
  }
  std::vector<std::size_t> starts;
  bool has_bytes = false;
  starts.reserve(parameters.size());
  for (auto const& parameter : parameters) {
    auto const start = texts_.size();
    auto const value = parameter.value();
    if (auto const* text = std::get_if<std::string_view>(&value)) {
      add_text(sql, *text);
    } else if (auto const* integer = std::get_if<std::int64_t>(&value)) {
      append_number(texts_, *integer);
    } else if (auto const* number = std::get_if<double>(&value)) {
      append_number(texts_, *number);
    } else {
      has_bytes = has_bytes || std::holds_alternative<BytesView>(value);
      starts.push_back(is_null);
      continue;
    }
    texts_.push_back('\0');
    starts.push_back(start);
  }
  pointers_.reserve(starts.size());
  for (auto const start : starts)
    pointers_.push_back(start == is_null ? nullptr : texts_.data() + start);
  for (std::size_t place = 0; has_bytes && place < parameters.size(); ++place) {
    auto const value = parameters[place].value();
    if (auto const* bytes = std::get_if<BytesView>(&value)) set_bytes(sql, place, *bytes);
  }
}

void TextParameters::add_text(std::string_view sql, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    throw Error{Fault::rejected, "postgresql: " + excerpt(sql) +
                                     ": a text parameter holds the character U+0000, which "
                                     "PostgreSQL cannot store; remove it"};
  }
  texts_ += text;
}

void TextParameters::set_bytes(std::string_view sql, std::size_t place, BytesView const& bytes) {
  if (bytes.size > bytes_max) {
    throw Error{Fault::rejected, "postgresql: " + excerpt(sql) + ": " + std::to_string(bytes.size) +
                                     " bytes are more than a value can have (1 GB); store them in "
                                     "parts"};
  }
  lengths_.resize(pointers_.size());
  formats_.resize(pointers_.size());
  // A null pointer would be NULL.
  pointers_[place] = bytes.data == nullptr ? "" : bytes.data;
  lengths_[place] = static_cast<int>(bytes.size);
  formats_[place] = 1;
  bytes_ += bytes.size;
}

Rows to_rows(std::string statement, PGresult const* result) {
  auto const columns = PQnfields(result);
  if (columns == 0) return Rows{0, {}, affected(result)};
  auto const rows = PQntuples(result);
  std::vector<Cell> cells;
  cells.reserve(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows));
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(result, row, column) != 0) {
        cells.emplace_back();
        continue;
      }
      auto const length = static_cast<std::size_t>(PQgetlength(result, row, column));
      cells.push_back(to_cell(PQftype(result, column), {PQgetvalue(result, row, column), length}));
    }
  }
  return Rows{columns_of(std::move(statement), result), std::move(cells), affected(result)};
}

}  // namespace tram::postgres
