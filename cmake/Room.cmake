# lorkd_room(NAME PUBLIC ... PRIVATE ... [TORCH] [QT] [FOLDERS ...]): one static library per folder, made of every .cpp
# in it and in the FOLDERS of it that are named.
#   NAME      target lorkd_<NAME>, alias lorkd::<NAME>
#   PUBLIC    rooms and libraries that its headers need; PRIVATE those that only its sources need
#   TORCH     sources see LibTorch and share one precompiled header
#   QT        sources see Qt's meta-object compiler
# The links state the floor: tests/unit/house checks that every #include follows them downward.
function(lorkd_room name)
  cmake_parse_arguments(room "TORCH;QT" "" "PUBLIC;PRIVATE;FOLDERS" ${ARGN})
  set(folders ${CMAKE_CURRENT_SOURCE_DIR})
  foreach(folder ${room_FOLDERS})
    list(APPEND folders ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
  endforeach()
  list(TRANSFORM folders APPEND /*.cpp OUTPUT_VARIABLE patterns)
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  list(TRANSFORM folders APPEND /*.h OUTPUT_VARIABLE patterns)
  file(GLOB headers CONFIGURE_DEPENDS ${patterns})
  if(NOT sources)
    add_library(lorkd_${name} INTERFACE)
    target_link_libraries(lorkd_${name} INTERFACE ${room_PUBLIC} ${room_PRIVATE})
    target_include_directories(lorkd_${name} INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
    add_library(lorkd::${name} ALIAS lorkd_${name})
    return()
  endif()
  add_library(lorkd_${name} STATIC ${sources} ${headers})
  add_library(lorkd::${name} ALIAS lorkd_${name})
  target_include_directories(lorkd_${name} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
  target_link_libraries(lorkd_${name} PUBLIC ${room_PUBLIC} PRIVATE ${room_PRIVATE} lorkd_warnings)
  lorkd_unity(lorkd_${name})
  if(room_TORCH)
    lorkd_use_torch(lorkd_${name})
  endif()
  if(room_QT)
    set_target_properties(lorkd_${name} PROPERTIES AUTOMOC ON)
    target_compile_definitions(lorkd_${name} PUBLIC QT_NO_KEYWORDS)
  endif()
endfunction()

# GCC 12 warns about std::string's own operator+ (its bugs 105329 and 105651), GCC 14 about the std::vector<bool> in
# LibTorch's autograd functions.
add_library(lorkd_warnings INTERFACE)
target_compile_options(lorkd_warnings INTERFACE -Wall -Wextra -Wno-unknown-pragmas
  "$<$<BOOL:${LORKD_WERROR}>:-Werror>"
  "$<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>"
  "$<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow;-Wno-array-bounds>")

# LibTorch's headers cost 15-25 s a translation unit; all its users share one precompiled header.
function(lorkd_use_torch target)
  target_link_libraries(${target} PUBLIC lorkd::torch)
  if(NOT TARGET lorkd_torch_pch)
    file(WRITE ${CMAKE_BINARY_DIR}/generated/torch_pch.cpp "// Carries the precompiled header.\n")
    add_library(lorkd_torch_pch STATIC ${CMAKE_BINARY_DIR}/generated/torch_pch.cpp)
    target_link_libraries(lorkd_torch_pch PUBLIC lorkd::torch lorkd_warnings)
    target_precompile_headers(lorkd_torch_pch PRIVATE <torch/torch.h> <nlohmann/json.hpp>)
  endif()
  get_target_property(kind ${target} TYPE)
  if(kind STREQUAL "EXECUTABLE")
    # CMake gives executables -fPIE, which GCC will not take a header precompiled with -fPIC for.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  target_precompile_headers(${target} REUSE_FROM lorkd_torch_pch)
endfunction()

# The headers of JSON, Qt, VTK, ITK and LibTorch cost more than most files, precompiled or not, because every translation
# unit instantiates their templates: up to ten files are one.
function(lorkd_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 10)
  # GCC then takes a source for a header, where a private class would not see unnamed namespaces.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
endfunction()
