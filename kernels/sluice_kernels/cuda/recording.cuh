// Recording: a frame as a graph, by stream capture, and how what belongs to a gate is found in it.
#pragma once

#include <utility>

#include "sluice_kernels/cuda/session.cuh"

namespace sluice::nvidia {

// Where in a recorded stream what belongs to a gate begins: behind the node that was the last one then.
struct Mark {
    int gate = -1;
    cudaGraphNode_t behind = nullptr;
};

// The graph stays, since its nodes are switched by their handles.
struct Executable {
    static constexpr int most = 1100;  // marks: two for each block of the largest network, and the end
    cudaGraph_t source = nullptr;
    cudaGraphExec_t graph = nullptr;
    Mark marks[most];
    int count = 0;
};

inline void discard(Session*, Executable* e) {
    if (e->graph != nullptr) cudaGraphExecDestroy(e->graph);
    if (e->source != nullptr) cudaGraphDestroy(e->source);
    delete e;
}
inline Code begin_recording(Session* s) {
    s->recording = new (std::nothrow) Executable;
    if (s->recording == nullptr) return code(cudaErrorMemoryAllocation);
    const Code c = code(cudaStreamBeginCapture(s->stream, cudaStreamCaptureModeThreadLocal));
    if (c != 0) discard(s, std::exchange(s->recording, nullptr));
    return c;
}
inline Code mark(Session* s, int gate) {
    Executable& e = *s->recording;
    cudaStreamCaptureStatus status;
    const cudaGraphNode_t* last = nullptr;
    std::size_t count = 0;
#if CUDART_VERSION >= 13000
    const Code c = code(cudaStreamGetCaptureInfo(s->stream, &status, nullptr, nullptr, &last, nullptr, &count));
#else
    const Code c = code(cudaStreamGetCaptureInfo_v2(s->stream, &status, nullptr, nullptr, &last, &count));
#endif
    if (c != 0) return c;
    if (count != 1 || e.count == Executable::most) return not_supported;  // a stream that forks is no chain
    e.marks[e.count++] = {gate, last[0]};
    return 0;
}
inline Code end_recording(Session* s, Executable** executable) {
    Executable* const made = std::exchange(s->recording, nullptr);
    Code c = 0;
    if (executable != nullptr && made->count > 0) {  // where the last gate's nodes end
        s->recording = made;
        c = mark(s, -1);
        s->recording = nullptr;
    }
    const Code ended = code(cudaStreamEndCapture(s->stream, &made->source));
    if (c == 0) c = ended;
    if (c == 0 && executable != nullptr) c = code(cudaGraphInstantiate(&made->graph, made->source, 0));
    if (c == 0 && executable != nullptr)
        *executable = made;
    else
        discard(s, made);
    return c;
}
inline Code launch(Session* s, Executable* e) { return code(cudaGraphLaunch(e->graph, s->stream)); }

// From the last node of a gate back to the one before its first: what a stream records is a chain.
inline Code enable(Session*, Executable* e, int gate, bool open) {
    for (int m = 0; m + 1 < e->count; ++m) {
        if (e->marks[m].gate != gate) continue;
        for (cudaGraphNode_t node = e->marks[m + 1].behind; node != e->marks[m].behind;) {
            if (const Code c = code(cudaGraphNodeSetEnabled(e->graph, node, open)); c != 0) return c;
            cudaGraphNode_t before = nullptr;
            std::size_t count = 1;
#if CUDART_VERSION >= 13000
            cudaGraphEdgeData edge;
            const Code c = code(cudaGraphNodeGetDependencies(node, &before, &edge, &count));
#else
            const Code c = code(cudaGraphNodeGetDependencies(node, &before, &count));
#endif
            if (c != 0) return c;
            if (count != 1) return not_supported;
            node = before;
        }
    }
    return 0;
}

}  // namespace sluice::nvidia
