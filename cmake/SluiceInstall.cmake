# Headers, CMake package and pkg-config file. Nothing depends on the machine, so all of it goes to include/ and share/.
include(CMakePackageConfigHelpers)

install(DIRECTORY include/sluice kernels/sluice_kernels DESTINATION include FILES_MATCHING PATTERN "*.hpp"
        PATTERN "*.cu" PATTERN "*.cuh")
install(FILES LICENSE DESTINATION share/licenses/sluice)

set(package share/cmake/sluice)
install(TARGETS sluice sluice_cpu sluice_cuda sluice_power EXPORT sluiceTargets)
install(EXPORT sluiceTargets NAMESPACE sluice:: DESTINATION ${package})
configure_package_config_file(cmake/sluiceConfig.cmake.in ${PROJECT_BINARY_DIR}/sluiceConfig.cmake
                              INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO)
# While the major version is 0, a minor one may change anything.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/sluiceConfigVersion.cmake COMPATIBILITY SameMinorVersion
                                 ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/sluiceConfig.cmake ${PROJECT_BINARY_DIR}/sluiceConfigVersion.cmake
              cmake/SluiceXsimd.cmake cmake/SluiceCuda.cmake DESTINATION ${package})

configure_file(cmake/sluice.pc.in ${PROJECT_BINARY_DIR}/sluice.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/sluice.pc DESTINATION share/pkgconfig)
