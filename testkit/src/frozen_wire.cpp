#include "tram/testkit/frozen_wire.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace tram::testkit {
namespace {

std::string first_line(FrozenType const& type) {
  std::string line{type.name};
  if (type.version != 0) line += ' ' + std::to_string(type.version);
  return line;
}

bool asked_to_freeze() {
  auto const* const asked = std::getenv("TRAM_FREEZE_WIRE");
  return asked != nullptr && std::string_view{asked} == "1";
}

void write(std::filesystem::path const& path, std::string const& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream{path, std::ios::binary} << text;
}

}  // namespace

FrozenPayload frozen_payload(FrozenType const& type, std::string const& payload,
                             std::string const& file) {
  std::filesystem::path const path{file};
  auto const line = first_line(type);
  if (!std::filesystem::exists(path) && asked_to_freeze())
    write(path, line + '\n' + payload + '\n');
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return {.payload = {},
            .difference = "nothing is frozen in '" + path.string() +
                          "' yet; run once with TRAM_FREEZE_WIRE=1 and add the file"};
  std::string frozen_line;
  FrozenPayload frozen;
  std::getline(in, frozen_line);
  std::getline(in, frozen.payload);
  if (frozen_line != line)
    frozen.difference = "the type is now '" + line + "' on the wire, frozen is '" + frozen_line +
                        "'; services that know the frozen name would not know this";
  return frozen;
}

}  // namespace tram::testkit
