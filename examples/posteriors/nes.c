/* Party identification on ideology, race, age group, education, sex and income
 * (National Election Studies; Gelman & Hill 2007, ch. 4). */
#include "posterior.h"
#include "regression.h"

static double young(double age) {
  return age == 2;
}
static double middle(double age) {
  return age == 3;
}
static double old(double age) {
  return age == 4;
}

bool posterior_load(posterior *p, const json_t *data) {
  static const struct {
    const char *name;
    double (*f)(double);
  } column[9] = {{NULL, NULL}, {"real_ideo", NULL}, {"race_adj", NULL},
      {"age_discrete", young}, {"age_discrete", middle}, {"age_discrete", old},
      {"educ1", NULL}, {"gender", NULL}, {"income", NULL}};
  regression *r = posterior_new(p, sizeof *r);
  double *party;
  int64_t n;
  if (!posterior_vector(p, data, "partyid7", &party, &n) ||
      !regression_make(p, r, n, 9)) {
    return false;
  }
  memcpy(r->y, party, (size_t)n * sizeof *party);
  for (int j = 0; j < 9; j++) {
    if (!regression_column(p, r, data, j, column[j].name, column[j].f)) {
      return false;
    }
  }
  return posterior_reals(p, "beta", 9) && posterior_positive(p, "sigma");
}
