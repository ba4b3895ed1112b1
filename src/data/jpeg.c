/* JPEG images (ITU-T T.81) by libjpeg: grey stays grey, all else becomes red, green and
 * blue. Damage that the library would only warn of is an error here. */
#include "data/picture.h"
#include "data/reader.h"

#include <stdio.h>
#include <string.h>

#ifdef WEIR_HAVE_JPEG

#include <jpeglib.h>
#include <setjmp.h>

typedef struct failure {
  struct jpeg_error_mgr base;
  jmp_buf back;
  char message[JMSG_LENGTH_MAX];
} failure;

static void leave(j_common_ptr c) {
  failure *f = (failure *)(void *)c->err;
  f->base.format_message(c, f->message);
  longjmp(f->back, 1);
}

/* Levels below 0 are warnings: bits that do not decode, a file cut short. */
static void note(j_common_ptr c, int level) {
  if (level < 0) {
    leave(c);
  }
}

/* Everything that the library's jump may leave lies in *c and *out. */
static weir_status decode(struct jpeg_decompress_struct *c, weir_ctx *ctx,
    const char *name, const unsigned char *bytes, size_t n, weiri_picture *out) {
  jpeg_create_decompress(c);
  jpeg_mem_src(c, bytes, (unsigned long)n);
  (void)jpeg_read_header(c, TRUE);
  const bool grey = c->jpeg_color_space == JCS_GRAYSCALE;
  c->out_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
  c->dct_method = JDCT_ISLOW;
  *out = (weiri_picture){
      (int64_t)c->image_height, (int64_t)c->image_width, grey ? 1 : 3, NULL};
  WEIR_TRY(weiri_picture_create(ctx, name, out));
  (void)jpeg_start_decompress(c);
  while (c->output_scanline < c->output_height) {
    JSAMPROW row = out->pixel + (int64_t)c->output_scanline * out->w * out->c;
    (void)jpeg_read_scanlines(c, &row, 1);
  }
  (void)jpeg_finish_decompress(c);
  return WEIR_OK;
}

weir_status weiri_jpeg_decode(weir_ctx *ctx, const char *name,
    const unsigned char *bytes, size_t n, weiri_picture *out) {
  struct jpeg_decompress_struct c;
  failure f;
  weir_status status;
  memset(&c, 0, sizeof c);
  *out = (weiri_picture){0};
  c.err = jpeg_std_error(&f.base);
  f.base.error_exit = leave;
  f.base.emit_message = note;
  if (setjmp(f.back) == 0) {
    status = decode(&c, ctx, name, bytes, n, out);
  } else {
    status =
        weiri_fail(WEIR_E_FORMAT, "%s: not a whole JPEG image: %s", name, f.message);
  }
  jpeg_destroy_decompress(&c);
  if (status != WEIR_OK) {
    weiri_picture_free(ctx, out);
  }
  return status;
}

#else

weir_status weiri_jpeg_decode(weir_ctx *ctx, const char *name,
    const unsigned char *bytes, size_t n, weiri_picture *out) {
  (void)ctx;
  (void)bytes;
  (void)n;
  (void)out;
  return weiri_fail(
      WEIR_E_UNSUPPORTED, "%s: this weir was built without libjpeg", name);
}

#endif

bool weiri_is_jpeg(const unsigned char *head, size_t n) {
  return n >= 3 && head[0] == 0xff && head[1] == 0xd8 && head[2] == 0xff;
}

static int jpeg_sniff(const unsigned char *head, size_t n) {
  return weiri_is_jpeg(head, n) ? 95 : 0;
}

const weir_reader_class weiri_reader_jpeg = {
    .name = "jpeg",
    .doc = "a JPEG image, one row",
    .suffixes = "jpg|jpeg",
    .sniff = jpeg_sniff,
    .open = weiri_picture_open,
    .next = weiri_picture_next,
    .close = weiri_picture_close,
};
