# ferrule/driver.h for drivers outside the tree: drivers/driver.h.in with the marked parts of our headers in
# the place of their names, and the fingerprint of all declarations.
#
# Included, it adds the rules that make, install and export it; with -P it is the script that they run:
#   cmake -D SOURCE=. -D OUTPUT=folder -P driver_header.cmake
set(FERRULE_DRIVER_PARTS lib/error.h lib/fiber.h lib/clock.h lib/log.h lib/json.h lib/buf.h lib/http_client.h
  lib/config.h model/interface.h model/states.h drivers/task.h drivers/driver.h passthru/passthru.h
  drivers/module.h)

if(CMAKE_SCRIPT_MODE_FILE)
  # No list is made of C code: CMake would take its semicolons apart.
  set(from "/* ---- ferrule/driver.h: from here ---- */\n")
  set(to "/* ---- ferrule/driver.h: to here ---- */\n")
  string(LENGTH "${from}" from_len)
  string(LENGTH "${to}" to_len)
  function(marked_parts path result)
    file(READ ${SOURCE}/${path} text)
    set(parts "")
    string(FIND "${text}" "${from}" begin)
    while(NOT begin EQUAL -1)
      math(EXPR begin "${begin} + ${from_len}")
      string(SUBSTRING "${text}" ${begin} -1 text)
      string(FIND "${text}" "${to}" end)
      if(end EQUAL -1)
        message(FATAL_ERROR "${path}: a part of ferrule/driver.h has no end")
      endif()
      string(SUBSTRING "${text}" 0 ${end} part)
      string(APPEND parts "${part}\n")
      string(SUBSTRING "${text}" ${end} -1 text)
      string(FIND "${text}" "${from}" begin)
    endwhile()
    set(${result} "${parts}" PARENT_SCOPE)
  endfunction()

  file(READ ${SOURCE}/drivers/driver.h.in header)
  foreach(path IN LISTS FERRULE_DRIVER_PARTS)
    marked_parts(${path} parts)
    string(FIND "${header}" "@${path}@\n" at)
    if(at EQUAL -1 OR parts STREQUAL "")
      message(FATAL_ERROR "${path}: drivers/driver.h.in does not name it, or nothing is marked in it")
    endif()
    string(REPLACE "@${path}@\n" "${parts}" header "${header}")
  endforeach()
  string(REGEX REPLACE "/[*][^*]*[*]+([^/*][^*]*[*]+)*/" "" bare "${header}")
  string(REGEX REPLACE "[ \t\n\\]+" " " bare "${bare}")
  string(SHA256 digest "${bare}")
  string(SUBSTRING ${digest} 0 16 fingerprint)
  string(REPLACE "@FINGERPRINT@" "${fingerprint}" header "${header}")
  file(WRITE ${OUTPUT}/driver.h "${header}")
  file(WRITE ${OUTPUT}/driver_fingerprint.h
    "#pragma once\n#define FERRULE_DRIVER_FINGERPRINT \"${fingerprint}\"\n")
  return()
endif()

include(GNUInstallDirs)
set(generated ${CMAKE_BINARY_DIR}/generated/ferrule)
list(TRANSFORM FERRULE_DRIVER_PARTS PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE parts)
add_custom_command(OUTPUT ${generated}/driver.h ${generated}/driver_fingerprint.h
  COMMAND ${CMAKE_COMMAND} -D SOURCE=${CMAKE_SOURCE_DIR} -D OUTPUT=${generated} -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${parts} ${CMAKE_SOURCE_DIR}/drivers/driver.h.in ${CMAKE_CURRENT_LIST_FILE} VERBATIM)
add_custom_target(driver_header ALL DEPENDS ${generated}/driver.h ${generated}/driver_fingerprint.h)
add_dependencies(ferrule_drivers driver_header)
target_link_libraries(ferrule_drivers PUBLIC ${CMAKE_DL_LIBS})

# A program that loads modules shows them the functions of the header, and nothing else.
set(exports ${CMAKE_SOURCE_DIR}/drivers/module.exports)
function(ferrule_module_host target)
  target_link_options(${target} PRIVATE -Wl,--dynamic-list=${exports})
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${exports})
endfunction()

# cmake --install BUILD --component driver [--prefix DIR]
configure_file(${CMAKE_SOURCE_DIR}/cmake/ferrule-driver.pc.in ${CMAKE_BINARY_DIR}/ferrule-driver.pc @ONLY)
install(FILES ${generated}/driver.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ferrule COMPONENT driver)
install(FILES ${CMAKE_BINARY_DIR}/ferrule-driver.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig
  COMPONENT driver)
