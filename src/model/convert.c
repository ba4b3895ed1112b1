/* A model with its numbers in another type: the same tree, the same seed, every tensor
 * rounded or widened. */
#include <string.h>

#include "model/model.h"

static weir_status take_tensor(weir_model *to, const weir_model *from, int32_t i) {
  const weiri_tensor_info *info = weiri_params_info(from->params, i);
  const int32_t at = weiri_params_find(to->params, info->name);
  const weir_shape *shape = at < 0 ? NULL : &weiri_params_info(to->params, at)->shape;
  if (shape == NULL || !weir_shape_equal(shape, &info->shape)) {
    return weiri_fail(WEIR_E_INTERNAL, "the copy lacks tensor '%s'", info->name);
  }
  double *values =
      weiri_alloc(from->ctx, ((size_t)weir_shape_size(shape) + 1) * sizeof *values);
  if (values == NULL) {
    return WEIR_E_MEMORY;
  }
  weiri_params_get(from->params, i, values);
  weiri_params_set(to->params, at, values);
  weiri_free(from->ctx, values);
  return WEIR_OK;
}

weir_status weiri_model_take_numbers(weir_model *to, const weir_model *from) {
  const int32_t n = weiri_params_count(from->params);
  if (weiri_params_count(to->params) != n) {
    return weiri_fail(WEIR_E_INTERNAL, "the copy has %d tensors, the model %d",
        (int)weiri_params_count(to->params), (int)n);
  }
  for (int32_t i = 0; i < n; i++) {
    WEIR_TRY(take_tensor(to, from, i));
  }
  memcpy(to->origin, from->origin,
      (size_t)from->dist->event.features * sizeof *to->origin);
  return WEIR_OK;
}

weir_status weir_model_convert(
    weir_model **out, const weir_model *model, weir_dtype dtype) {
  *out = NULL;
  weir_model *copy = NULL;
  WEIR_TRY(weiri_model_build(&copy, model->ctx, model->schema, model->config,
      json_object_get(model->site.resolved, "dist"), dtype, model->seed));
  weir_status status = weiri_model_take_numbers(copy, model);
  if (status == WEIR_OK) {
    status = weir_model_set_record(copy, model->record);
  }
  if (status != WEIR_OK) {
    weir_model_destroy(&copy);
  }
  *out = copy;
  return status;
}
