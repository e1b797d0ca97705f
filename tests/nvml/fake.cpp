// A library that looks like NVML and has one card, for machines without one. Names, arguments and codes are those of
// nvml.h. SLUICE_FAKE_NVML tells it how to misbehave.
#include <cstdlib>
#include <cstring>

namespace {

enum { success = 0, not_supported = 3, no_permission = 4, insufficient_size = 7 };

bool is(const char* what) {
    const char* const mode = std::getenv("SLUICE_FAKE_NVML");
    return mode != nullptr && std::strcmp(mode, what) == 0;
}
unsigned long long millijoules = 5000;
unsigned locked_mhz = 0;
int started = 0;

}  // namespace

extern "C" {

int nvmlInit_v2() {
    if (is("no driver")) return 9;
    ++started;
    return success;
}
int nvmlShutdown() {
    --started;
    return success;
}
const char* nvmlErrorString(int code) {
    return code == not_supported   ? "Not Supported"
           : code == no_permission ? "Insufficient Permissions"
           : code == 9             ? "Driver Not Loaded"
                                   : "Unknown Error";
}
int nvmlDeviceGetCount_v2(unsigned* count) {
    *count = 1;
    return success;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
    *device = &millijoules;
    return index == 0 ? success : 2;
}
int nvmlDeviceGetName(void*, char* name, unsigned size) {
    std::strncpy(name, "Fake 100", size);
    return success;
}
// 2 J from one reading to the next.
int nvmlDeviceGetTotalEnergyConsumption(void*, unsigned long long* mj) {
    if (is("no counter") || is("jetson")) return not_supported;
    *mj = millijoules += 2000;
    return success;
}
int nvmlDeviceGetPowerUsage(void*, unsigned* mw) {
    if (is("jetson")) return not_supported;
    *mw = 70000;
    return success;
}
int nvmlDeviceGetClockInfo(void*, int, unsigned* mhz) {
    *mhz = is("hot") ? 600 : locked_mhz != 0 ? locked_mhz : 1200;
    return success;
}
int nvmlDeviceGetMaxClockInfo(void*, int, unsigned* mhz) {
    *mhz = 1980;
    return success;
}
int nvmlDeviceGetSupportedMemoryClocks(void*, unsigned* count, unsigned* mhz) {
    if (*count < 2) return insufficient_size;
    *count = 2, mhz[0] = 2619, mhz[1] = 1593;
    return success;
}
int nvmlDeviceGetSupportedGraphicsClocks(void*, unsigned memory, unsigned* count, unsigned* mhz) {
    if (memory != 2619 || *count < 4) return insufficient_size;
    *count = 4, mhz[0] = 1980, mhz[1] = 1200, mhz[2] = 600, mhz[3] = 210;
    return success;
}
int nvmlDeviceSetGpuLockedClocks(void*, unsigned least, unsigned most) {
    if (is("user")) return no_permission;
    locked_mhz = least == most ? most : 0;
    return success;
}
int nvmlDeviceResetGpuLockedClocks(void*) {
    if (is("user")) return no_permission;
    locked_mhz = 0;
    return success;
}
int fake_started() { return started; }
}
