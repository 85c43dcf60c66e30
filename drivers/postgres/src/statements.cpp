#include "statements.hpp"

#include <array>
#include <utility>

#include "faults.hpp"
#include "tram/base/error.hpp"

namespace tram::postgres {
namespace {

template <std::size_t size>
bool is_one_of(std::array<std::string_view, size> const& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// These words, in this order, anywhere outside of texts, names in quotes and comments.
bool holds_words(std::string_view sql, LexicalRules rules,
                 std::initializer_list<std::string_view> words) {
  StatementTokens tokens{sql, rules};
  auto const* wanted = words.begin();
  for (auto token = tokens.next_visible(); token.kind != StatementTokens::Kind::end;
       token = tokens.next_visible()) {
    if (wanted == words.end()) return true;
    bool const is_it =
        token.kind == StatementTokens::Kind::word && leading_word(token.text, rules) == *wanted;
    wanted = is_it ? wanted + 1 : words.begin();
  }
  return wanted == words.end();
}

[[noreturn]] void refuse(std::string_view sql, std::string const& why) {
  throw Error{Fault::rejected, "postgresql: " + excerpt(sql) + " is refused: " + why};
}

void refuse_what_a_pool_cannot_run(std::string_view sql, std::string_view word,
                                   LexicalRules rules) {
  if (word == "COPY" &&
      (holds_words(sql, rules, {"STDIN"}) || holds_words(sql, rules, {"STDOUT"}))) {
    refuse(sql, "COPY from or to the client is no statement with rows; use INSERT or SELECT, or "
                "COPY on a connection of your own");
  }
  if (word == "LISTEN") {
    refuse(sql, "nobody reads the notifications of a connection of a pool; listen on a "
                "connection of your own");
  }
  if (word == "DEALLOCATE" && holds_words(sql, rules, {"ALL"}))
    refuse(sql, "the driver's own statements would be lost; name the statement that is meant");
  if (word == "DECLARE" && holds_words(sql, rules, {"WITH", "HOLD"})) {
    refuse(sql, "a cursor WITH HOLD would outlive its transaction on a connection of a pool; "
                "declare it without, or read what it shows at once");
  }
}

std::size_t count_placeholders(std::string_view sql, LexicalRules rules) {
  std::size_t count{};
  StatementTokens tokens{sql, rules};
  for (auto token = tokens.next(); token.kind != StatementTokens::Kind::end;) {
    bool const is_mark = token.kind == StatementTokens::Kind::symbol && token.text == "?";
    token = tokens.next();
    bool const is_double =
        is_mark && token.kind == StatementTokens::Kind::symbol && token.text == "?";
    if (is_double) token = tokens.next();
    else if (is_mark) ++count;
  }
  return count;
}

}  // namespace

void require_values(std::string_view sql, StatementKind const& kind, std::size_t values) {
  if (kind.placeholders <= values) return;
  refuse(sql, "it has " + std::to_string(kind.placeholders) + " placeholders '?' and " +
                  std::to_string(values) +
                  " values; write ?? for a question mark that is an operator");
}

StatementKind look_at_statement(std::string_view sql, LexicalRules rules) {
  constexpr std::array<std::string_view, 3> savepoint{"SAVEPOINT ", "RELEASE SAVEPOINT ",
                                                      "ROLLBACK TO SAVEPOINT "};
  constexpr std::array<std::string_view, 3> reading{"SELECT", "SHOW", "SET"};
  constexpr std::array<std::string_view, 7> harmless{"SELECT", "INSERT", "UPDATE", "DELETE",
                                                     "WITH",   "VALUES", "MERGE"};
  require_statement(sql, rules);
  auto const word = leading_word(sql, rules);
  refuse_what_a_pool_cannot_run(sql, word, rules);
  bool const marks = std::any_of(savepoint.begin(), savepoint.end(),
                                 [&](auto const& head) { return sql.starts_with(head); });
  auto const mentions = [&](std::string_view what) {
    return sql.find(what) != std::string_view::npos;
  };
  bool const changes_rules = mentions("standard_conforming_strings");
  return {.only_reads = marks || is_one_of(reading, word),
          .marks_savepoint = marks,
          .leaves_transaction_alone = marks || (is_one_of(harmless, word) && !changes_rules),
          .sets_limits = word == "RESET" || mentions("_timeout"),
          .placeholders = count_placeholders(sql, rules)};
}

StatementCache::Statement& StatementCache::look_up(std::string_view sql) {
  auto found = entries_.find(sql);
  if (found == entries_.end()) {
    auto const kind = look_at_statement(sql, rules_);
    if (entries_.size() >= entries_max) forget_unnamed();
    Entry entry{.statement = {.numbered = number_placeholders(sql, rules_), .kind = kind}};
    found = entries_.emplace(std::string{sql}, std::move(entry)).first;
  }
  auto& entry = found->second;
  if (mode_ == Statements::prepared && ++entry.uses == 2 && names_ < names_max)
    entry.statement.name = next_name(entry.statement.numbered);
  return entry.statement;
}

void StatementCache::follow(LexicalRules rules) {
  if (std::exchange(rules_, rules) != rules) entries_.clear();
}

std::string StatementCache::next_name(std::string_view numbered) {
  auto const mark = TransparentHash{}(numbered) + std::size_t{rules_.backslashes};
  return "tram_" + std::to_string(++names_) + "_" + std::to_string(mark);
}

void StatementCache::forget_unnamed() {
  std::erase_if(entries_, [](auto const& entry) { return entry.second.statement.name.empty(); });
}

}  // namespace tram::postgres
