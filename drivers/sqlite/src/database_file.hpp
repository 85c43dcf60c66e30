#pragma once

#include <optional>
#include <string>

namespace tram::sqlite {

/// The file of a path or URI, nothing for a database in memory.
std::optional<std::string> file_of(std::string const& path);

/// The file without links: one file has one name then, whatever leads to it.
std::string true_path(std::string const& file);

/// The path or URI to open for looking alone, so that not even a file beside the database is made.
std::string path_to_look_at(std::string const& path);

/// What to say of a file that is not there: text without the operation.
std::string missing_file(std::string const& file);

}  // namespace tram::sqlite
