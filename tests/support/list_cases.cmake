# Asks a Catch2 program for its cases and writes an add_test for each. Run by sampan_test() after every link, with
# SUITE, PROGRAM, CATCH_V3, LABELS (separated by |), TIMEOUT and OUT.
if(CATCH_V3)
  set(list_arguments --list-tests --verbosity quiet)
else()
  set(list_arguments --list-test-names-only)
endif()

execute_process(COMMAND ${PROGRAM} ${list_arguments} OUTPUT_VARIABLE names RESULT_VARIABLE status)
# Catch2 2 answers with the number of cases, so only a signal or silence is a failure.
if(NOT status MATCHES "^[0-9]+$" OR names STREQUAL "")
  message(FATAL_ERROR "${PROGRAM} cannot list its cases: ${status}")
endif()

string(REPLACE "|" ";" LABELS "${LABELS}")
string(REPLACE ";" "\\;" names "${names}")
string(REPLACE "[" "<open>" names "${names}") # CMake does not split lists inside square brackets.
string(REPLACE "\n" ";" names "${names}")
set(script "")
foreach(name IN LISTS names)
  string(STRIP "${name}" name)
  if(name STREQUAL "")
    continue()
  endif()
  string(REPLACE "<open>" "[" name "${name}")
  string(REGEX REPLACE "([][,\\])" "\\\\\\1" pattern "${name}")
  string(APPEND script "add_test([==[${SUITE}: ${name}]==] [==[${PROGRAM}]==] [==[${pattern}]==])\n"
                       "set_tests_properties([==[${SUITE}: ${name}]==] PROPERTIES LABELS \"${LABELS}\""
                       " TIMEOUT ${TIMEOUT})\n")
endforeach()
file(WRITE ${OUT} "${script}")
