# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# What is known of releases of rdma-core: releases.list and facts.list of providers/rodp/layout (its README.md tells how they are
# made). A layout is a range of releases, FIRST-LAST, for which one provider is right.
get_filename_component(RODP_LAYOUT_DIR ${CMAKE_CURRENT_LIST_DIR}/../providers/rodp/layout ABSOLUTE)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${RODP_LAYOUT_DIR}/releases.list ${RODP_LAYOUT_DIR}/facts.list)
file(STRINGS ${RODP_LAYOUT_DIR}/releases.list lines REGEX "^[0-9]")
set(RODP_KNOWN_LAYOUTS "") # FIRST-LAST/ABI
foreach(line ${lines})
  string(REGEX REPLACE "^([0-9]+) ([0-9]+) ([0-9]+)$" "\\1-\\2/\\3" layout ${line})
  list(APPEND RODP_KNOWN_LAYOUTS ${layout})
endforeach()
list(GET RODP_KNOWN_LAYOUTS 0 layout)
string(REGEX MATCH "^[0-9]+" RODP_OLDEST_RELEASE ${layout})
list(GET RODP_KNOWN_LAYOUTS -1 layout)
string(REGEX REPLACE "^[0-9]+-([0-9]+)/.*" "\\1" RODP_NEWEST_RELEASE ${layout})

# rodp_find_layout(RESULT RELEASE): FIRST-LAST/ABI of the layout with this release, or "".
function(rodp_find_layout result release)
  set(${result} "" PARENT_SCOPE)
  if(NOT release MATCHES "^[0-9]+$") # which would be neither less nor greater than a number
    return()
  endif()
  foreach(layout ${RODP_KNOWN_LAYOUTS})
    string(REGEX MATCH "^([0-9]+)-([0-9]+)/" found ${layout})
    if(NOT release LESS CMAKE_MATCH_1 AND NOT release GREATER CMAKE_MATCH_2)
      set(${result} ${layout} PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# rodp_facts(RESULT RELEASE PATTERN): what facts.list has of that release, PATTERN cut off in front.
function(rodp_facts result release pattern)
  file(STRINGS ${RODP_LAYOUT_DIR}/facts.list lines REGEX "^[0-9]+ [0-9]+ ${pattern}")
  set(facts "")
  foreach(line ${lines})
    string(REGEX MATCH "^([0-9]+) ([0-9]+) ${pattern}(.*)$" found "${line}")
    if(NOT release LESS CMAKE_MATCH_1 AND NOT release GREATER CMAKE_MATCH_2)
      list(APPEND facts "${CMAKE_MATCH_3}")
    endif()
  endforeach()
  set(${result} "${facts}" PARENT_SCOPE)
endfunction()

# rodp_offset(RESULT RELEASE STRUCT.MEMBER): bytes.
function(rodp_offset result release place)
  string(REPLACE "." "[.]" pattern ${place})
  rodp_facts(fact ${release} "field ${pattern} ")
  string(REGEX MATCH "^[0-9]+" bytes "${fact}")
  if(bytes STREQUAL "")
    message(FATAL_ERROR "facts.list does not say where ${place} lies in release ${release}")
  endif()
  set(${result} ${bytes} PARENT_SCOPE)
endfunction()
