weir_sources(bridge.c columns.c ends.c rows.c)
weir_sources(real.c permute.c diagonal.c)
weir_sources(encode.c maps.c serial.c serial_unrolled.c serial_steps.c serial_back.c)
