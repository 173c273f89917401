# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The libibverbs that is installed: interface target rodp::ibverbs, for which libodp, odpctl and the tests are built,
# whatever its release. The provider uses a private interface of it. Two numbers say which, and both are
# needed: the provider ABI (the NN of librodp-rdmavNN.so) and the rdma-core release, because releases with one
# NN have had different structures. Of a release that nobody has looked at the provider is left out.
#
#   RDMA_CORE_RELEASE     e.g. 44, empty if it cannot be told
#   IBVERBS_PABI_VERSION  e.g. 34, likewise
#   RODP_HAS_PROVIDER     whether the provider is built against the installed library
#   RODP_BUILD_LAYOUTS    the layouts for which it is built besides: FIRST-LAST/ABI
find_package(PkgConfig REQUIRED)
pkg_check_modules(IBVERBS REQUIRED IMPORTED_TARGET GLOBAL libibverbs)
add_library(rodp::ibverbs ALIAS PkgConfig::IBVERBS)

set(RDMA_CORE_SOURCE_DIR "" CACHE PATH
  "Build the provider inside this rdma-core source tree instead of against the installed library")
set(RODP_AS_RELEASE "" CACHE STRING
  "The known release of rdma-core whose structures the installed libibverbs is taken to have, if its own is not known")
set(RODP_LAYOUTS "" CACHE STRING
  "Build the provider for these releases of rdma-core besides the installed one: a list of numbers, or all")

set(RODP_OLDEST_IBVERBS 32) # whose verbs.h has all that libodp uses
set(RODP_OLDEST_FOR_OTHERS 45) # whose verbs.h has all that providers for other releases use

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

# rodp_choose_release(): whether there is a provider for the installed library, and for which release it is compiled.
function(rodp_choose_release)
  set(RODP_HAS_PROVIDER OFF PARENT_SCOPE)
  if(NOT RODP_AS_RELEASE STREQUAL "")
    rodp_find_layout(layout ${RODP_AS_RELEASE})
    if(layout STREQUAL "" OR IBVERBS_PABI_VERSION STREQUAL "" OR RDMA_CORE_RELEASE STREQUAL "")
      message(FATAL_ERROR "RODP_AS_RELEASE=${RODP_AS_RELEASE}: known are ${RODP_OLDEST_RELEASE} to ${RODP_NEWEST_RELEASE}, "
        "for a libibverbs that says its release and exports verbs_register_driver_NN")
    endif()
    set(RODP_COMPILED_RELEASE ${RODP_AS_RELEASE} PARENT_SCOPE)
    set(RODP_HAS_PROVIDER ON PARENT_SCOPE)
  elseif(NOT RDMA_CORE_RELEASE STREQUAL "")
    rodp_find_layout(layout ${RDMA_CORE_RELEASE})
    if(layout MATCHES "/${IBVERBS_PABI_VERSION}$")
      set(RODP_COMPILED_RELEASE ${RDMA_CORE_RELEASE} PARENT_SCOPE)
      set(RODP_HAS_PROVIDER ON PARENT_SCOPE)
    endif()
  endif()
endfunction()

# rodp_choose_layouts(): RODP_BUILD_LAYOUTS of RODP_LAYOUTS.
function(rodp_choose_layouts)
  set(layouts "")
  if(RODP_LAYOUTS STREQUAL all)
    set(layouts ${RODP_KNOWN_LAYOUTS})
  else()
    foreach(release ${RODP_LAYOUTS})
      rodp_find_layout(layout ${release})
      if(layout STREQUAL "")
        message(FATAL_ERROR "RODP_LAYOUTS: nothing is known of rdma-core ${release}, but of ${RODP_OLDEST_RELEASE} to ${RODP_NEWEST_RELEASE}")
      endif()
      list(APPEND layouts ${layout})
    endforeach()
    list(REMOVE_DUPLICATES layouts)
  endif()
  if(layouts AND (RDMA_CORE_RELEASE STREQUAL "" OR RDMA_CORE_RELEASE LESS RODP_OLDEST_FOR_OTHERS))
    message(FATAL_ERROR "RODP_LAYOUTS: providers for other releases need the headers of rdma-core ${RODP_OLDEST_FOR_OTHERS} or newer, "
      "not of '${RDMA_CORE_RELEASE}'")
  endif()
  set(RODP_BUILD_LAYOUTS ${layouts} PARENT_SCOPE)
endfunction()

set(RDMA_CORE_RELEASE "")
set(IBVERBS_PABI_VERSION "")
set(RODP_HAS_PROVIDER OFF)
set(RODP_BUILD_LAYOUTS "")
if(RDMA_CORE_SOURCE_DIR)
  rodp_read_rdma_core_tree(${RDMA_CORE_SOURCE_DIR})
else()
  rodp_read_ibverbs()
  if(RDMA_CORE_RELEASE AND RDMA_CORE_RELEASE LESS RODP_OLDEST_IBVERBS)
    message(FATAL_ERROR "libibverbs is of rdma-core ${RDMA_CORE_RELEASE}; libodp needs ${RODP_OLDEST_IBVERBS} or newer")
  endif()
  rodp_choose_release()
  rodp_choose_layouts()
endif()

if(RODP_HAS_PROVIDER)
  set(as "")
  if(NOT RODP_COMPILED_RELEASE EQUAL RDMA_CORE_RELEASE)
    set(as ", taken for one of rdma-core ${RODP_COMPILED_RELEASE}, as you say")
  endif()
  message(STATUS "Provider for rdma-core ${RDMA_CORE_RELEASE}, provider ABI ${IBVERBS_PABI_VERSION}${as}")
elseif(RDMA_CORE_SOURCE_DIR)
  message(STATUS "Provider for rdma-core ${RDMA_CORE_RELEASE}, provider ABI ${IBVERBS_PABI_VERSION}, in its source tree")
else()
  string(REPLACE ";" ", " known "${RODP_KNOWN_LAYOUTS}")
  message(WARNING
    "The provider is left out; libodp and odpctl are built. libibverbs ${IBVERBS_VERSION} is of rdma-core "
    "'${RDMA_CORE_RELEASE}' with provider ABI '${IBVERBS_PABI_VERSION}'. Known are these releases/ABIs: ${known}. "
    "With the sources of yours, -DRDMA_CORE_SOURCE_DIR=DIR builds the provider inside them and "
    "compares the structures (test provider_layout). If they are those of release ${RODP_NEWEST_RELEASE}, -DRODP_AS_RELEASE=${RODP_NEWEST_RELEASE} builds it without.")
endif()
if(RODP_BUILD_LAYOUTS)
  string(REPLACE ";" ", " known "${RODP_BUILD_LAYOUTS}")
  message(STATUS "Providers for other libraries: rdma-core ${known}")
endif()
