# Sources: each room lists its own in src/<room>/sources.cmake, registries list the rest.

# The names of a registry (include/weir/*.def) as files of a directory. Names are taken
# from the text before it becomes a list: brackets in doc strings would join lines.
function(weir_registry out def dir)
  set(files)
  if(EXISTS ${CMAKE_SOURCE_DIR}/${def})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
      ${CMAKE_SOURCE_DIR}/${def})
    file(READ ${CMAKE_SOURCE_DIR}/${def} text)
    string(REGEX MATCHALL "\nWEIR_[A-Z]+\\([a-z0-9_]+" hits "${text}")
    foreach(hit IN LISTS hits)
      string(REGEX REPLACE ".*\\(" "" name "${hit}")
      list(APPEND files ${CMAKE_SOURCE_DIR}/${dir}/${name}.c)
    endforeach()
  endif()
  set(${out} ${files} PARENT_SCOPE)
endfunction()

# Called by a room's sources.cmake; paths relative to the room.
macro(weir_sources)
  foreach(file ${ARGV})
    list(APPEND WEIR_ROOM_SOURCES ${CMAKE_CURRENT_LIST_DIR}/${file})
  endforeach()
endmacro()

macro(weir_collect_sources out)
  set(WEIR_ROOM_SOURCES)
  foreach(room base kern dev tensor ad data comm op nn optim elem part move dist layer model
      infer train report)
    if(EXISTS ${CMAKE_SOURCE_DIR}/src/${room}/sources.cmake)
      include(${CMAKE_SOURCE_DIR}/src/${room}/sources.cmake)
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
        ${CMAKE_SOURCE_DIR}/src/${room}/sources.cmake)
    endif()
  endforeach()
  foreach(pair ops:op elems:elem layers:layer dists:dist nets:nn presets:model
      readers:data optims:optim schedules:optim)
    string(REPLACE ":" ";" pair ${pair})
    list(GET pair 0 def)
    list(GET pair 1 dir)
    weir_registry(files include/weir/${def}.def src/${dir})
    list(APPEND WEIR_ROOM_SOURCES ${files})
  endforeach()
  list(REMOVE_DUPLICATES WEIR_ROOM_SOURCES)
  set(${out} ${WEIR_ROOM_SOURCES})
endmacro()
