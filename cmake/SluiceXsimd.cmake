# sluice_find_xsimd(<out>): the folder that has xsimd/xsimd.hpp; empty and a notice where there is none, since the
# portable kernels do without. Only the folder is taken: Debian's target also asks the linker for a library "xtl".
function(sluice_find_xsimd out)
    if(NOT TARGET xsimd)
        find_package(xsimd QUIET CONFIG)
    endif()
    if(TARGET xsimd)
        # Read now: a target that was found here is not known in the folders above.
        get_target_property(folders xsimd INTERFACE_INCLUDE_DIRECTORIES)
        set(${out} ${folders} PARENT_SCOPE)
        return()
    endif()
    find_path(SLUICE_XSIMD_INCLUDE_DIR xsimd/xsimd.hpp DOC "Folder that has xsimd/xsimd.hpp")
    mark_as_advanced(SLUICE_XSIMD_INCLUDE_DIR)
    if(SLUICE_XSIMD_INCLUDE_DIR)
        set(${out} ${SLUICE_XSIMD_INCLUDE_DIR} PARENT_SCOPE)
    else()
        set(${out} "" PARENT_SCOPE)
        message(STATUS "sluice: xsimd not found. Install it (Debian and Ubuntu: libxsimd-dev; vcpkg and Conan: xsimd), "
                       "set SLUICE_XSIMD_INCLUDE_DIR, or define SLUICE_SCALAR to use the portable kernels.")
    endif()
endfunction()
