#pragma once

#include <string_view>

#pragma GCC visibility push(default)

/// Header names and values that every service on the wire knows. They are promises: other services,
/// in other languages, read them, so none of them ever changes.
namespace tram::header {

// Every message.

/// The message's id: see `int128.hpp`. Set when the message is stored, or by the relay.
inline constexpr std::string_view id{"ID"};
/// Messages with the same value keep their order.
inline constexpr std::string_view partition_id{"PARTITION_ID"};
/// The channel, after mapping.
inline constexpr std::string_view destination{"DESTINATION"};
/// When it was sent: see `http_date.hpp`.
inline constexpr std::string_view date{"DATE"};

// Domain events.

inline constexpr std::string_view event_type{"event-type"};
inline constexpr std::string_view event_aggregate_type{"event-aggregate-type"};
inline constexpr std::string_view event_aggregate_id{"event-aggregate-id"};
/// Ours: the version of the payload's form, for events that declare one. Java ignores it.
inline constexpr std::string_view event_version{"event-version"};

// Commands.

/// Every header of a command that starts so comes back in its replies, with `command_reply_prefix`
/// instead.
inline constexpr std::string_view command_prefix{"command_"};
inline constexpr std::string_view command_type{"command_type"};
/// The channel before mapping. The second underscore is real: the prefix, then `_destination`.
inline constexpr std::string_view command_destination{"command__destination"};
/// The reply channel; absent when no reply is wanted.
inline constexpr std::string_view command_reply_to{"command_reply_to"};
inline constexpr std::string_view command_resource{"command_resource"};
inline constexpr std::string_view command_saga_type{"command_saga_type"};
inline constexpr std::string_view command_saga_id{"command_saga_id"};

// Replies.

inline constexpr std::string_view command_reply_prefix{"commandreply_"};
inline constexpr std::string_view command_reply_type{"commandreply_type"};
inline constexpr std::string_view command_reply_destination{"commandreply__destination"};
inline constexpr std::string_view command_reply_reply_to{"commandreply_reply_to"};
inline constexpr std::string_view command_reply_resource{"commandreply_resource"};
inline constexpr std::string_view command_reply_saga_type{"commandreply_saga_type"};
inline constexpr std::string_view command_reply_saga_id{"commandreply_saga_id"};
/// The `ID` of the command that is answered.
inline constexpr std::string_view reply_to_message_id{"reply_to_message_id"};
/// `reply_outcome::success` or `reply_outcome::failure`. An underscore, then a hyphen.
inline constexpr std::string_view reply_outcome{"reply_outcome-type"};
inline constexpr std::string_view reply_type{"reply_type"};
/// What a saga participant has locked.
inline constexpr std::string_view saga_locked_target{"saga-locked-target"};

}  // namespace tram::header

/// The two values of `header::reply_outcome`.
namespace tram::reply_outcome {

inline constexpr std::string_view success{"SUCCESS"};
inline constexpr std::string_view failure{"FAILURE"};

}  // namespace tram::reply_outcome

/// `header::reply_type` of replies without content. Java sagas match replies by these names.
namespace tram::plain_reply_type {

inline constexpr std::string_view success{"io.eventuate.tram.commands.common.Success"};
inline constexpr std::string_view failure{"io.eventuate.tram.commands.common.Failure"};

}  // namespace tram::plain_reply_type

#pragma GCC visibility pop
