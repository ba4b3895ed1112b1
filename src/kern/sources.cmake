# The same kernels once per instruction-set level. Contraction to fused multiply-add is
# what these levels are for; nothing else may be reordered. Under sanitizers the unrolled
# tiles would take minutes to compile at -O3.
set(weir_kern_options
  -O$<IF:$<OR:$<BOOL:${WEIR_SANITIZE}>,$<BOOL:${WEIR_FUZZ}>>,1,3>
  -ffp-contract=fast -fno-math-errno -fno-trapping-math)
weir_sources(select.c ref/ref.c cpu/kern_base.c)
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/cpu/kern_base.c PROPERTIES
  COMPILE_OPTIONS "${weir_kern_options}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  weir_sources(cpu/kern_v3.c cpu/kern_v4.c)
  foreach(level v3 v4)
    set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/cpu/kern_${level}.c PROPERTIES
      COMPILE_OPTIONS "${weir_kern_options};-march=x86-64-${level}")
  endforeach()
endif()
