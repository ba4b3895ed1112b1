# Which files make the library. Each room lists its own in src/<room>/sources.cmake by
# weir_sources(...); the registries (include/weir/*.def) list the rest, one line a file.
# There is no globbing.
set(WEIR_ROOMS base kern dev tensor ad data comm op nn optim elem part move dist layer
  model infer train report)

macro(weir_add_source path)
  if(EXISTS ${path})
    set_property(GLOBAL APPEND PROPERTY weir_source_list ${path})
  else()
    message(FATAL_ERROR "listed, but does not exist: ${path}")
  endif()
endmacro()

# Adds files of the room that is being read; paths are relative to the room.
function(weir_sources)
  foreach(file IN LISTS ARGN)
    weir_add_source(${WEIR_ROOM_DIR}/${file})
  endforeach()
endfunction()

# Names on the lines WEIR_...(name...) of a registry. Names are cut out before anything
# becomes a list: a lone bracket in a doc text would merge lines.
function(weir_registry_names out def)
  set(names)
  set(path ${PROJECT_SOURCE_DIR}/include/weir/${def}.def)
  if(EXISTS ${path})
    set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY
      CMAKE_CONFIGURE_DEPENDS ${path})
    file(READ ${path} text)
    string(REGEX MATCHALL "\nWEIR_[A-Z_]+\\([a-z0-9_]+" hits "\n${text}")
    foreach(hit IN LISTS hits)
      string(REGEX REPLACE ".*\\(" "" name "${hit}")
      list(APPEND names ${name})
    endforeach()
  endif()
  set(${out} ${names} PARENT_SCOPE)
endfunction()

# Adds src/<room>/<name>.c for every name in a registry.
function(weir_registry def room)
  weir_registry_names(names ${def})
  foreach(name IN LISTS names)
    weir_add_source(${PROJECT_SOURCE_DIR}/src/${room}/${name}.c)
  endforeach()
endfunction()

function(weir_room room)
  set(WEIR_ROOM_DIR ${PROJECT_SOURCE_DIR}/src/${room})
  if(EXISTS ${WEIR_ROOM_DIR}/sources.cmake)
    # include() makes CMake configure again when the file changes
    include(${WEIR_ROOM_DIR}/sources.cmake)
  endif()
endfunction()

# Moves the collected list into `out`.
function(weir_take_sources out)
  get_property(list GLOBAL PROPERTY weir_source_list)
  list(REMOVE_DUPLICATES list)
  set_property(GLOBAL PROPERTY weir_source_list)
  set(${out} ${list} PARENT_SCOPE)
endfunction()

macro(weir_collect_sources)
  foreach(room IN LISTS WEIR_ROOMS)
    weir_room(${room})
  endforeach()
  weir_registry(ops op)
  weir_registry(elems elem)
  weir_registry(nets nn)
  weir_registry(blocks nn/block)
  weir_registry(optims optim)
  weir_registry(schedules optim)
  weir_registry(layers layer)
  weir_registry(dists dist)
  weir_registry(kls dist)
  weir_registry(objectives infer)
  weir_registry(presets model)
  weir_registry(targets infer/target)
  weir_registry(methods infer/method)
  weir_registry(readers data)
  weir_take_sources(WEIR_SOURCES)
endmacro()
