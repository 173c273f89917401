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
# Providers for libraries other than the installed one, for containers: a directory for each layout.
set(RODP_OTHERS_DIR ${CMAKE_INSTALL_LIBDIR}/rodp/providers CACHE PATH "Where providers for other releases of rdma-core go")

# rodp_target(RESULT): the target of the provider that is being described.
function(rodp_target result)
  set(suffix "")
  if(RODP_LAYOUT)
    set(suffix -for-${RODP_LAYOUT})
  endif()
  set(${result} rodp-rdmav${IBVERBS_PABI_VERSION}${suffix} PARENT_SCOPE)
endfunction()

function(rdma_provider name)
  rodp_target(target)
  add_library(${target} MODULE ${ARGN})
  target_include_directories(${target} BEFORE PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/compat)
  target_compile_definitions(${target} PRIVATE IBVERBS_PABI_VERSION=${IBVERBS_PABI_VERSION})
  target_link_libraries(${target} PRIVATE rodp::c)
  target_link_options(${target} PRIVATE -Wl,--no-undefined)
  if(NOT RDMA_CORE_RELEASE EQUAL RODP_HEADER_RELEASE)
    rodp_use_other_release(${target})
  endif()
  if(RODP_LAYOUT)
    rodp_link_stand_in(${target})
    rodp_place_layout(${target} ${name})
  else()
    target_link_libraries(${target} PRIVATE rodp::ibverbs)
    set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
    install(TARGETS ${target} DESTINATION ${VERBS_PROVIDER_DIR})
    rodp_install_driver_file(${name})
  endif()
endfunction()

# The headers are not of the library's release: compat/infiniband/other_release.h.
function(rodp_use_other_release target)
  rodp_offset(start ${RDMA_CORE_RELEASE} verbs_context.context)
  rodp_offset(comp_mask ${RDMA_CORE_RELEASE} verbs_qp.comp_mask)
  target_compile_definitions(${target} PRIVATE RODP_OTHER_RELEASE=${RODP_HEADER_RELEASE}
    RODP_VERBS_CONTEXT_START=${start} RODP_VERBS_QP_COMP_MASK=${comp_mask})
endfunction()

# The library is not here either. What stands for it exports the calls of that release, under their versions.
function(rodp_link_stand_in target)
  set(library ibverbs-of-${RODP_LAYOUT})
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/stand-in)
  rodp_stand_in_texts(code map)
  file(GENERATE OUTPUT ${dir}/stand-in.c CONTENT "${code}")
  file(GENERATE OUTPUT ${dir}/stand-in.map CONTENT "${map}")
  add_library(${library} SHARED ${dir}/stand-in.c)
  set_target_properties(${library} PROPERTIES C_VISIBILITY_PRESET default OUTPUT_NAME ibverbs SOVERSION 1
    LIBRARY_OUTPUT_DIRECTORY ${dir})
  target_link_options(${library} PRIVATE -Wl,--version-script=${dir}/stand-in.map)
  target_link_libraries(${target} PRIVATE ${library})
  target_include_directories(${target} SYSTEM PRIVATE ${IBVERBS_INCLUDE_DIRS})
  set_target_properties(${target} PROPERTIES SKIP_BUILD_RPATH ON)
endfunction()

function(rodp_stand_in_texts code map)
  rodp_facts(nodes ${RDMA_CORE_RELEASE} "node ")
  set(versions "")
  foreach(line ${nodes})
    string(REGEX MATCH "^([a-z_0-9]+) (.*)$" found ${line})
    set(name ${CMAKE_MATCH_1})
    set(version ${CMAKE_MATCH_2})
    if(name STREQUAL verbs_register_driver)
      set(name ${name}_${IBVERBS_PABI_VERSION})
    endif()
    string(APPEND functions "void ${name}(void);\nvoid ${name}(void) {}\n")
    string(APPEND members_${version} " ${name};")
    list(APPEND versions ${version})
  endforeach()
  list(REMOVE_DUPLICATES versions)
  foreach(version ${versions})
    string(APPEND blocks "${version} { global:${members_${version}} };\n")
  endforeach()
  set(${code} "${functions}" PARENT_SCOPE)
  set(${map} "${blocks}" PARENT_SCOPE)
endfunction()

# In a directory of its own, under the name that its library looks for.
function(rodp_place_layout target name)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name}-rdmav${IBVERBS_PABI_VERSION}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/providers/${RODP_LAYOUT})
  install(TARGETS ${target} DESTINATION ${RODP_OTHERS_DIR}/${RODP_LAYOUT} COMPONENT providers)
endfunction()

# rodp_add_layout(FIRST-LAST/ABI): the provider for it. The source is the same for all.
function(rodp_add_layout layout)
  string(REGEX MATCH "^([0-9]+)-([0-9]+)/([0-9]+)$" found ${layout})
  set(RDMA_CORE_RELEASE ${CMAKE_MATCH_1})
  set(IBVERBS_PABI_VERSION ${CMAKE_MATCH_3})
  set(RODP_LAYOUT ${CMAKE_MATCH_1}-${CMAKE_MATCH_2})
  add_subdirectory(providers/rodp providers/${RODP_LAYOUT})
endfunction()

# rodp_install_others(): what belongs to the providers for other releases: the list of them, and the .driver file.
function(rodp_install_others)
  set(dir ${CMAKE_BINARY_DIR}/lib/providers)
  file(WRITE ${dir}/rodp.driver "driver rodp\n")
  configure_file(${RODP_LAYOUT_DIR}/releases.list ${dir}/releases.list COPYONLY)
  install(FILES ${dir}/rodp.driver ${dir}/releases.list DESTINATION ${RODP_OTHERS_DIR} COMPONENT providers)
endfunction()

# The file by which libibverbs finds the provider.
function(rodp_install_driver_file name)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${name}.driver "driver ${name}\n")
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.driver
    DESTINATION ${VERBS_CONFIG_DIR})
endfunction()

function(rdma_man_pages)
  if(RODP_LAYOUT)
    return()
  endif()
  foreach(page ${ARGN})
    string(REGEX MATCH "[0-9]$" section ${page})
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  endforeach()
endfunction()
