#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// How a database cuts the text of a statement into tokens. Every database has texts in `'…'` and
/// names in `"…"`, in which a doubled quote is one, and comments of two forms: `--` to the end of
/// the line, and `/* */`.
struct LexicalRules {
  /// Comments in `/* */` hold others. If not, `/*/` only begins one.
  bool nested_comments{};
  /// A `/*` that ends the text is two operators. If not, it is a comment without an end.
  bool comments_need_text{};
  /// A carriage return ends a comment that begins with `--`, as a line feed does.
  bool carriage_return_ends_line{};
  /// A vertical tab is white space. If not, it is so only behind other white space.
  bool vertical_tab_is_space{};
  /// A byte order mark is white space.
  bool byte_order_mark_is_space{};
  /// A backslash escapes in `'…'`.
  bool backslashes{};
  /// Names may be in `` `…` `` and in `[…]`.
  bool backquotes_and_brackets{};
  /// Texts may be in `$$…$$` and `$tag$…$tag$`.
  bool dollar_quotes{};
  /// Letters before a text change it: `E'…'` has backslashes, `B'…'` and `X'…'` no doubled quotes,
  /// `N'…'` is plain, `U&'…'` and `U&"…"` have neither backslashes.
  bool prefixed_texts{};
  /// A text continues behind its end quote when another quote follows behind a line break.
  bool continued_texts{};
  friend bool operator==(LexicalRules const&, LexicalRules const&) = default;
};

/// What a database calls the kinds of columns.
struct ColumnTypes {
  /// Text that is part of a key in the Java platform's tables.
  std::string_view name{};
  std::string_view text{};
  std::string_view big{};
  std::string_view small{};
  /// A number that the database counts up, as the primary key.
  std::string_view counter{};
};

/// Questions about the tables that are there, each with one parameter.
struct CatalogStatements {
  /// The names of the columns of a table, given by its qualified name; no rows without the table.
  std::string_view columns{};
  /// The same, each with its type in the second column.
  std::string_view column_types{};
  /// A row if only quotes reach the schema of this name, because of its capitals. Empty where no
  /// schema is out of reach.
  std::string_view hidden_schema{};
  /// Lets one installation run at a time, until its transaction ends; its parameter is the lock's
  /// number. Empty where only one transaction writes anyway.
  std::string_view lock_installation{};
  /// How many indexes of a table, given by its qualified name, begin with column `creation_time`.
  /// Empty where old rows are found without one.
  std::string_view age_indexes{};
  /// Makes one, for operators: `{table}` is the table. It must not block those who use the table.
  std::string_view make_age_index{};
};

/// Statements on the inbox. `{inbox}`, `{held_key}` and `{now}` are put in by `filled`.
struct InboxStatements {
  /// Receives several messages of one subscriber. Parameters: lists of message ids, channels and
  /// keys; the subscriber twice. Returns a row for each message that is new: its place in the
  /// lists, counted from 0, and whether its key is held. Rows are written in the order of their
  /// ids, so that transactions that receive the same messages cannot deadlock. Empty: one by one.
  std::string_view receive_all{};
  /// Removes a thousand rows of a list of subscribers (first parameter) that are older than a time
  /// (second parameter). Empty where `row_number` finds old rows.
  std::string_view forget_some{};
  /// A column that numbers rows in the order in which they came.
  std::string_view row_number{};
  /// Before a column in a condition: no index is used for it.
  std::string_view unindexed{};
};

/// What transactions that run at the same time may see of each other. Where one would break it, the
/// transaction fails with `conflict`, and `Database::transact` runs it again.
enum class Isolation : std::uint8_t {
  /// As the database is set up: on PostgreSQL read committed, unless an administrator has changed
  /// it. SQLite is always serializable.
  by_default,
  read_committed,
  repeatable_read,
  serializable,
};

/// What is different in one database's SQL, as values. A driver defines one; nothing else knows
/// which database it is: what differs is a statement, an expression or a trait here.
///
///     namespace tram::mydb {
///     Dialect const dialect{.schemas = true, .now_milliseconds = "now_ms()", …};
///     }
struct Dialect {
  LexicalRules lexical_rules{};

  /// One transaction writes at a time, and a second one waits for it.
  bool single_writer{};
  /// Tables are in schemas. If not, schema names are ignored.
  bool schemas{};
  /// Table `message` numbers its rows in column `seq`, in commit order, and relays follow that.
  /// Java relays cannot read it.
  bool numbered_outbox{};
  /// An INSERT that returns what it wrote costs no more than one that does not.
  bool cheap_returning{};

  /// Expression: now, in epoch milliseconds (contract: core 1.11).
  std::string_view now_milliseconds{};
  /// `FOR UPDATE` where rows can be locked, empty where the whole database is.
  std::string_view for_update{};
  /// What an INSERT that ignores rows that are there already begins and ends with. It must not
  /// ignore other errors, such as a NULL in a column that must have a value.
  std::string_view insert_or_ignore{};
  std::string_view or_ignore{};
  /// Expression: the creation time of an outbox row as a number; NULL for anything else.
  std::string_view creation_time{"creation_time"};
  ColumnTypes types{};
  CatalogStatements catalog{};
  InboxStatements inbox{};

  /// The end of an INSERT that changes the row with the same `key` (columns) by `change`
  /// (`n = excluded.n`) if it is there already.
  std::string (*or_update)(std::string_view key, std::string_view change){};
  /// A placeholder for text that goes into a column of this type, as `CatalogStatements` names it.
  /// Null: a plain `?` everywhere.
  std::string (*text_placeholder)(std::string_view column_type){};
  /// Appends an element to a list, which is empty at first and complete after each call: one
  /// parameter of `InboxStatements`. Null where those take no lists.
  void (*append_to_list)(std::string& list, std::string_view element){};
  /// The first statement of a transaction of this isolation. Null where all are serializable.
  std::string_view (*set_isolation)(Isolation isolation){};
};

/// Puts texts in the places that a statement of a dialect has for them: `{inbox}`.
struct Replacement {
  std::string_view place;
  std::string_view text;
};
std::string filled(std::string_view statement, std::initializer_list<Replacement> replacements);

/// An INSERT that does nothing when the row is there already: `insert_or_ignore(d, "INTO t (a)
/// VALUES (?)")`. The caller tells the two cases apart by the number of affected rows; a duplicate
/// is never an error.
std::string insert_or_ignore(Dialect const& dialect, std::string_view into);

/// The schema of Tram's tables (contract: core 1.9): empty means `eventuate`, `none` means
/// unqualified.
///
///     tram::SchemaName{}.qualify("message");  // eventuate.message
class SchemaName {
 public:
  /// `Error{rejected}` for a name with other characters than letters, digits, `_` and `$`.
  explicit SchemaName(std::string_view configured = {});
  static SchemaName none() { return SchemaName{"none"}; }
  /// `message` → `eventuate.message`, or `message` for `none`.
  [[nodiscard]] std::string qualify(std::string_view table) const;
  /// `eventuate`, or empty for `none`.
  [[nodiscard]] std::string const& name() const { return name_; }

 private:
  std::string name_;
};

/// The schema as the database has it: none, whatever is configured, where there are no schemas.
SchemaName schema_in(Dialect const& dialect, SchemaName const& schema);

}  // namespace tram

#pragma GCC visibility pop
