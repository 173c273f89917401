# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Targets format (check), format-fix and sparse.
find_program(CLANG_FORMAT NAMES clang-format-14 clang-format)
find_program(SPARSE sparse)

file(GLOB_RECURSE style_files LIST_DIRECTORIES false CONFIGURE_DEPENDS
  RELATIVE ${CMAKE_SOURCE_DIR}
  docs/*.[ch] kernel/*.[ch] libodp/*.[ch] providers/*.[ch] tests/*.[ch])
list(FILTER style_files EXCLUDE REGEX "\\.mod\\.c$|^tests/[^/]*/build")

if(CLANG_FORMAT)
  add_custom_target(format
    COMMAND ${CLANG_FORMAT} --dry-run --Werror ${style_files}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} VERBATIM)
  add_custom_target(format-fix
    COMMAND ${CLANG_FORMAT} -i ${style_files}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} VERBATIM)
endif()

# User space only: the kernel's own Kbuild runs sparse with C=2.
if(SPARSE)
  file(GLOB sparse_files CONFIGURE_DEPENDS providers/rodp/*.c)
  if(RDMA_CORE_RELEASE LESS 59)
    list(FILTER sparse_files EXCLUDE REGEX "/dmah[.]c$")
  endif()
  add_custom_target(sparse
    COMMAND ${CMAKE_COMMAND} -DSPARSE=${SPARSE} "-DFILES=${sparse_files}"
            "-DFLAGS=-std=gnu11;-Wno-decl;-D_GNU_SOURCE;-DIBVERBS_PABI_VERSION=${IBVERBS_PABI_VERSION};-DRODP_RDMA_CORE=${RDMA_CORE_RELEASE};-I${CMAKE_SOURCE_DIR}/providers/rodp/compat;-I${CMAKE_SOURCE_DIR}/kernel/uapi"
            -P ${CMAKE_SOURCE_DIR}/cmake/RunSparse.cmake
    VERBATIM)
endif()
