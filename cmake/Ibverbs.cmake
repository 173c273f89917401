# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The libibverbs that is installed: interface target rodp::ibverbs, for which libodp, odpctl and the tests are built,
# whatever its release. The provider uses a private interface of it. Two numbers say which, and both are
# needed: the provider ABI (the NN of librodp-rdmavNN.so) and the rdma-core release, because releases with one
# NN have had different structures. Where nobody has compared them the provider is left out.
#
#   RDMA_CORE_RELEASE     e.g. 44, empty if it cannot be told
#   IBVERBS_PABI_VERSION  e.g. 34, likewise
#   RODP_HAS_PROVIDER     whether the provider is built against the installed library
find_package(PkgConfig REQUIRED)
pkg_check_modules(IBVERBS REQUIRED IMPORTED_TARGET GLOBAL libibverbs)
add_library(rodp::ibverbs ALIAS PkgConfig::IBVERBS)

set(RDMA_CORE_SOURCE_DIR "" CACHE PATH
  "Build the provider inside this rdma-core source tree instead of against the installed library")
set(RODP_IBVERBS "" CACHE STRING
  "RELEASE/ABI of a libibverbs for which to build the provider although it is none of those it was compared with")

# What providers/rodp/compat has been compared with: RELEASE/ABI or FIRST-LAST/ABI.
set(RODP_CHECKED_IBVERBS 44-56/34 65/65)
set(RODP_OLDEST_IBVERBS 32) # whose verbs.h has all that libodp uses

# The release and the ABI of a source tree.
function(rodp_read_rdma_core_tree dir)
  file(STRINGS ${dir}/CMakeLists.txt lines REGEX "^set\\((PACKAGE|IBVERBS_PABI)_VERSION")
  if(NOT lines MATCHES "PACKAGE_VERSION \"([0-9]+)\\.")
    message(FATAL_ERROR "${dir} is not an rdma-core source tree")
  endif()
  set(RDMA_CORE_RELEASE ${CMAKE_MATCH_1} PARENT_SCOPE)
  string(REGEX MATCH "IBVERBS_PABI_VERSION \"([0-9]+)\"" found "${lines}")
  set(IBVERBS_PABI_VERSION ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()

# Those of the installed library. pkg-config answers 1.<library minor>.<release>.<patch>.
function(rodp_read_ibverbs)
  if(IBVERBS_VERSION MATCHES "^[0-9]+\\.[0-9]+\\.([0-9]+)\\.[0-9]+$")
    set(RDMA_CORE_RELEASE ${CMAKE_MATCH_1} PARENT_SCOPE)
  endif()
  find_library(IBVERBS_LIBRARY ibverbs HINTS ${IBVERBS_LIBRARY_DIRS} REQUIRED)
  execute_process(COMMAND ${CMAKE_NM} -D --defined-only ${IBVERBS_LIBRARY} OUTPUT_VARIABLE symbols ERROR_QUIET)
  if(symbols MATCHES "verbs_register_driver_([0-9]+)")
    set(IBVERBS_PABI_VERSION ${CMAKE_MATCH_1} PARENT_SCOPE)
  endif()
endfunction()

# rodp_is_checked(RESULT): whether the provider was compared with this release and this ABI.
function(rodp_is_checked result)
  set(${result} OFF PARENT_SCOPE)
  if(RDMA_CORE_RELEASE STREQUAL "")
    return()
  endif()
  foreach(entry ${RODP_CHECKED_IBVERBS})
    string(REGEX MATCH "^([0-9]+)-?([0-9]*)/([0-9]+)$" found ${entry})
    set(first ${CMAKE_MATCH_1})
    set(last ${CMAKE_MATCH_2})
    set(abi ${CMAKE_MATCH_3})
    if(NOT last)
      set(last ${first})
    endif()
    if(IBVERBS_PABI_VERSION EQUAL abi AND NOT RDMA_CORE_RELEASE LESS first AND NOT RDMA_CORE_RELEASE GREATER last)
      set(${result} ON PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

set(RDMA_CORE_RELEASE "")
set(IBVERBS_PABI_VERSION "")
set(RODP_HAS_PROVIDER OFF)
if(RDMA_CORE_SOURCE_DIR)
  rodp_read_rdma_core_tree(${RDMA_CORE_SOURCE_DIR})
else()
  rodp_read_ibverbs()
  if(RDMA_CORE_RELEASE AND RDMA_CORE_RELEASE LESS RODP_OLDEST_IBVERBS)
    message(FATAL_ERROR "libibverbs is of rdma-core ${RDMA_CORE_RELEASE}; libodp needs ${RODP_OLDEST_IBVERBS} or newer")
  endif()
  set(pair ${RDMA_CORE_RELEASE}/${IBVERBS_PABI_VERSION})
  rodp_is_checked(RODP_HAS_PROVIDER)
  if(RODP_IBVERBS STREQUAL pair)
    set(RODP_HAS_PROVIDER ON)
  endif()
endif()

if(RODP_HAS_PROVIDER OR RDMA_CORE_SOURCE_DIR)
  message(STATUS "Provider for rdma-core ${RDMA_CORE_RELEASE}, provider ABI ${IBVERBS_PABI_VERSION}")
else()
  string(REPLACE ";" ", " checked "${RODP_CHECKED_IBVERBS}")
  message(WARNING
    "The provider is left out; libodp and odpctl are built. libibverbs ${IBVERBS_VERSION} is of rdma-core "
    "'${RDMA_CORE_RELEASE}' with provider ABI '${IBVERBS_PABI_VERSION}'. The provider has been compared with these "
    "releases/ABIs: ${checked}. With the sources of yours, -DRDMA_CORE_SOURCE_DIR=DIR builds it inside them and "
    "compares the layouts (test provider_layout). If they agree, -DRODP_IBVERBS=${pair} builds it without them.")
endif()
