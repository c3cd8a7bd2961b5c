include(CheckCXXCompilerFlag)
include(CheckPIESupported)
check_pie_supported()

# Flags for our own code only: what protoc writes is compiled without them.
add_library(sampan_warnings INTERFACE)
target_compile_options(sampan_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(SAMPAN_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Instrumented code makes g++ see uninitialised members inside the standard library.
  target_compile_options(sampan_warnings INTERFACE -Wno-maybe-uninitialized)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 at -O3 warns of `"text" + string` (its bug 105651).
  target_compile_options(sampan_warnings INTERFACE -Wno-restrict)
endif()

# Flags for everything that is linked into our programs.
add_library(sampan_build INTERFACE)
target_compile_options(sampan_build INTERFACE
  -fstack-protector-strong -fstack-clash-protection -fno-omit-frame-pointer)
target_compile_definitions(sampan_build INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(sampan_build INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
check_cxx_compiler_flag(-fcf-protection=full sampan_has_cf_protection)
if(sampan_has_cf_protection)
  target_compile_options(sampan_build INTERFACE -fcf-protection=full)
endif()
# A release is the same bytes wherever it is built (tools/reproducible): no path of this machine is in it.
option(SAMPAN_REPRODUCIBLE "Leave the folder of the build out of releases" ON)
if(SAMPAN_REPRODUCIBLE)
  target_compile_options(sampan_build INTERFACE
    "$<$<CONFIG:Release>:-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.>" "$<$<CONFIG:Release>:-ffile-prefix-map=${CMAKE_BINARY_DIR}=./build>")
endif()
if(SAMPAN_SANITIZE)
  target_compile_options(sampan_build INTERFACE -fsanitize=${SAMPAN_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(sampan_build INTERFACE -fsanitize=${SAMPAN_SANITIZE})
else()
  # Fortified functions need optimisation, and hide overruns from the address sanitizer.
  target_compile_options(sampan_build INTERFACE
    $<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>)
endif()
if(SAMPAN_FUZZ)
  # Every layer reports its coverage; only the fuzz targets link the fuzzer's main.
  target_compile_options(sampan_build INTERFACE -fsanitize=fuzzer-no-link)
endif()

# mold links several times faster; releases are linked by the distribution's own linker.
find_program(SAMPAN_MOLD mold DOC "The mold linker, used for every build but releases when it is there")
if(SAMPAN_MOLD)
  target_link_options(sampan_build INTERFACE $<$<NOT:$<CONFIG:Release>>:-fuse-ld=mold>)
endif()

# sampan_layer(NAME SOURCES file... LINKS layer... LIBRARIES target...)
# One layer of src/ARCHITECTURE.md: LINKS are the layers below it, LIBRARIES are other people's.
function(sampan_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;LIBRARIES" ${ARGN})
  add_library(sampan_${name} STATIC ${arg_SOURCES})
  add_library(sampan::${name} ALIAS sampan_${name})
  target_include_directories(sampan_${name} PUBLIC ${CMAKE_SOURCE_DIR}/include
                                            PRIVATE ${CMAKE_SOURCE_DIR}/src)
  list(TRANSFORM arg_LINKS PREPEND sampan_)
  target_link_libraries(sampan_${name} PUBLIC ${arg_LINKS} sampan_build
                                       PRIVATE sampan_warnings ${arg_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY SAMPAN_TARGETS sampan_${name})
endfunction()

# sampan_program(NAME SOURCES file... LINKS layer... LIBRARIES target...)
# A program that is installed, and is a Debian package of its own name.
function(sampan_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  list(TRANSFORM arg_LINKS PREPEND sampan_)
  target_link_libraries(${name} PRIVATE ${arg_LINKS} sampan_warnings ${arg_LIBRARIES})
  install(TARGETS ${name} RUNTIME COMPONENT ${name})
  set_property(GLOBAL APPEND PROPERTY SAMPAN_TARGETS ${name})
  set_property(GLOBAL APPEND PROPERTY SAMPAN_PROGRAMS ${name})
endfunction()

# sampan_fuzz(NAME SOURCES file... LINKS layer... LIBRARIES target...)
# A libFuzzer target, bin/fuzz_NAME; its seeds are written by tests/fuzz/seeds.cpp.
function(sampan_fuzz name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;LIBRARIES" ${ARGN})
  add_executable(fuzz_${name} ${arg_SOURCES})
  target_include_directories(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests ${CMAKE_SOURCE_DIR}/src)
  list(TRANSFORM arg_LINKS PREPEND sampan_)
  target_link_libraries(fuzz_${name} PRIVATE ${arg_LINKS} ${arg_LIBRARIES} sampan_warnings)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  set_property(GLOBAL APPEND PROPERTY SAMPAN_FUZZERS fuzz_${name})
endfunction()
