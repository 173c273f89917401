# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Run sparse over FILES with FLAGS; any word from it is a failure.
foreach(file ${FILES})
  execute_process(COMMAND ${SPARSE} ${FLAGS} ${file} ERROR_VARIABLE said RESULT_VARIABLE failed)
  if(said OR failed)
    message("${said}")
    list(APPEND bad ${file})
  endif()
endforeach()
if(bad)
  message(FATAL_ERROR "sparse complains about: ${bad}")
endif()
