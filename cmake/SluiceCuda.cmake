# sluice_find_cudnn(<headers> <folder>): the folder that has cudnn.h, and that of the library, which programs load when
# they start; both empty where there is no cuDNN. CUDNN_ROOT, a CMake or an environment variable, may be an installation,
# or the nvidia/cudnn/ of a pip wheel, or the site-packages/ around it.
function(sluice_find_cudnn headers folder)
    set(roots ${CUDNN_ROOT} $ENV{CUDNN_ROOT})
    find_path(SLUICE_CUDNN_INCLUDE_DIR cudnn.h HINTS ${roots} ${CUDAToolkit_INCLUDE_DIRS}
              PATH_SUFFIXES include nvidia/cudnn/include DOC "Folder that has cudnn.h")
    # A wheel has libcudnn.so.9 without the link that compilers ask for.
    find_file(SLUICE_CUDNN_LIBRARY NAMES libcudnn.so.9 libcudnn.so HINTS ${roots} ${CUDAToolkit_LIBRARY_DIR}
              PATHS /usr/lib /usr/lib64 /usr/local/lib
              PATH_SUFFIXES lib lib64 nvidia/cudnn/lib x86_64-linux-gnu aarch64-linux-gnu DOC "cuDNN's library")
    mark_as_advanced(SLUICE_CUDNN_INCLUDE_DIR SLUICE_CUDNN_LIBRARY)
    set(${headers} "" PARENT_SCOPE)
    set(${folder} "" PARENT_SCOPE)
    if(SLUICE_CUDNN_INCLUDE_DIR)
        set(${headers} ${SLUICE_CUDNN_INCLUDE_DIR} PARENT_SCOPE)
    endif()
    if(SLUICE_CUDNN_LIBRARY)
        cmake_path(GET SLUICE_CUDNN_LIBRARY PARENT_PATH found)
        set(${folder} ${found} PARENT_SCOPE)
    endif()
endfunction()

# sluice_use_cudnn(<target>): what a program needs besides the headers to compile kernels/sluice_kernels/cuda/nvidia.cu. A
# macro, since a project enables a language in the folder that its targets are in.
macro(sluice_use_cudnn target)
    include(CheckLanguage)
    check_language(CUDA)
    if(NOT CMAKE_CUDA_COMPILER)
        message(FATAL_ERROR "sluice: sluice::cuda needs CUDA's compiler, nvcc, which was not found. Install NVIDIA's CUDA "
                            "Toolkit (12 or later) or set CMAKE_CUDA_COMPILER.")
    endif()
    enable_language(CUDA)
    find_package(CUDAToolkit REQUIRED)
    sluice_find_cudnn(sluice_cudnn_headers sluice_cudnn_folder)
    if(NOT sluice_cudnn_headers)
        message(FATAL_ERROR "sluice: sluice::cuda needs cuDNN 9 (cudnn.h), which was not found. Install it, or set "
                            "CUDNN_ROOT to its folder, which may be that of the pip package nvidia-cudnn.")
    endif()
    target_include_directories(${target} SYSTEM INTERFACE "$<BUILD_INTERFACE:${sluice_cudnn_headers}>")
    if(sluice_cudnn_folder)  # where programs that are run from the build folder find it
        target_link_options(${target} INTERFACE "$<BUILD_INTERFACE:LINKER:-rpath,${sluice_cudnn_folder}>")
    endif()
endmacro()
