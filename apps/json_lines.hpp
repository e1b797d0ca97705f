// in_lines(): JSON that is kept in a file, so that a person finds things in it and a comparison shows what has changed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sluice::tools {

// One line for each key, and for each element of a list: such files have hundreds of them.
inline std::string in_lines(const nlohmann::ordered_json& object) {
    using Json = nlohmann::ordered_json;
    const auto line = [](const Json& value) {  // a file's name may be any bytes
        return value.dump(-1, ' ', false, Json::error_handler_t::replace);
    };
    std::string text;
    for (const auto& [key, value] : object.items()) {
        text += (text.empty() ? "{\n" : ",\n") + line(key) + ": ";
        if (value.is_array() && !value.empty()) {
            const char* before = "[\n ";
            for (const Json& element : value) text += before + line(element), before = ",\n ";
            text += "\n]";
        } else {
            text += line(value);
        }
    }
    return text + "\n}\n";
}

}  // namespace sluice::tools
