/* JPEG images (ITU-T T.81) by libjpeg-turbo's TurboJPEG interface, which reports errors
 * instead of jumping: grey stays grey, all else becomes red, green and blue. Damage
 * that the library would only warn of is an error here. */
#include "data/picture.h"
#include "data/reader.h"

#include <string.h>

#ifdef WEIR_HAVE_JPEG

#include <turbojpeg.h>

static weir_status decode(tjhandle tj, weir_ctx *ctx, const char *name,
    const unsigned char *bytes, size_t n, weiri_picture *out) {
  int w = 0, h = 0, sampling = 0, colours = 0;
  if (tjDecompressHeader3(tj, bytes, (unsigned long)n, &w, &h, &sampling, &colours) !=
      0) {
    return weiri_fail(
        WEIR_E_FORMAT, "%s: not a whole JPEG image: %s", name, tjGetErrorStr2(tj));
  }
  const bool grey = colours == TJCS_GRAY;
  *out = (weiri_picture){h, w, grey ? 1 : 3, NULL};
  WEIR_TRY(weiri_picture_create(ctx, name, out));
  return tjDecompress2(tj, bytes, (unsigned long)n, out->pixel, w, 0, h,
             grey ? TJPF_GRAY : TJPF_RGB, TJFLAG_ACCURATEDCT) == 0
             ? WEIR_OK
             : weiri_fail(WEIR_E_FORMAT, "%s: not a whole JPEG image: %s", name,
                   tjGetErrorStr2(tj));
}

weir_status weiri_jpeg_decode(weir_ctx *ctx, const char *name,
    const unsigned char *bytes, size_t n, weiri_picture *out) {
  *out = (weiri_picture){0};
  tjhandle tj = tjInitDecompress();
  const weir_status status = tj == NULL ? weiri_fail(WEIR_E_MEMORY, "out of memory")
                                        : decode(tj, ctx, name, bytes, n, out);
  if (tj != NULL) {
    (void)tjDestroy(tj);
  }
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
      WEIR_E_UNSUPPORTED, "%s: this weir was built without libjpeg-turbo", name);
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
