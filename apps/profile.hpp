// Profile: the accuracy of keep tuples as far as it was measured, and the file that holds it.
#pragma once

#include <map>

#include "subject.hpp"

namespace sluice::tools {

class Profile {
  public:
    using Json = Subject::Json;

    struct Row {
        MaskChoice mask;
        std::vector<std::string> sources;  // why it was measured: "pls 50 %", "group 1", "greedy 3", "random"
        std::size_t right = 0;             // of the subject's images
    };

    // Throws a Failure if something lies at the path that is no file to be replaced, such as a device.
    Profile(const Subject& subject, std::string path);

    // Takes over the rows of the file, if there is one. Throws a Failure: the file is damaged, or of another subject.
    void resume();
    // Replaces the file. conclusions: what was made of the rows; null while they are still becoming more.
    void save(const Json& conclusions) const;

    const std::vector<Row>& rows() const { return rows_; }  // in the order of measurement
    const Row* find(const Tuple& tuple) const;
    void add(MaskChoice mask, std::size_t right);
    void add_source(const Tuple& tuple, const std::string& source);
    double top1(const Row& row) const;  // per cent

  private:
    const Subject& subject_;
    std::string path_;
    std::vector<Row> rows_;
    std::map<Tuple, std::size_t> place_;  // in rows_

    Json json_of(const Row& row) const;
    void compare_subject(const Json& file) const;
    void take_row(const Json& row);
};

}  // namespace sluice::tools
