# How our own programs (command, tests, benchmarks) are compiled. Nothing here reaches a user of the libraries.

# THE list of compiler flags per instruction set, and the instruction sets of the processor that is compiled for.
set(sluice_flags_sse)
set(sluice_flags_avx2 -mavx2 -mfma)
set(sluice_flags_avx512 -mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl)
set(sluice_flags_neon64)
set(sluice_flags_neon -mfpu=neon-vfpv4 -mfloat-abi=hard)
set(SLUICE_ISAS scalar sse avx2 avx512)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm)")
    set(SLUICE_ISAS scalar neon64)
    if(CMAKE_SIZEOF_VOID_P EQUAL 4)  # also where a 64-bit kernel runs a 32-bit system
        set(SLUICE_ISAS scalar neon)
    endif()
endif()

# sluice_isa_flags(<target> <isa>)
function(sluice_isa_flags target isa)
    if(isa STREQUAL "scalar")
        target_compile_definitions(${target} PRIVATE SLUICE_SCALAR)
    elseif(isa IN_LIST SLUICE_ISAS)
        target_compile_options(${target} PRIVATE ${sluice_flags_${isa}})
        target_compile_definitions(${target} PRIVATE SLUICE_QUIET)
    else()
        list(JOIN SLUICE_ISAS ", " known)
        message(FATAL_ERROR "sluice: SLUICE_ISA is '${isa}', expected native or, on ${CMAKE_SYSTEM_PROCESSOR}, one of ${known}")
    endif()
endfunction()

