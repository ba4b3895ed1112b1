/* Readers from within: opening a source that is already there. */
#ifndef WEIRI_READER_H
#define WEIRI_READER_H

#include "data/source.h"
#include "weir/sys/reader.h"

/* Takes the source, also on failure. */
weir_status weiri_reader_open_source(
    weir_reader **out, weir_source **source, const weir_read_opts *opts);
weir_status weiri_table_read_source(
    weir_table **out, weir_source **source, const weir_read_opts *opts);

/* Where all values lie in the mapped file, or NULL. */
const double *weiri_reader_mapped(const weir_reader *reader);

#define WEIR_READER(name, doc) extern const weir_reader_class weiri_reader_##name;
#include "weir/readers.def"
#undef WEIR_READER

#endif
