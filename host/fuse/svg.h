/* SPDX-License-Identifier: MIT */
/*
 * A panel of a plot, as SVG: axes with round numbers, points, steps and lines.
 */
#ifndef VMSYNC_FUSE_SVG_H
#define VMSYNC_FUSE_SVG_H

#include <stdbool.h>
#include <stdio.h>

/**
 * struct svg_panel - where a panel is and what it shows
 * @f:		file being written
 * @left, @top, @width, @height: of the plotting area, in pixels
 * @x0, @x1:	range of the x axis, s
 * @y0, @y1:	range of the y axis; positive if @log
 * @log:	the y axis is logarithmic
 * @y_unit:	what the y axis counts
 */
struct svg_panel {
	FILE *f;
	double left, top, width, height;
	double x0, x1;
	double y0, y1;
	bool log;
	const char *y_unit;
};

/** svg_begin() - @attributes: of the picture, beside its size */
void svg_begin(FILE *f, double width, double height, const char *attributes);
void svg_end(FILE *f);

/** svg_text() - @text is escaped; @anchor: "start", "middle" or "end" */
void svg_text(FILE *f, double x, double y, const char *anchor, int size,
	      const char *text);

/** svg_axes() - frame, grid, numbers, and @title above */
void svg_axes(const struct svg_panel *p, const char *title, bool x_numbers);

/** svg_line() - from (xa, ya) to (xb, yb) in the panel's units */
void svg_line(const struct svg_panel *p, double xa, double ya, double xb,
	      double yb, const char *colour);

/**
 * struct svg_curve - a line through any number of points
 * @p:		panel
 * @colour:	of the piece that is being drawn
 *
 * What falls on one column of pixels is drawn as its lowest and its highest, so a
 * curve has no more points than can be seen.
 */
struct svg_curve {
	const struct svg_panel *p;
	const char *colour;
	int column;
	double x, y; /* last point, in pixels */
	double low, high; /* of the column */
};

/** svg_curve_to() - on to (x, y) in the panel's units, in @colour */
void svg_curve_to(struct svg_curve *c, double x, double y, const char *colour);

/** svg_curve_end() - the next point begins another one; to be called at last */
void svg_curve_end(struct svg_curve *c);

/** svg_dot() - a small dot */
void svg_dot(const struct svg_panel *p, double x, double y, const char *colour);

/** svg_shade() - the whole height of the panel from @xa to @xb, below the rest */
void svg_shade(const struct svg_panel *p, double xa, double xb,
	       const char *colour);

/** svg_mark() - a vertical line over the whole panel */
void svg_mark(const struct svg_panel *p, double x, const char *colour);

#endif /* VMSYNC_FUSE_SVG_H */
