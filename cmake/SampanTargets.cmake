# Flags for our own code only: what protoc writes is compiled without them.
add_library(sampan_warnings INTERFACE)
target_compile_options(sampan_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

add_library(sampan_build INTERFACE)
target_compile_options(sampan_build INTERFACE
  -fstack-protector-strong -fno-omit-frame-pointer $<$<CONFIG:Release,RelWithDebInfo>:-D_FORTIFY_SOURCE=2>)
target_link_options(sampan_build INTERFACE -Wl,-z,relro,-z,now)
if(SAMPAN_SANITIZE)
  target_compile_options(sampan_build INTERFACE -fsanitize=${SAMPAN_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(sampan_build INTERFACE -fsanitize=${SAMPAN_SANITIZE})
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
endfunction()

# sampan_program(NAME SOURCES file... LINKS layer... LIBRARIES target...)
function(sampan_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  list(TRANSFORM arg_LINKS PREPEND sampan_)
  target_link_libraries(${name} PRIVATE ${arg_LINKS} sampan_warnings ${arg_LIBRARIES})
  install(TARGETS ${name} RUNTIME)
endfunction()
