# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Injected into rdma-core's build by CMAKE_PROJECT_INCLUDE: add our provider once
# the tree has read all of its own lists. include() and not add_subdirectory(),
# which a deferred call may not use.
cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR}
  CALL include ${RODP_PROVIDER_DIR}/CMakeLists.txt)
