#include "system_trouble.hpp"

#include <cerrno>
#include <cstring>

namespace tram::embedded {

bool is_shortage(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOLCK:
    case EIO: return true;
    default: return false;
  }
}

char const* remedy_of_system(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return "; make room on the disk";
    case EMFILE:
    case ENFILE: return "; raise the limit of open files (ulimit -n)";
    case ENOENT:
    case ENOTDIR: return "; create the folder first";
    case EACCES:
    case EPERM:
    case EROFS: return "; make the folder and the files in it writable";
    case EISDIR: return "; name a file";
    case EIO: return "; look at the disk and the system's log";
    default: return "";
  }
}

Error system_error(std::string const& operation, int code) {
  return Error{
      is_shortage(code) ? Fault::transient : Fault::rejected,
      "embedded: cannot " + operation + ": " + std::strerror(code) + remedy_of_system(code), code};
}

}  // namespace tram::embedded
