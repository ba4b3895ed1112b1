/* Pictures of bytes: decoding and encoding files of images. */
#ifndef WEIRI_PICTURE_H
#define WEIRI_PICTURE_H

#include "data/source.h"

/* [h, w, c] bytes, c 1 (grey) or 3 (red, green, blue); memory of the context. */
typedef struct weiri_picture {
  int64_t h, w, c;
  unsigned char *pixel;
} weiri_picture;

/* A file's bytes to a picture: 16 bits become 8, palettes colours, transparent parts
 * black. Sizes are checked before memory is taken. Errors: E_FORMAT, E_UNSUPPORTED
 * (built without the library), E_MEMORY. */
typedef weir_status weiri_decode_fn(weir_ctx *ctx, const char *name,
    const unsigned char *bytes, size_t n, weiri_picture *out);
weiri_decode_fn weiri_png_decode, weiri_jpeg_decode;
bool weiri_is_png(const unsigned char *head, size_t n);
bool weiri_is_jpeg(const unsigned char *head, size_t n);

/* Reads what is left of a source and decodes it by its first bytes. */
weir_status weiri_picture_read(weir_source *source, weiri_picture *out);
/* Allocates the bytes; refuses sides over 65,535 and over 2^26 bytes. */
weir_status weiri_picture_create(weir_ctx *ctx, const char *name, weiri_picture *p);
void weiri_picture_free(weir_ctx *ctx, weiri_picture *p);
/* "28 x 28 x 1" into buf of at least 80 bytes; returns buf. */
const char *weiri_picture_text(int64_t h, int64_t w, int64_t c, char *buf);
/* Channel by channel, as rows of tables are. */
void weiri_picture_row(const weiri_picture *p, double *row);

/* A picture as the bytes of a PNG file, compressed where zlib is there. */
weir_status weiri_png_encode(
    weir_ctx *ctx, const weiri_picture *p, unsigned char **out, size_t *n);

/* Names of the image files of a folder, and of the folders in it, as the source of the
 * folder reader: its bytes, memory of the context. */
weir_status weiri_folder_list(weir_ctx *ctx, const char *path, char **out, size_t *n);

/* The reader of one image file: one row. */
weir_status weiri_picture_open(
    void **self, weir_source *source, const weir_read_opts *opts, weir_layout *layout);
weir_status weiri_picture_next(void *self, weir_rows *rows);
void weiri_picture_close(void *self);

#endif
