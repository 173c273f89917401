# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# How every C file of user space is compiled: interface target rodp::c.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, Release, RelWithDebInfo" FORCE)
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(RODP_WERROR "Treat compiler warnings as errors" OFF)
option(RODP_SANITIZE "Build with the address and undefined-behaviour sanitizers" OFF)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

add_library(rodp_c INTERFACE)
add_library(rodp::c ALIAS rodp_c)
target_compile_options(rodp_c INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wformat=2)
target_compile_definitions(rodp_c INTERFACE _GNU_SOURCE)
target_link_libraries(rodp_c INTERFACE Threads::Threads)

if(RODP_WERROR)
  target_compile_options(rodp_c INTERFACE -Werror)
endif()
if(RODP_SANITIZE)
  target_compile_options(rodp_c INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(rodp_c INTERFACE -fsanitize=address,undefined)
endif()

# rodp_skipped_test(NAME REASON): a test that this configuration cannot run.
function(rodp_skipped_test name reason)
  add_test(NAME ${name} COMMAND sh -c "echo '${reason}'; exit 77")
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 LABELS skipped)
endfunction()
