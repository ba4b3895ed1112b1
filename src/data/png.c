/* PNG images (ISO/IEC 15948) by libpng's simplified interface, which reports errors
 * instead of jumping. */
#include "data/picture.h"
#include "data/reader.h"

#include <string.h>

#ifdef WEIR_HAVE_PNG

#include <png.h>

static weir_status refuse(png_image *image, const char *name) {
  const weir_status status =
      weiri_fail(WEIR_E_FORMAT, "%s: not a whole PNG image: %s", name, image->message);
  png_image_free(image);
  return status;
}

weir_status weiri_png_decode(weir_ctx *ctx, const char *name,
    const unsigned char *bytes, size_t n, weiri_picture *out) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, bytes, n) == 0) {
    return refuse(&image, name);
  }
  const bool colour = (image.format & PNG_FORMAT_FLAG_COLOR) != 0;
  image.format = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  *out = (weiri_picture){
      (int64_t)image.height, (int64_t)image.width, colour ? 3 : 1, NULL};
  const weir_status status = weiri_picture_create(ctx, name, out);
  if (status != WEIR_OK) {
    png_image_free(&image);
    return status;
  }
  const png_color black = {0, 0, 0};
  if (png_image_finish_read(
          &image, &black, out->pixel, (png_int_32)(out->w * out->c), NULL) == 0) {
    weiri_picture_free(ctx, out);
    return refuse(&image, name);
  }
  if (image.warning_or_error != 0) {
    weiri_log(ctx, WEIR_LOG_WARN, "%s: %s", name, image.message);
  }
  return WEIR_OK;
}

#else

weir_status weiri_png_decode(weir_ctx *ctx, const char *name,
    const unsigned char *bytes, size_t n, weiri_picture *out) {
  (void)ctx;
  (void)bytes;
  (void)n;
  (void)out;
  return weiri_fail(WEIR_E_UNSUPPORTED, "%s: this weir was built without libpng", name);
}

#endif

bool weiri_is_png(const unsigned char *head, size_t n) {
  static const unsigned char magic[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  return n >= sizeof magic && memcmp(head, magic, sizeof magic) == 0;
}

static int png_sniff(const unsigned char *head, size_t n) {
  return weiri_is_png(head, n) ? 100 : 0;
}

const weir_reader_class weiri_reader_png = {
    .name = "png",
    .doc = "a PNG image, one row",
    .suffixes = "png",
    .sniff = png_sniff,
    .open = weiri_picture_open,
    .next = weiri_picture_next,
    .close = weiri_picture_close,
};
