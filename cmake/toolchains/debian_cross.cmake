# What Debian's cross compilers have in common, after `triple` and `emulator` are set.
set(CMAKE_CXX_COMPILER ${triple}-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR ${emulator} -L /usr/${triple})

# Header-only libraries suit any processor, but their folder, /usr/include, also has this machine's C library. Links to
# them alone make a folder that a cross compiler may look into.
set(headers ${CMAKE_BINARY_DIR}/header_only)
foreach(library xsimd doctest eigen3)
    if(EXISTS /usr/include/${library} AND NOT EXISTS ${headers}/include/${library})
        file(MAKE_DIRECTORY ${headers}/include)
        file(CREATE_LINK /usr/include/${library} ${headers}/include/${library} SYMBOLIC)
    endif()
endforeach()

# Libraries, headers and packages are those of the board, never of this machine.
list(APPEND CMAKE_FIND_ROOT_PATH /usr/${triple} ${headers})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
