// The weights that a command works with: a converted checkpoint, or values made up from a seed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "network.hpp"
#include "sluice/io/map.hpp"
#include "sluice/io/safetensors.hpp"

namespace sluice::tools {

class Weights {
  public:
    // Throws a Failure: the file is missing, or no safetensors file.
    static Weights from_file(const std::string& path);
    static Weights generated(const AnyNetwork& network, std::uint64_t seed);

    const std::string& name() const { return name_; }  // the path, for messages
    std::span<const std::byte> bytes() const { return file_.bytes().empty() ? generated_ : file_.bytes(); }
    std::optional<std::string_view> metadata(std::string_view key) const { return tensors_.metadata(key); }
    bool has_self_test() const { return tensors_.find("selftest.logits") != nullptr; }

    // A session with these weights packed. Throws a Failure, also if the self-test finds a difference.
    std::unique_ptr<Session> session(const AnyNetwork& network, int slots, bool self_test,
                                     Primitives primitives = Primitives::chosen, int parts = 1) const;
    // The bytes of a packed file.
    Result<std::vector<std::byte>> packed(const AnyNetwork& network, std::string_view isa) const;
    // One without weights yet, but with room for them and for the gate settings they bring.
    std::unique_ptr<Session> empty_session(const AnyNetwork& network, int slots, Primitives primitives,
                                           int parts = 1) const;

  private:
    std::string name_;
    io::MappedFile file_;
    std::vector<std::byte> generated_;
    std::vector<io::Tensor> index_;
    io::Safetensors tensors_;

    void read_header();
};

}  // namespace sluice::tools
