# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# rdma_provider(NAME SOURCE...): what rdma-core's function of that name does, for
# a build without rdma-core's sources. providers/rodp/CMakeLists.txt can so be the
# same in both.
#
# Where both are installed does not follow CMAKE_INSTALL_PREFIX: libibverbs looks in
# the two directories that it was built with, and nowhere else.
set(VERBS_PROVIDER_DIR ${IBVERBS_LIBDIR}/libibverbs CACHE PATH "Where libibverbs looks for providers")
set(VERBS_CONFIG_DIR /etc/libibverbs.d CACHE PATH "Where libibverbs looks for .driver files")

function(rdma_provider name)
  set(target ${name}-rdmav${IBVERBS_PABI_VERSION})
  add_library(${target} MODULE ${ARGN})
  target_include_directories(${target} BEFORE PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/compat)
  target_compile_definitions(${target} PRIVATE IBVERBS_PABI_VERSION=${IBVERBS_PABI_VERSION})
  target_link_libraries(${target} PRIVATE rodp::c rodp::ibverbs)
  target_link_options(${target} PRIVATE -Wl,--no-undefined)
  set_target_properties(${target} PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
  install(TARGETS ${target} DESTINATION ${VERBS_PROVIDER_DIR})
  rodp_install_driver_file(${name})
endfunction()

# The file by which libibverbs finds the provider.
function(rodp_install_driver_file name)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${name}.driver "driver ${name}\n")
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.driver
    DESTINATION ${VERBS_CONFIG_DIR})
endfunction()

function(rdma_man_pages)
  foreach(page ${ARGN})
    string(REGEX MATCH "[0-9]$" section ${page})
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  endforeach()
endfunction()
