// resume_json(): the file of a command that goes on where an earlier run of it was stopped.
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "failure.hpp"

namespace sluice::tools {

// take(file) if there is one; it may ask for what is not there. What a file is called: "cost file", "accuracy profile".
template <class F>
void resume_json(const std::string& path, int schema_version, const char* called, F take) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return;
    std::ifstream stream(path, std::ios::binary);
    if (!stream) fail(Exit::file, "--out: cannot read '", path, "', which exists");
    try {
        const auto file = nlohmann::ordered_json::parse(stream);
        if (file.at("schema_version") != schema_version)
            fail(Exit::format, "--out: '", path, "': expected schema_version ", schema_version, ", found ",
                 file["schema_version"]);
        take(file);
    } catch (const nlohmann::json::parse_error& e) {
        fail(Exit::format, "--out: '", path, "' exists and is no JSON from byte ", e.byte, " on");
    } catch (const nlohmann::json::exception& e) {
        fail(Exit::format, "--out: '", path, "' exists and is no ", called, ": ", e.what());
    }
}

}  // namespace sluice::tools
