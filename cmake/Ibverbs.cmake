# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The libibverbs that the provider is for: interface target rodp::ibverbs (the
# installed library, for tests and tools), and which provider interface the
# provider meets. Two numbers say that, and both are needed: the provider ABI (the
# NN of librodp-rdmavNN.so) and the rdma-core release, because releases with one
# NN have had different structures.
#
#   RDMA_CORE_RELEASE     e.g. 44
#   IBVERBS_PABI_VERSION  e.g. 34
find_package(PkgConfig REQUIRED)
pkg_check_modules(IBVERBS REQUIRED IMPORTED_TARGET GLOBAL libibverbs)
add_library(rodp::ibverbs ALIAS PkgConfig::IBVERBS)

set(RDMA_CORE_SOURCE_DIR "" CACHE PATH
  "Build the provider inside this rdma-core source tree instead of against the installed library")

# The pairs release/ABI that providers/rodp/compat has been compared with.
set(RODP_CHECKED_IBVERBS 44/34 56/34 65/65)

if(RDMA_CORE_SOURCE_DIR)
  file(STRINGS ${RDMA_CORE_SOURCE_DIR}/CMakeLists.txt lines REGEX "^set\\((PACKAGE|IBVERBS_PABI)_VERSION")
  if(NOT lines MATCHES "PACKAGE_VERSION \"([0-9]+)\\.")
    message(FATAL_ERROR "${RDMA_CORE_SOURCE_DIR} is not an rdma-core source tree")
  endif()
  set(RDMA_CORE_RELEASE ${CMAKE_MATCH_1})
  string(REGEX MATCH "IBVERBS_PABI_VERSION \"([0-9]+)\"" found "${lines}")
  set(IBVERBS_PABI_VERSION ${CMAKE_MATCH_1})
else()
  # pkg-config answers 1.<library minor>.<release>.<patch>.
  if(NOT IBVERBS_VERSION MATCHES "^[0-9]+\\.[0-9]+\\.([0-9]+)\\.[0-9]+$")
    message(FATAL_ERROR "Cannot read the rdma-core release from libibverbs ${IBVERBS_VERSION}")
  endif()
  set(RDMA_CORE_RELEASE ${CMAKE_MATCH_1})

  find_library(IBVERBS_LIBRARY ibverbs HINTS ${IBVERBS_LIBRARY_DIRS} REQUIRED)
  execute_process(COMMAND ${CMAKE_NM} -D --defined-only ${IBVERBS_LIBRARY}
    OUTPUT_VARIABLE symbols RESULT_VARIABLE failed)
  if(failed OR NOT symbols MATCHES "verbs_register_driver_([0-9]+)")
    message(FATAL_ERROR "Cannot read the provider ABI from ${IBVERBS_LIBRARY}")
  endif()
  set(IBVERBS_PABI_VERSION ${CMAKE_MATCH_1})

  set(pair ${RDMA_CORE_RELEASE}/${IBVERBS_PABI_VERSION})
  if(NOT pair IN_LIST RODP_CHECKED_IBVERBS)
    string(REPLACE ";" " " checked "${RODP_CHECKED_IBVERBS}")
    message(FATAL_ERROR
      "libibverbs is of rdma-core ${RDMA_CORE_RELEASE} with provider ABI ${IBVERBS_PABI_VERSION}: "
      "nobody has checked rodp against the pair ${pair} (checked: ${checked}). With that release's "
      "sources, -DRDMA_CORE_SOURCE_DIR=DIR builds inside them and tests the layouts; if they agree, "
      "add the pair to cmake/Ibverbs.cmake.")
  endif()
endif()
message(STATUS "Provider for rdma-core ${RDMA_CORE_RELEASE}, provider ABI ${IBVERBS_PABI_VERSION}")
