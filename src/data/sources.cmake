weir_sources(build.c cells.c check.c csv_scan.c dict.c fill.c frame.c frame_digest.c frame_file.c guess.c gz.c image.c labels.c map.c patches.c
  picture.c png_encode.c reader.c
  schema.c schema_json.c schema_show.c sink.c source.c split.c stats.c table.c type.c unframe.c
  write_csv.c write_npy.c writer.c)
