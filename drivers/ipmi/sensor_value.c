/* sensor_value: from raw numbers to values. Source: IPMI 2.0 section 36.3. */
#include <math.h>

#include "drivers/ipmi/sdr.h"

/* x, read as the record says; false when it is no number. */
static bool signed_raw(enum sensor_format format, uint8_t raw, double *ret)
{
	switch (format) {
	case FORMAT_UNSIGNED:
		*ret = raw;
		return true;
	case FORMAT_ONES_COMPLEMENT:
		*ret = raw < 0x80 ? raw : raw - 255;
		return true;
	case FORMAT_TWOS_COMPLEMENT:
		*ret = raw < 0x80 ? raw : raw - 256;
		return true;
	case FORMAT_NOT_ANALOG:
		break;
	}
	return false;
}

static double square(double value)
{
	return value * value;
}

static double cube(double value)
{
	return value * value * value;
}

static double inverse(double value)
{
	return 1 / value;
}

static double exp_ten(double value)
{
	return pow(10, value);
}

static double same(double value)
{
	return value;
}

static double (*const linearizations[LINEAR_COUNT])(double) = {
	[LINEAR] = same,
	[LINEAR_LN] = log,
	[LINEAR_LOG10] = log10,
	[LINEAR_LOG2] = log2,
	[LINEAR_E] = exp,
	[LINEAR_EXP10] = exp_ten,
	[LINEAR_EXP2] = exp2,
	[LINEAR_INVERSE] = inverse,
	[LINEAR_SQUARE] = square,
	[LINEAR_CUBE] = cube,
	[LINEAR_SQUARE_ROOT] = sqrt,
	[LINEAR_CUBE_ROOT] = cbrt,
};

bool sensor_value(const struct sensor_factors *factors, enum sensor_format format, uint8_t raw, double *ret)
{
	double x;

	if (factors->linearization >= LINEAR_COUNT || !signed_raw(format, raw, &x))
		return false;
	x = (factors->m * x + factors->b * pow(10, factors->b_exponent)) * pow(10, factors->r_exponent);
	x = linearizations[factors->linearization](x);
	if (!isfinite(x))
		return false;
	*ret = x;
	return true;
}
