# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# With -DRDMA_CORE_SOURCE_DIR=DIR: build the provider inside an unmodified
# rdma-core source tree (cmake/InRdmaCore.cmake is injected), and compare its
# structures with those that providers/rodp/compat declares (test
# provider_layout; providers/rodp/layout/README.md).
set(tree_build ${CMAKE_BINARY_DIR}/rdma-core)
set(provider rodp-rdmav${IBVERBS_PABI_VERSION})
set(provider_so ${tree_build}/lib/lib${provider}.so)

add_custom_command(OUTPUT ${tree_build}/CMakeCache.txt
  COMMAND ${CMAKE_COMMAND} -S ${RDMA_CORE_SOURCE_DIR} -B ${tree_build} -G ${CMAKE_GENERATOR}
    -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER}
    -DCMAKE_BUILD_TYPE=RelWithDebInfo
    -DCMAKE_SKIP_RPATH=ON
    -DENABLE_RESOLVE_NEIGH=0 -DNO_PYVERBS=1 -DNO_MAN_PAGES=1
    -DCMAKE_PROJECT_INCLUDE=${CMAKE_SOURCE_DIR}/cmake/InRdmaCore.cmake
    -DRODP_PROVIDER_DIR=${CMAKE_SOURCE_DIR}/providers/rodp
  COMMENT "Configuring rdma-core ${RDMA_CORE_RELEASE} with the provider in it"
  VERBATIM)
add_custom_target(provider-in-tree ALL
  COMMAND ${CMAKE_COMMAND} --build ${tree_build} --target kern-abi ${provider}
  DEPENDS ${tree_build}/CMakeCache.txt
  BYPRODUCTS ${provider_so}
  COMMENT "Building ${provider} in rdma-core ${RDMA_CORE_RELEASE}"
  VERBATIM)

install(FILES ${provider_so} DESTINATION ${VERBS_PROVIDER_DIR})
rodp_install_driver_file(rodp)
rdma_man_pages(${CMAKE_SOURCE_DIR}/providers/rodp/man/rodp.7)

add_test(NAME provider_layout
  COMMAND ${CMAKE_SOURCE_DIR}/providers/rodp/layout/compare.sh --tree ${tree_build}/include ${RDMA_CORE_RELEASE} ${IBVERBS_PABI_VERSION})
set_tests_properties(provider_layout PROPERTIES LABELS provider)
