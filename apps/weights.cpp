#include "weights.hpp"

#include "failure.hpp"
#include "generated_weights.hpp"
#include "sluice/io/settings.hpp"

namespace sluice::tools {

Weights Weights::from_file(const std::string& path) {
    Weights w;
    w.name_ = path;
    Result<io::MappedFile> file = io::MappedFile::open(path.c_str());
    check(file.status(), "weights");
    w.file_ = file.take();
    w.read_header();
    return w;
}

Weights Weights::generated(const AnyNetwork& network, std::uint64_t seed) {
    Weights w;
    w.name_ = "generated weights";
    w.generated_ = generated_weights(network.facts.graph, network.facts.name, seed);
    w.read_header();
    return w;
}

// The engine checks the file again when it loads it. This look is for the metadata, which says how much to lend.
void Weights::read_header() {
    const Result<std::size_t> count = io::Safetensors::count(bytes());
    check(count.status(), name_);
    index_.resize(*count);
    const Result<io::Safetensors> tensors = io::Safetensors::open(bytes(), index_);
    check(tensors.status(), name_);
    tensors_ = *tensors;
}

std::unique_ptr<Session> Weights::empty_session(const AnyNetwork& network, int slots, Primitives primitives,
                                                int parts) const {
    return network.session(primitives, slots, io::count_settings(metadata("settings").value_or("")), parts);
}

Result<std::vector<std::byte>> Weights::packed(const AnyNetwork& network, std::string_view isa) const {
    return network.packed(isa, bytes(), io::count_settings(metadata("settings").value_or("")));
}

std::unique_ptr<Session> Weights::session(const AnyNetwork& network, int slots, bool self_test,
                                          Primitives primitives, int parts) const {
    std::unique_ptr<Session> session = empty_session(network, slots, primitives, parts);
    check(session->load(bytes(), self_test), name_);
    return session;
}

}  // namespace sluice::tools
