// Tables for people to read; for programs there is --json.
#pragma once

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

namespace sluice::tools {

inline std::string fixed(double value, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

// The first column is text and leans left, the others are numbers and lean right.
class Table {
  public:
    explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

    void print(std::ostream& out = std::cout) const {
        std::vector<std::size_t> width(rows_.front().size());
        for (const auto& row : rows_)
            for (std::size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
        for (const auto& row : rows_) {
            for (std::size_t i = 0; i < row.size(); ++i) {
                const std::string space(width[i] - row[i].size(), ' ');
                out << (i == 0 ? row[i] + space : "  " + space + row[i]);
            }
            out << '\n';
        }
    }

  private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace sluice::tools