# sluice_resolve_isa(<out>): SLUICE_ISA, with 'native' replaced by the widest that this machine has, or in a cross
# build the widest of the list.
function(sluice_resolve_isa out)
    set(isa ${SLUICE_ISA})
    if(isa STREQUAL "native" AND CMAKE_CROSSCOMPILING)
        list(GET SLUICE_ISAS -1 isa)
    elseif(isa STREQUAL "native")
        execute_process(COMMAND bash ${PROJECT_SOURCE_DIR}/cmake/cpu_isa.sh OUTPUT_VARIABLE isa
                        OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    endif()
    set(${out} ${isa} PARENT_SCOPE)
endfunction()

# sluice_networks(<out>): the types of nets/networks.hpp, such as "ResNet152Cifar<>".
function(sluice_networks out)
    set(list ${PROJECT_SOURCE_DIR}/include/sluice/nets/networks.hpp)
    set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
    file(STRINGS ${list} types REGEX "^    [A-Za-z0-9_]+<[^>]*>(,|>;)$")
    list(TRANSFORM types REPLACE "^    ([A-Za-z0-9_]+<[^>]*>).*$" "\\1")
    if(NOT types)
        message(FATAL_ERROR "sluice: found no network in ${list}")
    endif()
    set(${out} ${types} PARENT_SCOPE)
endfunction()

# sluice_network_file(<type> <out>): "resnet152cifar" for "ResNet152Cifar<>", to name files and targets by.
function(sluice_network_file type out)
    string(REGEX REPLACE "[^A-Za-z0-9_]" "" name "${type}")
    string(TOLOWER "${name}" name)
    set(${out} ${name} PARENT_SCOPE)
endfunction()

# sluice_network_name(<type> <out>): the name in the network's definition, "resnet152_cifar" for "ResNet152Cifar<>".
function(sluice_network_name type out)
    string(REGEX REPLACE "<.*" "" type "${type}")
    file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/sluice/nets/*.hpp)
    foreach(header IN LISTS headers)
        file(STRINGS ${header} line REGEX "^using ${type} = [^\"]*\"[a-z0-9_]+\"")
        if(line)
            string(REGEX REPLACE "^[^\"]*\"([a-z0-9_]+)\".*" "\\1" name "${line}")
            set(${out} ${name} PARENT_SCOPE)
            return()
        endif()
    endforeach()
    message(FATAL_ERROR "sluice: no line 'using ${type} = ...\"its_name\"' in include/sluice/nets/")
endfunction()

# sluice_select_networks(<out> <types> <names>): those of the types that have one of the names; without names, all.
function(sluice_select_networks out types names)
    set(chosen)
    set(known)
    foreach(type IN LISTS types)
        sluice_network_name(${type} name)
        list(APPEND known ${name})
        if(NOT names OR name IN_LIST names)
            list(APPEND chosen ${type})
        endif()
    endforeach()
    foreach(name IN LISTS names)
        if(NOT name IN_LIST known)
            list(JOIN known ", " known)
            message(FATAL_ERROR "sluice: SLUICE_TOOL_NETWORKS has '${name}', expected any of ${known}")
        endif()
    endforeach()
    set(${out} ${chosen} PARENT_SCOPE)
endfunction()

# sluice_network_sources(<out> <template> <types>): a translation unit for each type, so that they compile side by side.
function(sluice_network_sources out template types)
    cmake_path(GET template STEM kind)
    set(sources)
    foreach(NETWORK_TYPE IN LISTS types)
        sluice_network_file(${NETWORK_TYPE} name)
        set(source ${PROJECT_BINARY_DIR}/networks/${kind}_${name}.cpp)
        configure_file(${PROJECT_SOURCE_DIR}/${template} ${source} @ONLY)
        list(APPEND sources ${source})
    endforeach()
    set(${out} ${sources} PARENT_SCOPE)
endfunction()

# sluice_needs(<package> <header> <Debian package> <out> [<subfolder>]): the folder that has the header, perhaps below
# one of the usual ones, or a sentence.
function(sluice_needs package header debian out)
    find_path(SLUICE_${package}_INCLUDE_DIR ${header} PATH_SUFFIXES ${ARGN}
              DOC "Folder that has ${header}")
    mark_as_advanced(SLUICE_${package}_INCLUDE_DIR)
    if(NOT SLUICE_${package}_INCLUDE_DIR)
        message(FATAL_ERROR "sluice: ${package} (${header}) not found. Install it (Debian and Ubuntu: ${debian}) or set "
                            "SLUICE_${package}_INCLUDE_DIR. SLUICE_TESTS, SLUICE_TOOLS and SLUICE_BENCH choose what is "
                            "built; the libraries need none of this.")
    endif()
    set(${out} ${SLUICE_${package}_INCLUDE_DIR} PARENT_SCOPE)
endfunction()

# sluice_needs_library(<package> <Debian package>): the same for a library to link, by CMake's module of that name.
macro(sluice_needs_library package debian)
    find_package(${package})
    if(NOT ${package}_FOUND)
        message(FATAL_ERROR "sluice: ${package} not found. Install it (Debian and Ubuntu: ${debian}). SLUICE_TESTS, "
                            "SLUICE_TOOLS and SLUICE_BENCH choose what is built; the libraries need none of this.")
    endif()
endmacro()

# sluice_options(<target> <isa>): what our objects and programs have in common.
function(sluice_options target isa)
    target_link_libraries(${target} PRIVATE sluice_cpu)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow $<$<BOOL:${SLUICE_WERROR}>:-Werror>)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION MATCHES "^12\\.")
        # Its flow analysis raises false alarms about std::string's operator+, std::vector's insert() and std::optional's
        # destructor.
        target_compile_options(${target} PRIVATE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow
                               -Wno-stringop-overread -Wno-maybe-uninitialized)
    endif()
    if("neon" IN_LIST SLUICE_ISAS)
        target_compile_options(${target} PRIVATE -Wno-psabi)  # how gcc 6 passed arguments is no concern of ours
    endif()
    sluice_isa_flags(${target} ${isa})
    if(SLUICE_SANITIZE)
        target_compile_options(${target} PRIVATE -O1 -g1 -fno-omit-frame-pointer -fsanitize=${SLUICE_SANITIZE}
                               -fno-sanitize-recover=all)
        target_link_options(${target} PRIVATE -fsanitize=${SLUICE_SANITIZE})
    endif()
endfunction()

# sluice_program(<target> <isa> <source>...)
function(sluice_program target isa)
    add_executable(${target} ${ARGN})
    sluice_options(${target} ${isa})
endfunction()
