# llhttp: the system's libllhttp where the distribution has one; else the generated C sources that
# Debian 12's node-llhttp installs.
pkg_check_modules(LLHTTP IMPORTED_TARGET libllhttp)
if(LLHTTP_FOUND)
  add_library(llhttp ALIAS PkgConfig::LLHTTP)
else()
  find_path(LLHTTP_SOURCE_DIR llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH)
  find_path(LLHTTP_INCLUDE_DIR llhttp.h PATHS /usr/share/include/llhttp NO_DEFAULT_PATH)
  find_library(LLHTTP_LIBRARY llhttp)
  find_path(LLHTTP_LIBRARY_INCLUDE_DIR llhttp.h)
  if(LLHTTP_LIBRARY AND LLHTTP_LIBRARY_INCLUDE_DIR)
    add_library(llhttp UNKNOWN IMPORTED)
    set_target_properties(llhttp PROPERTIES IMPORTED_LOCATION ${LLHTTP_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${LLHTTP_LIBRARY_INCLUDE_DIR})
  elseif(LLHTTP_SOURCE_DIR AND LLHTTP_INCLUDE_DIR)
    add_library(llhttp STATIC ${LLHTTP_SOURCE_DIR}/llhttp.c ${LLHTTP_SOURCE_DIR}/api.c
      ${LLHTTP_SOURCE_DIR}/http.c)
    target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE_DIR})
    # llhttp 8 holds a strict and a loose parser; 9 is always strict.
    target_compile_definitions(llhttp PRIVATE LLHTTP_STRICT_MODE=1)
    target_compile_options(llhttp PRIVATE -O2 -w)
  else()
    message(FATAL_ERROR "llhttp not found: install libllhttp-dev, or node-llhttp on Debian 12")
  endif()
endif()
