/** What an operation on the tape is. For those who add one. */
#ifndef WEIR_SYS_OP_H
#define WEIR_SYS_OP_H

#include "weir/tape.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_op_class weir_op_class;

/** A recorded value. */
typedef struct weir_node {
  const weir_op_class *op; /**< NULL: a leaf */
  weir_shape shape;
  void *data;       /**< weir_shape_size(&shape) numbers of the tape's type */
  const void *attr; /**< what the builder passed, copied into the tape */
  const struct weir_node *const *in;
  int n_in;
  uint32_t id;
  uint32_t attr_size;
  bool borrowed;     /**< a leaf whose numbers lie outside of the tape and may change */
  int64_t offset;    /**< of a view: where it starts in its input */
  const char *scope; /**< the layer that recorded it, for messages */
} weir_node;

/** Data for the conformance suite: inputs drawn uniformly from [lo, hi]. */
typedef struct weir_probe {
  int n_in;
  weir_shape shape[3];
  double lo, hi;
  weir_var (*build)(weir_tape *t, const weir_var *in);
} weir_probe;

/** An operation. eval fills y->data from y->in and y->attr and nothing else, so that it
 * can be called again on new inputs: a step that repeats is recorded once, as a plan,
 * and then only the evals run. So whatever changes between steps is a buffer, never an
 * attribute. An operation without inputs is a source: its eval reads what its attribute
 * points to (rows of a batch, random numbers of the run's step, a schedule), which must
 * live as long as the run. A builder that looks at values (weir_var_data,
 * weir_var_read) makes its step one that no plan can repeat; such steps are recorded
 * every time; so are those of a builder that says so (weir_op_unplanned). Attributes
 * are compared byte by byte: give them no padding. */
struct weir_op_class {
  const char *name;
  void (*eval)(weir_tape *t, const weir_node *y); /**< required; NULL: y is a view */
  /** gx[i] for the inputs with want[i], made of expressions; leave none for zero.
   * NULL: not differentiable, gradients stop. */
  void (*vjp)(
      weir_tape *t, const weir_node *y, weir_var gy, const bool *want, weir_var *gx);
  /** The same value from unfused expressions on y's inputs; used instead of vjp when
   * the gradient is to be differentiated again. NULL: vjp is made of differentiable
   * expressions. */
  weir_var (*expand)(weir_tape *t, const weir_node *y);
  const weir_probe *probe;
};

/** Records and computes one operation; checks that the inputs are of this step. */
WEIR_API weir_var weir_op_apply(weir_tape *t, const weir_op_class *op, weir_shape shape,
    int n_in, const weir_var *in, const void *attr, size_t attr_size);
/** Records a view: the numbers of in, offset elements on, under another shape. */
WEIR_API weir_var weir_op_view(weir_tape *t, const weir_op_class *op, weir_shape shape,
    weir_var in, int64_t offset, const void *attr, size_t attr_size);
/** Poisons the tape with a cause (kept when it is the first) and returns poison. */
WEIR_API weir_var weir_op_fail(weir_tape *t, weir_status code, const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;
/** The variable of a node of this step. */
WEIR_API weir_var weir_node_var(const weir_tape *t, const weir_node *node);
/** The node of a variable; NULL for poison or a stale variable (the tape is poisoned).
 */
WEIR_API const weir_node *weir_var_node(weir_tape *t, weir_var x);

/** For a builder whose step must be recorded every time: what it records depends on
 * more than shapes and options, or its eval calls a user's function. what names it in a
 * message that nobody sees unless a plan is demanded. */
WEIR_API void weir_op_unplanned(weir_tape *t, const char *what);

/** Names the layer that records from here on, for messages; returns the name before. */
WEIR_API const char *weir_tape_scope(weir_tape *t, const char *path);

#ifdef __cplusplus
}
#endif
#endif
