// SPDX-License-Identifier: MIT
#include <math.h>
#include <string.h>

#include "fuse/markup.h"
#include "fuse/svg.h"

void svg_begin(FILE *f, double width, double height, const char *attributes)
{
	fprintf(f,
		"<svg %s width=\"%.0f\" height=\"%.0f\" "
		"viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		attributes, width, height, width, height);
}

void svg_end(FILE *f)
{
	fputs("</svg>\n", f);
}

void svg_text(FILE *f, double x, double y, const char *anchor, int size,
	      const char *text)
{
	fprintf(f,
		"<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" "
		"font-size=\"%d\" fill=\"#222\">",
		x, y, anchor, size);
	markup_text(f, text);
	fputs("</text>\n", f);
}

static double x_pixel(const struct svg_panel *p, double x)
{
	return p->left + (x - p->x0) / (p->x1 - p->x0) * p->width;
}

static double y_pixel(const struct svg_panel *p, double y)
{
	double share;

	if (p->log)
		share = log(fmax(y, p->y0) / p->y0) / log(p->y1 / p->y0);
	else
		share = (y - p->y0) / (p->y1 - p->y0);
	share = fmin(fmax(share, 0), 1);
	return p->top + p->height * (1 - share);
}

/* 1, 2 or 5 times a power of ten, so that about @n of them fit in @range. */
static double round_step(double range, int n)
{
	double raw = range / n;
	double unit = pow(10, floor(log10(raw)));
	double times = raw / unit;

	return unit * (times > 5 ? 10 : times > 2 ? 5 : times > 1 ? 2 : 1);
}

static void grid_line(const struct svg_panel *p, double xa, double ya,
		      double xb, double yb)
{
	fprintf(p->f,
		"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
		"stroke=\"#ddd\"/>\n",
		xa, ya, xb, yb);
}

static void y_tick(const struct svg_panel *p, double y)
{
	char text[32];

	/* -0 after rounding is 0. */
	snprintf(text, sizeof(text), "%.6g", fabs(y) < 1e-12 ? 0.0 : y);
	grid_line(p, p->left, y_pixel(p, y), p->left + p->width, y_pixel(p, y));
	svg_text(p->f, p->left - 6, y_pixel(p, y) + 4, "end", 11, text);
}

static void x_tick(const struct svg_panel *p, double x, bool numbers)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6g", fabs(x) < 1e-12 ? 0.0 : x);
	grid_line(p, x_pixel(p, x), p->top, x_pixel(p, x), p->top + p->height);
	if (numbers)
		svg_text(p->f, x_pixel(p, x), p->top + p->height + 15,
			 "middle", 11, text);
}

void svg_axes(const struct svg_panel *p, const char *title, bool x_numbers)
{
	double step = round_step(p->x1 - p->x0, 10);
	double v;

	for (v = ceil(p->x0 / step) * step; v <= p->x1; v += step)
		x_tick(p, v, x_numbers);
	if (p->log) {
		for (v = pow(10, ceil(log10(p->y0) - 1e-9)); v <= p->y1 * 1.001;
		     v *= 10)
			y_tick(p, v);
	} else {
		step = round_step(p->y1 - p->y0, 5);
		for (v = ceil(p->y0 / step) * step; v <= p->y1; v += step)
			y_tick(p, v);
	}
	fprintf(p->f,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
		"fill=\"none\" stroke=\"#888\"/>\n",
		p->left, p->top, p->width, p->height);
	svg_text(p->f, p->left, p->top - 7, "start", 12, title);
	svg_text(p->f, p->left - 6, p->top - 7, "end", 11, p->y_unit);
	if (x_numbers)
		svg_text(p->f, p->left + p->width, p->top + p->height + 30,
			 "end", 11, "host time, s");
}

void svg_line(const struct svg_panel *p, double xa, double ya, double xb,
	      double yb, const char *colour)
{
	fprintf(p->f,
		"<line x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\" "
		"stroke=\"%s\" stroke-width=\"1.5\"/>\n",
		x_pixel(p, xa), y_pixel(p, ya), x_pixel(p, xb), y_pixel(p, yb),
		colour);
}

static void curve_point(struct svg_curve *c, double x, double y)
{
	fprintf(c->p->f, "%.1f %.1f ", x, y);
}

/* The column's first point is written: the rest, if there is more. */
static void column_end(struct svg_curve *c)
{
	if (c->low == c->high)
		return;
	curve_point(c, c->x, c->low);
	curve_point(c, c->x, c->high);
	curve_point(c, c->x, c->y);
}

void svg_curve_end(struct svg_curve *c)
{
	if (!c->colour)
		return;
	column_end(c);
	fprintf(c->p->f,
		"\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\"/>\n",
		c->colour);
	c->colour = NULL;
}

void svg_curve_to(struct svg_curve *c, double x, double y, const char *colour)
{
	double px = x_pixel(c->p, x), py = y_pixel(c->p, y);
	struct svg_curve last = *c;

	if (c->colour && strcmp(c->colour, colour))
		svg_curve_end(c);
	if (!c->colour) {
		fputs("<polyline points=\"", c->p->f);
		c->colour = colour;
		if (last.colour)
			curve_point(c, last.x, last.y);
	} else if ((int)px == c->column) {
		c->low = fmin(c->low, py);
		c->high = fmax(c->high, py);
		c->x = px;
		c->y = py;
		return;
	} else {
		column_end(c);
	}
	c->column = (int)px;
	c->x = px;
	c->y = c->low = c->high = py;
	curve_point(c, px, py);
}

void svg_dot(const struct svg_panel *p, double x, double y, const char *colour)
{
	fprintf(p->f,
		"<circle cx=\"%.1f\" cy=\"%.1f\" r=\"1.4\" fill=\"%s\"/>\n",
		x_pixel(p, x), y_pixel(p, y), colour);
}

void svg_shade(const struct svg_panel *p, double xa, double xb,
	       const char *colour)
{
	/* What is narrower than a pixel is there nevertheless. */
	fprintf(p->f,
		"<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" "
		"fill=\"%s\"/>\n",
		x_pixel(p, xa), p->top, fmax(x_pixel(p, xb) - x_pixel(p, xa), 1),
		p->height, colour);
}

void svg_mark(const struct svg_panel *p, double x, const char *colour)
{
	fprintf(p->f,
		"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
		"stroke=\"%s\" stroke-dasharray=\"3 3\"/>\n",
		x_pixel(p, x), p->top, x_pixel(p, x), p->top + p->height,
		colour);
}
